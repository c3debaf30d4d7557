"""A loop over packed units: what the best answer of each loses when it changes as little as can be."""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

from optimizer.engines.decomposition.packed_kernel import best_packed, change_packed, positive
from optimizer.engines.decomposition.passes import margins_of
from optimizer.engines.jit import bare_kernel, part


@part
def _missing(some, size, others, count):
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
        for j in range(n):  # a set that holds the whole best one and a candidate that pays would be better than it
            if margin[j] <= -lost or (margin[j] > 0 and inside[j] == 0):
                continue
            value, found = change_packed(unit, size, j, top - lost, fewer, packed, bench)
            if found >= 0:
                lost = max(top - value, 0)
                came, went = _missing(bench.best, found, mine, count), _missing(mine, count, bench.best, found)
        loss[at], changed[at, 0], changed[at, 1] = lost, came, went
