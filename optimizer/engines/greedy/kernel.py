"""The greedy walk: plain functions over a :class:`~optimizer.engines.greedy.board.Board`.

Small problems run them as they are, on lists; large ones run them compiled by numba, on arrays. Everything compiled
lies in this one file, because numba's cache looks at no other when it decides whether it is stale.
"""

from __future__ import annotations

from typing import Any

CAP, WANT, SOFT, CONFLICT, SERVE, DISTINCT, CELL = 0, 1, 2, 3, 4, 5, 6
SIDE_A, SIDE_B, NEEDS, SERVES = 1, 2, 1, 2
NO, YES, UNSERVED = 0, 1, 2


def place(b: Any, use: int, j: int) -> int:
    """Return where in the state a use of candidate ``j`` counts, or −1 if the rule does not reach the customer."""
    part = b.use_part[use]
    group = b.group[b.partition[part] * b.customers + b.customer[j]]
    if group < 0:
        return -1
    return int(b.base[part] + group * b.instances[part] + b.use_instance[use])


def is_new_key(b: Any, chosen: Any, use: int, t: int, j: int) -> bool:
    """Say whether candidate ``j`` brings a key that neither history nor another chosen contact has in this pair."""
    part = b.use_part[use]
    row = b.keys[part] * b.kinds
    key = b.key[row + b.kind[j]]
    code = (t - b.base[part]) * b.width[part] + key
    low, high = b.known_start[part], b.known_start[part + 1]
    while low < high:
        middle = (low + high) // 2
        if b.known[middle] < code:
            low = middle + 1
        else:
            high = middle
    if low < b.known_start[part + 1] and b.known[low] == code:
        return False
    unit = b.unit[j]
    for other in range(b.unit_start[unit], b.unit_start[unit + 1]):
        if chosen[other] == 1 and other != j and b.key[row + b.kind[other]] == key:
            for same in range(b.use_start[b.kind[other]], b.use_start[b.kind[other] + 1]):
                if b.use_part[same] == part and place(b, same, other) == t:
                    return False
    return True


def weigh(b: Any, chosen: Any, use: int, t: int, j: int) -> int:
    """Return how much candidate ``j`` counts in a use, with the sign of the part; where keys count, only a new one."""
    part = b.use_part[use]
    weight = b.use_weight[use] * b.sign[part]
    if b.measure[part] >= 0:
        weight *= b.amount[b.measure[part] * b.candidates + j]
    if b.keys[part] >= 0 and not is_new_key(b, chosen, use, t, j):
        return 0
    return int(weight)


def judge(b: Any, state: Any, chosen: Any, j: int) -> int:
    """Say whether candidate ``j`` may be added: NO, YES, or UNSERVED when only a prerequisite is missing."""
    verdict = YES
    for use in range(b.use_start[b.kind[j]], b.use_start[b.kind[j] + 1]):
        t = place(b, use, j)
        if t < 0:
            continue
        part = b.use_part[use]
        op = b.op[part]
        if op == CAP:
            weight = weigh(b, chosen, use, t, j)
            if weight > 0 and state[t] < weight:
                return NO
        elif op == CONFLICT:
            side = b.use_weight[use]
            if (side & SIDE_A) != 0 and state[t + b.size[part]] > 0:
                return NO
            if (side & SIDE_B) != 0 and state[t] > 0:
                return NO
        elif op == DISTINCT:
            if state[t] < 1 and is_new_key(b, chosen, use, t, j):
                return NO
        elif op == CELL:
            closed = state[t + b.size[part]] > 0 or (state[t] == 0 and state[b.opened[part]] < 1)
            if closed and weigh(b, chosen, use, t, j) > 0:
                return NO
        elif op == SERVE and (b.use_weight[use] & NEEDS) != 0 and state[t] == 0:
            verdict = UNSERVED
    return verdict


def put(b: Any, state: Any, chosen: Any, j: int, step: int) -> None:
    """Add candidate ``j`` (``step`` 1) or take it back (−1)."""
    for use in range(b.use_start[b.kind[j]], b.use_start[b.kind[j] + 1]):
        t = place(b, use, j)
        if t < 0:
            continue
        part = b.use_part[use]
        op = b.op[part]
        if op == CONFLICT:
            side = b.use_weight[use]
            if (side & SIDE_A) != 0:
                state[t] += step
            if (side & SIDE_B) != 0:
                state[t + b.size[part]] += step
        elif op == SERVE:
            if (b.use_weight[use] & SERVES) != 0:
                state[t] += step
        elif op == DISTINCT:
            if is_new_key(b, chosen, use, t, j):
                state[t] -= step
        elif op == CELL:
            before = state[t]
            state[t] += step * weigh(b, chosen, use, t, j)
            if before == 0 and state[t] != 0:
                state[b.opened[part]] -= 1
            elif before != 0 and state[t] == 0:
                state[b.opened[part]] += 1
        else:
            state[t] -= step * weigh(b, chosen, use, t, j)
    chosen[j] = 1 if step > 0 else 0


