"""Solvers through PuLP: as good as their answers, never as their status."""

import numpy as np
import pytest

from optimizer.engines.exact import run, through_pulp
from optimizer.engines.exact.answer import Claim, Task
from optimizer.engines.exact.solvers import search
from optimizer.engines.pulp import Pulp
from optimizer.problem.evaluate import evaluate
from optimizer.problem.export import load_pulp
from optimizer.problem.linearize import linearize
from optimizer.problem.solution import Limit, Reason, Request
from tests.engines.conformance import ProvingConformance
from tests.engines.weekly import weekly_problem


class TestCbc(ProvingConformance):
    seeds = range(25)

    @pytest.fixture(autouse=True)
    def _one_process_less(self, monkeypatch):
        monkeypatch.setattr(
            run, "search_in_child", lambda solver, linear, task, tell, **_: search(solver, linear, task)
        )

    def engine(self, problem):
        return Pulp()


def test_cbc_runs_as_a_child_of_the_child_and_is_named():
    solution = Pulp().solve(weekly_problem(20, seed=4), Request(gap=1e-3))
    assert solution.engine == "exact (pulp:CBC)"
    assert solution.limit in (None, Limit.GAP)


def test_optimal_after_a_time_limit_is_not_believed(monkeypatch):
    pulp, problem = load_pulp(), weekly_problem(10)

    def cut_short(model, solver):
        """Do what PuLP does after a time limit: status *Optimal*, some plan."""
        for column in model.variables():
            column.varValue = 0.0
        model.status, model.sol_status = pulp.LpStatusOptimal, pulp.LpSolutionIntegerFeasible
        return model.status

    monkeypatch.setattr(pulp.LpProblem, "solve", cut_short)
    answer = through_pulp.solve("CBC", linearize(problem), Task(0.0, 10))
    assert (answer.claim, answer.bound) == (Claim.FEASIBLE, None)


def test_a_wrong_optimum_is_contradicted_by_the_greedy_plan(monkeypatch):
    pulp, problem = load_pulp(), weekly_problem(10)

    def lie(model, solver):
        for column in model.variables():
            column.varValue = 0.0
        model.status, model.sol_status = pulp.LpStatusOptimal, pulp.LpSolutionOptimal
        return model.status

    monkeypatch.setattr(pulp.LpProblem, "solve", lie)
    monkeypatch.setattr(run, "search_in_child", lambda solver, linear, task, tell, **_: search(solver, linear, task))
    solution = Pulp().solve(problem, Request(gap=0.0))
    assert evaluate(problem, solution.chosen).objective == solution.objective > 0
    assert solution.reason is Reason.FEASIBLE
    assert "its bound lies below a legal plan" in solution.detail


def test_fractions_from_a_solver_are_no_answer(monkeypatch):
    pulp = load_pulp()

    def half(model, solver):
        for column in model.variables():
            column.varValue = 0.5
        model.sol_status = pulp.LpSolutionOptimal

    monkeypatch.setattr(pulp.LpProblem, "solve", half)
    with pytest.raises(RuntimeError, match="fractions"):
        through_pulp.solve("CBC", linearize(weekly_problem(2)), Task(0.0, np.inf))
