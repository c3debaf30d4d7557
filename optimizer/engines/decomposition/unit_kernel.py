"""One unit, whichever way its rules are written."""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from optimizer.engines.decomposition.general_kernel import General, solve_general
from optimizer.engines.decomposition.jit import kernel
from optimizer.engines.decomposition.packed_kernel import Packed

FEW = 12
"""Contacts of a unit up to which the sum of its largest margins is a bound worth having."""


class Rules(NamedTuple):
    """The rules of all units, packed where they fit."""

    packed: Packed
    general: General


class Scratch(NamedTuple):
    """Working memory for one unit at a time."""

    margin: npt.NDArray[np.int64]
    kind: npt.NDArray[np.int64]
    owner: npt.NDArray[np.int64]
    ranked: npt.NDArray[np.int64]
    gain: npt.NDArray[np.int64]
    order: npt.NDArray[np.int64]
    order_gain: npt.NDArray[np.int64]
    best: npt.NDArray[np.int64]
    inside: npt.NDArray[np.uint8]
    picked: npt.NDArray[np.int64]
    ahead: npt.NDArray[np.int64]
    rest: npt.NDArray[np.int64]
    tops: npt.NDArray[np.int64]
    state: npt.NDArray[np.int64]
    number: npt.NDArray[np.int64]
    seen: npt.NDArray[np.int64]


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
        np.empty(widest, np.int64),
        np.zeros(widest, np.uint8),
        np.empty(widest + 1, np.int64),
        np.empty(widest + 1, np.int64),
        np.empty(widest + 1, np.int64),
        np.empty((widest + 1, FEW + 1), np.int64),
        np.empty((widest + 2, rules.packed.start.shape[1]), np.int64),
        np.empty((4, rules.general.most_ties), np.int64),
        np.empty(rules.general.most_tokens, np.int64),
    )


@kernel
def solve_tied(unit, n, force_in, force_out, focus, nodes, rules, s):
    """Solve a unit with ties, whose margins are in the scratch; see :func:`.general_kernel.solve_general`."""
    return solve_general(
        unit,
        s.margin,
        s.owner,
        n,
        force_in,
        force_out,
        focus,
        s.inside,
        nodes,
        rules.general,
        s.order,
        s.ahead,
        s.picked,
        s.rest,
        s.tops,
        s.number,
        s.seen,
        s.best,
    )
