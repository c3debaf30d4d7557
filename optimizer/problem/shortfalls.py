"""By how much a plan falls short of its best-effort floors."""

from __future__ import annotations

import numpy as np

from optimizer.problem.pairs import floor_pairs, floor_use, units_of_groups
from optimizer.problem.primitives import IntArray, Shortfall
from optimizer.problem.problem import Problem


def has_best_effort(problem: Problem) -> bool:
    """Say whether some floor is a best effort."""
    return any(floor.reaction is Shortfall.BEST_EFFORT for floor in problem.floors)


def shortfall(problem: Problem, chosen: IntArray) -> IntArray:
    """Return by how much a plan falls short of its best-effort floors, in all, by unit. Shape (units,)."""
    total = np.zeros(problem.units, np.int64)
    for floor in problem.floors:
        if floor.reaction is Shortfall.BEST_EFFORT:
            pairs, need = floor_pairs(problem, floor, chosen)
            missing = np.maximum(need - floor_use(problem, floor, pairs), 0)
            np.add.at(total, units_of_groups(problem, floor.partition)[pairs.group], missing)
    return total
