"""Loops of the smoothed dual: weigh the good answers of units against each other, and add up curvature."""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

import numpy as np

from optimizer.engines.jit import bare_kernel, kernel

UNLIKELY = 1e-9
"""Weight below which a pattern bends nothing."""


@kernel
def heard(units, candidates, kind_start, kind_row, kind_weight, terms, number, total):
    """Count for each row the candidates of some units that use it, and add up the sizes of their coefficients.

    Parameters
    ----------
    units : (n,) int64 array
    candidates : Candidates
    kind_start, kind_row, kind_weight, terms
        Who uses what, as in the row table.
    number : (rows,) int64 array
    total : (rows,) float array
    """
    kinds = np.zeros(len(kind_start) - 1, np.int64)
    for u in units:
        for c in range(candidates.unit_customer[u], candidates.unit_customer[u + 1]):
            for j in range(candidates.customer_start[c], candidates.customer_start[c + 1]):
                kind = np.int64(candidates.kind[j])
                kinds[kind] += 1
                for b in range(terms.measure.shape[0]):
                    g = candidates.group[terms.partition[b], c] if terms.partition[b] >= 0 else 0
                    amount = candidates.amount[terms.measure[b], j] if terms.measure[b] >= 0 else 1
                    if g >= 0 and amount != 0:
                        for e in range(terms.start[b, kind], terms.start[b, kind + 1]):
                            r = terms.base[b] + terms.instance[e] * terms.groups[b] + g
                            number[r] += 1
                            total[r] += abs(terms.weight[e] * amount)
    for k in range(len(kinds)):
        for e in range(kind_start[k], kind_start[k + 1]):
            if kind_weight[e] != 0:
                number[kind_row[e]] += kinds[k]
                total[kind_row[e]] += kinds[k] * abs(kind_weight[e])


@kernel
def weigh(unit_start, regret, weight, start, row, coefficient, heat, share, use):
    """Weigh each unit's patterns by exp(−regret / heat).

    Parameters
    ----------
    unit_start : (units + 1,) int array
        Patterns ``unit_start[u] … unit_start[u+1]`` are unit ``u``'s.
    regret : (patterns,) float array
        0 for a unit's best.
    weight : (units,) float array
        How many units each of them stands for.
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
        What smoothing adds: Σ weight · heat · log Σ exp(−regret / heat).
    """
    smoothing = 0.0
    for u in range(len(unit_start) - 1):
        together = 0.0
        for p in range(unit_start[u], unit_start[u + 1]):
            share[p] = np.exp(-regret[p] / heat)
            together += share[p]
        smoothing += weight[u] * heat * np.log(together)
        for p in range(unit_start[u], unit_start[u + 1]):
            share[p] /= together
            for e in range(start[p], start[p + 1]):
                use[row[e]] += weight[u] * share[p] * coefficient[e]
    return smoothing


@kernel
def deviations(unit_start, weight, start, row, coefficient, share, heat, rows):
    """Write the covariances of row use within units as a sum Σ factor · z zᵀ of few sparse vectors z.

    A unit's vectors are its patterns' differences from its first one, with factor weight · share / heat, and the mean
    of these, with −weight / heat: what all its patterns use does not vary.

    Returns
    -------
    z_start, z_row, z_value, factor : arrays
        Vector ``i`` has the entries ``z_start[i] … z_start[i+1]``.
    """
    units, patterns = len(unit_start) - 1, len(share)
    most = 0
    for u in range(units):
        first = unit_start[u]
        for p in range(first + 1, unit_start[u + 1]):
            most += 2 * (start[p + 1] - start[p] + start[first + 1] - start[first])
    z_start, factor = np.zeros(patterns + units + 1, np.int64), np.empty(patterns + units)
    z_row, z_value = np.empty(most, np.int32), np.empty(most)
    change, mean = np.zeros(rows), np.zeros(rows)
    of_change, of_mean = np.zeros(rows, np.uint8), np.zeros(rows, np.uint8)
    touched, spanned = np.empty(rows, np.int64), np.empty(rows, np.int64)
    vectors, entries = 0, 0
    for u in range(units):
        first, span = unit_start[u], 0
        for p in range(first + 1, unit_start[u + 1]):
            if share[p] < UNLIKELY:
                continue
            found = 0
            for side in range(2):
                of = first if side else p
                for e in range(start[of], start[of + 1]):
                    r = row[e]
                    if of_change[r] == 0:
                        of_change[r] = 1
                        touched[found] = r
                        found += 1
                    change[r] += -coefficient[e] if side else coefficient[e]
            for i in range(found):
                r = touched[i]
                if change[r] != 0.0:
                    z_row[entries], z_value[entries] = r, change[r]
                    entries += 1
                    if of_mean[r] == 0:
                        of_mean[r] = 1
                        spanned[span] = r
                        span += 1
                    mean[r] += share[p] * change[r]
                change[r] = 0.0
                of_change[r] = 0
            factor[vectors] = weight[u] * share[p] / heat
            vectors += 1
            z_start[vectors] = entries
        if span:
            for i in range(span):
                r = spanned[i]
                z_row[entries], z_value[entries] = r, mean[r]
                entries += 1
                mean[r] = 0.0
                of_mean[r] = 0
            factor[vectors] = -weight[u] / heat
            vectors += 1
            z_start[vectors] = entries
    return z_start[: vectors + 1], z_row[:entries], z_value[:entries], factor[:vectors]


@bare_kernel
def add_diagonal(z_start, z_row, z_value, factor, diagonal):
    """Add the squares of the vectors, each by its factor, to the diagonal. Shape (rows,)."""
    for i in range(len(factor)):
        for e in range(z_start[i], z_start[i + 1]):
            diagonal[z_row[e]] += factor[i] * z_value[e] * z_value[e]
