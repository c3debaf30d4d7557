"""Counters and conflicts as packed words: which bit field belongs to what, and every unit's starting state.

Only units of one customer are packed; what else they may not hold is decided by :mod:`.compiled`.
"""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from optimizer.engines.decomposition.packed_kernel import Packed
from optimizer.engines.jit import bare_kernel
from optimizer.problem.pairs import parts_of, ranges
from optimizer.problem.primitives import SIDE_A, SIDE_B, UNLIMITED, BoolArray, Conflict, Counter, Incidence, IntArray
from optimizer.problem.problem import Problem

WORD = 62
"""Bits used of a word: the sign bit stays clear, and no sum can reach it."""
MOST_WORDS = 24
SIDES = 2
"""Bits of a window of a conflict."""


@dataclass(slots=True)
class Words:
    """Where the next bit field goes."""

    word: int = 0
    bit: int = 0

    def place(self, width: int) -> tuple[int, int]:
        """Reserve a field; return its word and its lowest bit."""
        if self.bit + width > WORD:
            self.word, self.bit = self.word + 1, 0
        at = self.word, self.bit
        self.bit += width
        return at

    def close(self) -> int:
        """Begin a new word; return how many there are before it."""
        if self.bit:
            self.word, self.bit = self.word + 1, 0
        return self.word


def contacts_at_most(problem: Problem) -> IntArray:
    """Bound the contacts of each customer by the counters that count every kind. Shape (customers,)."""
    most = np.diff(problem.customer_start).astype(np.int64)
    seen = _kinds_seen(problem)
    for counter in problem.counters:
        if counter.measure is not None:
            continue
        group = np.asarray(problem.partitions[counter.partition].group, np.int64)
        uses, reached = counter.uses, group >= 0
        counted = np.bincount(uses.instance[(uses.weight >= 1) & np.repeat(seen, np.diff(uses.start))], minlength=1)
        for instance in np.flatnonzero(counted == np.count_nonzero(seen)):
            if counter.group_limit is None and counter.overrides is None:
                np.minimum(most, max(int(counter.limit[instance]), 0), out=most, where=reached)
                continue
            cap = counter.limits(group[reached], np.full(np.count_nonzero(reached), instance))
            most[reached] = np.minimum(most[reached], np.maximum(cap, 0))
    return most


def _kinds_seen(problem: Problem) -> BoolArray:
    """Return which kinds there is a candidate of: the first part of them tells, where all kinds are common."""
    seen = np.zeros(problem.kinds, bool)
    for part in parts_of(problem.candidates):
        seen[problem.kind[part]] = True
        if seen.all():
            break
    return seen


def pack(problem: Problem, counters: Sequence[Counter], conflicts: Sequence[Conflict]) -> Packed | None:
    """Write the rules as words, or return None when they need too many.

    Parameters
    ----------
    problem : Problem
    counters : sequence of Counter
        Without measures; limits ≥ 0.
    conflicts : sequence of Conflict
    """
    customer = np.asarray(problem.unit_customer[:-1], np.int64)
    room = contacts_at_most(problem)[customer].astype(np.int64)
    of = [primitive.partition for primitive in counters] + [primitive.partition for primitive in conflicts]
    reached = {partition: np.asarray(problem.partitions[partition].group)[customer] >= 0 for partition in set(of)}
    reach = [reached[partition] for partition in of]
    classes, unit_class = _classes(reach, problem.units)
    words = Words()
    steps: list[tuple[int, int, IntArray, IntArray, int]] = []  # rule, word, kinds, what is added, what is excluded
    guards: dict[int, int] = {}
    begin: list[tuple[int, IntArray]] = []
    for index, counter in enumerate(counters):
        if not _counter(problem, counter, index, customer, room, words, steps, guards, begin):
            return None
    adding = words.close()
    numbered = list(enumerate(conflicts, len(counters)))
    by_kinds = _kinds_of(conflicts)
    if len(by_kinds) < SIDES * sum(conflict.uses.instances for conflict in conflicts):
        if not _conflicts_of_kinds(numbered, by_kinds, words, steps):
            return None
        known = [conflict.present for conflict in conflicts]  # history is not of kinds: its windows keep their bits
        windows = [np.zeros(0, np.int64) if one is None else np.unique(one.instance) for one in known]
    else:
        windows = [np.arange(conflict.uses.instances) for conflict in conflicts]
    for (index, conflict), instances in zip(numbered, windows, strict=True):
        if not _conflict(problem, conflict, index, instances, customer, words, steps, begin):
            return None
    count = max(words.close(), 1)
    step = np.zeros((len(classes), problem.kinds, count), np.int64)
    excludes = np.zeros_like(step)
    for rule, word, kinds, added, excluded in steps:
        for cls in np.flatnonzero(classes[:, rule]):
            step[cls, kinds, word] |= added
            excludes[cls, kinds, word] |= excluded
    guard = np.array([guards.get(word, 0) for word in range(count)], np.int64)
    start = np.zeros((max((len(number) for _, number in begin), default=1), count), np.int64)
    for word, number in begin:
        start[:, word] += number
    if np.all(start == start[:1]):
        start = start[:1].copy()
    if len(room) and np.all(room == room[0]):
        room = room[:1].copy()
    return Packed(adding, step, guard, excludes, unit_class, start, room)


