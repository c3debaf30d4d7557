"""What a plan uses of every row, and which further contacts the rows have room for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from optimizer.problem.pairs import segment_sums
from optimizer.problem.primitives import BoolArray, Incidence, IntArray, Rows, Switch
from optimizer.problem.problem import Problem


def row_use(problem: Problem, block: Rows | Switch, chosen: IntArray) -> IntArray:
    """Return what a plan uses of each row of a block, or of each cell of a switch.

    Shape (instances · groups,): row ``instance · groups + group``.
    """
    uses, groups = block.uses, problem.groups(block.partition)
    if block.measure is None and (uses.kinds + len(uses.instance)) * groups <= len(chosen):
        return _use_by_kind(problem, block, chosen)
    out = np.zeros(uses.instances * groups, np.int64)
    for _, row, amount in entries(problem, block, chosen):
        np.add.at(out, row, amount)
    return out


def _use_by_kind(problem: Problem, block: Rows | Switch, chosen: IntArray) -> IntArray:
    """Count the contacts of each kind and group first: those are few where contacts are many."""
    uses, groups = block.uses, problem.groups(block.partition)
    group = problem.group_of(block.partition, chosen).astype(np.int64)
    code = (np.asarray(problem.kind)[chosen] * np.int64(groups) + group)[group >= 0]
    counted = np.bincount(code, minlength=uses.kinds * groups).reshape(uses.kinds, groups)
    out = np.zeros((uses.instances, groups), np.int64)
    weight = np.asarray(uses.weight, np.int64)
    np.add.at(out, uses.instance, counted[uses.kind] * weight[:, None])
    return out.reshape(-1)


def entries(
    problem: Problem, block: Rows | Switch, candidates: IntArray
) -> Iterator[tuple[IntArray, IntArray, IntArray]]:
    """Yield (which of the candidates, row, coefficient) until every entry of every candidate has been told once.

    The first yield has the first entry of each candidate, the second the second, and so on: no array is longer than
    the candidates.
    """
    uses: Incidence = block.uses
    kind = np.asarray(problem.kind)[candidates]
    first, count = np.asarray(uses.start)[kind], np.diff(uses.start)[kind]
    group = problem.group_of(block.partition, candidates).astype(np.int64)
    groups = problem.groups(block.partition)
    for number in range(int(count.max(initial=0))):
        there = np.flatnonzero((count > number) & (group >= 0))
        entry = first[there] + number
        weight = np.asarray(uses.weight, np.int64)[entry]
        if block.measure is not None:
            weight = weight * problem.measures[block.measure].amount[candidates[there]]
        yield there, uses.instance[entry] * groups + group[there], weight


def row_refusals(
    problem: Problem, chosen: IntArray, *, policies: bool = False, uses: Sequence[IntArray] | None = None
) -> dict[str, BoolArray]:
    """Return, by rule, whether each candidate, added alone to the plan, would break a hard row, a lot or a number.

    Parameters
    ----------
    problem : Problem
    chosen : int array
        Positions of the plan's candidates; for them the answer has no meaning.
    policies : bool
        Look at the rows of contact policies, and at no others; else at all others.
    uses : sequence of int array, optional
        What the plan uses of the rows of each of ``problem.blocks``, where it has contacts beyond this problem.
    """
    found: dict[str, BoolArray] = {}
    for number, block in enumerate(problem.blocks):
        policy = isinstance(block, Rows) and block.policy
        if policy is not policies or (isinstance(block, Rows) and block.penalty is not None):
            continue
        use = row_use(problem, block, chosen) if uses is None else uses[number]
        if counts_by_kind(block):
            broken = kinds_that_break(block, use)[problem.kind]
        else:
            broken = np.zeros(problem.candidates, bool)
            for who, row, weight in entries(problem, block, np.arange(problem.candidates)):
                broken[who] |= breaks(block, use, row, weight)
        found[block.rule] = found[block.rule] | broken if block.rule in found else broken
    return found


def counts_by_kind(block: Rows | Switch) -> bool:
    """Say whether all contacts of a kind use the same of the same rows of a block."""
    return block.partition is None and block.measure is None


def kinds_that_break(block: Rows | Switch, use: IntArray, *, more: int = 1) -> BoolArray:
    """Say of which kinds so many contacts more, each kind alone, would break a block that :func:`counts_by_kind`."""
    wrong = breaks(block, use, block.uses.instance, np.asarray(block.uses.weight, np.int64) * more)
    broken: BoolArray = segment_sums(wrong, block.uses.start) > 0
    return broken


def breaks(block: Rows | Switch, use: IntArray, row: IntArray, change: IntArray) -> BoolArray:
    """Say whether changing the use of a row, each alone, would break a block that holds now.

    Parameters
    ----------
    block : Rows or Switch
    use : (rows,) int array
        Of the plan as it stands.
    row, change : (n,) int arrays
    """
    after = use[row] + change
    if isinstance(block, Rows):
        # A row that the change only brings nearer to its limit is no worse than it was.
        return ((after > block.upper[row]) & (change > 0)) | ((after < block.lower[row]) & (change < 0))
    wrong = np.zeros(len(row), bool)
    if block.lot is not None:
        wrong |= (after > 0) & (after < block.lot)
    if block.most is not None:
        used = int(np.count_nonzero(use))
        wrong |= used + ((use[row] == 0) & (after > 0)) - ((use[row] > 0) & (after == 0)) > block.most
    return wrong
