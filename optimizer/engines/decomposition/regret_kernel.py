"""A loop over all units: what the best answer of each loses when it changes as little as can be."""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

import numba
import numpy as np

from optimizer.engines.decomposition.jit import kernel, parallel_kernel
from optimizer.engines.decomposition.packed_kernel import begin, change_packed, own, rank, search_packed
from optimizer.engines.decomposition.passes import CHUNKS, SHUT, margins_of
from optimizer.engines.decomposition.pattern_kernel import BASE_NODES, PATTERN_NODES
from optimizer.engines.decomposition.unit_kernel import Rules, scratch_for


@kernel
def _tied_loss(n, reach, margin):
    """Estimate the loss of a unit with ties by the smallest margin: its search is too long for one per candidate."""
    loss, changed = reach + 1, -1
    for j in range(n):
        if margin[j] > SHUT and abs(margin[j]) < loss:
            loss, changed = abs(margin[j]), j
    return loss, changed


@parallel_kernel
def least_regrets(units, widest, candidates, terms, prices, packed, general, reach, loss, changed):
    """Write what each listed unit loses at least when its answer changes, ``reach + 1`` where that is more.

    Exact for packed units, an estimate for others.

    Parameters
    ----------
    units, widest, candidates, terms, prices, packed, general
        As for a pass.
    reach : int
        In the prices' scale.
    loss : (units,) int64 array
    changed : (units,) int64 array
        Receives the place within the unit of the candidate that comes or goes, −1 for none.
    """
    for chunk in numba.prange(CHUNKS):
        rules = Rules(packed, general)
        s = scratch_for(widest, rules)
        margin, kind, ranked, gain, best, inside = s.margin, s.kind, s.ranked, s.gain, s.best, s.inside
        state, adding, step, guard, excludes = s.state, packed.adding, packed.step, packed.guard, packed.excludes
        for at in range(len(units) * chunk // CHUNKS, len(units) * (chunk + 1) // CHUNKS):
            unit = units[at]
            n = margins_of(unit, candidates, terms, prices, margin, kind)
            if general.first.shape[0] and general.first[unit] >= 0:
                loss[at], changed[at] = _tied_loss(n, reach, margin)
                continue
            room, cls = own(unit, packed.room), own(unit, packed.unit_class)
            size = rank(margin, n, ranked, gain)
            begin(unit, packed.start, state)
            top, _, count = search_packed(
                kind,
                ranked,
                gain,
                size,
                room,
                np.int64(-1),
                BASE_NODES,
                cls,
                adding,
                step,
                guard,
                excludes,
                s.ahead,
                state,
                s.picked,
                best,
            )
            for j in range(n):
                inside[j] = 0
            for i in range(count):
                inside[best[i]] = 1
            lost, least_change = reach + 1, -1
            for j in range(n):
                if inside[j] == 0 and margin[j] <= -lost:
                    continue
                begin(unit, packed.start, state)
                value, found = change_packed(
                    kind,
                    margin,
                    ranked,
                    gain,
                    size,
                    j,
                    inside[j] == 1,
                    room,
                    top - lost,
                    PATTERN_NODES,
                    cls,
                    adding,
                    step,
                    guard,
                    excludes,
                    s.order,
                    s.order_gain,
                    s.ahead,
                    state,
                    s.picked,
                    best,
                )
                if found >= 0:
                    lost, least_change = max(top - value, 0), j
            loss[at], changed[at] = lost, least_change