def _classes(reach: list[BoolArray], units: int) -> tuple[BoolArray, npt.NDArray[np.int32]]:
    """Give a number to each set of rules that reaches some unit; return the sets and each unit's number."""
    if not reach or all(bool(r.all()) for r in reach):
        return np.ones((1, len(reach)), bool), np.zeros(1, np.int32)
    unit_class = np.zeros(units, np.int64)
    for each in reach:  # few sets are different: numbers of a pair at a time sort quicker than rows of many
        _, unit_class = np.unique(2 * unit_class + each, return_inverse=True)
    _, first = np.unique(unit_class, return_index=True)
    return np.stack([each[first] for each in reach], axis=1), unit_class.astype(np.int32)


def _by_instance(uses: Incidence) -> tuple[IntArray, IntArray, IntArray]:
    """Return kinds and weights sorted by instance, and where each instance starts."""
    kinds = uses.kind
    order = np.argsort(uses.instance, kind="stable")
    start = np.searchsorted(uses.instance[order], np.arange(uses.instances + 1))
    return kinds[order], np.asarray(uses.weight, np.int64)[order], start


def _counter(problem, counter, index, customer, room, words, steps, guards, begin) -> bool:
    kinds, weights, start = _by_instance(counter.uses)
    group = np.asarray(problem.partitions[counter.partition].group, np.int64)[customer]
    reached = group >= 0
    most_contacts = int(room.max(initial=0))
    own = None
    if counter.group_limit is not None:
        own = np.where(reached, np.asarray(counter.group_limit, np.int64)[group], 0)
    listed = _listed(problem, counter, customer)
    for i in range(counter.uses.instances):
        mine, weight = kinds[start[i] : start[i + 1]], weights[start[i] : start[i + 1]]
        mine, weight = mine[weight > 0], weight[weight > 0]
        if not len(mine):
            continue
        reach = most_contacts * int(weight.max())
        common = int(min(counter.limit[i], UNLIMITED))
        cap = np.array([min(common, reach)])
        if own is not None and common < UNLIMITED:
            cap = np.minimum(np.where(reached, own, reach), reach)
        units, numbers = listed.get(i, (np.zeros(0, np.int64), np.zeros(0, np.int64)))
        numbers = np.minimum(numbers, reach)
        matters = (numbers >= weight.min()) & (numbers < reach)  # a smaller number shuts candidates by itself
        if cap.min() >= reach and not matters.any():
            continue
        largest = int(max(cap.max(), numbers.max(initial=0)))
        width = largest.bit_length() + 1
        word, bit = words.place(width)
        if word >= MOST_WORDS or width > WORD:
            return False
        guards[word] = guards.get(word, 0) | 1 << (bit + width - 1)
        added = np.minimum(weight, largest + 1) << bit
        steps.append((index, word, mine, added, np.zeros(len(mine), np.int64)))
        left = np.array(np.broadcast_to(cap, (problem.units,)) if len(units) else cap)
        left[units] = numbers
        begin.append((word, ((1 << (width - 1)) - 1 - left) << bit))
    return True


def _listed(problem: Problem, counter: Counter, customer: IntArray) -> dict[int, tuple[IntArray, IntArray]]:
    """Return units and numbers of the overrides, by instance."""
    if counter.overrides is None or not len(counter.overrides.instance):
        return {}
    units, entries = _entries(problem, counter.partition, counter.overrides.start, customer)
    instance = counter.overrides.instance[entries]
    order = np.argsort(instance, kind="stable")
    instance, units, number = instance[order], units[order], counter.overrides.number[entries][order].astype(np.int64)
    cut = np.flatnonzero(np.diff(instance)) + 1
    return {
        int(i[0]): (u, n)
        for i, u, n in zip(np.split(instance, cut), np.split(units, cut), np.split(number, cut), strict=True)
        if len(i)
    }


