"""What a MIP solver is asked and what it claims: claims, not truths, until they are checked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from optimizer.problem.primitives import IntArray

FloatArray = npt.NDArray[np.float64]


class Claim(StrEnum):
    """What a solver says of its answer."""

    OPTIMAL = "optimal"
    FEASIBLE = "feasible"
    INFEASIBLE = "infeasible"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Task:
    """How to search.

    Parameters
    ----------
    gap : float
        Relative gap at which to stop.
    seconds : float
        Time to search; ``inf`` for no limit.
    seed : int
    work : float, optional
        For CP-SAT: use one worker and stop after this much counted work, so that no clock decides.
    """

    gap: float
    seconds: float
    seed: int = 0
    work: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """A solver's claim.

    Parameters
    ----------
    claim : Claim
    chosen : int array, optional
        Positions of the chosen candidates, ascending.
    bound : int, optional
        No plan has a higher linear objective (in its scaled quanta); None when nothing is claimed.
    duals : (rows,) float array, optional
        Of the LP relaxation: rise of the linear objective for each quantum of a row's limit.
    note : str
        Why there is no answer, in the solver's words.
    """

    claim: Claim
    chosen: IntArray | None = None
    bound: int | None = None
    duals: FloatArray | None = None
    note: str = ""


Tell = Callable[[IntArray | None, int | None], None]
"""Told of each better plan (or None) and each better bound (or None) while the search runs."""


def silent(chosen: IntArray | None, bound: int | None) -> None:
    """Tell nobody."""
