"""The exact optimum of one unit under every primitive: depth-first branch and bound over its candidates.

For units whose rules do not fit packed words: minimums, prerequisites, distinct keys, amounts, households, pins. Each
rule of the unit is a *tie* of its candidates; four running numbers per tie tell whether the choices made so far can
still become legal.

========== ============================ ================================ =============== ==================
tie        first                        second                           third           fourth
========== ============================ ================================ =============== ==================
CAP        used                         Σ negative weights still open
KEYS       different keys used
CONFLICT   contacts on side A           contacts on side B               on both
NEEDS      servers chosen               servers still open               needing, not    needing and serving
                                                                         serving
floors     used (or different keys)     Σ positive weights still open
========== ============================ ================================ =============== ==================
"""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from optimizer.engines.decomposition.jit import kernel

CAP, KEYS, CONFLICT, NEEDS, REQUIRED, ALL_OR_NOTHING, BEST_EFFORT, PENALTY = range(8)
A, B = 1, 2
NEEDING, SERVING = 1, 2
PATIENCE = 50
"""A unit without any answer at its node limit goes on to so many times as many nodes."""
INFEASIBLE, UNKNOWN = -1, -2
"""Counts of units without an answer: proven, or not known at the node limit."""

Int64s = npt.NDArray[np.int64]


class General(NamedTuple):
    """Ties of the units that are not packed.

    Parameters
    ----------
    first : (units or 0,) int64 array
        Number of the unit's first candidate among those of such units; −1 for packed units.
    tie_start : (units + 1 or 1,) int64 array
        Ties ``tie_start[u] … tie_start[u+1]`` are unit ``u``'s, floors last.
    kind, limit : (ties,) int64 arrays
        What the tie is, and its cap or need (for CONFLICT and NEEDS: the bits that history put there).
    cost : (ties,) int64 array
        Which of ``penalty`` a missing unit costs.
    token_start : (units or 1,) int64 array
        How many key tokens the unit has.
    entry_start : (candidates of such units + 1,) int64 array
    tie, weight, token : (entries,) int64 arrays
        Ties of each candidate (counted from the unit's first), weight or bits, and key token (within the unit).
    helps : (candidates of such units,) uint8 array
        1 where choosing the candidate can make other choices legal or cheaper, 2 where it must be chosen.
    room : (units or 1,) int64 array
        No plan of the unit has more contacts.
    effort : (units or 1,) int64 array
        Most total shortfall of the unit's best-effort floors.
    penalty : (floors,) int64 array
        Price of a missing unit, in the prices' scale.
    most : (customers or 0,) int64 array
        No plan of the customer has more contacts.
    most_ties, most_tokens : int
        Of any unit.
    """

    first: Int64s
    tie_start: Int64s
    kind: Int64s
    limit: Int64s
    cost: Int64s
    entry_start: Int64s
    tie: Int64s
    weight: Int64s
    token: Int64s
    helps: npt.NDArray[np.uint8]
    room: Int64s
    effort: Int64s
    penalty: Int64s
    most: Int64s
    most_ties: int
    most_tokens: int


@kernel
def _possible(t, kind, limit, number):
    """Say whether a tie can still be kept."""
    if kind == CAP:
        return number[0, t] + number[1, t] <= limit
    if kind == KEYS:
        return number[0, t] <= limit
    if kind == CONFLICT:
        if number[0, t] * number[1, t] > number[2, t]:
            return False
        return not ((limit & A and number[1, t] > 0) or (limit & B and number[0, t] > 0))
    if kind == NEEDS:
        if limit:
            return True
        servers = number[0, t] + number[1, t]
        return not ((number[2, t] > 0 and servers < 1) or (number[3, t] > 0 and servers < 2))
    if kind == REQUIRED:
        return number[0, t] + number[1, t] >= limit
    return True


@kernel
def _move(item, sign, chosen, base, ties, rules, number, seen):
    """Decide an open candidate (sign 1) as chosen or not, or open it again (−1); say if every tie can be kept."""
    fine = True
    for e in range(rules.entry_start[base + item], rules.entry_start[base + item + 1]):
        t, w = rules.tie[e], rules.weight[e]
        kind = rules.kind[ties + t]
        if kind == CAP:
            if chosen:
                number[0, t] += sign * w
            if w < 0:
                number[1, t] -= sign * w
        elif kind == KEYS:
            if chosen and rules.token[e] >= 0:
                token = rules.token[e]
                if sign > 0:
                    number[0, t] += seen[token] == 0
                    seen[token] += 1
                else:
                    seen[token] -= 1
                    number[0, t] -= seen[token] == 0
        elif kind == CONFLICT:
            if chosen:
                number[0, t] += sign * ((w & A) != 0)
                number[1, t] += sign * ((w & B) != 0)
                number[2, t] += sign * (w == A | B)
        elif kind == NEEDS:
            if w & SERVING:
                number[1, t] -= sign
            if chosen:
                number[0, t] += sign * ((w & SERVING) != 0)
                number[2, t] += sign * (w == NEEDING)
                number[3, t] += sign * (w == NEEDING | SERVING)
        else:
            if chosen and rules.token[e] >= 0:
                token = rules.token[e]
                seen[token] += sign
                number[0, t] += sign * (seen[token] == (sign > 0))
            elif chosen:
                number[0, t] += sign * w
            if w > 0:
                number[1, t] -= sign * w
        if fine and sign > 0:
            fine = _possible(t, kind, rules.limit[ties + t], number)
    return fine


