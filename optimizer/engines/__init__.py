"""The engines: a problem in, a solution out. One folder each, and none knows the rules or the data."""

from __future__ import annotations

from optimizer.engines.protocol import Engine
from optimizer.engines.registry import AUTO, choose, engine_names, load_beside, make_engine, warmup
from optimizer.engines.usual import COMPARED, baselines, instead, never_worse, refuse_refuted
from optimizer.engines.watchdog import anyone_left, watched
from optimizer.engines.worth import policy_costs

__all__ = [
    "AUTO",
    "COMPARED",
    "Engine",
    "anyone_left",
    "baselines",
    "choose",
    "engine_names",
    "instead",
    "load_beside",
    "make_engine",
    "never_worse",
    "policy_costs",
    "refuse_refuted",
    "warmup",
    "watched",
]
