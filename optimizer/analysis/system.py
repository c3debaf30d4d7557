"""The linear form as a set of rules that can be taken out, eased, and asked whether they clash."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

import numpy as np

from optimizer.engines.exact import cp_sat
from optimizer.engines.exact.answer import Answer, Claim, Task
from optimizer.engines.exact.child import left_for_child, search_in_child
from optimizer.engines.exact.effort import least_shortfall
from optimizer.engines.exact.solvers import CP_SAT, HIGHS, LP, SMALL, WORK
from optimizer.errors import InfeasibleError, NoPlanError
from optimizer.problem.evaluate import PINS
from optimizer.problem.linear import Linear
from optimizer.problem.linearize import linearize
from optimizer.problem.primitives import UNLIMITED, IntArray, Shortfall
from optimizer.problem.problem import Problem
from optimizer.problem.shortfalls import has_best_effort
from optimizer.problem.solution import Request

LEAST = 20_000
"""Candidates from which prices are asked before a search over the linear form: below, the search is as quick."""
LARGEST = 1_000_000
"""Candidates beyond which a linear form of the whole problem is not written down to be searched again and again."""

GAP = 1e-5
"""Relative gap to which the best plans of larger forms are found."""
FIRST, SHORT = 0.6, 0.1
"""Of the time that is left: what HiGHS may take before CP-SAT is asked, and what one figure may take."""


class OutOfTimeError(Exception):
    """The time for the diagnosis is over; what was found before stands."""


@dataclass(frozen=True, slots=True)
class Budget:
    """Until when, and with which means, the diagnosis may search."""

    deadline: float
    stopped: Callable[[], bool]
    memory: int | None = None
    seed: int = 0

    def seconds_left(self) -> float:
        """Return the seconds that are left.

        Raises
        ------
        OutOfTimeError
            If none are, or the caller wants to stop.
        """
        left = self.deadline - time.monotonic()
        if left <= 0 or self.stopped():
            raise OutOfTimeError
        return left

    def request(self) -> Request:
        """Return what an engine is asked for."""
        return Request(gap=0.0, deadline=self.deadline, memory=self.memory, seed=self.seed, stopped=self.stopped)


def system_of(problem: Problem, budget: Budget) -> Linear:
    """Return the linear form with nothing to maximise, and with pins as rows of a rule called ``pins``.

    Best-effort minimums must reach what they reach beside all other rules of their unit. Where those clash by
    themselves there is no such effort, and these minimums are left out: they can be no part of a clash of units.

    Raises
    ------
    OutOfTimeError
        If the problem is too large, or time runs out.
    """
    if problem.candidates > LARGEST:
        raise OutOfTimeError
    budget.seconds_left()
    least = None
    if has_best_effort(problem):
        try:
            least, _ = least_shortfall(problem, budget.request())
        except InfeasibleError:
            floors = tuple(f for f in problem.floors if f.reaction is not Shortfall.BEST_EFFORT)
            problem = replace(problem, floors=floors)
        except NoPlanError:
            raise OutOfTimeError from None
    linear = linearize(replace(problem, required=None), least)
    linear = replace(linear, objective=np.zeros_like(linear.objective), scale=1)
    return linear if problem.required is None else _with_pins(linear, np.asarray(problem.required, np.int64))


def _with_pins(linear: Linear, pinned: IntArray) -> Linear:
    count, one = len(pinned), np.ones(len(pinned), np.int64)
    return replace(
        linear,
        start=np.append(linear.start, linear.start[-1] + np.arange(1, count + 1)),
        column=np.append(linear.column, pinned),
        coefficient=np.append(linear.coefficient, one),
        lower=np.append(linear.lower, one),
        upper=np.append(linear.upper, np.full(count, UNLIMITED)),
        rules=(*linear.rules, PINS),
        rule=np.append(linear.rule, np.full(count, len(linear.rules))),
        block=np.append(linear.block, -one),
        block_row=np.append(linear.block_row, -one),
    )


def only(linear: Linear, rules: Collection[str], barred: IntArray | None = None) -> tuple[Linear, IntArray]:
    """Return the rows of some rules alone, with the columns that they speak of.

    Parameters
    ----------
    barred : int array, optional
        Candidates that may not be chosen.

    Returns
    -------
    linear : Linear
    columns : int array
        Column of the whole that each column was.
    """
    mine = np.array([name in rules for name in linear.rules], bool)
    keep = mine[linear.rule] if linear.rows else np.zeros(0, bool)
    entries = np.repeat(keep, np.diff(linear.start))
    columns, column = np.unique(linear.column[entries], return_inverse=True)
    start = np.zeros(int(keep.sum()) + 1, np.int64)
    np.cumsum(np.diff(linear.start)[keep], out=start[1:])
    upper = linear.column_upper[columns]
    if barred is not None:
        upper = np.where(np.isin(columns, barred), 0, upper)
    return replace(
        linear,
        candidates=int(np.searchsorted(columns, linear.candidates)),
        objective=linear.objective[columns],
        column_lower=linear.column_lower[columns],
        column_upper=upper,
        column_rule=linear.column_rule[columns],
        start=start,
        column=column,
        coefficient=linear.coefficient[entries],
        lower=linear.lower[keep],
        upper=linear.upper[keep],
        rule=linear.rule[keep],
        block=linear.block[keep],
        block_row=linear.block_row[keep],
    ), columns


def reaches(linear: Linear) -> tuple[IntArray, IntArray]:
    """Return the least and the greatest sum that the columns' limits leave to each row. Shape (rows,) each."""
    row = np.repeat(np.arange(linear.rows), np.diff(linear.start))
    low = np.minimum(linear.coefficient, 0) * linear.column_upper[linear.column]
    high = np.maximum(linear.coefficient, 0) * linear.column_upper[linear.column]
    least, most = np.zeros(linear.rows, np.int64), np.zeros(linear.rows, np.int64)
    np.add.at(least, row, low)
    np.add.at(most, row, high)
    return least, most


