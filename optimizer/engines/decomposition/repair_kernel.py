"""Loops that make the rows of a plan hold: change one unit's pattern at a time, where that gains the most."""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

import numpy as np

from optimizer.engines.jit import kernel

SWEEPS = 6
"""Rounds over all broken rows, and over all patterns that may earn more."""


@kernel
def _broken(room, delta):
    """Return by how much a use that grows by ``delta`` breaks a limit that it was ``room`` short of."""
    return max(delta - room, 0) - max(-room, 0)


@kernel
def _idle(room, delta):
    """Return by how much more of a limit lies idle when a use that was ``room`` short of it grows by ``delta``."""
    return max(room - delta, 0) - max(room, 0)


@kernel
def _change(old, new, row_start, row, coefficient, over, under, dear, idle, delta, touched):
    """Return what the penalties, and the worth of what lies idle, rise by when a unit changes its pattern.

    Leaves in ``delta`` what the use of the ``touched`` rows grows by; returns their number too.
    """
    found = 0
    for side in range(2):
        of = old if side else new
        for e in range(row_start[of], row_start[of + 1]):
            r = row[e]
            known = False
            for i in range(found):
                if touched[i] == r:
                    known = True
                    break
            if not known:
                touched[found] = r
                delta[found] = 0
                found += 1
                i = found - 1
            delta[i] += -coefficient[e] if side else coefficient[e]
    rise = 0.0
    for i in range(found):
        r, d = touched[i], delta[i]
        if d != 0:
            rise += dear[r] * (_broken(over[r], d) + _broken(under[r], -d))
            if idle[r] > 0:
                rise += idle[r] * _idle(over[r], d)
            elif idle[r] < 0:
                rise -= idle[r] * _idle(under[r], -d)
    return rise, found


@kernel
def _met(over, under, idle):
    """Return whether a row is kept and, where it has a price, met."""
    return over >= 0 and under >= 0 and (idle <= 0 or over == 0) and (idle >= 0 or under == 0)


@kernel
def _apply(touched, delta, found, over, under):
    for i in range(found):
        over[touched[i]] -= delta[i]
        under[touched[i]] += delta[i]


@kernel
def mend(unit_start, regret, row_start, row, coefficient, row_units_start, row_units, over, under, dear, idle, used):
    """Change patterns until every row is kept and met, or nothing gains: row by row, by the changes that gain most.

    Parameters
    ----------
    unit_start, regret, row_start, row, coefficient
        The patterns.
    row_units_start, row_units : int arrays
        Units that have a pattern with row ``r``: the entries ``row_units_start[r] … row_units_start[r + 1]``.
    over, under : (rows,) int64 arrays
        What is left to the upper and the lower limit, kept up to date.
    dear : (rows,) float array
        What a unit of violation costs, in value quanta.
    idle : (rows,) float array
        What a unit of a limit is worth that lies idle: of the upper one where positive, else of the lower one.
    used : (units,) int64 array
        The pattern of each unit, kept up to date.

    Returns
    -------
    int
        Rows that are still broken.
    """
    widest = 1
    for p in range(len(regret)):
        widest = max(widest, row_start[p + 1] - row_start[p])
    delta, touched = np.empty(2 * widest, np.int64), np.empty(2 * widest, np.int64)
    given = row_start, row, coefficient, over, under, dear, idle, delta, touched
    broken = 0
    for _ in range(SWEEPS):
        broken, changed = 0, False
        for r in range(len(over)):
            if _met(over[r], under[r], idle[r]):
                continue
            mine = row_units[row_units_start[r] : row_units_start[r + 1]]
            gain, pattern = np.zeros(len(mine)), np.full(len(mine), -1)
            for at in range(len(mine)):
                u = mine[at]
                now = used[u]
                for p in range(unit_start[u], unit_start[u + 1]):
                    if p != now:
                        rise, found = _change(now, p, *given)
                        worth = regret[now] - regret[p] - rise
                        if worth > gain[at]:
                            gain[at], pattern[at] = worth, p
            for at in np.argsort(-gain, kind="mergesort"):
                if gain[at] <= 0 or _met(over[r], under[r], idle[r]):
                    break
                now, p = used[mine[at]], pattern[at]
                rise, found = _change(now, p, *given)
                if regret[now] - regret[p] - rise > 0:
                    _apply(touched, delta, found, over, under)
                    used[mine[at]] = p
                    changed = True
            broken += over[r] < 0 or under[r] < 0
        if not changed:
            break
    return broken


@kernel
def earn(order, unit, value, row_start, row, coefficient, over, under, dear, idle, used):
    """Change to patterns that are worth more where the limits leave room, in an order.

    Parameters
    ----------
    order : int array
        Patterns, the most promising first.
    unit : (patterns,) int array
    value : (patterns,) int64 array
    row_start, row, coefficient, over, under, dear, idle, used
        As for :func:`mend`.

    Returns
    -------
    int
        How many changes were made.
    """
    widest = 1
    for p in order:
        widest = max(widest, row_start[p + 1] - row_start[p])
    delta, touched = np.empty(2 * widest, np.int64), np.empty(2 * widest, np.int64)
    given = row_start, row, coefficient, over, under, dear, idle, delta, touched
    total = 0
    for _ in range(SWEEPS):
        changes = 0
        for p in order:
            now = used[unit[p]]
            if now == p:
                continue
            rise, found = _change(now, p, *given)
            if value[p] - value[now] - rise > 0:
                _apply(touched, delta, found, over, under)
                used[unit[p]] = p
                changes += 1
        total += changes
        if not changes:
            break
    return total
