"""The greedy baselines: simple, quick, and as law-abiding as the rest."""

import sys
from dataclasses import replace

import numpy as np
import pytest

from optimizer.engines.greedy import Greedy
from optimizer.engines.greedy import engine as greedy_engine
from optimizer.engines.greedy.orders import order_of
from optimizer.errors import InfeasibleError, NoPlanError, UsageError
from optimizer.problem.primitives import (
    NEEDS,
    SERVES,
    SIDE_A,
    SIDE_B,
    UNLIMITED,
    Conflict,
    Counter,
    Floor,
    Measure,
    Overrides,
    Prerequisite,
    Rows,
    Shortfall,
    Switch,
)
from optimizer.problem.solution import Request
from tests.engines.conformance import GreedyConformance, case
from tests.engines.simple import make_problem, uses
from tests.engines.weekly import weekly_problem


class TestByValue(GreedyConformance):
    seeds = range(200)

    def engine(self, problem):
        return Greedy("value")


class TestByValuePerCost(GreedyConformance):
    seeds = range(100)

    def engine(self, problem):
        return Greedy("value_per_cost")


class TestFirstCome(GreedyConformance):
    seeds = range(100)

    def engine(self, problem):
        return Greedy("first_come", {"first_come": np.arange(problem.candidates)[::-1]})


def chosen(problem, order="value", ranks=None):
    return Greedy(order, ranks).solve(problem, Request()).chosen.tolist()


def cap(count, limit):
    return Counter("cap", 0, uses(count, *((j, 1) for j in range(count))), np.array([limit]))


def budget(costs, limit):
    kinds = len(costs)
    return Rows(
        "budget", uses(kinds, *((j, c) for j, c in enumerate(costs))), np.array([-UNLIMITED]), np.array([limit])
    )


def test_the_highest_value_comes_first_and_the_lower_position_wins_a_tie():
    assert chosen(make_problem([1, 5, 5, 5], counters=(cap(4, 2),))) == [1, 2]


def test_value_per_cost_buys_two_cheap_ones_for_a_dear_one():
    problem = make_problem([10, 6, 6], rows=(budget([4, 2, 2], 4),))
    assert chosen(problem) == [0]
    assert chosen(problem, "value_per_cost") == [1, 2]


def test_value_per_cost_reads_a_measure_too():
    costs = Rows("budget", uses(3, (0, 1), (1, 1), (2, 1)), np.array([-UNLIMITED]), np.array([400]), measure=0)
    problem = make_problem([10, 6, 6], rows=(costs,), measures=(Measure("cost", np.array([400, 200, 200]), 2, True),))
    assert chosen(problem, "value_per_cost") == [1, 2]


def test_without_amounts_value_per_cost_is_by_value():
    problem = make_problem([3, 9, 6], rows=(budget([1, 1, 1], 2),))
    assert order_of(problem, "value_per_cost").tolist() == order_of(problem, "value").tolist() == [1, 2, 0]


def test_priority_goes_first_and_value_breaks_its_ties():
    problem = make_problem([9, 1, 2], counters=(cap(3, 1),))
    assert chosen(problem, "priority", {"priority": np.array([2, 1, 1])}) == [2]


def test_what_brings_nothing_is_left_out_unless_a_minimum_needs_it():
    need = Floor("hear", 0, uses(2, (0, 1), (1, 1)), np.array([1]), Shortfall.REQUIRED)
    assert chosen(make_problem([-5, -3])) == []
    assert chosen(make_problem([-5, -3], floors=(need,))) == [1]


def test_a_minimum_of_the_whole_plan_is_filled_before_what_pays():
    least = Rows("least", uses(2, (1, 1)), np.array([1]), np.array([UNLIMITED]))
    assert chosen(make_problem([9, 1], counters=(cap(2, 1),), rows=(least,))) == [1]


def test_a_server_is_brought_when_the_two_together_pay():
    pair = Prerequisite("only", 0, uses(2, (0, NEEDS), (1, SERVES)))
    assert chosen(make_problem([9, -2], prerequisites=(pair,))) == [0, 1]
    assert chosen(make_problem([9, -20], prerequisites=(pair,))) == []


@pytest.mark.parametrize(("past", "left"), [(SIDE_A, [0]), (SIDE_B, [1]), (SIDE_A | SIDE_B, [])])
def test_history_on_one_side_forbids_the_other(past, left):
    there = Overrides.of([0], [0], [past], groups=1)
    never = Conflict("never", 0, uses(2, (0, SIDE_A), (1, SIDE_B)), there)
    assert chosen(make_problem([1, 1], conflicts=(never,))) == left


