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
floors     used                         Σ positive weights still open
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
            if chosen:
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
def solve_general(unit, margin, n, force_in, force_out, nodes, rules, order, ahead, phase, number, seen, best):
    """Maximise Σ margin − penalties over the legal sets of one unit.

    Parameters
    ----------
    unit, margin, n, force_in, force_out, nodes
        As for :func:`.packed_kernel.solve_packed`.
    rules : General
    order, ahead, phase, number, seen
        Scratch: (≥ n,), (≥ n + 1,), (≥ n + 1,), (4, ≥ ties), (≥ tokens,).
    best : (≥ n,) int array
        Receives the chosen candidates.

    Returns
    -------
    value, bound, count : int
        As for ``solve_packed``; count ``INFEASIBLE`` when no set is legal, ``UNKNOWN`` when none was found.
    """
    base, ties = rules.first[unit], rules.tie_start[unit]
    tie_count = rules.tie_start[unit + 1] - ties
    room = rules.room[unit]
    for t in range(tie_count):
        for q in range(4):
            number[q, t] = 0
    for token in range(rules.most_tokens):
        seen[token] = 0

    # what must be chosen, then by margin; a negative margin only where the choice helps others
    size, must = 0, 0
    for j in range(n):
        fixed = j == force_in or rules.helps[base + j] == 2
        if j == force_out:
            if fixed:
                return -1, -1, INFEASIBLE
            continue
        if fixed:
            for i in range(size, must, -1):
                order[i] = order[i - 1]
            order[must] = j
            must, size = must + 1, size + 1
        elif margin[j] > 0 or rules.helps[base + j]:
            i = size
            while i > must and margin[order[i - 1]] < margin[j]:
                order[i] = order[i - 1]
                i -= 1
            order[i] = j
            size += 1
    ahead[0] = 0
    for i in range(size):
        ahead[i + 1] = ahead[i] + max(margin[order[i]], 0)
        for e in range(rules.entry_start[base + order[i]], rules.entry_start[base + order[i] + 1]):
            t, w = rules.tie[e], rules.weight[e]
            kind = rules.kind[ties + t]
            if (kind == CAP and w < 0) or (kind >= REQUIRED and w > 0):
                number[1, t] += w
            elif kind == NEEDS and w & SERVING:
                number[1, t] += 1

    found, top, count = False, np.int64(0), INFEASIBLE
    value, level, opened, i = np.int64(0), 0, 0, 0
    phase[0] = 0
    while True:
        if i == size:
            cost = _least_cost(unit, ties, tie_count, rules, number)
            if cost >= 0 and (not found or value - cost > top) and _legal(ties, tie_count, rules, number):
                found, top, count = True, value - cost, 0
                for at in range(size):
                    if phase[at] == 1:
                        best[count] = order[at]
                        count += 1
            i -= 1
        elif phase[i] < 2:
            chosen = phase[i] == 0
            phase[i] += 1
            if chosen and level == room and i >= must:
                continue
            if not chosen and i < must:
                continue
            opened += 1
            if opened > nodes and (found or opened > PATIENCE * nodes):
                return _cut(i, size, level, room, value, top, found, count, phase, order, margin, ahead)
            fine = _move(order[i], 1, chosen, base, ties, rules, number, seen)
            gain = margin[order[i]] if chosen else 0
            taken = level + chosen
            last = min(size, i + 1 + max(room - taken, 0))
            if fine:
                cost = _least_cost(unit, ties, tie_count, rules, number)
                ahead_of = ahead[max(last, i + 1)] - ahead[i + 1]
                if cost >= 0 and (not found or value + gain - cost + ahead_of > top):
                    value += gain
                    level = taken
                    i += 1
                    if i < size:
                        phase[i] = 0
                    continue
            _move(order[i], -1, chosen, base, ties, rules, number, seen)
            continue
        else:
            i -= 1
        # back to the candidate before: undo its choice, and try its other one if there is one
        while i >= 0:
            chosen = phase[i] == 1
            _move(order[i], -1, chosen, base, ties, rules, number, seen)
            if chosen:
                value -= margin[order[i]]
                level -= 1
                break
            i -= 1
        if i < 0:
            return top, top, count


@kernel
def _cut(i, size, level, room, value, top, found, count, phase, order, margin, ahead):
    """Bound what the search left open when it met its node limit: a node, and the other branches above it."""
    bound = value + ahead[size] - ahead[i]
    for at in range(i - 1, -1, -1):
        if phase[at] == 1:
            value -= margin[order[at]]
            bound = max(bound, value + ahead[size] - ahead[at + 1])
    if not found:
        return bound, bound, UNKNOWN
    return top, max(bound, top), count
