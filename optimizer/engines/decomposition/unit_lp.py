"""The LP relaxation of one unit, for its prices: a bounded primal simplex that keeps only what is not the identity.

maximise m·x over A·x ≤ b, 0 ≤ x ≤ 1, b ≥ 0, from x = 0 (a negative limit gets a column of its own that meets it, at a
penalty). Textbook: Dantzig's method with bounded variables (1955), an explicit inverse of the basis. Floating point,
and stopped after so many steps: whatever prices come out, they are only a guide, and any that are not negative give a
valid bound (:mod:`.unit_prices`).

The logical column of a row, while it is basic, stands at that row's place. So the inverse differs from the identity
only in the columns of *active* rows, whose logical has left the basis: rows that hold at equality.
"""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from optimizer.engines.jit import part

Int64s = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

LOWER, UPPER, BASIC = 0, 1, 2
NEGLIGIBLE = 1e-9
BLUR = 1e-7
"""Limits are moved by so much, each by another share, so that few steps are of length 0."""


class Relaxation(NamedTuple):
    """One unit's LP, and room to solve it.

    Parameters
    ----------
    start : (columns + 1,) int64 array
    row, weight : (entries,) arrays
        Entries ``start[j] … start[j + 1]`` of column ``j``.
    margin, state : (columns,) arrays
        Worth of a column, and where it is: at 0, at 1, or basic.
    limit, dear, price, level, step : (rows,) float arrays
        Right-hand sides, the penalty of passing them (inf for never; only of negative ones), dual prices, values of
        the basic columns, and the entering column in terms of the basis.
    basic : (rows,) int64 array
        The column that is basic at a row's place; −1 for the row's own logical.
    active, active_at : (rows,) int64 arrays
        The active rows in a list, and the place of each row in it (−1: not active).
    inverse : (rows, rows) float array
        ``inverse[r]`` is column ``r`` of the basis inverse, for active rows.
    """

    start: Int64s
    row: Int64s
    weight: Floats
    margin: Floats
    state: npt.NDArray[np.uint8]
    limit: Floats
    dear: Floats
    price: Floats
    level: Floats
    step: Floats
    basic: Int64s
    active: Int64s
    active_at: Int64s
    inverse: Floats


def relaxation_for(columns: int, entries: int, rows: int) -> Relaxation:
    """Allocate an LP of at most so many columns, entries and rows."""
    return Relaxation(
        start=np.zeros(columns + rows + 1, np.int64),
        row=np.zeros(entries + rows, np.int64),
        weight=np.zeros(entries + rows),
        margin=np.zeros(columns + rows),
        state=np.zeros(columns + rows, np.uint8),
        limit=np.zeros(rows),
        dear=np.zeros(rows),
        price=np.zeros(rows),
        level=np.zeros(rows),
        step=np.zeros(rows),
        basic=np.zeros(rows, np.int64),
        active=np.zeros(rows, np.int64),
        active_at=np.zeros(rows, np.int64),
        inverse=np.zeros((rows, rows)),
    )


@part
def relax(columns, rows, steps, lp):
    """Solve the LP of so many columns and rows, or stop after so many steps; prices are in ``lp.price``."""
    columns = _begin(columns, rows, lp)
    active = 0
    for _ in range(steps):
        q, worth = _entering(columns, active, lp)
        if worth == 0.0:
            return
        _in_basis(q, rows, active, lp)
        up = q < 0 or lp.state[q] == LOWER
        place, length, high = _ratio(q, rows, up, lp)
        for i in range(rows):
            lp.level[i] -= (length if up else -length) * lp.step[i]
        if place < 0:  # the column goes to its other end
            lp.state[q] = UPPER if up else LOWER
            continue
        if lp.basic[place] >= 0:
            lp.state[lp.basic[place]] = UPPER if high else LOWER
        else:
            active = _activate(place, rows, active, lp)
        _pivot(place, worth, rows, active, lp)
        if q >= 0:
            lp.basic[place], lp.state[q] = q, BASIC
            lp.level[place] = length if up else 1.0 - length
        else:
            lp.basic[place], lp.level[place] = -1, length
            active = _retire(-1 - q, place, rows, active, lp)


