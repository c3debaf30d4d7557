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

from optimizer.engines.jit import inlined_part, part

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


class Bench(NamedTuple):
    """What lies on the bench while one unit is solved. Candidates are counted from the unit's first.

    Parameters
    ----------
    margin : (candidates,) int64 array
    kind : (candidates,) int32 array
    ranked, gain : (candidates + 1,) int64 arrays
        The candidates with a positive margin, largest first, and their margins.
    order, order_gain : (candidates + 1,) int64 arrays
        Those of them that a search may use.
    ahead : (candidates + 1,) int64 array
        Sums of the gains.
    picked : (candidates + 1,) int64 array
        The places that are chosen on the way down.
    state : (candidates + 2, words) int64 array
        The words on the way down.
    best : (candidates,) int64 array
        The best set.
    inside : (candidates,) uint8 array
        1 for those that are in the unit's best answer.
    tried : (candidates,) int64 array
        What is worth changing in it.
    """

    margin: Int64s
    kind: npt.NDArray[np.int32]
    ranked: Int64s
    gain: Int64s
    order: Int64s
    order_gain: Int64s
    ahead: Int64s
    picked: Int64s
    state: npt.NDArray[np.int64]
    best: Int64s
    inside: npt.NDArray[np.uint8]
    tried: Int64s


def bench_for(widest: int, packed: Packed) -> Bench:
    """Allocate a bench for units of up to ``widest`` candidates."""

    def room() -> Int64s:
        return np.zeros(widest + 1, np.int64)

    return Bench(
        margin=room(),
        kind=np.zeros(widest + 1, np.int32),
        ranked=room(),
        gain=room(),
        order=room(),
        order_gain=room(),
        ahead=room(),
        picked=room(),
        state=np.zeros((widest + 2, packed.start.shape[1]), np.int64),
        best=room(),
        inside=np.zeros(widest + 1, np.uint8),
        tried=room(),
    )


@inlined_part
def own(unit, of_unit):
    """Return a unit's number, where all may share one."""
    return of_unit[unit if of_unit.shape[0] > 1 else 0]


@inlined_part
def positive(n, bench):
    """List the candidates with a positive margin, and their margins; return how many there are."""
    size = 0
    for j in range(n):  # without a branch, which no processor could predict
        bench.ranked[size], bench.gain[size] = j, bench.margin[j]
        size += bench.margin[j] > 0
    return size


@inlined_part
def rank(size, few, bench):
    """Sort the largest ``few`` of the listed candidates to the front, ties by position; the others stand behind."""
    ranked, gain = bench.ranked, bench.gain
    for a in range(1, size):
        j, m, i = ranked[a], gain[a], a
        if a >= few:
            i = few
            if gain[i - 1] > m or (gain[i - 1] == m and ranked[i - 1] < j):
                continue
            ranked[a], gain[a] = ranked[i - 1], gain[i - 1]
            i -= 1
        while i > 0 and (gain[i - 1] < m or (gain[i - 1] == m and ranked[i - 1] > j)):
            ranked[i], gain[i] = ranked[i - 1], gain[i - 1]
            i -= 1
        ranked[i], gain[i] = j, m


@inlined_part
def begin(unit, packed, bench):
    """Write the state of a unit without contacts."""
    at = unit if packed.start.shape[0] > 1 else 0
    for w in range(bench.state.shape[1]):
        bench.state[0, w] = packed.start[at, w]


@inlined_part
def join(at, cls, k, packed, state):
    """Write the state after a contact of kind ``k`` joins ``state[at]`` to ``state[at + 1]``; say whether it may."""
    fine = True
    for w in range(packed.adding):
        after = state[at, w] + packed.step[cls, k, w]
        fine = fine and (after & packed.guard[w]) == 0
        state[at + 1, w] = after
    for w in range(packed.adding, state.shape[1]):
        fine = fine and (state[at, w] & packed.excludes[cls, k, w]) == 0
        state[at + 1, w] = state[at, w] | packed.step[cls, k, w]
    return fine


@part
def _open_bound(bound, value, level, size, room, gain, ahead, picked):
    """Bound what the branches that a search has not opened can reach: ``bound`` of the latest, and its ancestors'."""
    while level > 0:
        level -= 1
        at = picked[level]
        value -= gain[at]
        last = min(size, at + 1 + room - level)
        bound = max(bound, value + ahead[last] - ahead[at + 1])
    return bound


@inlined_part
def search_packed(order, gain, size, room, least, nodes, cls, packed, bench):
    """Maximise Σ gain over the sets of ``order`` that may join ``bench.state[0]``, depth first.

    Parameters
    ----------
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
    packed : Packed
    bench : Bench
        ``bench.best`` receives the chosen candidates.

    Returns
    -------
    value, bound : int
        Of the best set found, and an upper bound of all (equal, unless the node limit was met).
    count : int
        Number of chosen candidates; −1 when nothing above ``least`` was found.
    """
    ahead, picked, kind, state, best = bench.ahead, bench.picked, bench.kind, bench.state, bench.best
    ahead[0] = 0
    for i in range(size):
        ahead[i + 1] = ahead[i] + gain[i]
    top, count, value = np.int64(least), -1, np.int64(0)
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
            if join(level, cls, kind[order[i]], packed, state):
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


@inlined_part
def best_packed(unit, size, few, nodes, packed, bench):
    """Solve a unit whose candidates are listed. Returns value, bound and count as of a search.

    Only the largest ``few`` are ranked and searched, and all where a set with one of the others could be worth more.
    """
    cls, room = own(unit, packed.unit_class), own(unit, packed.room)
    few = min(few, size)
    while True:
        rank(size, few, bench)
        begin(unit, packed, bench)
        value, bound, count = search_packed(bench.ranked, bench.gain, few, room, -1, nodes, cls, packed, bench)
        if few == size or (room <= few and bench.ahead[max(room - 1, 0)] + bench.gain[few - 1] <= value):
            return value, bound, count
        few = size


@part
def change_packed(unit, size, changed, least, nodes, packed, bench):
    """Solve a unit of which all are ranked again with one candidate forced in, or out if it is inside.

    Returns value and count of a set that is worth more than ``least``; the count is −1 when none was found.
    """
    begin(unit, packed, bench)
    cls, room, state = own(unit, packed.unit_class), own(unit, packed.room), bench.state
    base = np.int64(0)
    inside = bench.inside[changed] == 1
    if not inside:
        if room < 1 or not join(0, cls, bench.kind[changed], packed, state):
            return np.int64(least), -1
        for w in range(state.shape[1]):
            state[0, w] = state[1, w]
        base = bench.margin[changed]
        room -= 1
    order, gain = bench.order, bench.order_gain
    left, most = 0, base
    for i in range(size):
        j = bench.ranked[i]
        if j != changed and join(0, cls, bench.kind[j], packed, state):
            order[left], gain[left] = j, bench.gain[i]
            most += gain[left] if left < room else 0
            left += 1
    if most <= least:
        return np.int64(least), -1
    value, _, count = search_packed(order, gain, left, room, least - base, nodes, cls, packed, bench)
    if count >= 0 and not inside:
        bench.best[count] = changed
        count += 1
    return base + value, count