@kernel
def _least_cost(unit, ties, count, rules, number):
    """Return what the soft floors cost at least, or −1 when some floor cannot be kept any more."""
    cost, missing = 0, 0
    for t in range(count - 1, -1, -1):
        kind = rules.kind[ties + t]
        if kind < REQUIRED:
            break
        short = rules.limit[ties + t] - number[0, t] - number[1, t]
        if short > 0:
            if kind == PENALTY:
                cost += short * rules.penalty[rules.cost[ties + t]]
            elif kind == BEST_EFFORT:
                missing += short
    return cost if missing <= rules.effort[unit] else -1


@kernel
def _legal(ties, count, rules, number):
    """Say whether a complete choice keeps every tie (best efforts aside)."""
    for t in range(count):
        kind, limit = rules.kind[ties + t], rules.limit[ties + t]
        if kind == ALL_OR_NOTHING:
            if number[0, t] != 0 and number[0, t] < limit:
                return False
        elif not _possible(t, kind, limit, number):
            return False
    return True


@kernel
def _open_all(size, base, ties, count, rules, order, number, seen):
    """Write the running numbers of a unit in which nothing is decided."""
    for t in range(count):
        for q in range(4):
            number[q, t] = 0
    for token in range(rules.most_tokens):
        seen[token] = 0
    for i in range(size):
        for e in range(rules.entry_start[base + order[i]], rules.entry_start[base + order[i] + 1]):
            t, w = rules.tie[e], rules.weight[e]
            kind = rules.kind[ties + t]
            if (kind == CAP and w < 0) or (kind >= REQUIRED and w > 0):
                number[1, t] += w
            elif kind == NEEDS and w & SERVING:
                number[1, t] += 1


@kernel
def _arrange(unit, margin, owner, n, force_in, force_out, focus, inside, rules, order):
    """Order the candidates that may be chosen: what must be, then customer by customer, each by margin.

    A negative margin is kept only where the choice helps others. Returns the number of candidates, and how many of
    them must be chosen (−1 where one must and must not).
    """
    base = rules.first[unit]
    size, must = 0, 0
    for j in range(n):
        fixed = j == force_in or rules.helps[base + j] == 2
        if j == force_out:
            if fixed:
                return 0, -1
        elif fixed:
            for i in range(size, must, -1):
                order[i] = order[i - 1]
            order[must] = j
            must, size = must + 1, size + 1
        elif (margin[j] > 0 or rules.helps[base + j]) and (focus < 0 or owner[j] == focus or inside[j]):
            i = size
            while i > must and owner[order[i - 1]] == owner[j] and margin[order[i - 1]] < margin[j]:
                order[i] = order[i - 1]
                i -= 1
            order[i] = j
            size += 1
    return size, must


@kernel
def solve_general(
    unit,
    margin,
    owner,
    n,
    force_in,
    force_out,
    focus,
    inside,
    nodes,
    rules,
    order,
    ahead,
    phase,
    rest,
    tops,
    number,
    seen,
    best,
):
    """Maximise Σ margin − penalties over the legal sets of one unit.

    Customers of a unit are searched as Russian dolls (Verfaillie, Lemaître and Schiex 1996): the last one first, then
    the last two, and so on, each optimum bounding what the next search can still gain from them.

    Parameters
    ----------
    unit, margin, n, force_in, force_out, nodes
        As for :func:`.packed_kernel.solve_packed`.
    owner : (≥ n,) int array
        Customer of each candidate, ascending.
    focus : int
        A customer whose choices alone are open: the others may only drop some of theirs; −1 for none.
    inside : (≥ n,) uint8 array
        What the others have, where there is a focus.
    rules : General
    order, ahead, phase, rest, tops, number, seen
        Scratch: (≥ n,), three of (≥ n + 1,), (4, ≥ ties), (≥ tokens,).
    best : (≥ n,) int array
        Receives the chosen candidates.

    Returns
    -------
    value, bound, count : int
        As for ``solve_packed``; count ``INFEASIBLE`` when no set is legal, ``UNKNOWN`` when none was found.
    """
    base, ties = rules.first[unit], rules.tie_start[unit]
    count = rules.tie_start[unit + 1] - ties
    size, must = _arrange(unit, margin, owner, n, force_in, force_out, focus, inside, rules, order)
    if must < 0:
        return -1, -1, INFEASIBLE
    ahead[0] = 0
    for i in range(size):
        ahead[i + 1] = ahead[i] + max(margin[order[i]], 0)

    # tops[i, r]: sum of the r largest margins from place i on
    few = min(rules.room[unit], tops.shape[1] - 1)
    for r in range(few + 1):
        tops[size, r] = 0
    for i in range(size - 1, -1, -1):
        m = max(margin[order[i]], 0)
        tops[i, 0] = 0
        for r in range(1, few + 1):
            tops[i, r] = max(tops[i + 1, r], tops[i + 1, r - 1] + m)

    # rest[i]: most that the customers after that of candidate i can add
    rest[size] = 0
    end = size
    while end > 0:
        if end < size:
            _open_all(size, base, ties, count, rules, order, number, seen)
            doll = _search(
                unit, end, size, 0, nodes, rules, margin, owner, order, ahead, phase, rest, tops, number, seen, best
            )
            bound = doll[1]
        else:
            bound = np.int64(0)
        start = 0 if end <= must else end - 1
        while start > must and owner[order[start - 1]] == owner[order[end - 1]]:
            start -= 1
        for i in range(start, end):
            rest[i] = bound
        end = start
    _open_all(size, base, ties, count, rules, order, number, seen)
    return _search(
        unit, 0, size, must, nodes, rules, margin, owner, order, ahead, phase, rest, tops, number, seen, best
    )


