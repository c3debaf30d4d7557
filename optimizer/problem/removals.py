"""Which contacts of a plan no rule holds on to: without them, each alone, the plan still breaks nothing."""

from __future__ import annotations

import numpy as np

from optimizer.problem.pairs import Pairs, bits, floor_pairs, new_keys, pairs_of
from optimizer.problem.primitives import NEEDS, SERVES, BoolArray, Floor, IntArray, Prerequisite, Shortfall
from optimizer.problem.problem import Problem
from optimizer.problem.usage import breaks, counts_by_kind, entries, kinds_that_break, row_use


def removable(problem: Problem, chosen: IntArray) -> BoolArray:
    """Return whether each chosen candidate could be taken out, with the rest of the plan as it stands.

    A contact without which a minimum would fall short, even where that only costs a penalty, is held on to.

    Parameters
    ----------
    problem : Problem
    chosen : int array
        Positions of the plan's candidates, ascending.

    Returns
    -------
    (chosen,) bool array
    """
    free: BoolArray = np.ones(len(chosen), bool)
    if problem.required is not None:
        free[np.isin(chosen, problem.required)] = False
    for floor in problem.floors:
        free[np.searchsorted(chosen, _needed(problem, floor, chosen))] = False
    for prerequisite in problem.prerequisites:
        free[np.searchsorted(chosen, _leaned_on(problem, prerequisite, chosen))] = False
    for block in problem.blocks:
        use = row_use(problem, block, chosen)
        if counts_by_kind(block):
            free &= ~kinds_that_break(block, use, more=-1)[problem.kind[chosen]]
            continue
        for who, row, weight in entries(problem, block, chosen):
            free[who] &= ~breaks(block, use, row, -weight)
    return free


def _needed(problem: Problem, floor: Floor, chosen: IntArray) -> IntArray:
    pairs, need = floor_pairs(problem, floor, chosen)
    if floor.key is not None:
        return _needed_for_keys(problem, floor, pairs, need)
    used = pairs.sums(pairs.weight)
    short = (used - need)[pairs.pair] < pairs.weight
    if floor.reaction is Shortfall.ALL_OR_NOTHING:
        short &= used[pairs.pair] != pairs.weight
    return pairs.candidate[short & (pairs.weight > 0)]


def _needed_for_keys(problem: Problem, floor: Floor, pairs: Pairs, need: IntArray) -> IntArray:
    """Return the contacts that alone hold a key without which a pair has too few different ones."""
    token, pair = new_keys(problem, floor, pairs)
    held, used = token >= 0, np.bincount(pair, minlength=len(pairs))
    alone = np.zeros(len(token), bool)
    alone[held] = np.bincount(token[held], minlength=len(pair))[token[held]] == 1
    short = alone & (used <= need)[pairs.pair]
    if floor.reaction is Shortfall.ALL_OR_NOTHING:
        short &= used[pairs.pair] != 1
    return pairs.candidate[short]


def _leaned_on(problem: Problem, prerequisite: Prerequisite, chosen: IntArray) -> IntArray:
    pairs = pairs_of(problem, prerequisite.uses, prerequisite.partition, candidates=chosen)
    needs, serves = (pairs.weight & NEEDS) > 0, (pairs.weight & SERVES) > 0
    lonely = (bits(prerequisite.served, pairs.group, pairs.instance) == 0)[pairs.pair]
    servers, both = pairs.sums(serves)[pairs.pair], needs & serves
    # A contact that needs one and serves itself does not count for itself.
    others = (pairs.sums(needs & ~serves)[pairs.pair] > 0) & (servers <= 1)
    others |= (pairs.sums(both)[pairs.pair] - both > 0) & (servers <= 2)
    leaned_on: IntArray = pairs.candidate[lonely & serves & others]
    return leaned_on
