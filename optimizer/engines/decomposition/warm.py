"""Small problems that take every compiled kernel through its paces once, so that its machine code is cached."""

from __future__ import annotations

import numpy as np

from optimizer.problem.primitives import (
    SIDE_A,
    SIDE_B,
    Conflict,
    Counter,
    Floor,
    Incidence,
    IntArray,
    Measure,
    Partition,
    Rows,
    Shortfall,
)
from optimizer.problem.problem import Problem

KINDS = 6


def small_problems() -> tuple[Problem, ...]:
    """Return a problem of counters alone, and one of everything that makes a unit harder."""
    return _problem(customers=120, harder=False), _problem(customers=60, harder=True)


def _problem(*, customers: int, harder: bool) -> Problem:
    count = customers * KINDS
    kind: IntArray = np.tile(np.arange(KINDS, dtype=np.int32), customers)
    value: IntArray = (np.arange(count, dtype=np.int32) * 7919) % 1000 + 1
    everyone = Partition("customer", np.arange(customers, dtype=np.int32), customers)
    every = Incidence.of(np.arange(KINDS), np.zeros(KINDS), 1, kinds=KINDS, instances=1)
    each = Incidence.of(np.arange(KINDS), np.arange(KINDS) // 2, 1, kinds=KINDS, instances=KINDS // 2)
    cost = Measure("cost", value % 17 + 1, 0, True)
    counters = [Counter("cap", 0, every, np.array([2])), Counter("each", 0, each, np.ones(KINDS // 2, np.int64))]
    if harder:
        counters.append(Counter("spend", 0, every, np.array([20]), measure=0))
    capacity = np.full(KINDS // 2, customers // 3)
    return Problem(
        customer_start=np.arange(customers + 1, dtype=np.int64) * KINDS,
        unit_customer=np.arange(0, customers + 1, 2 if harder else 1, dtype=np.int64),
        kind=kind,
        value=value,
        value_decimals=0,
        kinds=KINDS,
        most_contacts=2 * customers,
        measures=(cost,),
        partitions=(everyone,),
        counters=tuple(counters),
        conflicts=(Conflict("apart", 0, Incidence.of([0, 5], [0, 0], [SIDE_A, SIDE_B], kinds=KINDS, instances=1)),)
        if harder
        else (),
        floors=(Floor("some", 0, every, np.array([1]), Shortfall.REQUIRED),) if harder else (),
        rows=(
            Rows("capacity", each, np.full(KINDS // 2, -(2**62)), capacity),
            Rows("budget", every, np.array([-(2**62)]), np.array([7 * customers]), measure=0),
        ),
    )