def gain(b: Any, state: Any, chosen: Any, j: int) -> float:
    """Return what adding candidate ``j`` is worth now: its value, less the rise of the penalties."""
    worth = float(b.value[j])
    if b.soft:
        for use in range(b.use_start[b.kind[j]], b.use_start[b.kind[j] + 1]):
            part = b.use_part[use]
            if b.op[part] == SOFT:
                t = place(b, use, j)
                if t >= 0:
                    after = state[t] - weigh(b, chosen, use, t, j)
                    worth -= b.penalty[part] * (max(0, -after) - max(0, -state[t]))
    return worth


def helps(b: Any, state: Any, chosen: Any, j: int, stage: int) -> bool:
    """Say whether candidate ``j`` fills a minimum of the stage that is still short; stage −1: a lot once begun."""
    for use in range(b.use_start[b.kind[j]], b.use_start[b.kind[j] + 1]):
        part = b.use_part[use]
        if stage < 0:
            if b.op[part] == CELL:
                t = place(b, use, j)
                if (
                    t >= 0
                    and state[t] != 0
                    and state[t] < state[t + 2 * b.size[part]]
                    and weigh(b, chosen, use, t, j) > 0
                ):
                    return True
        elif b.stage[part] == stage:
            t = place(b, use, j)
            if t >= 0 and state[t] < 0 and weigh(b, chosen, use, t, j) < 0:
                return True
    return False


def bring(b: Any, state: Any, chosen: Any, trail: Any, j: int) -> int:
    """Add a server for each prerequisite that candidate ``j`` lacks, the first in order that may be added.

    Returns how many were added, their positions in ``trail``; −1 (and nothing added) if one is not to be had.
    """
    added = 0
    unit = b.unit[j]
    for use in range(b.use_start[b.kind[j]], b.use_start[b.kind[j] + 1]):
        part = b.use_part[use]
        if b.op[part] != SERVE or (b.use_weight[use] & NEEDS) == 0:
            continue
        t = place(b, use, j)
        if t < 0 or state[t] > 0:
            continue
        best = -1
        for other in range(b.unit_start[unit], b.unit_start[unit + 1]):
            if other == j or chosen[other] == 1 or (best >= 0 and b.rank[other] > b.rank[best]):
                continue
            for there in range(b.use_start[b.kind[other]], b.use_start[b.kind[other] + 1]):
                serves = b.use_part[there] == part and (b.use_weight[there] & SERVES) != 0
                if serves and place(b, there, other) == t:
                    if judge(b, state, chosen, other) == YES:
                        best = other
                    break
        if best < 0:
            for k in range(added - 1, -1, -1):
                put(b, state, chosen, trail[k], -1)
            return -1
        put(b, state, chosen, best, 1)
        trail[added] = best
        added += 1
    return added


def consider(b: Any, state: Any, chosen: Any, trail: Any, j: int, forced: bool) -> bool:
    """Add candidate ``j``, with the servers it lacks, if nothing breaks and (unless forced) if it pays."""
    worth = gain(b, state, chosen, j)
    verdict = judge(b, state, chosen, j)
    if verdict == NO or (verdict == YES and not forced and worth <= 0):
        return False
    if verdict == YES:
        put(b, state, chosen, j, 1)
        return True
    added = bring(b, state, chosen, trail, j)
    if added < 0:
        return False
    worth = gain(b, state, chosen, j)
    for k in range(added):
        worth += b.value[trail[k]]
    if judge(b, state, chosen, j) == YES and (forced or worth > 0):
        put(b, state, chosen, j, 1)
        return True
    for k in range(added - 1, -1, -1):
        put(b, state, chosen, trail[k], -1)
    return False


def any_stage(b: Any, stage: int) -> bool:
    """Say whether a part has a minimum that is filled in the stage; stage −1: whether any has lots."""
    found = False
    for part in range(len(b.op)):
        found |= b.op[part] == CELL if stage < 0 else b.stage[part] == stage
    return found


def walk(b: Any, state: Any, chosen: Any, trail: Any) -> None:
    """Choose: pins, minimums of units, minimums of rows, then whatever pays in order, then lots once begun."""
    for j in b.pins:
        put(b, state, chosen, j, 1)
    for j in b.pins:
        bring(b, state, chosen, trail, j)
    for stage in range(1, 3):
        if any_stage(b, stage):
            for j in b.order:
                if chosen[j] == 0 and helps(b, state, chosen, j, stage):
                    consider(b, state, chosen, trail, j, True)
    moved = True
    while moved:
        moved = False
        for j in b.order:
            if chosen[j] == 0 and consider(b, state, chosen, trail, j, False):
                moved = b.again
    if any_stage(b, -1):
        for j in b.order:
            if chosen[j] == 0 and helps(b, state, chosen, j, -1):
                consider(b, state, chosen, trail, j, True)
