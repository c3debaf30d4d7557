"""Loops of the smoothed dual: weigh the good answers of units against each other, add up curvature, take a step."""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

import numpy as np

from optimizer.engines.jit import kernel


@kernel
def weigh(unit_start, regret, start, row, coefficient, heat, share, use):
    """Weigh each unit's patterns by exp(−regret / heat).

    Parameters
    ----------
    unit_start : (units + 1,) int array
        Patterns ``unit_start[u] … unit_start[u+1]`` are unit ``u``'s.
    regret : (patterns,) float array
    start, row, coefficient : sparse rows of the patterns
    heat : float
        The temperature.
    share : (patterns,) float array
        Receives the weights, which add up to 1 over each unit.
    use : (rows,) float array
        Receives the expected use of every row.

    Returns
    -------
    float
        Σ heat · log Σ exp(−regret / heat): what smoothing adds to the dual function.
    """
    total = 0.0
    for u in range(len(unit_start) - 1):
        first, last = unit_start[u], unit_start[u + 1]
        low = np.inf
        for p in range(first, last):
            low = min(low, regret[p])
        weight = 0.0
        for p in range(first, last):
            share[p] = np.exp((low - regret[p]) / heat)
            weight += share[p]
        total += heat * np.log(weight) - low
        for p in range(first, last):
            share[p] /= weight
            for e in range(start[p], start[p + 1]):
                use[row[e]] += share[p] * coefficient[e]
    return total


@kernel
def curvature(unit_start, start, row, coefficient, share, heat, hessian):
    """Add Σ over units of the covariance of row use, over ``heat``, to the (rows, rows) matrix."""
    rows = hessian.shape[0]
    mean = np.zeros(rows)
    seen = np.zeros(rows, np.uint8)
    touched = np.empty(rows, np.int64)
    for u in range(len(unit_start) - 1):
        first, last = unit_start[u], unit_start[u + 1]
        if last - first < 2:
            continue
        found = 0
        for p in range(first, last):
            weight = share[p]
            if weight < 1e-9:
                continue
            for e in range(start[p], start[p + 1]):
                r = row[e]
                if seen[r] == 0:
                    seen[r] = 1
                    touched[found] = r
                    found += 1
                mean[r] += weight * coefficient[e]
                scaled = weight * coefficient[e] / heat
                for f in range(start[p], start[p + 1]):
                    hessian[r, row[f]] += scaled * coefficient[f]
        for a in range(found):
            r = touched[a]
            for b in range(found):
                hessian[r, touched[b]] -= mean[r] * mean[touched[b]] / heat
        for a in range(found):
            mean[touched[a]] = 0.0
            seen[touched[a]] = 0


@kernel
def box_newton(hessian, gradient, least, most, sweeps, step):
    """Minimise gradient · d + ½ d · hessian · d over ``least ≤ d ≤ most`` by coordinate descent.

    Starts from ``step`` and overwrites it. The matrix must have a positive diagonal.
    """
    rows = len(gradient)
    slope = gradient.copy()
    for r in range(rows):
        if step[r] != 0.0:
            for q in range(rows):
                slope[q] += hessian[r, q] * step[r]
    for _ in range(sweeps):
        moved = 0.0
        for r in range(rows):
            new = step[r] - slope[r] / hessian[r, r]
            new = min(max(new, least[r]), most[r])
            change = new - step[r]
            if change != 0.0:
                step[r] = new
                moved = max(moved, change * change * hessian[r, r])
                for q in range(rows):
                    slope[q] += hessian[r, q] * change
        worth = 0.0
        for r in range(rows):
            worth = max(worth, step[r] * step[r] * hessian[r, r])
        if moved <= 1e-12 * worth:
            break