@part
def _begin(columns, rows, lp):
    """Begin with columns that meet negative limits, and take those that fit. Returns how many columns there are."""
    most = 1.0
    for j in range(columns):
        most += 2.0 * abs(lp.margin[j])
        lp.state[j] = LOWER
    extra = columns
    for r in range(rows):
        lp.price[r], lp.basic[r], lp.active_at[r] = 0.0, -1, -1
        lp.level[r] = lp.limit[r] + BLUR * (1.0 + (r * 0.6180339887498949) % 1.0)
        if lp.limit[r] < 0.0:
            lp.level[r] -= lp.limit[r]
            lp.margin[extra] = max(lp.dear[r] * lp.limit[r], -most)
            at = lp.start[extra]
            lp.row[at], lp.weight[at], lp.start[extra + 1], lp.state[extra] = r, lp.limit[r], at + 1, UPPER
            extra += 1
    for j in range(columns):
        fits = lp.margin[j] > 0.0
        for e in range(lp.start[j], lp.start[j + 1]):
            fits = fits and lp.level[lp.row[e]] >= lp.weight[e]
        if fits:
            lp.state[j] = UPPER
            for e in range(lp.start[j], lp.start[j + 1]):
                lp.level[lp.row[e]] -= lp.weight[e]
    return extra


@part
def _entering(columns, active, lp):
    """Return the column whose entry is worth most per unit, and that worth (0: none); ``−1 − r`` is a logical."""
    q, worth, best = 0, 0.0, NEGLIGIBLE
    for j in range(columns):
        if lp.state[j] != BASIC:
            d = lp.margin[j]
            for e in range(lp.start[j], lp.start[j + 1]):
                d -= lp.price[lp.row[e]] * lp.weight[e]
            if (d if lp.state[j] == LOWER else -d) > best:
                q, worth, best = j, d, abs(d)
    for a in range(active):
        r = lp.active[a]
        if -lp.price[r] > best:
            q, worth, best = -1 - r, -lp.price[r], -lp.price[r]
    return q, worth


@part
def _in_basis(q, rows, active, lp):
    """Write a column in terms of the basis."""
    if q < 0:
        for i in range(rows):
            lp.step[i] = lp.inverse[-1 - q, i]
        return
    for i in range(rows):
        lp.step[i] = 0.0
    for e in range(lp.start[q], lp.start[q + 1]):
        r, w = lp.row[e], lp.weight[e]
        if lp.active_at[r] < 0:
            lp.step[r] += w
        else:
            for i in range(rows):
                lp.step[i] += w * lp.inverse[r, i]


@part
def _ratio(q, rows, up, lp):
    """Return which place leaves the basis, after which length of the step, and whether it leaves at 1.

    Place −1: none, the entering column reaches its other end first.
    """
    place, length, high, size = -1, 1.0 if q >= 0 else np.inf, False, 0.0
    for i in range(rows):
        s = lp.step[i] if up else -lp.step[i]
        if abs(s) <= NEGLIGIBLE:
            continue
        if s > 0.0:
            ratio = max(lp.level[i], 0.0) / s
        elif lp.basic[i] >= 0:
            ratio = max(1.0 - lp.level[i], 0.0) / -s
        else:
            continue
        if ratio < length or (ratio == length and abs(s) > size):
            place, length, high, size = i, ratio, s < 0.0, abs(s)
    return place, length, high


@part
def _activate(r, rows, active, lp):
    """Let a row's logical leave the basis: from now on its column of the inverse is kept."""
    lp.active[active], lp.active_at[r] = r, active
    for i in range(rows):
        lp.inverse[r, i] = 0.0
    lp.inverse[r, r] = 1.0
    return active + 1


@part
def _pivot(place, worth, rows, active, lp):
    """Bring the column in ``lp.step`` into the basis at a place, and move the prices."""
    pivot = lp.step[place]
    for a in range(active):
        r = lp.active[a]
        share = lp.inverse[r, place] / pivot
        if share != 0.0:
            for i in range(rows):
                lp.inverse[r, i] -= share * lp.step[i]
            lp.inverse[r, place] = share
            lp.price[r] += worth * share


@part
def _retire(r, place, rows, active, lp):
    """Put a row's logical, which has entered at a place, at the row's own place: its column is the identity's again."""
    last = lp.active[active - 1]
    lp.active[lp.active_at[r]], lp.active_at[last] = last, lp.active_at[r]
    lp.active_at[r], lp.price[r] = -1, 0.0
    if place != r:
        lp.basic[place], lp.basic[r] = lp.basic[r], lp.basic[place]
        lp.level[place], lp.level[r] = lp.level[r], lp.level[place]
        for a in range(active - 1):
            c = lp.active[a]
            lp.inverse[c, place], lp.inverse[c, r] = lp.inverse[c, r], lp.inverse[c, place]
    return active - 1
