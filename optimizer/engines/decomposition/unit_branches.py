"""The exact optimum of one unit under every primitive: its LP, and branches where the LP is not whole.

A conflict that the LP's answer breaks is decided first: one of its sides is closed. Then the set is searched for at
the LP's prices, and only where that takes long, the candidate is decided of which the LP is least sure. Textbook:
branch and bound (Land and Doig 1960).
"""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

import numpy as np

from optimizer.engines.decomposition.general_kernel import CONFLICT, INFEASIBLE, UNKNOWN, A, B, move, open_all
from optimizer.engines.decomposition.general_search import NOTHING, search
from optimizer.engines.decomposition.unit_desk import DEPTH
from optimizer.engines.decomposition.unit_prices import bound_of, price_ties
from optimizer.engines.jit import part

LPS = 60
"""LPs of one unit at most."""
QUICK = 200
"""Nodes of the search at the prices of an LP that may still branch."""
SURE = 1e-6
"""Shares this near to 0 or 1 are whole."""
NONE = -1
"""No branch. A tie is decided by its number, a candidate ``j`` by ``−2 − j``."""


@part
def solve_general(unit, margin, n, least, nodes, rules, desk):
    """Maximise Σ margin − penalties over the legal sets of one unit.

    Parameters
    ----------
    unit : int
    margin : (≥ n,) int64 array
    n : int
        Candidates of the unit.
    least : int
        Candidates of this margin or less are left out, unless their choice helps others.
    nodes : int
    rules : General
    desk : Desk
        ``desk.best`` receives the chosen candidates.

    Returns
    -------
    value, bound, count : int
        As for ``solve_packed``; count ``INFEASIBLE`` when no set is legal, ``UNKNOWN`` when none was found.
    """
    _arrange(unit, margin, n, least, rules, desk)
    top, beyond, found = np.int64(NOTHING), np.int64(NOTHING), INFEASIBLE
    depth, solved = 0, 0
    while True:
        size, must = prepare(unit, margin, rules, desk)
        solved += 1
        if size >= 0 and bound_of(unit, size, rules, desk) > top:
            more = solved < LPS and depth < DEPTH
            split, side = _clash(unit, size, rules, desk) if more else (NONE, A)
            unsure, way = _fraction(size, must, desk) if more else (NONE, A)
            if split == NONE:
                few = nodes if unsure == NONE else min(QUICK, nodes)
                value, bound, count = search(unit, size, must, -1, few, top, margin, rules, desk)
                if count >= 0:
                    top, found = value, count
                if bound > top:
                    split, side = unsure, way
                if split == NONE:
                    beyond = max(beyond, bound)
                    if found < 0 and count == UNKNOWN:
                        found = UNKNOWN
            if split != NONE:
                desk.split[depth], desk.side[depth], desk.turn[depth] = split, side, 0
                _branch(unit, split, side, 1, rules, desk)
                depth += 1
                continue
        while depth > 0 and desk.turn[depth - 1] == 1:
            depth -= 1
            _branch(unit, desk.split[depth], desk.side[depth], -1, rules, desk)
        if depth == 0:
            break
        split, side = desk.split[depth - 1], desk.side[depth - 1]
        _branch(unit, split, side, -1, rules, desk)
        desk.side[depth - 1], desk.turn[depth - 1] = A + B - side, 1
        _branch(unit, split, A + B - side, 1, rules, desk)
    if found >= 0:
        return top, max(top, beyond), found
    return (beyond, beyond, found) if found == UNKNOWN else (np.int64(0), np.int64(0), found)


@part
def _arrange(unit, margin, n, least, rules, desk):
    """List what must be chosen, then what may be, by margin; leave out what no choice makes legal."""
    base, first_tie = rules.first[unit], rules.tie_start[unit]
    ties = rules.tie_start[unit + 1] - first_tie
    must = 0
    for j in range(n):
        if rules.helps[base + j] == 2:
            desk.order[must] = j
            must += 1
    size = must
    for j in range(n):
        if rules.helps[base + j] == 1 or (rules.helps[base + j] == 0 and margin[j] > least):
            desk.order[size] = j
            size += 1
    open_all(size, base, first_tie, ties, rules, desk.order, desk.number, desk.seen)
    for i in range(must):
        desk.listed[i] = desk.order[i]
    for i in range(must, size):
        desk.away[desk.order[i]] = margin[desk.order[i]]
    sort_down(desk.order, must, size, desk.away, desk.spare)
    last, size = size, must
    for i in range(must, last):
        j = desk.order[i]
        fine = move(j, 1, True, base, first_tie, rules, desk.number, desk.seen)
        move(j, -1, True, base, first_tie, rules, desk.number, desk.seen)
        if fine:
            desk.listed[size], desk.closed[j], desk.fixed[j] = j, 0, 0
            size += 1
        else:
            move(j, 1, False, base, first_tie, rules, desk.number, desk.seen)
    for i in range(must):
        desk.closed[desk.listed[i]], desk.fixed[desk.listed[i]] = 0, 0
    desk.lengths[0], desk.lengths[1] = size, must


