"""The prices of an earlier plan as a start for another search."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from optimizer.compile.build import Compiled
from optimizer.plan.accounts import price_unit
from optimizer.plan.audit.books import canonical

if TYPE_CHECKING:
    from optimizer.plan.plan import Plan


def starting_prices(plan: Plan, compiled: Compiled) -> dict[str, npt.NDArray[np.float64]] | None:
    """Return a price for each row of a problem, by block: what the plan paid for the row of that rule and group.

    Rows that the plan did not have begin at 0. None where the plan has no prices.
    """
    if plan.prices["rows"] is None:
        return None
    paid = {(one["name"], one["group"]): one["price"] for one in plan.prices["rows"]}
    found = {}
    for block in compiled.problem.rows:
        groups = [canonical(json.loads(label)) for label in block.labels]
        unit = price_unit(compiled, block)
        found[block.name] = np.array([paid.get((block.rule, group), 0.0) / unit for group in groups], np.float64)
    return found