def eased(
    linear: Linear, row: IntArray, slack: IntArray, coefficient: IntArray, *, cost: IntArray, upper: IntArray
) -> Linear:
    """Add columns that let rows be broken, at a cost that is minimised.

    Parameters
    ----------
    row, slack, coefficient : (entries,) int arrays
        Which new column stands in which row, with which coefficient.
    cost, upper : (new columns,) int arrays
    """
    new = len(cost)
    rows = np.concatenate([np.repeat(np.arange(linear.rows), np.diff(linear.start)), row])
    order = np.argsort(rows, kind="stable")
    start = np.zeros(linear.rows + 1, np.int64)
    np.cumsum(np.bincount(rows, minlength=linear.rows), out=start[1:])
    return replace(
        linear,
        objective=np.concatenate([np.zeros(linear.columns, np.int64), -cost]),
        column_lower=np.append(linear.column_lower, np.zeros(new, np.int64)),
        column_upper=np.append(linear.column_upper, upper),
        column_rule=np.append(linear.column_rule, np.full(new, -1)),
        start=start,
        column=np.concatenate([linear.column, linear.columns + slack])[order],
        coefficient=np.concatenate([linear.coefficient, coefficient])[order],
    )


def search(linear: Linear, budget: Budget) -> Answer:
    """Ask a solver; of a search that time ended, the best plan told counts.

    CP-SAT, whose word is in whole numbers, says whether there is a plan, and finds the best ones of small forms. The
    best of larger ones are HiGHS's first: optimal to within :data:`GAP`.

    Raises
    ------
    OutOfTimeError
        If time ran out, or the solvers gave up, before any answer.
    """
    left = budget.seconds_left()
    told: list[IntArray] = []
    if linear.columns <= SMALL:
        answer = cp_sat.solve(linear, Task(0.0, left, budget.seed, WORK))
        if answer.claim in (Claim.OPTIMAL, Claim.INFEASIBLE):
            return answer
        told += [] if answer.chosen is None else [answer.chosen]
    elif linear.objective.any():
        answer = _away(HIGHS, linear, budget, told, share=FIRST)
        if answer.claim in (Claim.OPTIMAL, Claim.FEASIBLE):
            return answer
    if not told:
        answer = _away(CP_SAT, linear, budget, told)
        if answer.claim is not Claim.NOTHING:
            return answer
    if not told:
        raise OutOfTimeError
    return Answer(Claim.FEASIBLE, told[-1])


def _away(solver: str, linear: Linear, budget: Budget, told: list[IntArray], share: float = 1.0) -> Answer:
    """Search in a child process for a share of the time; a solver that fails has no answer."""
    left = share * budget.seconds_left()
    try:
        return search_in_child(
            solver,
            linear,
            Task(GAP if solver == HIGHS else 0.0, 0.9 * left, budget.seed),
            lambda chosen, bound: None if chosen is None else told.append(chosen),
            deadline=time.monotonic() + left,
            stopped=budget.stopped,
            memory=left_for_child(budget.memory),
        )
    except RuntimeError:
        return Answer(Claim.NOTHING)


def best(linear: Linear, budget: Budget) -> int | None:
    """Return the greatest objective, or where finding it takes long, a bound on it; None if there is no plan.

    Raises
    ------
    OutOfTimeError
    """
    if linear.columns > SMALL:
        answer = _away(HIGHS, linear, budget, [], share=SHORT)
        if answer.claim is Claim.OPTIMAL and answer.chosen is not None:
            return int(linear.objective[answer.chosen].sum())
        bound = _away(LP, linear, budget, []).bound
        if bound is None:
            raise OutOfTimeError
        return bound
    answer = search(linear, budget)
    if answer.claim is Claim.INFEASIBLE:
        return None
    if answer.claim is not Claim.OPTIMAL or answer.bound is None:
        raise OutOfTimeError
    return answer.bound


def obeyed(linear: Linear, rules: Collection[str], budget: Budget, barred: IntArray | None = None) -> bool:
    """Say whether some plan obeys all of some rules.

    Raises
    ------
    OutOfTimeError
    """
    part, _ = only(linear, rules, barred)
    least, most = reaches(part)
    if bool(np.any(most < part.lower)) or bool(np.any(least > part.upper)):
        return False
    if part.columns > SMALL and _hopeless(part, budget):
        return False
    return search(part, budget).claim is not Claim.INFEASIBLE


def _hopeless(linear: Linear, budget: Budget) -> bool:
    """Say whether the relaxation proves that there is no plan: then it does so at once, where a search may not.

    The proof is the duals' bound on the least total by which rows must be broken, which stands by weak duality
    whatever the solver's tolerances.
    """
    least, most = reaches(linear)
    over, under = np.flatnonzero(most > linear.upper), np.flatnonzero(least < linear.lower)
    row = np.concatenate([over, under])
    form = eased(
        linear,
        row,
        np.arange(len(row)),
        np.repeat(np.array([-1, 1]), [len(over), len(under)]),
        cost=np.ones(len(row), np.int64),
        upper=np.concatenate([(most - linear.upper)[over], (linear.lower - least)[under]]),
    )
    answer = _away(LP, form, budget, [])
    return answer.bound is not None and answer.bound < 0
