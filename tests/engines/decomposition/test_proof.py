"""Prices prove that no plan exists: at once where that is so, and never where one does."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.engines.decomposition import make
from optimizer.engines.decomposition.compiled import Units
from optimizer.engines.decomposition.engine import bounded
from optimizer.engines.decomposition.proof import Proof, hopeless_units, proven
from optimizer.errors import InfeasibleError
from optimizer.problem.price_bound import price_bound
from optimizer.problem.primitives import UNLIMITED, Incidence, Rows
from optimizer.problem.solution import Request
from tests.engines.brute import brute_force
from tests.engines.small import random_problem
from tests.engines.weekly import KINDS, weekly_problem

ROWS = ("counter", "conflict", "floor", "rows", "soft")


def with_a_minimum(problem, least):
    """Add a row that demands so many contacts in all."""
    every = Incidence.of(np.arange(KINDS), np.zeros(KINDS, int), 1, kinds=KINDS, instances=1)
    return replace(problem, rows=(*problem.rows, Rows("volume", every, np.array([least]), np.array([UNLIMITED]))))


def most_contacts(problem):
    """Return a bound on the contacts of any plan."""
    return bounded(replace(problem, value=np.ones_like(problem.value)), Request())


def test_a_minimum_a_little_too_high_is_refuted_by_prices_that_the_slow_way_confirms():
    problem = weekly_problem(1_500)
    wanted = with_a_minimum(problem, int(1.02 * most_contacts(problem)) + 1)
    with pytest.raises(InfeasibleError) as refused:
        make(None).solve(wanted, Request(gap=1e-4))
    prices = refused.value.diagnosis["prices"]
    assert proven(wanted, prices)
    worthless = replace(wanted, value=np.zeros_like(wanted.value))
    dearest = max(abs(p) for part in prices.values() for p in part)
    whole = {name: [int(p / dearest * 2**30) for p in part] for name, part in prices.items()}
    assert price_bound(worthless, whole, 0).bound < 0


def test_without_the_minimum_the_same_prices_prove_nothing():
    problem = weekly_problem(500)
    wanted = with_a_minimum(problem, 2 * most_contacts(problem))
    with pytest.raises(InfeasibleError) as refused:
        make(None).solve(wanted, Request(gap=1e-4))
    prices = refused.value.diagnosis["prices"]
    assert not proven(with_a_minimum(problem, 0), prices)


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 1_000), wanted=st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=6))
def test_no_prices_prove_anything_of_a_problem_that_has_a_plan(seed, wanted):
    problem = replace(random_problem(seed, only=ROWS), switches=())
    if not brute_force(problem).feasible:
        return
    units = Units(problem, np.full(problem.units, 10**6))
    prices = np.clip(np.resize(np.array(wanted), units.table.count), units.table.least, units.table.most)
    assert not Proof(units, lambda: None).by(prices, np.arange(problem.units))


def test_units_whose_own_rules_clash_are_found_one_by_one():
    found = 0
    for seed in range(120):
        problem = random_problem(seed, only=("counter", "conflict", "floor", "pin"))
        if any(floor.reaction == "best_effort" for floor in problem.floors):
            continue
        hopeless = hopeless_units(problem)
        assert bool(hopeless.any()) == (not brute_force(problem).feasible), seed
        found += int(hopeless.any())
    assert found > 10
