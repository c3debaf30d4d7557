"""The prices of an earlier plan as a start for another search."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from optimizer.compile.build import Compiled
from optimizer.plan.accounts import price_unit
from optimizer.plan.audit.books import canonical

if TYPE_CHECKING:
    from optimizer.plan.plan import Plan
    from optimizer.scenario import Scenario


def earlier_prices(scenario: Scenario, warm_start: Plan | None) -> Mapping[str, Any]:
    """Return the prices of the plan to start from, or of the run to stay close to; none where there is neither."""
    if warm_start is not None:
        return warm_start.prices
    if scenario.stability is None or not scenario.stability.enabled:
        return {}
    prices = scenario.base / scenario.stability.previous / "prices.json"
    if not prices.is_file():
        return {}
    try:
        found = json.loads(prices.read_text(encoding="utf-8"))
    except ValueError:  # damaged: prices are only a start
        return {}
    return found if isinstance(found, dict) else {}


def starting_prices(prices: Mapping[str, Any], compiled: Compiled) -> dict[str, npt.NDArray[np.float64]] | None:
    """Return a price for each row of a problem, by block: what a plan paid for the row of that rule and group.

    Rows that the plan did not have begin at 0. None where it has no prices.
    """
    if prices.get("rows") is None:
        return None
    paid = {(one["name"], one["group"]): one["price"] for one in prices["rows"]}
    found = {}
    for block in compiled.problem.rows:
        groups = [canonical(json.loads(label)) for label in block.labels]
        unit = price_unit(compiled, block)
        found[block.name] = np.array([paid.get((block.rule, group), 0.0) / unit for group in groups], np.float64)
    return found
