"""Loops over the good answers of units: find them, and add up what they use of the rows."""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

import numba
import numpy as np

from optimizer.engines.decomposition.general_search import search
from optimizer.engines.decomposition.jit import kernel, parallel_kernel
from optimizer.engines.decomposition.packed_kernel import begin, change_packed, own, rank, search_packed
from optimizer.engines.decomposition.passes import CHUNKS, SHUT, margins_of
from optimizer.engines.decomposition.unit_branches import decide_first, prepare, solve_general
from optimizer.engines.decomposition.unit_kernel import Rules, scratch_for
from optimizer.engines.decomposition.unit_prices import bound_of

BASE_NODES = 5_000
"""Node limit of a unit's best answer: that of a pass, so that both find the same."""
PATTERN_NODES = 100
"""Node limit of one unit with one candidate forced: a search of hundreds more for each unit."""


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


@kernel
def _offer(at, loss, chosen, size, found, regret, mark, count, contact):
    """Keep an answer among the unit's best, unless it is known; return how many there are."""
    most = regret.shape[1]
    if found == most and loss >= regret[at, most - 1]:
        return found
    code = np.uint64(0)
    for i in range(size):
        code += _mixed(chosen[i])
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


@kernel
def _tempting(n, size, reach, most, s, tried):
    """Mark the best answer's contacts in ``s.inside`` and list what is worth changing; return how many there are."""
    s.inside[:n] = 0
    for i in range(size):
        s.inside[s.best[i]] = 1
    near = _nearest(s.margin, s.inside, n, reach, most, s.picked)
    for i in range(near):
        tried[i] = s.picked[i]
    return near


@kernel
def _packed_patterns(unit, at, n, nodes, reach, rules, s, tried, optimum, regret, mark, count, contact):
    """Find the patterns of a packed unit; return how many."""
    most, packed = regret.shape[1], rules.packed
    kind, state, best, ahead, picked = s.kind, s.state, s.best, s.ahead, s.picked
    cls, room = own(unit, packed.unit_class), own(unit, packed.room)
    words = packed.adding, packed.step, packed.guard, packed.excludes
    ranked = rank(s.margin, n, s.ranked, s.gain)
    begin(unit, packed.start, state)
    top, _, size = search_packed(
        kind, s.ranked, s.gain, ranked, room, np.int64(-1), BASE_NODES, cls, *words, ahead, state, picked, best
    )
    optimum[at] = top
    found = _offer(at, np.int64(0), best, size, 0, regret, mark, count, contact)
    for turn in range(_tempting(n, size, reach, most, s, tried)):
        j = tried[turn]
        least = top - (regret[at, most - 1] if found == most else reach + 1)
        begin(unit, packed.start, state)
        value, size = change_packed(
            kind,
            s.margin,
            s.ranked,
            s.gain,
            ranked,
            j,
            s.inside[j] == 1,
            room,
            least,
            nodes,
            cls,
            *words,
            s.order,
            s.order_gain,
            ahead,
            state,
            picked,
            best,
        )
        if size >= 0:
            found = _offer(at, top - value, best, size, found, regret, mark, count, contact)
    return found


@kernel
def _tied_patterns(unit, at, n, nodes, reach, rules, s, tried, optimum, regret, mark, count, contact):
    """Find the patterns of a unit with ties, by changing the decisions that cost its bound least; return how many."""
    most, margin, general, desk = regret.shape[1], s.margin, rules.general, s.desk
    top, _, chosen = solve_general(unit, margin, n, -reach - 1, BASE_NODES, general, desk)
    optimum[at] = top
    found = _offer(at, np.int64(0), desk.best, max(chosen, 0), 0, regret, mark, count, contact)
    if chosen < 0:
        return found
    s.inside[:n] = 0
    for i in range(chosen):
        s.inside[desk.best[i]] = 1
    size, must = prepare(unit, margin, general, desk)
    bound = bound_of(unit, size, general, desk)
    near = min(size - must, 2 * most)
    for i in range(near):
        tried[i] = desk.order[size - 1 - i]
    for turn in range(near):
        j = tried[turn]
        floor = top - (regret[at, most - 1] if found == most else reach + 1)
        if bound - abs(desk.rest[j]) <= floor:
            break
        decide_first(j, size, must, desk)
        value, _, picked = search(unit, size, must, 1 - s.inside[j], nodes, floor, margin, general, desk)
        if picked >= 0:
            found = _offer(at, top - value, desk.best, picked, found, regret, mark, count, contact)
    return found


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
        tried = np.empty(widest + 1, np.int64)
        for at in range(len(units) * chunk // CHUNKS, len(units) * (chunk + 1) // CHUNKS):
            unit = units[at]
            n = margins_of(unit, candidates, terms, prices, s.margin, s.kind)
            out = (optimum, regret, mark, count, contact)
            if general.first.shape[0] and general.first[unit] >= 0:
                found = _tied_patterns(unit, at, n, nodes, reach, rules, s, tried, *out)
            else:
                found = _packed_patterns(unit, at, n, nodes, reach, rules, s, tried, *out)
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
