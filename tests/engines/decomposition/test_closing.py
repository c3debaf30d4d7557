"""A plan is proven by a search over every answer that a better one could use: all of them, and nothing but those."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from optimizer.engines.decomposition import make
from optimizer.engines.decomposition.compiled import Units
from optimizer.engines.decomposition.enumeration import every_pattern
from optimizer.problem.evaluate import evaluate
from optimizer.problem.solution import Limit, Reason, Request
from tests.engines.brute import brute_force
from tests.engines.small import random_problem
from tests.engines.weekly import weekly_problem


def legal_answers(problem, unit):
    """Return every legal set of a unit's candidates, by trying all."""
    first, last = (int(x) for x in problem.unit_start[unit : unit + 2])
    every = range(first, last)
    alone = replace(problem, rows=())
    for size in range(last - first + 1):
        for chosen in combinations(every, size):
            broken = evaluate(alone, np.array(chosen, np.int64)).violations
            if not broken:
                yield chosen


def test_every_answer_that_loses_little_is_listed_with_its_regret():
    problem = weekly_problem(8, per_customer=6)
    units = Units(problem)
    prices = units.prices(np.full(units.table.count, 25.0))
    reach = 600 << prices.shift
    found = every_pattern(units, prices, reach, 128, lambda: None)
    value = np.asarray(problem.value)
    for unit in range(problem.units):
        paid = {}
        for chosen in legal_answers(problem, unit):
            use = units.use_of(np.array(chosen, np.int64))
            paid[chosen] = int(value[list(chosen)].sum() << prices.shift) - int((prices.of_row * use).sum())
        best = max(paid.values())
        wanted = {chosen: best - worth for chosen, worth in paid.items() if best - worth <= reach}
        listed = range(int(found.unit_start[unit]), int(found.unit_start[unit + 1]))
        got = {tuple(sorted(found.contacts(np.array([p])).tolist())): found.regret[p] for p in listed}
        assert got == {c: pytest.approx(r / 2**prices.shift) for c, r in wanted.items()}
        assert min(found.regret[p] for p in listed) == found.regret[listed[0]] == 0


def test_a_price_beyond_all_whole_numbers_is_cut_and_keeps_its_sign():
    """As of a row that no candidate uses, in a ray that proves an infeasible problem."""
    units = Units(weekly_problem(8))
    with np.errstate(all="raise"):
        for far in (1e30, -1e30):
            units.table.weight[:] = 0
            prices = units.prices(np.full(units.table.count, far))
            assert np.all(prices.of_row >= 0)  # caps alone: a price below zero is none
            assert np.any(prices.of_row) == (far > 0)


def test_more_answers_than_there_is_room_for_prove_nothing():
    problem = weekly_problem(10)
    units = Units(problem)
    assert every_pattern(units, units.prices(), 2**59, 4, lambda: None) is None
    assert every_pattern(units, units.prices(), 2**61, 4, lambda: None) is None


def test_a_few_hundred_customers_are_proven_optimal_where_no_gap_is_left_to_ask_for():
    problem = weekly_problem(150)
    near = make(None).solve(problem, Request(gap=1e-3))
    assert (near.reason, near.limit, near.bound_by) == (Reason.FEASIBLE, Limit.GAP, "prices")
    best = make(None).solve(problem, Request(gap=0.0))
    assert (best.reason, best.limit, best.bound_by) == (Reason.OPTIMAL, None, "search")
    assert near.objective <= best.objective == evaluate(problem, best.chosen).objective
    assert best.objective <= best.bound <= near.bound
    assert "all answers that a better plan could use" in best.detail


@pytest.mark.parametrize("seed", range(300, 340))
def test_what_is_called_optimal_is_the_optimum_under_rules_and_rows_of_every_kind(seed):
    problem = replace(random_problem(seed, candidates=12), switches=())
    truth = brute_force(problem)
    if not truth.feasible:
        return
    solution = make(None).solve(problem, Request(gap=0.0))
    assert solution.bound >= truth.best >= solution.objective
    if solution.reason is Reason.OPTIMAL:
        assert solution.objective == truth.best
