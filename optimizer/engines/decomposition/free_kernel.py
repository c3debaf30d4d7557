"""The lowest point within a box where rows are thousands: only the coordinates inside the box are written down.

Most rows that few customers use never meet in one unit: they are eliminated first, which is cheap, and what is left is
a small matrix (Cholesky's factors in an order that keeps them sparse).
"""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

import numpy as np

from optimizer.engines.jit import kernel

MOST, LABOUR = 5_000, 2e9
"""Coordinates that are written down at most, in matrices of 200 MB; and multiplications that one guess may take."""
ROUNDS = 15
"""Guesses of which coordinates lie inside at most."""
ENOUGH = 1e-3
"""Share of what all have gained below which a guess that gains is the last."""


@kernel
def go_freely(z_start, z_row, z_value, factor, extra, gradient, least, most, step):
    """Go to the lowest point within the box, by guesses of which coordinates lie inside it.

    Those inside are put to where the slope is 0, the others stay at their ends; who leaves the box is held at that end
    next, who is pushed inwards there is let go: primal-dual active sets (Hintermüller, Ito and Kunisch 2002). It need
    not end, nor go down each time: the best part within the box counts.

    The function and the names are those of :func:`~optimizer.engines.decomposition.box_kernel.box_newton`; ``step`` is
    changed.

    Returns
    -------
    float
        The decrease.
    """
    vectors = z_start, z_row, z_value, factor
    rows = len(step)
    here, best = step.copy(), step.copy()
    slope = slope_of(*vectors, extra, gradient, here)
    place, free = np.full(rows, -1, np.int32), np.empty(rows, np.int32)
    inside, written = np.empty(rows, np.bool_), np.zeros((0, 0))
    for r in range(rows):
        inside[r] = least[r] < most[r] and not _held(here[r], slope[r], least[r], most[r])
    known, all_fit = 0, np.sum(least < most) <= MOST
    start = decrease_of(gradient, slope, here)
    most_yet = start
    for _ in range(ROUNDS):
        size = 0
        for r in range(rows):
            if place[r] < 0 and least[r] < most[r] and (inside[r] or all_fit):
                place[r] = known
                known += 1
            if inside[r]:
                free[size] = r
                size += 1
        if known > MOST:
            break
        if known > len(written):
            written = _written(*vectors, place, known)
        bend, way = np.empty((size, size)), np.empty(size)
        for i in range(size):
            for j in range(size):
                bend[i, j] = written[place[free[i]], place[free[j]]]
            bend[i, i] += extra[free[i]]
            way[i] = -slope[free[i]]
        if not solve(bend, sparse_first(bend), way):
            break
        there = here.copy()
        for i in range(size):
            there[free[i]] += way[i]
        away = slope_of(*vectors, extra, gradient, there)
        settled = True
        for r in range(rows):
            if inside[r]:
                inside[r] = least[r] <= there[r] <= most[r]
                settled &= inside[r]
                here[r] = min(max(there[r], least[r]), most[r])
            elif least[r] < most[r] and not _held(here[r], away[r], least[r], most[r]):
                inside[r], settled = True, False
        slope = slope_of(*vectors, extra, gradient, here)
        gained = decrease_of(gradient, slope, here) - most_yet
        if gained > 0.0:
            most_yet += gained
            best[:] = here
        if settled or 0.0 < gained < ENOUGH * (most_yet - start):
            break
    step[:] = best
    return most_yet - start


@kernel
def slope_of(z_start, z_row, z_value, factor, extra, gradient, at):
    """Return the slope of every coordinate at a point."""
    slope = gradient + extra * at
    for i in range(len(factor)):
        along = 0.0
        for e in range(z_start[i], z_start[i + 1]):
            along += z_value[e] * at[z_row[e]]
        along *= factor[i]
        if along != 0.0:
            for e in range(z_start[i], z_start[i + 1]):
                slope[z_row[e]] += along * z_value[e]
    return slope


@kernel
def decrease_of(gradient, slope, step):
    """Return how far a step leads down: both slopes, at its beginning and at its end, tell it."""
    decrease = 0.0
    for r in range(len(step)):
        decrease -= 0.5 * step[r] * (gradient[r] + slope[r])
    return decrease


@kernel
def _held(at, slope, least, most):
    """Say whether a coordinate is at an end of its range and would go on from there."""
    return (at <= least and slope >= 0.0) or (at >= most and slope <= 0.0)


@kernel
def _written(z_start, z_row, z_value, factor, place, size):
    """Write Σ factor · z zᵀ of the coordinates that have a place."""
    bend = np.zeros((size, size))
    for i in range(len(factor)):
        for e in range(z_start[i], z_start[i + 1]):
            at = place[z_row[e]]
            if at >= 0:
                by = factor[i] * z_value[e]
                for f in range(z_start[i], z_start[i + 1]):
                    other = place[z_row[f]]
                    if other >= 0:
                        bend[at, other] += by * z_value[f]
    return bend


@kernel
def sparse_first(bend):
    """Return an order of the coordinates: some of which no two meet, then the rest, both by how many they meet."""
    size = len(bend)
    meets = np.zeros(size, np.int64)
    for i in range(size):
        for j in range(size):
            meets[i] += bend[i, j] != 0.0
    order, apart, taken = np.empty(size, np.int64), np.ones(size, np.bool_), 0
    by_meetings = np.argsort(meets, kind="mergesort")
    for i in by_meetings:
        if apart[i]:
            order[taken] = i
            taken += 1
            for j in range(size):
                if bend[i, j] != 0.0:
                    apart[j] = False
            apart[i] = True
    for i in by_meetings:
        if not apart[i]:
            order[taken] = i
            taken += 1
    return order


@kernel
def solve(bend, order, answer):
    """Solve ``bend · x = answer`` in place, eliminating in an order; say whether that was possible, and soon done."""
    size = len(order)
    work, x = np.empty_like(bend), np.empty(size)
    for i in range(size):
        x[i] = answer[order[i]]
        for j in range(size):
            work[i, j] = bend[order[i], order[j]]
    there, labour = np.empty(size, np.int64), 0.0
    for k in range(size):
        pivot = work[k, k]
        if not pivot > 0.0:
            return False
        count = 0
        for j in range(k + 1, size):
            if work[k, j] != 0.0:
                there[count] = j
                count += 1
        dense = 2 * count > size - k
        labour += count * (size - k) if dense else count * count
        if labour > LABOUR:
            return False
        for a in range(count):
            i = there[a]
            by = work[k, i] / pivot
            x[i] -= by * x[k]
            if dense:
                for j in range(i, size):
                    work[i, j] -= by * work[k, j]
            else:
                for b in range(a, count):
                    work[i, there[b]] -= by * work[k, there[b]]
    for k in range(size - 1, -1, -1):
        for j in range(k + 1, size):
            x[k] -= work[k, j] * x[j]
        x[k] /= work[k, k]
    for i in range(size):
        answer[order[i]] = x[i]
    return True