def _entries(problem: Problem, partition: int, start: IntArray, customer: IntArray) -> tuple[IntArray, IntArray]:
    """Return the override entries of each unit's customer: units, and positions of the entries."""
    group = np.asarray(problem.partitions[partition].group, np.int64)[customer]
    units = np.flatnonzero(group >= 0)
    first = np.asarray(start, np.int64)[group[units]]
    count = np.asarray(start, np.int64)[group[units] + 1] - first
    return np.repeat(units, count), ranges(first, count)


def _kinds_of(conflicts: Sequence[Conflict]) -> IntArray:
    """Return the kinds that take part in some conflict, ascending."""
    taking = [np.flatnonzero(np.diff(conflict.uses.start)) for conflict in conflicts]
    return np.unique(np.concatenate([np.zeros(0, np.int64), *taking]))


def _conflicts_of_kinds(numbered, by_kinds, words, steps) -> bool:
    """Write a bit for each kind, and bar all the kinds that a contact of it excludes.

    Where windows are many, that takes fewer words than two bits for each of them.
    """
    places = [words.place(1) for _ in by_kinds]
    if places and places[-1][0] >= MOST_WORDS:
        return False
    word, bit = np.array(places, np.int64).reshape(-1, 2).T
    for index, conflict in numbered:
        kinds, sides, start = _by_instance(conflict.uses)
        place = np.searchsorted(by_kinds, kinds)
        apart = np.zeros((len(by_kinds), len(by_kinds)), bool)
        for i in range(conflict.uses.instances):
            mine, side = place[start[i] : start[i + 1]], sides[start[i] : start[i + 1]]
            on_a, on_b = mine[(side & SIDE_A) > 0], mine[(side & SIDE_B) > 0]
            apart[np.ix_(on_a, on_b)] = True
            apart[np.ix_(on_b, on_a)] = True
        some = np.flatnonzero(apart.any(axis=1))
        for w in np.unique(word[some]).tolist():
            here = np.where(word == w, 1 << bit, 0)
            steps.append((index, w, by_kinds[some], here[some], apart[some] @ here))
    return True


def _conflict(problem, conflict, index, instances, customer, words, steps, begin) -> bool:
    """Write two bits for each of some windows of a conflict: what is on one side, and on the other."""
    kinds, sides, start = _by_instance(conflict.uses)
    place = np.zeros((conflict.uses.instances, 2), np.int64)
    for i in instances:
        mine, side = kinds[start[i] : start[i + 1]], sides[start[i] : start[i + 1]]
        word, bit = words.place(SIDES)
        if word >= MOST_WORDS:
            return False
        place[i] = word, bit
        on_a, on_b = (side & SIDE_A) > 0, (side & SIDE_B) > 0
        here = on_a.astype(np.int64) | on_b.astype(np.int64) << 1
        barred = on_b.astype(np.int64) | on_a.astype(np.int64) << 1
        steps.append((index, word, mine, here << bit, barred << bit))
    if conflict.present is not None and len(conflict.present.instance):
        units, entries = _entries(problem, conflict.partition, conflict.present.start, customer)
        word_bit = place[conflict.present.instance[entries]]
        number = np.asarray(conflict.present.number, np.int64)[entries]
        here = ((number & SIDE_A) > 0).astype(np.int64) | ((number & SIDE_B) > 0).astype(np.int64) << 1
        for word in np.unique(word_bit[:, 0]):
            mine = word_bit[:, 0] == word
            bits = np.zeros(problem.units, np.int64)
            np.add.at(bits, units[mine], here[mine] << word_bit[mine, 1])
            begin.append((int(word), bits))
    return True


@bare_kernel
def shut_by_history(customer_start, kind, group, uses_start, uses_instance, uses_weight, start, instance, number, shut):
    """Mark the candidates that alone use more of some (group, instance) pair than history left of it."""
    for c in range(len(customer_start) - 1):
        g = group[c]
        if g < 0 or start[g] == start[g + 1]:
            continue
        for j in range(customer_start[c], customer_start[c + 1]):
            o, last = start[g], start[g + 1]
            for e in range(uses_start[kind[j]], uses_start[kind[j] + 1]):
                while o < last and instance[o] < uses_instance[e]:
                    o += 1
                if o < last and instance[o] == uses_instance[e] and number[o] < uses_weight[e]:
                    shut[j] = 1