@kernel
def _gain(unit, i, size, must, room, rules, owner, order, ahead, rest, tops):
    """Bound what candidates from place ``i`` on can add, when ``room`` more contacts may be chosen."""
    if i >= size:
        return np.int64(0)
    if i < must:
        return ahead[must] - ahead[i] + rest[i]
    mine = owner[order[i]]
    last, most = i, min(room, rules.most[mine])
    while last < size and last - i < most and owner[order[last]] == mine:
        last += 1
    bound = ahead[last] - ahead[i] + rest[i]
    return min(bound, tops[i, max(room, 0)]) if room < tops.shape[1] and room <= rules.room[unit] else bound


@kernel
def _search(unit, low, size, must, nodes, rules, margin, owner, order, ahead, phase, rest, tops, number, seen, best):
    """Search the candidates from place ``low`` on; from a place above 0, only what cannot become legal is left out."""
    base, ties = rules.first[unit], rules.tie_start[unit]
    tie_count = rules.tie_start[unit + 1] - ties
    room = rules.room[unit]
    found, top, count = False, np.int64(0), INFEASIBLE
    value, level, opened, i = np.int64(0), 0, 0, low
    phase[low] = 0
    while True:
        if i == size:
            cost = _least_cost(unit, ties, tie_count, rules, number)
            if low > 0:
                cost = min(cost, 0)
            if cost >= 0 and (not found or value - cost > top) and (low > 0 or _legal(ties, tie_count, rules, number)):
                found, top, count = True, value - cost, 0
                for at in range(low, size):
                    if phase[at] == 1:
                        best[count] = order[at]
                        count += 1
            i -= 1
        elif phase[i] < 2:
            chosen = phase[i] == 0
            phase[i] += 1
            if (chosen and level >= room and i >= must) or (not chosen and i < must):
                continue
            opened += 1
            if opened > nodes and (found or opened > PATIENCE * nodes):
                bound = value + _gain(unit, i, size, must, room - level, rules, owner, order, ahead, rest, tops)
                for at in range(i - 1, low - 1, -1):  # the other branches above
                    if phase[at] == 1:
                        value -= margin[order[at]]
                        level -= 1
                        bound = max(
                            bound,
                            value
                            + _gain(unit, at + 1, size, must, room - level, rules, owner, order, ahead, rest, tops),
                        )
                return (top, max(bound, top), count) if found else (bound, bound, UNKNOWN)
            fine = _move(order[i], 1, chosen, base, ties, rules, number, seen)
            if fine:
                cost = _least_cost(unit, ties, tie_count, rules, number)
                if low > 0:
                    cost = min(cost, 0)
                gain = margin[order[i]] if chosen else 0
                more = _gain(unit, i + 1, size, must, room - level - chosen, rules, owner, order, ahead, rest, tops)
                if cost >= 0 and (not found or value + gain - cost + more > top):
                    value += gain
                    level += chosen
                    i += 1
                    phase[i] = 0
                    continue
            _move(order[i], -1, chosen, base, ties, rules, number, seen)
            continue
        else:
            i -= 1
        # back to the candidate before: undo its choice, and try its other one if there is one
        while i >= low:
            chosen = phase[i] == 1
            _move(order[i], -1, chosen, base, ties, rules, number, seen)
            if chosen:
                value -= margin[order[i]]
                level -= 1
                break
            i -= 1
        if i < low:
            return top, top, count
