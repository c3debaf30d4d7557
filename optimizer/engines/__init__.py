"""The engines: a problem in, a solution out. One folder each, and none knows the rules or the data."""

from __future__ import annotations

from optimizer.engines.protocol import Engine
from optimizer.engines.registry import AUTO, baselines, choose, engine_names, make_engine, warmup
from optimizer.engines.worth import policy_costs

__all__ = ["AUTO", "Engine", "baselines", "choose", "engine_names", "make_engine", "policy_costs", "warmup"]
