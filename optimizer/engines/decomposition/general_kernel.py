"""The rules of one unit as *ties* of its candidates: every primitive, and whether choices made so far can become legal.

For units whose rules do not fit packed words: minimums, prerequisites, distinct keys, amounts, households, pins; and
for wide units. Four running numbers per tie tell whether the choices made so far can still become legal.

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

from optimizer.engines.jit import inlined_part, part

CAP, KEYS, CONFLICT, NEEDS, REQUIRED, ALL_OR_NOTHING, BEST_EFFORT, PENALTY = range(8)
A, B = 1, 2
NEEDING, SERVING = 1, 2
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
    most_ties, most_entries, most_tokens : int
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
    most_entries: int
    most_tokens: int


@inlined_part
def possible(t, kind, limit, number):
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


@inlined_part
def move(item, sign, chosen, base, ties, rules, number, seen):
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
            fine = possible(t, kind, rules.limit[ties + t], number)
    return fine


@inlined_part
def least_cost(unit, ties, count, rules, number):
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


@inlined_part
def legal(ties, count, rules, number):
    """Say whether a complete choice keeps every tie (best efforts aside)."""
    for t in range(count):
        kind, limit = rules.kind[ties + t], rules.limit[ties + t]
        if kind == ALL_OR_NOTHING:
            if number[0, t] != 0 and number[0, t] < limit:
                return False
        elif not possible(t, kind, limit, number):
            return False
    return True


@part
def open_all(size, base, ties, count, rules, order, number, seen):
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
