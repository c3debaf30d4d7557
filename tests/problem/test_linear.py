"""The linear form has exactly the plans of the problem, at exactly their objective."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from optimizer.engines.exact import cp_sat
from optimizer.engines.exact.answer import Claim, Task
from optimizer.problem.linearize import linearize
from optimizer.problem.primitives import UNLIMITED, Conflict, Counter, Floor, Rows, Shortfall
from tests.engines.brute import brute_force
from tests.engines.simple import make_problem, uses
from tests.engines.small import PRIMITIVES, random_problem


def test_of_each_plan_the_linear_form_knows_legality_and_objective():
    for seed in range(40):
        problem = random_problem(seed)
        if any(f.reaction is Shortfall.BEST_EFFORT for f in problem.floors):
            continue
        truth, linear = brute_force(problem), linearize(problem)
        for code in np.random.default_rng(seed).integers(0, len(truth.plans), size=8):
            plan = truth.plans[code]
            lower, upper = linear.column_lower.copy(), linear.column_upper.copy()
            lower[: linear.candidates] = np.maximum(lower[: linear.candidates], plan)
            upper[: linear.candidates] = plan
            if np.any(lower > upper):  # a pin left out
                assert not truth.legal[code]
                continue
            answer = cp_sat.solve(replace(linear, column_lower=lower, column_upper=upper), Task(0, 10, work=1.0))
            assert (answer.claim is Claim.OPTIMAL) == truth.legal[code], (seed, code)
            if answer.bound is not None:
                assert linear.quanta_above(answer.bound) == truth.objective[code]


@pytest.mark.parametrize("primitive", PRIMITIVES)
def test_each_primitive_alone_has_the_brute_force_optimum(primitive):
    infeasible = 0
    for seed in range(12):
        problem = random_problem(seed, only=(primitive,))
        if any(f.reaction is Shortfall.BEST_EFFORT for f in problem.floors):
            continue
        truth, linear = brute_force(problem), linearize(problem)
        answer = cp_sat.solve(linear, Task(0, 10, work=1.0))
        infeasible += not truth.feasible
        assert (answer.claim is Claim.OPTIMAL) == truth.feasible
        if truth.feasible:
            assert linear.quanta_above(answer.bound) == truth.best
            assert truth.of(answer.chosen) == (True, truth.best)
    assert infeasible < 12


def test_what_cannot_bind_has_no_row():
    loose = Counter("cap", 0, uses(3, (0, 1), (1, 1), (2, 1)), np.array([3]))
    ceiling = Rows("budget", uses(3, (0, 5), (1, 5)), np.array([-UNLIMITED]), np.array([10]))
    assert linearize(make_problem([1, 1, 1], counters=(loose,), rows=(ceiling,))).rows == 0


def test_windows_with_the_same_contacts_become_one_row_with_the_tighter_cap():
    windows = uses(3, *((j, w, 1) for j in range(3) for w in range(4)), instances=4)
    linear = linearize(make_problem([1, 1, 1], counters=(Counter("cap", 0, windows, np.array([2, 1, 2, 2])),)))
    assert linear.rows == 1
    assert linear.upper.tolist() == [1]


def test_conflicts_grow_with_the_contacts_and_not_with_their_pairs():
    n = 200
    sides = uses(n, *((j, 1 if j < n // 2 else 2) for j in range(n)))
    linear = linearize(make_problem([1] * n, conflicts=(Conflict("never", 0, sides),)))
    assert len(linear.column) <= 3 * n


def test_rows_know_their_rule_and_their_place_in_the_problem():
    cap = Counter("cap", 0, uses(3, (0, 1), (1, 1), (2, 1)), np.array([1]))
    cells = uses(3, (0, 0, 1), (1, 1, 1), (2, 1, 1), instances=2)
    limits = Rows("cells", cells, np.full(2, -UNLIMITED), np.array([5, 1]))
    linear = linearize(make_problem([1, 1, 1], counters=(cap,), rows=(limits,)))
    assert [linear.rules[r] for r in linear.rule] == ["cap", "cells"]
    assert linear.block.tolist() == [-1, 0]
    assert linear.block_row.tolist() == [-1, 1]


def test_penalties_in_thirds_of_a_quantum_stay_exact():
    soft = Rows("soft", uses(2, (0, 1), (1, 1)), np.array([-UNLIMITED]), np.array([0]), penalty=Fraction(7, 3))
    linear = linearize(make_problem([2, 3], rows=(soft,)))
    assert (linear.scale, linear.exact_penalties) == (3, True)
    assert linear.objective.tolist() == [6, 9, -7]


def test_penalties_that_do_not_fit_never_undercut_the_true_objective():
    cost = Fraction(10**12 + 1, 10**9 + 7)
    soft = Rows("soft", uses(1, (0, 10**6)), np.array([-UNLIMITED]), np.array([0]), penalty=cost)
    linear = linearize(make_problem([2**40], rows=(soft,)))
    assert not linear.exact_penalties
    assert 0 <= cost - Fraction(-int(linear.objective[1]), linear.scale) < Fraction(1, linear.scale)


def test_best_effort_without_its_least_shortfall_is_refused():
    floor = Floor("hear", 0, uses(1, (0, 1)), np.array([2]), Shortfall.BEST_EFFORT)
    with pytest.raises(ValueError, match="least_shortfall"):
        linearize(make_problem([1], floors=(floor,)))
