"""Small problems over every primitive, held against every plan there is."""

from dataclasses import replace

import numpy as np
import pytest

from optimizer.engines.decomposition import make
from optimizer.engines.decomposition.compiled import Units
from optimizer.errors import InfeasibleError
from optimizer.problem.evaluate import evaluate
from optimizer.problem.solution import Reason, Request
from tests.engines.brute import brute_force
from tests.engines.small import random_problem

SEEDS = range(60)


@pytest.mark.parametrize("seed", SEEDS)
def test_without_rows_the_unit_optima_are_the_optimum(seed):
    problem = replace(random_problem(1_000 + seed), rows=(), switches=())
    truth = brute_force(problem)
    if not truth.feasible:
        with pytest.raises(InfeasibleError):
            make(None).solve(problem, Request(gap=0.0))
        return
    solution = make(None).solve(problem, Request(gap=0.0))
    assert truth.of(solution.chosen) == (True, truth.best)
    assert solution.objective == solution.bound == truth.best
    assert solution.reason is Reason.OPTIMAL


@pytest.mark.parametrize("seed", SEEDS)
def test_with_rows_of_every_kind_plans_are_legal_and_bounds_hold(seed):
    problem = replace(random_problem(seed), switches=())
    truth = brute_force(problem)
    if not truth.feasible:
        with pytest.raises(InfeasibleError):
            make(None).solve(problem, Request(gap=0.0))
        return
    solution = make(None).solve(problem, Request(gap=0.0))
    assert truth.of(solution.chosen) == (True, solution.objective)
    assert solution.objective <= truth.best <= solution.bound
    if solution.reason is Reason.OPTIMAL:
        assert solution.objective == truth.best
    assert evaluate(problem, solution.chosen).objective == solution.objective


def test_lots_and_limits_on_the_number_of_groups_are_refused_by_name():
    problem = next(p for p in map(random_problem, range(100)) if p.switches)
    assert problem.switches[0].rule in make(None).supports(problem)
    assert make(None).supports(replace(problem, switches=())) is None


@pytest.mark.parametrize("seed", range(20))
def test_a_node_limit_of_one_still_gives_a_bound(seed):
    problem = replace(random_problem(seed, only=("counter", "conflict", "knapsack"), candidates=12), rows=())
    truth = brute_force(problem)
    units = Units(problem)
    assert units.bound(units.solve(nodes=1)) >= truth.best


def test_a_unit_that_cannot_meet_its_minimum_is_counted_in_the_error():
    problem = next(
        p
        for p in (replace(random_problem(s, only=("floor",)), rows=()) for s in range(300))
        if not brute_force(p).feasible
    )
    with pytest.raises(InfeasibleError, match="clash"):
        make(None).solve(problem, Request())


def test_no_candidates_is_an_empty_plan():
    whole = random_problem(3, only=("counter", "rows"))
    none = replace(
        whole,
        customer_start=np.zeros(whole.customers + 1, np.int64),
        kind=whole.kind[:0],
        value=whole.value[:0],
        measures=tuple(replace(m, amount=m.amount[:0]) for m in whole.measures),
        rows=(),
    )
    solution = make(None).solve(none, Request())
    assert len(solution.chosen) == 0
    assert solution.objective == solution.bound == 0
