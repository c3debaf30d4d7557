"""Which limits, uses and prices are other than in an earlier plan, and which tables."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from optimizer.plan.plan import Plan

if TYPE_CHECKING:
    import pandas as pd

Block = dict[str, Any]


def changed_rules(before: Plan, after: Plan) -> list[Block]:
    """Return each constraint's account in both plans, in tonight's order; None where a plan does not have the rule.

    An account has ``groups``, how many are ``full``, ``used`` and ``limit`` (their sums over the groups), and the range
    of prices ``price_low`` to ``price_high``.
    """
    mine, theirs = _accounts(after.constraints), _accounts(before.constraints)
    return [
        {"name": name, "sense": sense, "before": theirs.get((name, sense)), "after": mine.get((name, sense))}
        for name, sense in dict.fromkeys((*mine, *theirs))
    ]


def _accounts(frame: pd.DataFrame) -> dict[tuple[str, str], Block]:
    found = {}
    for (name, sense), mine in frame.groupby(["name", "sense"], sort=False):
        watched = bool(mine["report_only"].any())
        found[str(name), str(sense)] = {
            "groups": len(mine),
            "full": 0 if watched else int((mine["slack"] <= 0).sum()),
            "used": _sum(mine["used"]),
            "limit": _sum(mine["limit"]),
            "price_low": _end(mine["price"].min()),
            "price_high": _end(mine["price"].max()),
        }
    return found


def _sum(numbers: pd.Series[Any]) -> float:
    return math.fsum(float(number) for number in numbers.dropna())


def _end(number: Any) -> float | None:
    return None if number is None or number != number else float(number)


def changed_tables(before: Plan, after: Plan) -> list[str]:
    """Return the tables of which something else was read."""
    mine, theirs = _read(after), _read(before)
    return [table for table in dict.fromkeys((*mine, *theirs)) if mine.get(table) != theirs.get(table)]


def _read(plan: Plan) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for one in plan.inputs:
        found[one["table"]] = (*found.get(one["table"], ()), one["sha256"])
    return found
