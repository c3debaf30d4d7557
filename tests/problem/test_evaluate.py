"""What a set of contacts is worth and breaks, told without any solver."""

from fractions import Fraction

import numpy as np
import pytest

from optimizer.problem.evaluate import PINS, Violation, evaluate
from optimizer.problem.primitives import (
    NEEDS,
    SERVES,
    SIDE_A,
    SIDE_B,
    UNLIMITED,
    Conflict,
    Counter,
    DistinctCounter,
    Floor,
    Overrides,
    Prerequisite,
    Rows,
    Shortfall,
    Switch,
)
from tests.engines.brute import brute_force
from tests.engines.simple import make_problem, uses
from tests.engines.small import random_problem


def broken(problem, *chosen):
    return [(v.rule, v.used, v.limit) for v in evaluate(problem, np.array(chosen, int)).violations]


def test_random_plans_are_judged_as_brute_force_judges_them():
    legal = 0
    for seed in range(150):
        problem = random_problem(seed)
        best_effort = any(f.reaction is Shortfall.BEST_EFFORT for f in problem.floors)
        truth = brute_force(problem)
        for code in np.random.default_rng(seed).integers(0, len(truth.plans), size=10):
            found = evaluate(problem, np.flatnonzero(truth.plans[code]))
            assert found.objective == truth.objective[code]
            assert best_effort or found.ok == truth.legal[code]
            legal += found.ok
    assert legal > 100


def test_history_lowers_a_cap():
    past = Overrides.of([0], [0], [1], groups=1)
    problem = make_problem(
        [1, 1], counters=(Counter("cap", 0, uses(2, (0, 1), (1, 1)), np.array([2]), overrides=past),)
    )
    assert broken(problem, 0) == []
    assert broken(problem, 0, 1) == [("cap", 2, 1)]


def test_a_cap_below_zero_is_broken_by_nobody_at_all():
    problem = make_problem([1], counters=(Counter("cap", 0, uses(1), np.array([-1])),))
    assert broken(problem) == [("cap", 0, -1)]


def test_three_offers_in_one_envelope_are_one_interruption():
    envelopes = DistinctCounter("two", 0, uses(4, *((j, 1) for j in range(4))), np.array([0, 0, 0, 1]), np.array([1]))
    problem = make_problem([1] * 4, distincts=(envelopes,))
    assert broken(problem, 0, 1, 2) == []
    assert broken(problem, 0, 3) == [("two", 2, 1)]


def test_a_contact_on_both_sides_does_not_conflict_with_itself():
    problem = make_problem(
        [1, 1], conflicts=(Conflict("never", 0, uses(2, (0, SIDE_A | SIDE_B), (1, SIDE_A | SIDE_B))),)
    )
    assert broken(problem, 0) == []
    assert broken(problem, 0, 1) == [("never", 2, 1)]


def test_history_on_one_side_forbids_the_other_alone():
    past = Overrides.of([0], [0], [SIDE_A], groups=1)
    problem = make_problem([1, 1], conflicts=(Conflict("never", 0, uses(2, (0, SIDE_A), (1, SIDE_B)), past),))
    assert broken(problem, 0) == []
    assert broken(problem, 1) == [("never", 2, 1)]


def test_a_contact_never_serves_itself():
    problem = make_problem([1, 1], prerequisites=(Prerequisite("only", 0, uses(2, (0, NEEDS | SERVES), (1, SERVES))),))
    assert broken(problem, 0) == [("only", 1, 0)]
    assert broken(problem, 0, 1) == []


def test_all_or_nothing_is_broken_by_something_too_little():
    floor = Floor("hear", 0, uses(3, *((j, 1) for j in range(3))), np.array([2]), Shortfall.ALL_OR_NOTHING)
    problem = make_problem([1] * 3, floors=(floor,))
    assert [broken(problem, *range(n)) for n in range(4)] == [[], [("hear", 1, 2)], [], []]


def test_a_required_minimum_counts_against_a_customer_without_candidates():
    floor = Floor("hear", 0, uses(1, (0, 1)), np.array([1]), Shortfall.REQUIRED)
    problem = make_problem(
        [1, 1], customers=[0, 2], floors=(Floor("hear", 0, uses(2, (0, 1), (1, 1)), *[floor.need, floor.reaction]),)
    )
    assert [v.group for v in evaluate(problem, np.array([0, 1])).violations] == [1]


def test_penalties_are_exact_and_the_objective_rounds_them_up():
    soft = Rows("soft", uses(2, (0, 1), (1, 1)), np.array([-UNLIMITED]), np.array([0]), penalty=Fraction(1, 3))
    found = evaluate(make_problem([5, 5], rows=(soft,)), np.array([0, 1]))
    assert (found.value, found.penalties, found.objective) == (10, Fraction(2, 3), 9)


def test_a_lot_begun_and_too_many_cells_are_both_told():
    cells = Switch("lots", uses(3, (0, 0, 1), (1, 0, 1), (2, 1, 1), instances=2), lot=2, most=1)
    assert broken(make_problem([1] * 3, switches=(cells,)), 0, 1, 2) == [("lots", 1, 2), ("lots", 2, 1)]


def test_a_missing_pin_is_a_violation():
    problem = make_problem([1, 1], required=np.array([1]))
    assert evaluate(problem, np.array([0])).violations == (Violation(PINS, -1, 1, 0, 1),)


def test_findings_come_one_for_each_rule_with_their_number():
    caps = Counter("cap", 0, uses(2, (0, 0, 1), (1, 1, 1), instances=2), np.array([0, 0]))
    (finding,) = evaluate(make_problem([1, 1], counters=(caps,)), np.array([0, 1])).findings()
    assert (finding.rule, finding.count) == ("cap", 2)
    assert "cap: comes to 1 where the limit is 0" in str(finding)


@pytest.mark.parametrize("chosen", [[1, 0], [0, 0], [-1], [2]])
def test_what_is_not_a_set_of_candidates_is_refused(chosen):
    with pytest.raises(ValueError, match="ascending"):
        evaluate(make_problem([1, 1]), np.array(chosen))
