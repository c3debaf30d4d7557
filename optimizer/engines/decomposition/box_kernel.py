"""The step of Newton's method within a box: a quadratic function minimised where each coordinate has a range."""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

import numpy as np

from optimizer.engines.decomposition.free_kernel import decrease_of, go_freely, slope_of
from optimizer.engines.jit import kernel, part

SLIGHT = 1e-6
"""Sweeps end when no coordinate gains more than this share of what the largest has gained."""
ROUNDS, LABOUR = 30, 2e8
"""Straight ways to the lowest point of the free coordinates, at most, and multiplications that all may take."""
WORTHWHILE = 1e-3
"""The last of them gained less than this share of all."""
CREEPING = 3e-3
"""Coordinate descent creeps where its last round gained more than this share of all."""


@kernel
def box_newton(z_start, z_row, z_value, factor, extra, gradient, least, most, sweeps, fewer, step):
    """Minimise gradient · d + ½ d · H · d over ``least ≤ d ≤ most``.

    H = Σ factor · z zᵀ + diag(extra) is written down where that takes no more than the vectors z do. Then coordinate
    descent (Hildreth 1957) finds which coordinates lie within their ranges, and Cholesky's factors lead to the lowest
    point of these, in turn: where each contact uses a row of two groups, the prices of one rise while those of the
    other fall, and H is next to nothing along that way, which no coordinate sees.

    With thousands of rows H has millions of entries: coordinate descent keeps the products z · d, and changes them with
    each coordinate. Only where it creeps, those coordinates are written down that are free to move.

    Parameters
    ----------
    z_start, z_row, z_value, factor
        As written by :func:`~optimizer.engines.decomposition.smooth_kernel.deviations`.
    extra, gradient, least, most : (rows,) float arrays
        ``extra`` is positive.
    sweeps, fewer : int
        At most, with H and without.
    step : (rows,) float array
        Receives the answer.

    Returns
    -------
    float
        The decrease.
    """
    step[:] = 0.0
    if len(gradient) ** 2 <= len(z_row):
        return _by_matrix(z_start, z_row, z_value, factor, extra, gradient, least, most, sweeps, step)
    return _by_vectors(z_start, z_row, z_value, factor, extra, gradient, least, most, fewer, step)


@kernel
def _by_matrix(z_start, z_row, z_value, factor, extra, gradient, least, most, sweeps, step):
    bend = np.diag(extra)
    for i in range(len(factor)):
        for e in range(z_start[i], z_start[i + 1]):
            by = factor[i] * z_value[e]
            for f in range(z_start[i], z_start[i + 1]):
                bend[z_row[e], z_row[f]] += by * z_value[f]
    slope = gradient.copy()
    factors, way = np.empty(bend.shape), np.empty(len(gradient))
    free = np.empty(len(gradient), np.int64)
    _sweep(bend, least, most, sweeps, slope, step)
    ways = min(float(ROUNDS), 6.0 * LABOUR / max(len(gradient), 1) ** 3.0)
    for _ in range(int(ways)):
        far, gained = _go_straight(bend, least, most, slope, step, factors, way, free)
        _sweep(bend, least, most, sweeps, slope, step)
        if far == 1.0 and gained <= WORTHWHILE * decrease_of(gradient, slope, step):
            break
    return decrease_of(gradient, slope, step)


@part
def _sweep(bend, least, most, sweeps, slope, step):
    """Go over the coordinates, each to its best within its range, until they stay; ``slope`` is kept."""
    rows = len(step)
    for _ in range(sweeps):
        moved, worth = 0.0, 0.0
        for r in range(rows):
            if least[r] == most[r]:
                continue
            new = min(max(step[r] - slope[r] / bend[r, r], least[r]), most[r])
            change = new - step[r]
            if change != 0.0:
                step[r] = new
                moved = max(moved, change * change * bend[r, r])
                for other in range(rows):
                    slope[other] += change * bend[r, other]
            worth = max(worth, new * new * bend[r, r])
        if moved <= SLIGHT * worth:
            break