@part
def prepare(unit, margin, rules, desk):
    """Put the candidates that no branch decided in order, at the prices of their LP.

    Returns
    -------
    size, must : int
        How many candidates are in the order, and how many of them, in front, must be chosen. −1 and −1 where what must
        be chosen is barred.
    """
    size = 0
    for i in range(desk.lengths[0]):
        j = desk.listed[i]
        if desk.fixed[j] or i < desk.lengths[1]:
            if desk.closed[j]:
                return -1, -1
            desk.order[size] = j
            size += 1
    must = size
    for i in range(desk.lengths[1], desk.lengths[0]):
        j = desk.listed[i]
        if not (desk.fixed[j] or desk.closed[j]):
            desk.order[size] = j
            size += 1
    base, first_tie = rules.first[unit], rules.tie_start[unit]
    ties = rules.tie_start[unit + 1] - first_tie
    open_all(size, base, first_tie, ties, rules, desk.order, desk.number, desk.seen)
    price_ties(unit, size, must, margin, rules, desk)
    for i in range(must, size):
        desk.away[desk.order[i]] = abs(desk.rest[desk.order[i]])
    sort_down(desk.order, must, size, desk.away, desk.spare)
    return size, must


@part
def _clash(unit, size, rules, desk):
    """Return the conflict that the LP's answer breaks most, and the side that has less of it."""
    base, first_tie = rules.first[unit], rules.tie_start[unit]
    count = rules.tie_start[unit + 1] - first_tie
    on_a, on_b = desk.lean_a, desk.lean_b
    for t in range(count):
        on_a[t], on_b[t] = 0.0, 0.0
    for i in range(size):
        j = desk.order[i]
        for e in range(rules.entry_start[base + j], rules.entry_start[base + j + 1]):
            t = rules.tie[e]
            if rules.kind[first_tie + t] == CONFLICT:
                if rules.weight[e] == A:
                    on_a[t] += desk.share[j]
                elif rules.weight[e] == B:
                    on_b[t] += desk.share[j]
    tie, side, worst = NONE, A, SURE
    for t in range(count):
        if min(on_a[t], on_b[t]) > worst:
            tie, side, worst = t, A if on_a[t] < on_b[t] else B, min(on_a[t], on_b[t])
    return tie, side


@part
def _fraction(size, must, desk):
    """Return the candidate of which the LP is least sure (as ``−2 − j``), and what it is nearer to: A out, B in."""
    split, side, worst = NONE, A, SURE
    for i in range(must, size):
        j = desk.order[i]
        if min(desk.share[j], 1.0 - desk.share[j]) > worst:
            split, side, worst = -2 - j, B if desk.share[j] > 0.5 else A, min(desk.share[j], 1.0 - desk.share[j])
    return split, side


@part
def _branch(unit, split, side, sign, rules, desk):
    """Decide a candidate, or close those that stand on one side of a conflict alone; or (−1) take it back."""
    if split < NONE:
        if side == A:
            desk.closed[-2 - split] += sign
        else:
            desk.fixed[-2 - split] += sign
        return
    base = rules.first[unit]
    for i in range(desk.lengths[0]):
        j = desk.listed[i]
        for e in range(rules.entry_start[base + j], rules.entry_start[base + j + 1]):
            if rules.tie[e] == split and rules.weight[e] == side:
                desk.closed[j] += sign


@part
def decide_first(j, size, must, desk):
    """Move a candidate to the first place that is open to choice."""
    place = size - 1
    while desk.order[place] != j:
        place -= 1
    for i in range(place, must, -1):
        desk.order[i] = desk.order[i - 1]
    desk.order[must] = j


@part
def sort_down(order, first, last, key, spare):
    """Sort ``order[first:last]`` by ``key``, the largest first, equal ones as they stand: runs are merged."""
    run = 1
    while run < last - first:
        at = first
        while at < last:
            a, middle = at, min(at + run, last)
            b, end = middle, min(at + 2 * run, last)
            while at < end:
                if a < middle and (b >= end or key[order[a]] >= key[order[b]]):
                    spare[at] = order[a]
                    a += 1
                else:
                    spare[at] = order[b]
                    b += 1
                at += 1
        for i in range(first, last):
            order[i] = spare[i]
        run *= 2
