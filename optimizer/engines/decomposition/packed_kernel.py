"""The exact optimum of one unit whose rules fit packed words: depth-first branch and bound.

A state is a few 64-bit words. The first ``adding`` of them hold counters as bit fields, each with a guard bit at its
top: adding a contact is a sum, and it is allowed when no guard bit comes out set. The others hold presence bits: a
contact is allowed when none of the bits that it excludes is there.
"""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from optimizer.engines.decomposition.jit import kernel

Int64s = npt.NDArray[np.int64]


class Packed(NamedTuple):
    """Rules of the units in words.

    Parameters
    ----------
    adding : int
        How many of the words are counters; the rest are presence bits.
    step : (classes, kinds, words) int64 array
        What a contact of a kind adds to (or sets in) the state.
    excludes : (classes, kinds, words) int64 array
        Guard bits that must stay 0 after the sum (counter words), presence bits that must be 0 before (the others).
    unit_class : (units or 1,) int32 array
    start : (units or 1, words) int64 array
        State of a unit without contacts; history is in it.
    room : (units or 1,) int64 array
        No plan of the unit has more contacts than this.
    """

    adding: int
    step: npt.NDArray[np.int64]
    guard: Int64s
    excludes: npt.NDArray[np.int64]
    unit_class: npt.NDArray[np.int32]
    start: npt.NDArray[np.int64]
    room: Int64s


@kernel
def fits(state, at, k, adding, step, guard, excludes):
    """Say whether a contact of kind ``k`` may join the state ``state[at]``."""
    for w in range(adding):
        if (state[at, w] + step[k, w]) & guard[w]:
            return False
    for w in range(adding, state.shape[1]):  # noqa: SIM110  (numba)
        if state[at, w] & excludes[k, w]:
            return False
    return True


@kernel
def join(state, at, k, adding, step):
    """Write the state after a contact of kind ``k`` joined ``state[at]`` to ``state[at + 1]``."""
    for w in range(adding):
        state[at + 1, w] = state[at, w] + step[k, w]
    for w in range(adding, state.shape[1]):
        state[at + 1, w] = state[at, w] | step[k, w]


@kernel
def solve_packed(unit, margin, kind, n, force_in, force_out, nodes, rules, order, ahead, state, picked, best):
    """Maximise Σ margin over the legal sets of one unit.

    Parameters
    ----------
    unit : int
    margin : (≥ n,) int64 array
    kind : (≥ n,) int array
    n : int
        Candidates of the unit.
    force_in, force_out : int
        A candidate that must, or must not, be chosen; −1 for none.
    nodes : int
        Nodes to open at most.
    rules : Packed
    order, ahead, state, picked : arrays
        Scratch: (≥ n,), (≥ n + 1,), (≥ n + 2, words), (≥ n + 1,).
    best : (≥ n,) int array
        Receives the chosen candidates (in no particular order).

    Returns
    -------
    value, bound : int
        Of the best set found, and an upper bound of all (equal, unless the node limit was met). −1, −1 and count −1
        when ``force_in`` cannot be chosen at all.
    count : int
        Number of chosen candidates.
    """
    cls = rules.unit_class[unit if rules.unit_class.shape[0] > 1 else 0]
    step, excludes, guard, adding = rules.step[cls], rules.excludes[cls], rules.guard, rules.adding
    own = unit if rules.start.shape[0] > 1 else 0
    room = rules.room[unit if rules.room.shape[0] > 1 else 0]
    for w in range(state.shape[1]):
        state[0, w] = rules.start[own, w]
    base, depth = 0, 0
    if force_in >= 0:
        if room < 1 or not fits(state, 0, kind[force_in], adding, step, guard, excludes):
            return -1, -1, -1
        join(state, 0, kind[force_in], adding, step)
        for w in range(state.shape[1]):
            state[0, w] = state[1, w]
        base, depth = margin[force_in], 1
        picked[0] = force_in
        best[0] = force_in
        room -= 1

    # candidates with a positive margin that fit alone, by margin, largest first, ties by position
    size = 0
    for j in range(n):
        m = margin[j]
        if m > 0 and j != force_in and j != force_out and fits(state, 0, kind[j], adding, step, guard, excludes):
            i = size
            while i > 0 and margin[order[i - 1]] < m:
                order[i] = order[i - 1]
                i -= 1
            order[i] = j
            size += 1
    if room <= 0 or size == 0:
        return base, base, depth
    ahead[0] = 0
    for i in range(size):
        ahead[i + 1] = ahead[i] + margin[order[i]]

    value, top, count = base, base, depth
    level, i = 0, 0  # level: contacts chosen by the search; picked[depth + level − 1] is the latest
    opened = 0
    while True:
        last = i + room - level
        if last > size:
            last = size
        if i < size and value + ahead[last] - ahead[i] > top:
            opened += 1
            if opened > nodes:
                bound = value + ahead[last] - ahead[i]
                while level > 0:  # the open siblings of each ancestor
                    level -= 1
                    at = picked[depth + level]
                    value -= margin[order[at]]
                    last = min(size, at + 1 + room - level)
                    bound = max(bound, value + ahead[last] - ahead[at + 1])
                return top, max(bound, top), count
            j = order[i]
            if fits(state, level, kind[j], adding, step, guard, excludes):
                join(state, level, kind[j], adding, step)
                picked[depth + level] = i
                level += 1
                value += margin[j]
                if value > top:
                    top, count = value, depth + level
                    for at in range(depth, count):
                        best[at] = order[picked[at]]
            i += 1
        elif level == 0:
            return top, top, count
        else:
            level -= 1
            i = picked[depth + level]
            value -= margin[order[i]]
            i += 1
