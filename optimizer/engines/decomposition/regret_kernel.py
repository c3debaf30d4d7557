"""A loop over packed units: what the best answer of each loses when it changes as little as can be."""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

import numpy as np

from optimizer.engines.decomposition.packed_kernel import begin, best_packed, change_packed, join, own, positive
from optimizer.engines.decomposition.passes import margins_of
from optimizer.engines.jit import bare_kernel, part


@part
def _second(unit, size, chosen, least, nodes, packed, bench):
    """Search for the best set of ranked candidates but one, depth first: that one is ``bench.inside``.

    One search instead of one for each candidate that might come or go, and hardly longer than that for the best set.

    Parameters
    ----------
    chosen : int
        How many candidates the best set has.
    least : int
        Only sets worth more are looked for; where taking one contact out of the best set is worth no more than it, no
        part of the best set is found.

    Returns
    -------
    value, count : int
        Of the set, which ``bench.best`` receives; ``least`` and −1 when none was found.
    """
    cls, room = own(unit, packed.unit_class), own(unit, packed.room)
    ranked, gain, ahead, picked, inside = bench.ranked, bench.gain, bench.ahead, bench.picked, bench.inside
    begin(unit, packed, bench)
    value, common, count = np.int64(0), 0, -1
    level, i, opened = 0, 0, 0
    while True:
        last = min(i + room - level, size)
        if i < last and value + ahead[last] - ahead[i] > least:
            opened += 1
            if opened > nodes:
                return least, count
            j = ranked[i]
            if join(level, cls, bench.kind[j], packed, bench.state):
                picked[level] = i
                level += 1
                value += gain[i]
                common += inside[j]
                if value > least and (common < level or level < chosen):
                    least, count = value, level
                    for at in range(level):
                        bench.best[at] = ranked[picked[at]]
            i += 1
        elif level == 0:
            return least, count
        else:
            level -= 1
            i = picked[level]
            value -= gain[i]
            common -= inside[ranked[i]]
            i += 1


@part
def _first_missing(some, size, others, count):
    """Return the first of some candidates that is not among the others, −1 where none is missing."""
    for a in range(size):
        there = False
        for b in range(count):
            there = there or others[b] == some[a]
        if not there:
            return some[a]
    return -1


@bare_kernel
def least_regrets(units, places, candidates, terms, prices, packed, nodes, fewer, reach, loss, changed, bench):
    """Write what each listed unit loses at least when its answer changes, ``reach + 1`` where that is more.

    Parameters
    ----------
    units, candidates, terms, prices, packed, bench
        As for a pass.
    places : (n,) int64 array
        Those of the units that are looked at.
    nodes, fewer : int
        Node limits of a unit, and of one with one candidate forced.
    reach : int
        In the prices' scale.
    loss : (units,) int64 array
    changed : (units, 2) int64 array
        Receives the places within the unit of a candidate that comes, and of one that goes, −1 for none.
    """
    margin, inside, mine = bench.margin, bench.inside, bench.tried
    for at in places:
        unit = units[at]
        n = margins_of(unit, candidates, terms, prices, margin, bench.kind)
        size = positive(n, bench)
        top, _, count = best_packed(unit, size, size, nodes, packed, bench)
        for j in range(n):
            inside[j] = 0
        for i in range(count):
            mine[i] = bench.best[i]
            inside[mine[i]] = 1
        lost, came, went = reach + 1, -1, -1
        for i in range(count):
            if margin[mine[i]] < lost:
                lost, went = margin[mine[i]], mine[i]
        value, found = _second(unit, size, count, top - lost, nodes, packed, bench)
        if found >= 0:
            lost = max(top - value, 0)
            came, went = _first_missing(bench.best, found, mine, count), _first_missing(mine, count, bench.best, found)
        for j in range(n):
            if inside[j] == 1 or margin[j] > 0 or margin[j] <= -lost:
                continue
            value, found = change_packed(unit, size, j, top - lost, fewer, packed, bench)
            if found >= 0:
                lost, came, went = max(top - value, 0), j, _first_missing(mine, count, bench.best, found)
        loss[at], changed[at, 0], changed[at, 1] = lost, came, went
