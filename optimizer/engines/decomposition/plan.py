"""A plan of the engine's, before it is dressed as a solution."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from optimizer.problem.primitives import IntArray


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """A plan that keeps every rule.

    Parameters
    ----------
    chosen : int array
        Positions of the contacts, ascending.
    objective : int
        In value quanta, penalties rounded up.
    """

    chosen: IntArray
    objective: int


def places(mark: npt.NDArray[np.uint8]) -> IntArray:
    """Return where a mark is 1, ascending; numpy finds what is true in a quarter of the time."""
    return np.flatnonzero(mark.view(bool))
