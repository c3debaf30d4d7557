"""Units of hundreds of candidates, and households: exact, or a bound that holds, whatever the node limit."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.engines.decomposition import make
from optimizer.engines.decomposition.compiled import Units
from optimizer.engines.exact import Exact
from optimizer.problem.primitives import SIDE_A, SIDE_B, UNLIMITED, Conflict, Counter, Incidence, Partition, Rows
from optimizer.problem.problem import Problem
from optimizer.problem.solution import Reason, Request

OFFERS, DAYS = 15, 14
KINDS = OFFERS * DAYS
EVERY = np.arange(KINDS)
OFFER, DAY = EVERY // DAYS, EVERY % DAYS


def wide(units, members, each, seed=0, cap=10, rows=()):
    """Draw units of so many customers, each of so many candidates, under caps, windows, rests and a pair rule."""
    draw = np.random.default_rng(seed)
    customers = units * members
    kind = np.concatenate([np.sort(draw.choice(KINDS, each, replace=False)) for _ in range(customers)])
    windows = np.array([(k, d) for k in EVERY for d in range(DAY[k] - 2, DAY[k] + 1) if 0 <= d < DAYS - 2])
    sides = Incidence.of(EVERY[OFFER < 4], np.zeros(4 * DAYS), np.repeat([1, 2], 2 * DAYS), kinds=KINDS, instances=1)
    household = Partition("household", np.repeat(np.arange(units), members), units)

    def uses(instance, instances):
        return Incidence.of(EVERY, instance, 1, kinds=KINDS, instances=instances)

    window = Incidence.of(windows[:, 0], windows[:, 1], 1, kinds=KINDS, instances=DAYS - 2)
    return Problem(
        customer_start=np.arange(customers + 1) * each,
        unit_customer=np.arange(0, customers + 1, members),
        kind=kind,
        value=np.rint(draw.gamma(2, 100, len(kind))).astype(np.int64),
        value_decimals=2,
        kinds=KINDS,
        most_contacts=cap * customers,
        partitions=(Partition("customer", np.arange(customers), customers), household),
        counters=(
            Counter("cap", 0, uses(np.zeros(KINDS), 1), np.array([cap])),
            Counter("two-in-three-days", 0, window, np.full(DAYS - 2, 2)),
            Counter("offer-once", 1, uses(OFFER, OFFERS), np.full(OFFERS, 1)),
        ),
        conflicts=(Conflict("loan-or-card", 1, sides),),
        rows=rows,
    )


def test_the_pair_rule_has_both_sides():
    conflict = wide(1, 1, 100).conflicts[0]
    assert set(conflict.uses.weight.tolist()) == {SIDE_A, SIDE_B}


@pytest.mark.parametrize(("members", "each"), [(1, 200), (1, 120), (3, 60), (6, 40)])
def test_unit_optima_are_those_of_the_exact_engine(members, each):
    problem = wide(4, members, each, seed=members)
    units = Units(problem)
    found = units.solve()
    exact = Exact().solve(problem, Request(gap=0.0))
    assert found.cut == 0
    assert exact.reason is Reason.OPTIMAL
    assert units.bound(found) == exact.objective


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), nodes=st.integers(0, 30))
def test_a_bound_at_any_node_limit_is_no_lower_than_the_optimum(seed, nodes):
    problem = wide(3, 2, 50, seed=seed)
    units = Units(problem)
    assert units.bound(units.solve(nodes=nodes)) >= units.bound(units.solve(nodes=10**6))


def test_rows_over_wide_units_and_households_are_kept_within_a_small_gap():
    channel = Incidence.of(EVERY, OFFER % 3, 1, kinds=KINDS, instances=3)
    rows = (Rows("capacity", channel, np.full(3, -UNLIMITED), np.array([60, 80, 100])),)
    problem = wide(40, 2, 100, rows=rows)
    solution = make(None).solve(problem, Request(gap=1e-3))
    assert solution.bound - solution.objective <= 1e-3 * solution.objective
