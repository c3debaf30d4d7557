"""What a plan uses of the rows, counted by kind first, is what its contacts use one by one."""

import numpy as np
import pytest

from optimizer.problem.primitives import UNLIMITED, Incidence, Partition, Rows
from optimizer.problem.problem import Problem
from optimizer.problem.usage import breaks, entries, kinds_that_break, row_use

KINDS, CUSTOMERS, EACH = 6, 60, 20


def made(*, by_segment=False, least=-UNLIMITED):
    draw = np.random.default_rng(4)
    uses = Incidence.of([0, 1, 1, 3, 5], [0, 0, 1, 1, 2], [2, 1, 3, 1, 1], kinds=KINDS, instances=3)
    segment = draw.integers(-1, 2, CUSTOMERS)
    rows = 3 * (2 if by_segment else 1)
    block = Rows("rows", uses, np.full(rows, least), np.full(rows, 40), partition=1 if by_segment else None)
    n = CUSTOMERS * EACH
    return Problem(
        customer_start=np.arange(CUSTOMERS + 1) * EACH,
        unit_customer=np.arange(CUSTOMERS + 1),
        kind=draw.integers(0, KINDS, n),
        value=np.ones(n, np.int64),
        value_decimals=0,
        kinds=KINDS,
        most_contacts=n,
        partitions=(Partition("customer", np.arange(CUSTOMERS), CUSTOMERS), Partition("segment", segment, 2)),
        rows=(block,),
    )


@pytest.mark.parametrize("by_segment", [False, True])
@pytest.mark.parametrize("size", [0, 5, 900])
def test_use_counted_by_kind_is_the_sum_over_contacts(by_segment, size):
    problem = made(by_segment=by_segment)
    (block,) = problem.rows
    chosen = np.sort(np.random.default_rng(1).permutation(problem.candidates)[:size])
    told = np.zeros(block.size, np.int64)
    for who, row, amount in entries(problem, block, chosen):
        for _, r, a in zip(who, row, amount, strict=True):
            told[r] += a
    assert np.array_equal(row_use(problem, block, chosen), told)


@pytest.mark.parametrize("more", [1, -1])
def test_kinds_break_a_row_where_their_contacts_do(more):
    problem = made(least=38)
    (block,) = problem.rows
    everyone, use = np.arange(problem.candidates), np.array([39, 40, 37])
    one_by_one = np.zeros(problem.candidates, bool)
    for who, row, amount in entries(problem, block, everyone):
        one_by_one[who] |= breaks(block, use, row, more * amount)
    assert one_by_one.any()
    assert not one_by_one.all()
    assert np.array_equal(kinds_that_break(block, use, more=more)[problem.kind], one_by_one)
