"""The weekly structure: gaps, repetition, warm starts, limits of time."""

import time
from dataclasses import replace

import numba
import numpy as np
import pytest

from optimizer.engines.decomposition import make
from optimizer.engines.decomposition.clock import Clock
from optimizer.engines.decomposition.engine import _ascent
from optimizer.engines.decomposition.primal import Polish
from optimizer.problem.evaluate import evaluate
from optimizer.problem.solution import Limit, Request
from tests.engines.weekly import weekly_problem


@pytest.fixture(scope="module")
def problem():
    return weekly_problem(600)


@pytest.fixture(scope="module")
def solution(problem):
    return make(None).solve(problem, Request(gap=1e-4))


def test_the_gap_is_met_and_nothing_is_broken(problem, solution):
    judged = evaluate(problem, solution.chosen)
    assert judged.ok
    assert judged.objective == solution.objective
    assert 0 <= solution.bound - solution.objective <= 1e-4 * solution.objective
    assert solution.limit is Limit.GAP
    assert solution.reproducible


@pytest.mark.skipif(numba.config.NUMBA_NUM_THREADS < 2, reason="one core")
def test_one_thread_or_two_give_the_same_bytes(problem, solution):
    other = make(None).solve(problem, Request(gap=1e-4, threads=2))
    assert np.array_equal(other.chosen, solution.chosen)
    assert (other.bound, other.extra) == (solution.bound, solution.extra)


def test_value_and_kind_may_be_narrow(problem, solution):
    narrow = replace(problem, kind=problem.kind.astype(np.uint16), value=problem.value.astype(np.int32))
    again = make(None).solve(narrow, Request(gap=1e-4))
    assert np.array_equal(again.chosen, solution.chosen)


def test_prices_of_another_run_are_a_start_that_reaches_the_same_gap(problem, solution):
    tighter = tuple(replace(r, upper=r.upper * 9 // 10) if r.name == "budget" else r for r in problem.rows)
    changed = replace(problem, rows=tighter)
    cold = make(None).solve(changed, Request(gap=3e-4))
    warm = make(None).solve(changed, Request(gap=3e-4, prices=solution.prices))
    assert warm.bound - warm.objective <= 3e-4 * warm.objective
    assert abs(warm.bound - cold.bound) <= 1e-4 * cold.bound


def test_a_deadline_in_the_past_gives_a_legal_plan_and_says_time(problem):
    late = make(None).solve(problem, Request(gap=0.0, deadline=time.monotonic()))
    assert evaluate(problem, late.chosen).ok
    assert late.limit is Limit.TIME
    assert not late.reproducible


def test_being_stopped_is_said(problem):
    stopped = make(None).solve(problem, Request(gap=0.0, stopped=lambda: True))
    assert evaluate(problem, stopped.chosen).ok
    assert stopped.limit is Limit.INTERRUPTED


def test_progress_reports_objective_and_bound(problem):
    told = []
    make(None).solve(problem, Request(gap=1e-4, report=told.append))
    last = told[-1]
    assert last.objective is not None
    assert last.objective <= last.bound


def test_units_of_a_limit_that_is_over_get_answers_without_it(problem, solution):
    price = solution.prices["offer-cap"]
    taken = np.bincount(problem.kind[solution.chosen] // 28, minlength=len(price))
    scarce = int(np.argmax(np.where(price == 0, taken, 0)))
    upper = np.array(problem.rows[2].upper)
    upper[scarce] = 1
    changed = replace(problem, rows=(*problem.rows[:2], replace(problem.rows[2], upper=upper)))
    ascent = _ascent(changed, Clock(Request(gap=0.05)))
    ascent.value = float(problem.value.max())
    best, row = ascent.look(ascent.units.table.join(solution.prices)), 29 + scarce
    polish = Polish(ascent)
    polish._leave(best, np.array([row]), np.full(ascent.units.table.count, 1e6))
    (answers,) = polish.generated
    there = np.flatnonzero(best.mark & (problem.kind // 28 == scarce))
    assert np.array_equal(answers.units, np.unique(there // 20))
    assert len(answers.units) > 10
    assert row not in answers.row
    polish._leave(best, np.array([row]), np.full(ascent.units.table.count, 3.0))
    assert len(polish.generated[1].units) == 3
