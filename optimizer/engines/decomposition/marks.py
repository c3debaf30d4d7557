"""Marks of candidates: 1 for those that are in a plan."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from optimizer.engines.jit import bare_kernel
from optimizer.problem.primitives import IntArray

Marks = npt.NDArray[np.uint8]


def places(mark: Marks) -> IntArray:
    """Return where a mark is 1, ascending."""
    size = np.count_nonzero(mark.view(bool))
    place = np.empty(size + 1, np.int64)
    _list(mark, place)
    return place[:size]


@bare_kernel
def _list(mark, place):  # type: ignore[no-untyped-def]
    """List the marked, without a branch, which no processor could predict; ``place`` has room for one more."""
    size = 0
    for j in range(len(mark)):
        place[size] = j
        size += mark[j]
