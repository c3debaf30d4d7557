"""One unit, whichever way its rules are written."""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from optimizer.engines.decomposition.general_kernel import General
from optimizer.engines.decomposition.jit import kernel
from optimizer.engines.decomposition.packed_kernel import Packed
from optimizer.engines.decomposition.unit_desk import Desk, desk_for


class Rules(NamedTuple):
    """The rules of all units, packed where they fit."""

    packed: Packed
    general: General


class Scratch(NamedTuple):
    """Working memory for one unit at a time."""

    margin: npt.NDArray[np.int64]
    kind: npt.NDArray[np.int64]
    ranked: npt.NDArray[np.int64]
    gain: npt.NDArray[np.int64]
    order: npt.NDArray[np.int64]
    order_gain: npt.NDArray[np.int64]
    best: npt.NDArray[np.int64]
    inside: npt.NDArray[np.uint8]
    picked: npt.NDArray[np.int64]
    ahead: npt.NDArray[np.int64]
    state: npt.NDArray[np.int64]
    desk: Desk


@kernel
def scratch_for(widest, rules):
    """Allocate working memory for units of up to ``widest`` candidates."""
    return Scratch(
        np.empty(widest, np.int64),
        np.empty(widest, np.int64),
        np.empty(widest, np.int64),
        np.empty(widest, np.int64),
        np.empty(widest, np.int64),
        np.empty(widest, np.int64),
        np.empty(widest, np.int64),
        np.zeros(widest, np.uint8),
        np.empty(widest + 1, np.int64),
        np.empty(widest + 1, np.int64),
        np.empty((widest + 2, rules.packed.start.shape[1]), np.int64),
        desk_for(widest, rules.general),
    )
