"""Which unchosen candidates each rule would refuse, with the rest of the plan as it stands."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from optimizer.problem.pairs import Pairs, bits, floor_pairs, new_keys, pairs_of
from optimizer.problem.primitives import (
    NEEDS,
    SERVES,
    SIDE_A,
    SIDE_B,
    BoolArray,
    Conflict,
    Counter,
    DistinctCounter,
    Floor,
    IntArray,
    Prerequisite,
    Shortfall,
)
from optimizer.problem.problem import Problem
from optimizer.problem.room import lacking
from optimizer.problem.usage import row_refusals


def refusals(problem: Problem, chosen: IntArray, *, uses: Sequence[IntArray] | None = None) -> dict[str, BoolArray]:
    """Return, by contact policy, whether each candidate, added alone to the plan, would break it.

    Parameters
    ----------
    problem : Problem
    chosen : int array
        Positions of the plan's candidates; for them the answer has no meaning.
    uses : sequence of int array, optional
        As for :func:`~optimizer.problem.usage.row_refusals`.

    Returns
    -------
    dict of rule to (candidates,) bool array
    """
    taken = np.zeros(problem.candidates, bool)
    taken[chosen] = True
    found = lacking(problem, np.sort(chosen))

    def note(rule: str, candidate: IntArray) -> None:
        found.setdefault(rule, np.zeros(problem.candidates, bool))[candidate] = True

    for counter in problem.counters:
        if counter.measure is not None:
            note(counter.rule, _counter(problem, counter, taken))
    for distinct in problem.distincts:
        note(distinct.rule, _distinct(problem, distinct, taken))
    for conflict in problem.conflicts:
        note(conflict.rule, _conflict(problem, conflict, taken))
    for prerequisite in problem.prerequisites:
        note(prerequisite.rule, _prerequisite(problem, prerequisite, taken))
    for floor in problem.floors:
        if floor.reaction in (Shortfall.REQUIRED, Shortfall.ALL_OR_NOTHING):
            note(floor.rule, _floor(problem, floor, taken))
    for rule, mask in row_refusals(problem, chosen, policies=True, uses=uses).items():
        note(rule, np.flatnonzero(mask))
    return found


def _counter(problem: Problem, counter: Counter, taken: BoolArray) -> IntArray:
    pairs = pairs_of(problem, counter.uses, counter.partition, counter.measure)
    used = pairs.sums(np.where(taken[pairs.candidate], pairs.weight, 0))
    left = counter.limits(pairs.group, pairs.instance) - used
    return pairs.candidate[pairs.weight > left[pairs.pair]]


def _distinct(problem: Problem, distinct: DistinctCounter, taken: BoolArray) -> IntArray:
    pairs = pairs_of(problem, distinct.uses, distinct.partition)
    used, fresh = _keys(problem, distinct, pairs, taken)
    full = used >= distinct.limits(pairs.group, pairs.instance)
    return pairs.candidate[fresh & full[pairs.pair]]


def _keys(
    problem: Problem, counter: DistinctCounter | Floor, pairs: Pairs, taken: BoolArray
) -> tuple[IntArray, BoolArray]:
    """Return how many new keys a plan holds in each pair, and whether each entry would bring another."""
    token, of = new_keys(problem, counter, pairs)
    held = np.zeros(len(of) + 1, bool)  # the last is of keys that history holds
    held[token[taken[pairs.candidate]]] = True
    held[-1] = True
    return np.bincount(of[held[:-1]], minlength=len(pairs)), ~held[token]


def _conflict(problem: Problem, conflict: Conflict, taken: BoolArray) -> IntArray:
    pairs = pairs_of(problem, conflict.uses, conflict.partition)
    there = bits(conflict.present, pairs.group, pairs.instance)
    mine = np.where(taken[pairs.candidate], pairs.weight, 0)
    on_a = ((there & SIDE_A) > 0) | (pairs.sums((mine & SIDE_A) > 0) > 0)
    on_b = ((there & SIDE_B) > 0) | (pairs.sums((mine & SIDE_B) > 0) > 0)
    meets = ((pairs.weight & SIDE_A) > 0) & on_b[pairs.pair] | ((pairs.weight & SIDE_B) > 0) & on_a[pairs.pair]
    return pairs.candidate[meets]


def _prerequisite(problem: Problem, prerequisite: Prerequisite, taken: BoolArray) -> IntArray:
    pairs = pairs_of(problem, prerequisite.uses, prerequisite.partition)
    mine = np.where(taken[pairs.candidate], pairs.weight, 0)
    served = (bits(prerequisite.served, pairs.group, pairs.instance) > 0) | (pairs.sums((mine & SERVES) > 0) > 0)
    return pairs.candidate[((pairs.weight & NEEDS) > 0) & ~served[pairs.pair]]


def _floor(problem: Problem, floor: Floor, taken: BoolArray) -> IntArray:
    pairs, need = floor_pairs(problem, floor)
    after: IntArray
    if floor.key is None:
        after = pairs.sums(np.where(taken[pairs.candidate], pairs.weight, 0))[pairs.pair] + pairs.weight
    else:
        used, fresh = _keys(problem, floor, pairs, taken)
        after = used[pairs.pair] + fresh
    short = after < need[pairs.pair]
    if floor.reaction is Shortfall.ALL_OR_NOTHING:
        short &= after != 0
    return pairs.candidate[short]
