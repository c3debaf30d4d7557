"""The exact optimum of one unit whose rules fit packed words: depth-first branch and bound.

A state is a few 64-bit words. The first ``adding`` of them hold counters as bit fields, each with a guard bit at its
top: adding a contact is a sum, and it is allowed when no guard bit comes out set. The others hold presence bits: a
contact is allowed when none of the bits that it excludes is there.

These loops run once per unit and pass, so they are compiled into their callers and take single arrays: each tuple of
arrays that is handed on costs more than a unit's whole search.
"""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from optimizer.engines.decomposition.jit import inlined_kernel, kernel

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


@inlined_kernel
def rank(margin, n, ranked, gain):
    """List the candidates with a positive margin, largest first, ties by position; return how many there are.

    ``ranked`` receives their positions, ``gain`` their margins.
    """
    size = 0
    for j in range(n):  # without a branch, which no processor could predict
        ranked[size], gain[size] = j, margin[j]
        size += margin[j] > 0
    for a in range(1, size):
        j, m, i = ranked[a], gain[a], a
        while i > 0 and gain[i - 1] < m:
            ranked[i], gain[i] = ranked[i - 1], gain[i - 1]
            i -= 1
        ranked[i], gain[i] = j, m
    return size


@inlined_kernel
def begin(unit, start, state):
    """Write the state of a unit without contacts."""
    own = unit if start.shape[0] > 1 else 0
    for w in range(state.shape[1]):
        state[0, w] = start[own, w]


@inlined_kernel
def own(unit, of_unit):
    """Return a unit's number, where all may share one."""
    return of_unit[unit if of_unit.shape[0] > 1 else 0]


@inlined_kernel
def _join(state, at, cls, k, adding, step, guard, excludes):
    """Write the state after a contact of kind ``k`` joins ``state[at]`` to ``state[at + 1]``; say whether it may."""
    fine = True
    for w in range(adding):
        after = state[at, w] + step[cls, k, w]
        fine = fine and (after & guard[w]) == 0
        state[at + 1, w] = after
    for w in range(adding, state.shape[1]):
        fine = fine and (state[at, w] & excludes[cls, k, w]) == 0
        state[at + 1, w] = state[at, w] | step[cls, k, w]
    return fine


@kernel
def _open_bound(bound, value, level, size, room, gain, ahead, picked):
    """Bound what the branches that a search has not opened can reach: ``bound`` of the latest, and its ancestors'."""
    while level > 0:
        level -= 1
        at = picked[level]
        value -= gain[at]
        last = min(size, at + 1 + room - level)
        bound = max(bound, value + ahead[last] - ahead[at + 1])
    return bound


@inlined_kernel
def search_packed(
    kind, order, gain, size, room, least, nodes, cls, adding, step, guard, excludes, ahead, state, picked, best
):
    """Maximise Σ gain over the sets of ``order`` that may join ``state[0]``, depth first.

    Parameters
    ----------
    kind : (candidates,) int array
    order, gain : (≥ size,) int64 arrays
        Candidates, largest gain first.
    size, room : int
        How many there are, and how many may be chosen.
    least : int
        Only sets worth more are looked for; with −1 the empty one is an answer too.
    nodes : int
        Nodes to open at most.
    cls : int
        Class of the unit.
    adding, step, guard, excludes
        As in :class:`Packed`.
    ahead, state, picked : arrays
        Scratch: (≥ size + 1,), (≥ size + 2, words), (≥ size + 1,).
    best : (≥ size,) int64 array
        Receives the chosen candidates.

    Returns
    -------
    value, bound : int
        Of the best set found, and an upper bound of all (equal, unless the node limit was met).
    count : int
        Number of chosen candidates; −1 when nothing above ``least`` was found.
    """
    ahead[0] = 0
    for i in range(size):
        ahead[i + 1] = ahead[i] + gain[i]
    top, count, value = least, -1, np.int64(0)
    if least < 0:
        top, count = np.int64(0), 0
    level, i = 0, 0  # level: contacts chosen so far; picked[level − 1] is the latest
    opened = 0
    while True:
        last = min(i + room - level, size)
        if i < last and value + ahead[last] - ahead[i] > top:
            opened += 1
            if opened > nodes:
                bound = _open_bound(value + ahead[last] - ahead[i], value, level, size, room, gain, ahead, picked)
                return top, max(bound, top), count
            if _join(state, level, cls, kind[order[i]], adding, step, guard, excludes):
                picked[level] = i
                level += 1
                value += gain[i]
                if value > top:
                    top, count = value, level
                    for at in range(level):
                        best[at] = order[picked[at]]
            i += 1
        elif level == 0:
            return top, top, count
        else:
            level -= 1
            i = picked[level]
            value -= gain[i]
            i += 1


@inlined_kernel
def change_packed(
    kind,
    margin,
    ranked,
    ranked_gain,
    size,
    changed,
    inside,
    room,
    least,
    nodes,
    cls,
    adding,
    step,
    guard,
    excludes,
    order,
    gain,
    ahead,
    state,
    picked,
    best,
):
    """Solve a unit again with one candidate forced in, or out if it is ``inside``: what is worth more than ``least``.

    The unit's candidates are ranked and its state begun; ``order`` and ``gain`` are scratch for those of them that may
    join. Returns value and count, which is −1 when nothing worth more was found.
    """
    base = np.int64(0)
    if not inside:
        if room < 1 or not _join(state, 0, cls, kind[changed], adding, step, guard, excludes):
            return least, -1
        for w in range(state.shape[1]):
            state[0, w] = state[1, w]
        base = margin[changed]
        room -= 1
    left, most = 0, base
    for i in range(size):
        j = ranked[i]
        if j != changed and _join(state, 0, cls, kind[j], adding, step, guard, excludes):
            order[left], gain[left] = j, ranked_gain[i]
            most += gain[left] if left < room else 0
            left += 1
    if most <= least:
        return least, -1
    value, _, count = search_packed(
        kind,
        order,
        gain,
        left,
        room,
        least - base,
        nodes,
        cls,
        adding,
        step,
        guard,
        excludes,
        ahead,
        state,
        picked,
        best,
    )
    if count >= 0 and not inside:
        best[count] = changed
        count += 1
    return base + value, count
