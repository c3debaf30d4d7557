"""Loops over the good answers of units: find them, and add up what they use of the rows."""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

import numpy as np

from optimizer.engines.decomposition.packed_kernel import best_packed, change_packed, positive
from optimizer.engines.decomposition.passes import SHUT, margins_of
from optimizer.engines.jit import bare_kernel, kernel, part

BASE_NODES = 5_000
"""Node limit of a unit's best answer: that of a pass, so that both find the same."""
PATTERN_NODES = 100
"""Node limit of one unit with one candidate forced: a search of hundreds more for each unit."""


@part
def mixed(j):
    """Spread a candidate's position over 64 bits, so that the sum over a set tells sets apart."""
    x = np.uint64(j + 1) * np.uint64(0x9E3779B97F4A7C15)
    x ^= x >> np.uint64(29)
    return x * np.uint64(0xBF58476D1CE4E5B9)


@part
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


@part
def offer(at, loss, chosen, size, found, regret, mark, count, contact):
    """Keep an answer among the unit's best, unless it is known; return how many there are."""
    most = regret.shape[1]
    if found == most and loss >= regret[at, most - 1]:
        return found
    code = np.uint64(0)
    for i in range(size):
        code += mixed(chosen[i])
    for p in range(found):
        if mark[at, p] == code:
            return found
    p = found if found < most else most - 1
    while p > 1 and regret[at, p - 1] > loss:
        regret[at, p], mark[at, p] = regret[at, p - 1], mark[at, p - 1]
        count[at, p] = count[at, p - 1]
        for i in range(count[at, p]):
            contact[at, p, i] = contact[at, p - 1, i]
        p -= 1
    regret[at, p], mark[at, p], count[at, p] = max(loss, 0), code, size
    for i in range(size):
        contact[at, p, i] = chosen[i]
    return min(found + 1, most)


@bare_kernel
def packed_answers(
    units, places, candidates, terms, prices, packed, nodes, fewer, reach, outcome, regret, mark, count, contact, bench
):
    """List each packed unit's best answer and its answers with one contact forced in or out, least regret first.

    Parameters
    ----------
    units, candidates, terms, prices, packed, bench
        As for a pass.
    places : (n,) int64 array
        Those of the units that are looked at.
    nodes, fewer : int
        Node limits of a unit, and of one with one candidate forced.
    reach : int
        Most regret, in the prices' scale.
    outcome, regret, mark, count, contact
        Fields of :class:`.crew.Answers`, which receive the answers.
    """
    most, inside, best = regret.shape[1], bench.inside, bench.best
    for at in places:
        unit = units[at]
        n = margins_of(unit, candidates, terms, prices, bench.margin, bench.kind)
        size = positive(n, bench)
        top, bound, chosen = best_packed(unit, size, size, nodes, packed, bench)
        outcome[at, 0], outcome[at, 1], outcome[at, 2] = top, bound, chosen
        found = offer(at, 0, best, chosen, 0, regret, mark, count, contact)
        for j in range(n):
            inside[j] = 0
        for i in range(chosen):
            inside[best[i]] = 1
        for turn in range(_nearest(bench.margin, inside, n, reach, most, bench.tried)):
            least = top - (regret[at, most - 1] if found == most else reach + 1)
            value, changed = change_packed(unit, size, bench.tried[turn], least, fewer, packed, bench)
            if changed >= 0:
                found = offer(at, top - value, best, changed, found, regret, mark, count, contact)
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

    ``row`` and ``coefficient`` have room for every use of every contact. ``customer``, each contact's, is only looked
    at where rows depend on more than the kind.
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
                row[entries], coefficient[entries] = r, sums[r]
                entries += 1
            sums[r] = 0
            seen[r] = 0
    start[len(contact_start) - 1] = entries
    return entries
