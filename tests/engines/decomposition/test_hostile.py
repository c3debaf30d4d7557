"""Structures that break naive methods: each ends with a legal plan and a bound that holds."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from optimizer.engines.decomposition import make
from optimizer.errors import InfeasibleError, NoPlanError
from optimizer.problem.evaluate import evaluate
from optimizer.problem.primitives import UNLIMITED, Conflict, Counter, Incidence, Partition, Rows
from optimizer.problem.problem import Problem
from optimizer.problem.solution import Reason, Request
from tests.engines.weekly import weekly_problem

KINDS = 6


def plain(units, each, seed=0, value=None, **parts):
    draw = np.random.default_rng(seed)
    n = units * each
    return Problem(
        customer_start=np.arange(units + 1) * each,
        unit_customer=np.arange(units + 1),
        kind=draw.integers(0, KINDS, n),
        value=draw.integers(1, 1000, n) if value is None else np.full(n, value),
        value_decimals=2,
        kinds=KINDS,
        most_contacts=n,
        partitions=(Partition("customer", np.arange(units), units),),
        **parts,
    )


def everything(weight=1):
    return Incidence.of(np.arange(KINDS), np.zeros(KINDS, int), weight, kinds=KINDS, instances=1)


def cap(limit):
    return Counter("cap", 0, everything(), np.array([limit]))


def total(limit, **more):
    return Rows("total", everything(), np.array([-UNLIMITED]), np.array([limit]), **more)


def solved(problem, gap=1e-3):
    solution = make(None).solve(problem, Request(gap=gap))
    judged = evaluate(problem, solution.chosen)
    assert judged.ok
    assert judged.objective == solution.objective <= solution.bound
    return solution


def test_all_scores_equal():
    problem = plain(200, 5, value=7, counters=(cap(2),), rows=(total(111),))
    assert solved(problem).objective == 777


def test_all_scores_equal_under_rows_that_share_contacts():
    # The prices are at a kink where every customer has many best answers: the plan comes from the master's vertex.
    problem = weekly_problem(400)
    problem = replace(problem, value=np.full(problem.candidates, 100))
    assert solved(problem, 2e-3).objective % 100 == 0


def test_all_candidates_conflict():
    uses = Incidence.of(np.arange(KINDS), np.zeros(KINDS, int), 3, kinds=KINDS, instances=1)
    solution = solved(plain(100, 8, conflicts=(Conflict("never", 0, uses),), rows=(total(60),)))
    assert len(solution.chosen) == 60


@pytest.mark.parametrize("limit", [0, 10**9])
def test_caps_of_nothing_and_caps_beyond_reach(limit):
    problem = plain(50, 4, counters=(cap(limit),), rows=(total(10**12),))
    assert len(solved(problem).chosen) == (0 if limit == 0 else 200)


def test_one_giant_unit():
    problem = plain(1, 400, counters=(cap(10),), rows=(total(8),))
    solution = solved(problem)
    assert solution.objective == np.sort(problem.value)[-8:].sum()


def test_one_candidate_each():
    problem = plain(500, 1, rows=(total(100),))
    assert solved(problem).objective == np.sort(problem.value)[-100:].sum()


def test_a_row_that_nobody_uses():
    nobody = Incidence.of(np.zeros(0, int), np.zeros(0, int), 1, kinds=KINDS, instances=1)
    row = Rows("nobody", nobody, np.array([-UNLIMITED]), np.array([0]))
    solution = solved(plain(50, 4, counters=(cap(2),), rows=(row,)))
    assert solution.reason is Reason.OPTIMAL
    assert solution.prices["nobody"].tolist() == [0.0]


def test_a_slack_row_costs_exactly_nothing():
    solution = solved(plain(300, 4, counters=(cap(2),), rows=(total(500), total(10**6, part="slack"))))
    assert solution.prices["total slack"].tolist() == [0.0]
    assert solution.prices["total"][0] > 0


def test_a_soft_minimum_nobody_can_meet_is_priced_at_its_penalty():
    row = Rows("push", everything(), np.array([10**6]), np.array([UNLIMITED]), penalty=Fraction(5, 2))
    solution = solved(plain(100, 3, counters=(cap(1),), rows=(row,)))
    assert solution.prices["push"][0] == pytest.approx(-2.5)
    assert len(solution.chosen) == 100


def test_equal_ties_under_an_equality_row():
    row = Rows("exactly", everything(), np.array([77]), np.array([77]))
    assert solved(plain(150, 4, value=3, counters=(cap(2),), rows=(row,))).objective == 231


def test_contacts_of_negative_value_are_chosen_only_where_a_minimum_needs_them():
    row = Rows("at-least", everything(), np.array([30]), np.array([UNLIMITED]))
    problem = replace(plain(100, 3, counters=(cap(1),), rows=(row,)), value=-np.arange(1, 301))
    assert len(solved(problem).chosen) == 30


def test_a_minimum_out_of_reach_gives_no_plan_rather_than_an_illegal_one():
    whole = Incidence.of(np.arange(KINDS), np.zeros(KINDS), 1, kinds=KINDS, instances=1)
    cap = Counter("cap", 0, whole, np.array([1]))
    beyond = Rows("beyond", whole, np.array([4_001]), np.array([UNLIMITED]))
    with pytest.raises((NoPlanError, InfeasibleError)):
        make(None).solve(plain(4_000, 6, counters=(cap,), rows=(beyond,)), Request(gap=0.0))
