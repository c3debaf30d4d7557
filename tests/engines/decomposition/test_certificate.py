"""The bound holds whatever the prices, and the audit's slow recomputation agrees with it."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.engines.decomposition import make
from optimizer.engines.decomposition.compiled import Units
from optimizer.problem.price_bound import price_bound
from optimizer.problem.solution import Request
from tests.engines.brute import brute_force
from tests.engines.small import random_problem
from tests.engines.weekly import weekly_problem

ROWS = ("counter", "conflict", "floor", "rows", "soft")


def legal_prices(units, wanted):
    return np.clip(np.resize(np.array(wanted), units.table.count), units.table.least, units.table.most)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 400), wanted=st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=6))
def test_any_prices_give_a_bound_and_the_slow_way_gives_the_same(seed, wanted):
    problem = replace(random_problem(seed, only=ROWS), switches=())
    truth = brute_force(problem)
    if not truth.feasible:
        return
    units = Units(problem, np.full(problem.units, 10**6))
    prices = units.prices(legal_prices(units, wanted))
    bound = units.bound(units.solve(prices))
    assert bound >= truth.best
    slow = price_bound(problem, units.table.split(prices.of_row), prices.shift)
    assert bound + 1 >= slow.bound >= truth.best


def test_the_published_bound_is_recomputed_from_the_published_prices():
    problem = weekly_problem(150)
    solution = make(None).solve(problem, Request(gap=1e-3))  # so wide that no search is asked to prove more
    again = price_bound(problem, solution.extra["price_numerators"], solution.extra["price_shift"])
    assert solution.bound_by == "prices"
    assert (again.bound, again.cut, again.units) == (solution.bound, 0, problem.units)


def test_a_sample_of_units_estimates_the_bound():
    problem = weekly_problem(400)
    solution = make(None).solve(problem, Request(gap=1e-3))
    again = price_bound(problem, solution.extra["price_numerators"], solution.extra["price_shift"], sample=200, seed=1)
    assert abs(again.bound - solution.bound) < 5 * again.error
    assert again.units == 200


def test_a_price_without_a_limit_to_pay_for_is_refused():
    problem = weekly_problem(20)
    prices = {rows.name: np.full(rows.size, -1) for rows in problem.rows}
    with pytest.raises(ValueError, match="side without a limit"):
        price_bound(problem, prices, 0)


def test_prices_are_what_the_objective_gains_when_a_limit_rises():
    problem = weekly_problem(300)
    solution = make(None).solve(problem, Request(gap=1e-6))
    price = solution.prices["budget"][0]
    assert price > 0
    more = tuple(replace(r, upper=r.upper + 300) if r.name == "budget" else r for r in problem.rows)
    richer = make(None).solve(replace(problem, rows=more), Request(gap=1e-6))
    assert 0.5 * 300 * price <= richer.bound - solution.bound <= 1.05 * 300 * price
