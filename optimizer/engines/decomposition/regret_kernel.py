"""A loop over packed units: what the best answer of each loses when it changes as little as can be."""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

from optimizer.engines.decomposition.packed_kernel import best_packed, change_packed, positive
from optimizer.engines.decomposition.passes import margins_of
from optimizer.engines.jit import bare_kernel


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
    changed : (units,) int64 array
        Receives the place within the unit of the candidate that comes or goes, −1 for none.
    """
    margin, inside = bench.margin, bench.inside
    for at in places:
        unit = units[at]
        n = margins_of(unit, candidates, terms, prices, margin, bench.kind)
        size = positive(n, bench)
        top, _, count = best_packed(unit, size, size, nodes, packed, bench)
        for j in range(n):
            inside[j] = 0
        for i in range(count):
            inside[bench.best[i]] = 1
        lost, least_change = reach + 1, -1
        for j in range(n):
            if inside[j] == 0 and margin[j] <= -lost:
                continue
            value, found = change_packed(unit, size, j, top - lost, fewer, packed, bench)
            if found >= 0:
                lost, least_change = max(top - value, 0), j
        loss[at], changed[at] = lost, least_change
