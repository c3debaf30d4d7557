"""Best-effort floors: the least total shortfall that each unit can reach by itself."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np

from optimizer.errors import NoPlanError
from optimizer.problem.parts import of_units
from optimizer.problem.primitives import BoolArray, Floor, IntArray, Shortfall
from optimizer.problem.problem import Problem
from optimizer.problem.shortfalls import shortfall
from optimizer.problem.solution import Reason, Request


def wasted_effort(problem: Problem, chosen: IntArray, least: IntArray) -> BoolArray:
    """Return the units in which a plan falls further short than it must. Shape (units,)."""
    wasted: BoolArray = shortfall(problem, chosen) > least
    return wasted


def least_shortfall(problem: Problem, request: Request, units: BoolArray | None = None) -> tuple[IntArray, IntArray]:
    """Find the least total shortfall of each unit over its best-effort floors, subject to all its other unit rules.

    Without the rows that couple them the units are independent, so one search that minimises the sum of all
    shortfalls finds every unit's least.

    Parameters
    ----------
    units : (units,) bool array, optional
        The units to look at; by default all that a best-effort floor reaches.

    Returns
    -------
    least : (units,) int array
        0 for units that were not looked at.
    chosen : int array
        Contacts that reach it in the units looked at, obeying every rule of theirs.

    Raises
    ------
    InfeasibleError
        If the other rules of some unit clash.
    NoPlanError
        If a limit stopped the search before all was proven.
    """
    from optimizer.engines.exact.engine import Exact

    part, inside = of_units(problem, shortfall(problem, np.zeros(0, np.int64)) > 0 if units is None else units)
    floors = tuple(_priced(f) for f in part.floors if f.reaction is not Shortfall.PENALTY)
    alone = replace(part, value=np.zeros_like(part.value), rows=(), switches=(), floors=floors)
    solution = Exact().solve(alone, replace(request, gap=0.0))
    if solution.reason is not Reason.OPTIMAL:
        raise NoPlanError(
            "the best efforts of the units were not found in time", fix="give more time, or make these minimums soft"
        )
    return shortfall(part, solution.chosen), inside[solution.chosen]


def _priced(floor: Floor) -> Floor:
    if floor.reaction is not Shortfall.BEST_EFFORT:
        return floor
    return replace(floor, reaction=Shortfall.PENALTY, penalty=Fraction(1))