@part
def _go_straight(bend, least, most, slope, step, factors, way, free):
    """Go towards the lowest point of the coordinates within their ranges, until one meets its end.

    Returns
    -------
    far : float
        Share of the way that was gone.
    gained : float
    """
    size = 0
    for r in range(len(step)):
        if least[r] < step[r] < most[r]:
            free[size] = r
            size += 1
    for i in range(size):  # the factors' rows, and the way that solves with the first of them
        sum_of = -slope[free[i]]
        for j in range(i + 1):
            entry = bend[free[i], free[j]]
            for k in range(j):
                entry -= factors[i, k] * factors[j, k]
            if j < i:
                factors[i, j] = entry / factors[j, j]
                sum_of -= factors[i, j] * way[j]
            elif not entry > 0.0:  # rounding
                return 1.0, 0.0
            else:
                factors[i, i] = np.sqrt(entry)
        way[i] = sum_of / factors[i, i]
    for i in range(size - 1, -1, -1):
        for k in range(i + 1, size):
            way[i] -= factors[k, i] * way[k]
        way[i] /= factors[i, i]
    far, first = 1.0, -1
    for i in range(size):
        r = free[i]
        end = most[r] if way[i] > 0.0 else least[r]
        if abs(way[i]) * far > abs(end - step[r]):
            far, first = abs(end - step[r]) / abs(way[i]), i
    gained = 0.0
    for i in range(size):
        gained -= far * (1.0 - 0.5 * far) * way[i] * slope[free[i]]
    for i in range(size):
        r = free[i]
        new = min(max(step[r] + far * way[i], least[r]), most[r])
        if i == first:  # exactly, or rounding would leave it free
            new = most[r] if way[i] > 0.0 else least[r]
        change = new - step[r]
        step[r] = new
        for other in range(len(step)):
            slope[other] += change * bend[r, other]
    return far, gained


@kernel
def _by_vectors(z_start, z_row, z_value, factor, extra, gradient, least, most, sweeps, step):
    rows = len(gradient)
    start = np.zeros(rows + 1, np.int64)
    for e in range(len(z_row)):
        start[z_row[e] + 1] += 1
    for r in range(rows):
        start[r + 1] += start[r]
    at = start[:-1].copy()
    vector, value, diagonal = np.empty(len(z_row), np.int32), np.empty(len(z_row)), extra.copy()
    for i in range(len(factor)):
        for e in range(z_start[i], z_start[i + 1]):
            r = z_row[e]
            vector[at[r]], value[at[r]] = i, z_value[e]
            at[r] += 1
            diagonal[r] += factor[i] * z_value[e] * z_value[e]
    along = np.zeros(len(factor))
    given = start, vector, value, factor, extra, diagonal, gradient, least, most
    last = _sweep_vectors(*given, sweeps, along, step)
    slope = slope_of(z_start, z_row, z_value, factor, extra, gradient, step)
    decrease = decrease_of(gradient, slope, step)
    if last > CREEPING * decrease:
        decrease += go_freely(z_start, z_row, z_value, factor, extra, gradient, least, most, step)
    return decrease


@kernel
def _sweep_vectors(start, vector, value, factor, extra, diagonal, gradient, least, most, sweeps, along, step):
    """Go over the coordinates, each to its best within its range, until they stay; return what the last round gained.

    ``along`` are the products z · d, which are kept.
    """
    gained = 0.0
    for _ in range(sweeps):
        moved, worth, gained = 0.0, 0.0, 0.0
        for r in range(len(step)):
            if least[r] == most[r]:
                continue
            slope = gradient[r] + extra[r] * step[r]
            for e in range(start[r], start[r + 1]):
                slope += factor[vector[e]] * value[e] * along[vector[e]]
            new = step[r] - slope / diagonal[r]
            new = min(max(new, least[r]), most[r])
            change = new - step[r]
            if change != 0.0:
                step[r] = new
                moved = max(moved, change * change * diagonal[r])
                gained -= change * (slope + 0.5 * change * diagonal[r])
                for e in range(start[r], start[r + 1]):
                    along[vector[e]] += value[e] * change
            worth = max(worth, new * new * diagonal[r])
        if moved <= SLIGHT * worth:
            break
    return gained
