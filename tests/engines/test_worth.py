"""What a policy costs is what the price bound falls by when the policy is there."""

import numpy as np
import pytest

from optimizer.engines import worth
from optimizer.engines.decomposition.rows import row_table
from optimizer.engines.worth import SHIFT, policy_costs, without
from optimizer.problem.price_bound import price_bound
from tests.engines.small import random_problem
from tests.engines.weekly import weekly_problem


def some_prices(problem):
    table = row_table(problem)
    wanted = np.random.default_rng(0).integers(-300, 300, table.count).astype(float)
    return table.split(np.clip(wanted, table.least, table.most))


def bound(problem, prices):
    whole = {name: [round(p * 2**SHIFT) for p in row.tolist()] for name, row in prices.items()}
    return price_bound(problem, whole, SHIFT).bound


def test_a_policy_costs_what_the_bound_at_the_same_prices_falls_by():
    problem = weekly_problem(120)
    prices = some_prices(problem)
    costs = policy_costs(problem, prices)
    assert set(costs) == {p.rule for p in problem.unit_primitives}
    for rule, (rise, error) in costs.items():
        assert rise == pytest.approx(bound(without(problem, rule), prices) - bound(problem, prices), abs=1)
        assert error == 0
    assert max(rise for rise, _ in costs.values()) > 0


@pytest.mark.parametrize("seed", [0, 1, 3, 4, 5])
def test_the_kernels_and_the_plain_search_agree(seed, monkeypatch):
    problem = random_problem(seed, only=("counter", "conflict", "floor", "rows"))
    prices = some_prices(problem)
    plainly = policy_costs(problem, prices)
    monkeypatch.setattr(worth, "SMALL", 0)
    compiled = policy_costs(problem, prices)
    assert {rule: rise for rule, (rise, _) in compiled.items()} == pytest.approx(
        {rule: rise for rule, (rise, _) in plainly.items()}, abs=1e-3
    )


@pytest.mark.parametrize("small", [0, 10**6], ids=["kernels", "plain"])
def test_a_sample_estimates_the_cost_and_says_how_well(small, monkeypatch):
    problem = weekly_problem(400)
    prices = some_prices(problem)
    monkeypatch.setattr(worth, "SMALL", small)
    monkeypatch.setattr(worth, "PLAIN_SAMPLE", 10**6)
    whole = policy_costs(problem, prices)
    monkeypatch.setattr(worth, "PLAIN_SAMPLE", 150)
    monkeypatch.setattr(worth, "SAMPLE", 150)
    sampled = policy_costs(problem, prices, seed=3)
    for rule, (rise, error) in sampled.items():
        assert abs(rise - whole[rule][0]) <= 4 * error
    dearest = max(sampled, key=lambda rule: whole[rule][0])
    assert 0 < sampled[dearest][1] < 0.5 * whole[dearest][0]


def test_what_a_unit_too_large_to_search_hides_is_not_guessed(monkeypatch):
    problem = weekly_problem(30)
    monkeypatch.setattr("optimizer.problem.price_bound.RISE_NODES", 3)
    assert set(policy_costs(problem, some_prices(problem)).values()) == {None}
