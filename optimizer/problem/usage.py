"""What a plan uses of every row, and which further contacts the rows have room for."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from optimizer.problem.pairs import pairs_of
from optimizer.problem.primitives import BoolArray, Incidence, IntArray, Rows, Switch
from optimizer.problem.problem import Problem


def row_use(problem: Problem, block: Rows | Switch, chosen: IntArray) -> IntArray:
    """Return what a plan uses of each row of a block, or of each cell of a switch.

    Shape (instances · groups,): row ``instance · groups + group``.
    """
    pairs = pairs_of(problem, block.uses, block.partition, block.measure, candidates=chosen)
    groups = problem.groups(block.partition)
    out = np.zeros(block.uses.instances * groups, np.int64)
    out[pairs.instance * groups + pairs.group] = pairs.sums(pairs.weight)
    return out


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
    group = problem.group(block.partition)[candidates].astype(np.int64)
    groups = problem.groups(block.partition)
    for number in range(int(count.max(initial=0))):
        there = np.flatnonzero((count > number) & (group >= 0))
        entry = first[there] + number
        weight = np.asarray(uses.weight, np.int64)[entry]
        if block.measure is not None:
            weight = weight * problem.measures[block.measure].amount[candidates[there]]
        yield there, uses.instance[entry] * groups + group[there], weight


def row_refusals(problem: Problem, chosen: IntArray, *, policies: bool = False) -> dict[str, BoolArray]:
    """Return, by rule, whether each candidate, added alone to the plan, would break a hard row, a lot or a number.

    Parameters
    ----------
    problem : Problem
    chosen : int array
        Positions of the plan's candidates; for them the answer has no meaning.
    policies : bool
        Look at the rows of contact policies, and at no others; else at all others.
    """
    found: dict[str, BoolArray] = {}
    everyone = np.arange(problem.candidates)
    for block in problem.blocks:
        policy = isinstance(block, Rows) and block.policy
        if policy is not policies or (isinstance(block, Rows) and block.penalty is not None):
            continue
        use = row_use(problem, block, chosen)
        mask = found.setdefault(block.rule, np.zeros(problem.candidates, bool))
        for who, row, weight in entries(problem, block, everyone):
            mask[who] |= breaks(block, use, row, weight)
    return found


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
