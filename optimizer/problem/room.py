"""What room a plan leaves under caps: for each group a few words of bits, one for each instance that is full."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from optimizer.problem.pairs import ranges
from optimizer.problem.primitives import UNLIMITED, BoolArray, Counter, IntArray
from optimizer.problem.problem import Problem

BITS = 63
"""Instances in a word."""


def lacking(problem: Problem, chosen: IntArray) -> dict[str, BoolArray]:
    """Return, by rule, whether its caps on whole weights leave no room for each candidate that is not chosen.

    Caps that share their groups share their words: whether a candidate fits is one AND for all of them.

    Parameters
    ----------
    problem : Problem
    chosen : int array
        Ascending.
    """
    found: dict[str, BoolArray] = {}
    customer = problem.customer_of(chosen)
    plain = [counter for counter in problem.counters if counter.measure is None]
    for partition in dict.fromkeys(counter.partition for counter in plain):
        counters = [counter for counter in plain if counter.partition == partition]
        group = problem.group(partition)
        reached = group >= 0
        all_reached = bool(reached.all())
        for asked, full, rules in _words(problem, counters, chosen, customer):
            hits = asked[problem.kind] & full[group]  # group −1 reads the last word, and is taken out below
            for rule, bits in rules.items():
                broken = (hits & bits) != 0
                if not all_reached:
                    broken &= reached
                found[rule] = found[rule] | broken if rule in found else broken
    return found


def _words(
    problem: Problem, counters: Sequence[Counter], chosen: IntArray, customer: IntArray
) -> Iterator[tuple[IntArray, IntArray, dict[str, int]]]:
    """Yield words: which bits each kind asks for, which are full in each group, and which are each rule's."""
    groups = problem.groups(counters[0].partition)
    asked, full, rules, bit = np.zeros(problem.kinds, np.int64), np.zeros(groups, np.int64), dict[str, int](), 0
    for counter in counters:
        uses = counter.uses
        kind = np.repeat(np.arange(uses.kinds), np.diff(uses.start))
        left = _limits(counter, groups) - _used(problem, counter, chosen, customer)
        for weight in np.unique(uses.weight[uses.weight > 0]).tolist():
            for instance in np.unique(uses.instance[uses.weight == weight]).tolist():
                no_room = left[instance] < weight
                if not no_room.any():
                    continue
                if bit == BITS:
                    yield asked, full, rules
                    asked, full, rules, bit = np.zeros_like(asked), np.zeros_like(full), {}, 0
                asked[kind[(uses.instance == instance) & (uses.weight == weight)]] |= 1 << bit
                full |= no_room.astype(np.int64) << bit
                rules[counter.rule] = rules.get(counter.rule, 0) | 1 << bit
                bit += 1
    if bit:
        yield asked, full, rules


def _limits(counter: Counter, groups: int) -> IntArray:
    """Return the limit of every pair. Shape (instances, groups)."""
    common = np.asarray(counter.limit, np.int64)[:, None]
    out: IntArray = np.repeat(common, groups, axis=1)
    if counter.group_limit is not None:
        out = np.where(common == UNLIMITED, out, np.asarray(counter.group_limit, np.int64))
    if counter.overrides is not None:
        group = np.repeat(np.arange(groups), np.diff(counter.overrides.start))
        out[counter.overrides.instance, group] = counter.overrides.number
    return out


def _used(problem: Problem, counter: Counter, chosen: IntArray, customer: IntArray) -> IntArray:
    """Return what a plan, of contacts with these customers, uses of every pair. Shape (instances, groups)."""
    uses, groups = counter.uses, problem.groups(counter.partition)
    group = problem.group_of_customers(counter.partition, customer)
    kind = problem.kind[chosen[group >= 0]]
    count = np.diff(uses.start)[kind]
    entry = ranges(np.asarray(uses.start)[kind], count)
    pair = uses.instance[entry].astype(np.int64) * groups + np.repeat(group[group >= 0], count)
    out = np.zeros(uses.instances * groups, np.int64)
    np.add.at(out, pair, np.asarray(uses.weight, np.int64)[entry])
    return out.reshape(uses.instances, groups)
