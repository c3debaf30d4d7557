"""Kernels compiled before they are needed: small problems take each one through its paces once."""

from __future__ import annotations

from threading import Thread

import numpy as np

from optimizer.engines.decomposition.clock import Clock
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
from optimizer.problem.solution import Request

KINDS = 6


def warm_up(harder: bool = True) -> None:
    """Compile the kernels, by solving small problems that need them all: those of tied units only if asked."""
    from optimizer.engines.decomposition.compiled import Units
    from optimizer.engines.decomposition.engine import Decomposition
    from optimizer.engines.decomposition.enumeration import every_pattern

    for problem in small_problems()[: 1 + harder]:
        Decomposition().solve(problem, Request(gap=0.0))
    if harder:
        units = Units(small_problems()[0])
        every_pattern(units, units.prices(), 1, 4, lambda: None)


def load() -> None:
    """Load the kernels of packed units from their cache; where one is not there, as far as names tell, nothing is done.

    A plan that may be far from the best asks for no more than every large problem needs.
    """
    from optimizer.engines.decomposition.engine import Decomposition

    if is_warm(harder=False):
        Decomposition().solve(small_problems()[0], Request(gap=1.0))


def is_warm(harder: bool) -> bool:
    """Say whether the kernels have been compiled before."""
    from optimizer.engines.decomposition.passes import solve_packed
    from optimizer.engines.decomposition.pattern_kernel import packed_answers, rows_of_patterns
    from optimizer.engines.decomposition.regret_kernel import least_regrets
    from optimizer.engines.decomposition.tied_kernel import tied_answers
    from optimizer.engines.jit import is_compiled

    needed = (solve_packed, packed_answers, rows_of_patterns, least_regrets, tied_answers)
    return all(map(is_compiled, needed[: 4 + harder]))


def warm_in_time(clock: Clock, harder: bool) -> bool:
    """Compile the kernels beside this thread, and wait for them; say whether they came before it was time to stop.

    What was compiled until then is in the cache, and is not compiled again by the next run.
    """
    beside = Thread(target=warm_up, args=(harder,), name="compile", daemon=True)
    beside.start()
    while beside.is_alive():
        if clock.stopped():
            return False
        beside.join(0.1)
    return True


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
