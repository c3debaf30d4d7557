"""The accounts of a plan: each constraint's use and price, each policy's refusals, the eligibility funnel."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np

from optimizer.compile.build import Compiled
from optimizer.plan.audit.books import canonical
from optimizer.plan.audit.report import AuditReport
from optimizer.plan.tally import Tally
from optimizer.problem.primitives import Rows
from optimizer.problem.solution import Solution
from optimizer.rules.books import Line
from optimizer.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd

CONSTRAINT_COLUMNS = (
    "name",
    "group",
    "sense",
    "limit",
    "used",
    "slack",
    "price",
    "price_per_point",
    "binding",
    "penalty_paid",
    "report_only",
)


POINT = 0.01
"""Of a ratio or share: the readable unit of its limit."""


def row_prices(compiled: Compiled, solution: Solution) -> list[dict[str, Any]] | None:
    """Return the price of each row: change of the reported objective per unit of its limit.

    Rows whose price is 0 are left out. None: the engine gave no prices.
    """
    if solution.prices is None:
        return None
    found: list[dict[str, Any]] = []
    for block in compiled.problem.rows:
        unit = price_unit(compiled, block)
        for row in np.flatnonzero(solution.prices[block.name]):
            price = float(solution.prices[block.name][row]) * unit
            found.append({"name": block.rule, "group": canonical(json.loads(block.labels[row])), "price": price})
    return found


def price_unit(compiled: Compiled, block: Rows) -> float:
    """Return what a price of 1, in value quanta per quantum of a row, is in the reported objective per unit."""
    unit = 10.0 ** (block.decimals - compiled.problem.value_decimals)
    return unit if compiled.maximises else -unit


def constraint_frame(audit: AuditReport, scenario: Scenario, prices: list[dict[str, Any]] | None) -> pd.DataFrame:
    """Return one line per constraint, group and sense, from the audit's recount."""
    import pandas as pd

    priced: dict[tuple[str, str], float] = {}
    for one in prices or ():
        key = (one["name"], one["group"])
        priced[key] = priced.get(key, 0.0) + one["price"]
    constraints = {rule.name for rule in scenario.rules() if rule.section == "constraints"}
    rows = []
    for line in audit.lines:
        if line.rule not in constraints:
            continue
        group = canonical(line.group)
        slack = _slack(line)
        price = priced.get((line.rule, group), 0.0) if prices is not None else math.nan
        # A price tells on which side of a two-sided constraint it presses.
        sides = {"<=": price > 0, ">=": price < 0, "=": price != 0}
        if scenario.objective.maximize is None:
            sides = {"<=": price < 0, ">=": price > 0, "=": price != 0}
        price = price if (sides[line.sense] or math.isnan(price)) and not line.report_only else 0.0
        rows.append(
            {
                "name": line.rule,
                "group": group,
                "sense": line.sense,
                "limit": float(line.limit),
                "used": math.nan if line.used is None else float(line.used),
                "slack": math.nan if slack is None else float(slack),
                "price": price,
                "price_per_point": math.nan if line.base is None else price * float(line.base) * POINT,
                "binding": bool((slack is not None and slack <= 0) or (sides[line.sense] and price != 0.0))
                and not line.report_only,
                "penalty_paid": float(line.paid),
                "report_only": line.report_only,
            }
        )
    return pd.DataFrame(rows, columns=list(CONSTRAINT_COLUMNS))


def _slack(line: Line) -> Decimal | None:
    if line.used is None:
        return None
    return line.used - line.limit if line.sense == ">=" else line.limit - line.used


def policy_frame(
    compiled: Compiled,
    tally: Tally,
    lost: Mapping[str, tuple[float, float] | None] | None = None,
) -> pd.DataFrame:
    """Return one line per contact policy: whom it refuses, and what it costs at the plan's prices.

    Parameters
    ----------
    lost : mapping of rule to (rise, standard error), optional
        Rise of the unit optima without the rule, in value quanta; None where it is not known.

    Notes
    -----
    A candidate counts as refused when its margin at the plan's prices is positive, before what the policy itself
    charges where it has a price, and adding it alone to the plan would break the policy.
    """
    import pandas as pd

    names = [rule.name for rule in compiled.scenario.rules() if rule.section == "contact_policies"]
    quantum = 10.0**-compiled.problem.value_decimals
    # A rule that reaches nobody costs nothing.
    known = [None if lost is None else lost.get(name, (0.0, 0.0)) for name in names]
    found = [(math.nan, math.nan) if one is None else one for one in known]
    return pd.DataFrame(
        {
            "name": pd.Series(names, dtype="str"),
            "refused": pd.Series([tally.hindered.get(n, 0) for n in names], dtype="int64"),
            "value_lost": pd.Series([rise * quantum for rise, _ in found], dtype="float64"),
            "value_lost_error": pd.Series([error * quantum for _, error in found], dtype="float64"),
        }
    )


def funnel_frame(compiled: Compiled) -> pd.DataFrame:
    """Return how many candidates each reason refuses, alone and in order."""
    import pandas as pd

    rows = [(s.reason, s.alone, s.in_order) for s in compiled.funnel]
    return pd.DataFrame(rows, columns=["reason", "alone", "in_order"])
