"""Scores that hardly differ: prices alone leave nearly all customers undecided."""

from dataclasses import replace
from fractions import Fraction

import numba
import numpy as np
import pytest

from optimizer.engines.decomposition import jitter, make
from optimizer.engines.decomposition.clock import Clock
from optimizer.engines.decomposition.compiled import Units
from optimizer.engines.decomposition.dual import Ascent
from optimizer.engines.exact.engine import Exact
from optimizer.errors import InfeasibleError
from optimizer.problem.evaluate import evaluate
from optimizer.problem.primitives import UNLIMITED, Incidence, Partition, Rows
from optimizer.problem.solution import Reason, Request
from tests.engines.weekly import KINDS, weekly_problem

CUSTOMERS = 3_000
EVERY = Incidence.of(np.arange(KINDS), np.zeros(KINDS, int), 1, kinds=KINDS, instances=1)


def equal(problem):
    return replace(problem, value=np.ones(problem.candidates, np.int64))


def by_offer(problem):
    """Each kind of contact has one value, whoever gets it."""
    worth = np.random.default_rng(5).integers(50, 150, KINDS)
    return replace(problem, value=worth[problem.kind])


def nearly_equal(problem):
    return replace(problem, value=1_000 + np.random.default_rng(5).integers(0, 50, problem.candidates))


def of_two(problem):
    """Households of two, who share the cap of a week and must not leave a minimum unmet."""
    units = problem.customers // 2
    two = Partition("household", np.arange(problem.customers) // 2, units)
    week = replace(problem.counters[0], partition=len(problem.partitions))
    return replace(
        equal(problem),
        unit_customer=np.arange(units + 1) * 2,
        partitions=(*problem.partitions, two),
        counters=(week, *problem.counters[1:]),
    )


def with_a_soft_minimum(problem):
    """More contacts of some kinds than there can be, at a penalty of half a contact each."""
    few = Incidence.of(np.arange(5), np.zeros(5, int), 1, kinds=KINDS, instances=1)
    beyond = Rows("push", few, np.array([problem.candidates]), np.array([UNLIMITED]), penalty=Fraction(1, 2))
    return replace(equal(problem), rows=(*problem.rows, beyond))


@pytest.fixture(scope="module")
def weekly():
    return weekly_problem(CUSTOMERS)


def ascended(problem, gap=1e-4):
    ascent = Ascent(Units(problem), Clock(Request(gap=gap)), gap)
    ascent.run()
    return ascent


@pytest.mark.parametrize("hardly_different", [equal, by_offer, nearly_equal, of_two])
def test_scores_that_hardly_differ_leave_customers_undecided(weekly, hardly_different):
    assert jitter.undecided(ascended(hardly_different(weekly)))


def test_scores_of_their_own_do_not(weekly):
    assert not jitter.undecided(ascended(weekly))


def test_answers_that_use_the_same_rows_decide_nothing(weekly):
    # Every candidate twice: the second-best answer is as good as the best, and prices need not tell them apart.
    twice = np.repeat(np.arange(weekly.candidates), 2)
    kinds = weekly.kind[twice] * 2 + np.tile([0, 1], weekly.candidates)

    def doubled(block):
        uses = block.uses
        kind, number = np.asarray(uses.kind), np.asarray(uses.instance)
        both = np.concatenate([kind * 2, kind * 2 + 1]), np.tile(number, 2), np.tile(np.asarray(uses.weight), 2)
        return replace(block, uses=Incidence.of(*both, kinds=2 * KINDS, instances=uses.instances))

    problem = replace(
        weekly,
        customer_start=weekly.customer_start * 2,
        kind=kinds,
        value=weekly.value[twice],
        kinds=2 * KINDS,
        counters=tuple(map(doubled, weekly.counters)),
        rows=tuple(map(doubled, weekly.rows)),
        measures=tuple(replace(m, amount=m.amount[twice]) for m in weekly.measures),
        conflicts=(),
    )
    assert not jitter.undecided(ascended(problem))


@pytest.mark.parametrize(
    ("hardly_different", "gap"),
    [(equal, 2e-4), (by_offer, 1e-4), (nearly_equal, 1e-4), (of_two, 5e-4), (with_a_soft_minimum, 2e-4)],
)
def test_a_plan_is_proven_to_be_near_the_best(weekly, hardly_different, gap):
    problem = hardly_different(weekly)
    solution = make(None).solve(problem, Request(gap=gap))
    judged = evaluate(problem, solution.chosen)
    assert judged.ok
    assert judged.objective == solution.objective <= solution.bound
    assert solution.bound - solution.objective <= gap * abs(solution.objective)


def test_bound_and_plan_lie_around_the_optimum_of_the_true_scores():
    problem = equal(weekly_problem(60))
    best = Exact().solve(problem, Request(gap=0.0))
    assert best.reason is Reason.OPTIMAL
    ours = make(None).solve(problem, Request(gap=2e-2))
    assert ours.objective <= best.objective <= ours.bound


def test_a_large_gap_is_met_by_the_first_differences(weekly):
    solution = make(None).solve(equal(weekly), Request(gap=0.5))
    assert 0 < solution.objective <= solution.bound <= 1.5 * solution.objective


def test_without_candidates_a_minimum_is_refused(weekly):
    nobody = replace(
        weekly,
        customer_start=np.zeros(3, np.int64),
        unit_customer=np.arange(3),
        kind=weekly.kind[:0],
        value=weekly.value[:0],
        partitions=(Partition("customer", np.arange(2), 2),),
        measures=(),
        rows=(Rows("some", EVERY, np.array([1]), np.array([UNLIMITED])),),
    )
    with pytest.raises(InfeasibleError):
        make(None).solve(nobody, Request(gap=1e-3))


def test_differences_keep_within_the_type_of_the_values():
    problem = replace(equal(weekly_problem(60)), value=np.full(1_200, 2**31 - 1))
    solution = make(None).solve(problem, Request(gap=1e-2))
    assert evaluate(problem, solution.chosen).ok
    assert solution.bound - solution.objective <= 1e-2 * solution.objective


@pytest.mark.skipif(numba.config.NUMBA_NUM_THREADS < 2, reason="one core")
def test_one_thread_or_two_give_the_same_bytes(weekly):
    one, two = (make(None).solve(equal(weekly), Request(gap=2e-4, threads=threads)) for threads in (1, 2))
    assert np.array_equal(one.chosen, two.chosen)
    assert (one.bound, one.extra) == (two.bound, two.extra)


def test_penalties_grow_with_the_values(weekly):
    problem = with_a_soft_minimum(weekly)
    units = Units(problem)
    there = units.valued(units.candidates.value * 8, 8)
    chosen = np.flatnonzero(np.random.default_rng(0).random(problem.candidates) < 0.01)
    assert there.table.penalty[-1] == 8 * units.table.penalty[-1]
    assert np.array_equal(there.table.least, 8 * units.table.least)
    assert np.array_equal(there.use_of(chosen), units.use_of(chosen))