def test_a_lot_that_cannot_be_filled_is_given_up_and_its_place_used():
    lots = Switch("lots", uses(3, (0, 0, 1), (1, 1, 1), (2, 1, 1), instances=2), lot=2)
    assert chosen(make_problem([9, 4, 4], counters=(cap(3, 2),), switches=(lots,))) == [1, 2]


def test_of_two_lots_that_compete_the_fuller_one_is_kept():
    cells = uses(6, *((j, 0 if j in (0, 4, 5) else 1, 1) for j in range(6)), instances=2)
    problem = make_problem([9, 4, 4, 4, 1, 1], counters=(cap(6, 3),), switches=(Switch("lots", cells, lot=3),))
    assert chosen(problem) == [1, 2, 3]


def test_best_efforts_are_made_even_where_the_first_try_falls_short():
    both = Floor(
        "both", 0, uses(3, (0, 0, 1), (1, 0, 1), (1, 1, 1), instances=2), np.array([1, 1]), Shortfall.BEST_EFFORT
    )
    assert chosen(make_problem([9, 1, 0], counters=(cap(3, 1),), floors=(both,))) == [1]


def test_an_effort_made_at_the_cost_of_another_is_no_plan():
    one = Floor("one", 0, uses(2, (0, 1), (1, 1)), np.array([1]), Shortfall.BEST_EFFORT)
    budget = Rows("budget", uses(2, (0, 1), (1, 1)), np.array([-UNLIMITED]), np.array([1]))
    problem = make_problem([1, 1], customers=[0, 1], floors=(one,), rows=(budget,))
    with pytest.raises(NoPlanError, match="falls further short than it must"):
        chosen(problem)


def test_a_minimum_out_of_reach_names_its_rule_and_says_how_short():
    least = Rows("least", uses(2, (0, 1), (1, 1)), np.array([2]), np.array([UNLIMITED]))
    with pytest.raises(
        NoPlanError, match=r"least: .*comes to 1 where the limit is 2(.|\n)*Maybe use the exact engine"
    ) as none:
        chosen(make_problem([1, 1], counters=(cap(2, 1),), rows=(least,)))
    assert [f.rule for f in none.value.findings] == ["least"]


def test_an_order_without_ranks_is_refused():
    with pytest.raises(UsageError, match="'priority' has no ranks"):
        chosen(make_problem([1]), "priority")


def test_compiled_and_plain_walks_choose_the_same(monkeypatch):
    problems = [case(seed)[0] for seed in range(30)] + [weekly_problem(50)]
    orders = [order_of(problem, "value") for problem in problems]
    plain = [greedy_engine.greedy_plan(p, o).tolist() for p, o in zip(problems, orders, strict=True)]
    monkeypatch.setattr(greedy_engine, "SMALL", -1)
    compiled = [greedy_engine.greedy_plan(p, o).tolist() for p, o in zip(problems, orders, strict=True)]
    assert compiled == plain
    assert "numba" in sys.modules


def test_the_kernel_is_compiled_even_where_no_cache_can_be_written(monkeypatch):
    from numba import njit

    from optimizer.engines.greedy import compiled

    tried = []

    def unwritable(function, **options):
        tried.append(options)
        if len(tried) == 1:
            raise RuntimeError("cannot cache function: no locator available")
        return njit(function, **options)

    monkeypatch.setattr("numba.njit", unwritable)
    assert compiled.compiled_walk.__wrapped__() is not None
    assert len(tried) == 2


def test_doubling_all_costs_and_the_budget_changes_nothing():
    problem = weekly_problem(40)
    rows = tuple(
        replace(r, uses=replace(r.uses, weight=r.uses.weight * 2), upper=r.upper * 2) if r.measure is not None else r
        for r in problem.rows
    )
    assert chosen(replace(problem, rows=rows), "value_per_cost") == chosen(problem, "value_per_cost")


def test_greedy_says_infeasible_only_when_best_efforts_prove_it():
    for seed in range(100):
        problem, truth = case(seed)
        try:
            Greedy().solve(problem, Request())
        except InfeasibleError:
            assert not truth.feasible
            assert any(f.reaction is Shortfall.BEST_EFFORT for f in problem.floors)
        except NoPlanError:
            continue
