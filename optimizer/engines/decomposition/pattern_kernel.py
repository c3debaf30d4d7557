"""Loops over the good answers of units: find them, add up their rows, weigh them against each other."""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

import numba
import numpy as np

from optimizer.engines.decomposition.jit import kernel, parallel_kernel
from optimizer.engines.decomposition.passes import CHUNKS, SHUT, margins_of
from optimizer.engines.decomposition.unit_kernel import Rules, scratch_for, solve_unit

BASE_NODES = 5_000
"""Node limit of a unit's best answer: that of a pass, so that both find the same."""


@kernel
def _mixed(j):
    """Spread a candidate's position over 64 bits, so that the sum over a set tells sets apart."""
    x = np.uint64(j + 1) * np.uint64(0x9E3779B97F4A7C15)
    x ^= x >> np.uint64(29)
    return x * np.uint64(0xBF58476D1CE4E5B9)


@kernel
def _nearest(margin, inside, n, reach, most, near):
    """List the candidates worth forcing in or out, at most ``2 · most``: those whose margin is nearest to the change.

    Small margins leave first, large ones come in first. Returns how many there are.
    """
    size = 0
    for j in range(n):
        if inside[j] == 0 and (margin[j] < -reach or margin[j] <= SHUT):
            continue
        away = margin[j] if inside[j] else -margin[j]
        i = size
        if size == 2 * most:
            last = near[size - 1]
            if away >= (margin[last] if inside[last] else -margin[last]):
                continue
            i = size - 1
        else:
            size += 1
        while i > 0:
            before = near[i - 1]
            if (margin[before] if inside[before] else -margin[before]) <= away:
                break
            near[i] = before
            i -= 1
        near[i] = j
    return size


@parallel_kernel
def find_patterns(
    units,
    widest,
    candidates,
    terms,
    prices,
    packed,
    general,
    nodes,
    reach,
    optimum,
    regret,
    mark,
    count,
    contact,
):
    """List each unit's best answer and its answers with one contact forced in or out, least regret first.

    Parameters
    ----------
    units, widest, candidates, terms, prices, packed, general, nodes
        As for a pass.
    reach : int
        Most regret, in the prices' scale.
    optimum : (units,) int64 array
        Receives the best answer's priced value.
    regret : (units, patterns) int64 array
        Receives what each answer loses against the best; −1 after the last.
    mark : (units, patterns) uint64 array
        Scratch that tells answers apart.
    count : (units, patterns) int32 array
    contact : (units, patterns, most contacts) int32 array
        Receives each answer's contacts, as places within the unit.
    """
    most = regret.shape[1]
    for chunk in numba.prange(CHUNKS):
        rules = Rules(packed, general)
        s = scratch_for(widest, rules)
        margin, best, inside = s.margin, s.best, s.inside
        tried = np.empty(widest + 1, np.int64)
        for at in range(len(units) * chunk // CHUNKS, len(units) * (chunk + 1) // CHUNKS):
            unit = units[at]
            n = margins_of(unit, candidates, terms, prices, s.margin, s.kind, s.owner)
            top, _, size = solve_unit(unit, n, -1, -1, -1, BASE_NODES, rules, s)
            optimum[at] = top
            size = max(size, 0)
            inside[:n] = 0
            code = np.uint64(0)
            for i in range(size):
                contact[at, 0, i] = best[i]
                inside[best[i]] = 1
                code += _mixed(best[i])
            regret[at, 0], mark[at, 0], count[at, 0] = 0, code, size
            found = 1
            near = _nearest(margin, inside, n, reach, most, s.picked)
            for i in range(near):
                tried[i] = s.picked[i]
            for turn in range(near):
                j = tried[turn]
                force_in, force_out = (-1, j) if inside[j] else (j, -1)
                value, _, size = solve_unit(unit, n, force_in, force_out, s.owner[j], nodes, rules, s)
                loss = top - value
                if size < 0 or loss > reach or (found == most and loss >= regret[at, most - 1]):
                    continue
                code = np.uint64(0)
                for i in range(size):
                    code += _mixed(best[i])
                known = False
                for p in range(found):
                    if mark[at, p] == code:
                        known = True
                if known:
                    continue
                p = found if found < most else most - 1
                while p > 1 and regret[at, p - 1] > loss:
                    regret[at, p], mark[at, p] = regret[at, p - 1], mark[at, p - 1]
                    count[at, p] = count[at, p - 1]
                    for i in range(count[at, p]):
                        contact[at, p, i] = contact[at, p - 1, i]
                    p -= 1
                regret[at, p], mark[at, p], count[at, p] = max(loss, 0), code, size
                for i in range(size):
                    contact[at, p, i] = best[i]
                found = min(found + 1, most)
            for p in range(found, most):
                regret[at, p] = -1


@kernel
def rows_of_patterns(
    contact_start,
    contact,
    customer,
    kind,
    amount,
    group,
    kind_start,
    kind_row,
    kind_weight,
    terms,
    start,
    row,
    coefficient,
):
    """Write what each pattern uses of each row, merged, as sparse rows; return the number of entries.

    With empty ``row`` it only counts.
    """
    rows = 0
    for b in range(len(kind_row)):
        rows = max(rows, kind_row[b] + 1)
    for b in range(terms.measure.shape[0]):
        for e in range(terms.start[b, 0], terms.start[b, -1]):
            rows = max(rows, terms.base[b] + (terms.instance[e] + 1) * terms.groups[b])
    sums = np.zeros(rows, np.int64)
    seen = np.zeros(rows, np.uint8)
    touched = np.empty(rows, np.int64)
    write = len(row) > 0
    entries = 0
    for p in range(len(contact_start) - 1):
        found = 0
        for i in range(contact_start[p], contact_start[p + 1]):
            j = contact[i]
            k = np.int64(kind[j])
            for e in range(kind_start[k], kind_start[k + 1]):
                r = kind_row[e]
                sums[r] += kind_weight[e]
                if seen[r] == 0:
                    seen[r] = 1
                    touched[found] = r
                    found += 1
            for b in range(terms.measure.shape[0]):
                g = group[terms.partition[b], customer[i]] if terms.partition[b] >= 0 else 0
                if g < 0:
                    continue
                times = amount[terms.measure[b], j] if terms.measure[b] >= 0 else 1
                for e in range(terms.start[b, k], terms.start[b, k + 1]):
                    r = terms.base[b] + terms.instance[e] * terms.groups[b] + g
                    sums[r] += terms.weight[e] * times
                    if seen[r] == 0:
                        seen[r] = 1
                        touched[found] = r
                        found += 1
        start[p] = entries
        for t in range(found):
            r = touched[t]
            if sums[r] != 0:
                if write:
                    row[entries] = r
                    coefficient[entries] = sums[r]
                entries += 1
            sums[r] = 0
            seen[r] = 0
    start[len(contact_start) - 1] = entries
    return entries


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
