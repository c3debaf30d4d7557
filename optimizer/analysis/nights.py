"""One night of a replay: when it was, what it chose, and what is known of that."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from optimizer.analysis.outcomes import Outcome
from optimizer.plan.plan import Plan
from optimizer.scenario import Scenario

ROUNDING = 1e-9
"""Objectives that differ by less than this share of themselves are the same: both were added as doubles' decimals."""


@dataclass(frozen=True, slots=True)
class Night:
    """What a past night would have chosen.

    Parameters
    ----------
    night : date
        Local date of its "now".
    start, end : date
        First and last day of its horizon.
    status : {"optimal", "feasible", "infeasible", "no plan", "no candidates", "error"}
    reason : str, optional
        Why there is no plan, or nothing in it.
    contacts : int
    objective, bound, gap : float, optional
    usual, usual_by : float, str, optional
        Objective of the best usual practice with the same candidates and the same past, and its name.
    better_by : float, optional
        How much better the plan is than that: more value, or less cost.
    promised, sent, promised_of_sent, came : optional
        See :class:`~optimizer.analysis.outcomes.Outcome`.
    seconds : float
    """

    night: dt.date
    start: dt.date
    end: dt.date
    status: str
    reason: str | None = None
    contacts: int = 0
    objective: float | None = None
    bound: float | None = None
    gap: float | None = None
    usual: float | None = None
    usual_by: str | None = None
    better_by: float | None = None
    promised: float | None = None
    sent: int | None = None
    promised_of_sent: float | None = None
    came: int | None = None
    seconds: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain JSON values."""
        return asdict(self) | {key: getattr(self, key).isoformat() for key in ("night", "start", "end")}


def without_plan(scenario: Scenario, status: str, reason: str, seconds: float = 0.0) -> Night:
    """Return a night that chose nothing, and why."""
    horizon = scenario.horizon
    return Night(scenario.today, horizon.start, horizon.last, status, reason, seconds=seconds)


def with_plan(plan: Plan, outcome: Outcome, seconds: float) -> Night:
    """Return a night and its plan's figures."""
    scenario, horizon = plan.scenario, plan.scenario.horizon
    sign = 1 if scenario.objective.maximize is not None else -1
    found = {name: value for name, value in plan.summary["baselines"].items() if value is not None}
    best = max(found, key=lambda name: (sign * found[name], name), default=None)
    better = None if best is None else sign * (plan.objective - found[best])
    if better is not None and abs(better) < ROUNDING * abs(plan.objective):
        better = 0.0
    return Night(
        night=scenario.today,
        start=horizon.start,
        end=horizon.last,
        status=plan.termination.reason,
        reason=None if plan.summary["eligible"] else "no candidate is eligible",
        contacts=plan.table.num_rows,
        objective=plan.objective,
        bound=plan.bound,
        gap=plan.gap,
        usual=None if best is None else found[best],
        usual_by=best,
        better_by=better,
        seconds=seconds,
        **asdict(outcome),
    )


def total(nights: Sequence[Night]) -> dict[str, Any]:
    """Return the sums over nights; of the gaps the largest.

    ``usual`` is what usual practice would have reached each night with the past that the replay had, which is not what
    it alone would have made of all these nights.
    """
    planned = [night for night in nights if night.objective is not None]
    return {
        "nights": len(nights),
        "with_plan": len(planned),
        "contacts": sum(night.contacts for night in nights),
        "objective": _sum([night.objective for night in nights]),
        "largest_gap": max((night.gap for night in planned if night.gap is not None), default=None),
        "usual": _sum([night.usual for night in nights]),
        "better_by": _sum([night.better_by for night in nights]),
        "promised": _sum([night.promised for night in nights]),
        "sent": _count([night.sent for night in nights]),
        "promised_of_sent": _sum([night.promised_of_sent for night in nights]),
        "came": _count([night.came for night in nights]),
    }


def _sum(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return math.fsum(known) if known else None


def _count(values: Sequence[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None
