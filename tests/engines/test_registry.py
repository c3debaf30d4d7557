"""Engines are found by folder, chosen by name or by expected time."""

import subprocess
import sys
import time

import numpy as np
import pytest

from optimizer.engines import baselines, choose, engine_names, instead, make_engine, never_worse
from optimizer.engines.exact import Exact
from optimizer.errors import NoPlanError, UnsupportedError, UsageError
from optimizer.problem.evaluate import evaluate
from optimizer.problem.primitives import UNLIMITED, Rows
from optimizer.problem.solution import Request
from tests.engines.simple import make_problem, uses
from tests.engines.small import random_problem
from tests.engines.weekly import weekly_problem


def test_each_folder_is_an_engine_that_can_be_made():
    assert {"exact", "greedy", "pulp"} <= set(engine_names())
    for name in engine_names():
        assert make_engine(name).supports(random_problem(0)) in (None, make_engine(name).supports(random_problem(0)))


def test_auto_takes_a_proving_engine_for_a_small_problem_and_says_why():
    engine, why = choose(random_problem(0))
    assert engine.name == Exact().name
    assert "candidates" in why


@pytest.mark.parametrize(("customers", "first"), [(200, "exact"), (500, "decomposition"), (2_000, "decomposition")])
def test_auto_begins_with_prices_where_solvers_would_need_processes_of_their_own(customers, first):
    engine, why = choose(weekly_problem(customers))
    assert engine.name == first
    assert "expected to be done" in why


@pytest.mark.parametrize(
    ("asked", "name"), [("exact", "exact"), ("greedy:value_per_cost", "greedy:value_per_cost"), ("pulp", "pulp:CBC")]
)
def test_an_engine_is_had_by_its_name(asked, name):
    engine, why = choose(random_problem(0), asked)
    assert (engine.name, why) == (name, "as asked")


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("exakt", "Maybe use exact"),
        ("greedy:vale", "Maybe use greedy:value"),
        ("exact:fast", "has no variant 'fast'"),
        ("xyz", "Maybe use one of auto, "),
    ],
)
def test_an_unknown_name_suggests_the_nearest(asked, said):
    with pytest.raises(UsageError, match=said):
        choose(random_problem(0), asked)


@pytest.mark.parametrize("solver", ["NOSUCH_CMD", "HiGHS", "GUROBI"])
def test_a_solver_that_is_missing_or_would_share_this_process_is_refused(solver):
    with pytest.raises(UnsupportedError, match=f"no solver {solver} here that runs as a sub-process"):
        choose(random_problem(0), f"pulp:{solver}")


def test_baselines_tell_what_usual_practice_reaches():
    row = Rows("budget", uses(3, (0, 4), (1, 2), (2, 2)), np.array([-UNLIMITED]), np.array([4]))
    problem = make_problem([10, 6, 6], rows=(row,))
    assert objectives(baselines(problem)) == {"value": 10, "value_per_cost": 12}
    ranks = {"priority": np.array([0, 1, 1]), "first_come": np.array([2, 1, 0])}
    found = objectives(baselines(problem, ranks))
    assert found == {"value": 10, "value_per_cost": 12, "priority": 10, "first_come": 12}


def objectives(practice):
    return {name: found.objective for name, found in practice.items()}


def test_a_baseline_that_finds_no_plan_is_none():
    row = Rows("least", uses(1, (0, 1)), np.array([2]), np.array([UNLIMITED]))
    assert baselines(make_problem([1], rows=(row,))) == {"value": None, "value_per_cost": None}


@pytest.mark.parametrize(("seconds", "orders"), [(-1.0, []), (2.5, ["value", "value_per_cost"]), (1.5, ["value"])])
def test_usual_practice_gets_the_time_that_is_left_and_no_more(monkeypatch, seconds, orders):
    from optimizer.engines.greedy import engine

    problem = make_problem([10, 6, 6])
    for each in ("EACH", "COLD_EACH"):
        monkeypatch.setattr(engine, each, 1.0 / problem.candidates)
    request = Request(deadline=time.monotonic() + seconds)
    assert list(baselines(problem, request=request)) == orders
    assert len(baselines(problem)) == 2
    nobody = NoPlanError("none")
    if orders:
        assert instead(problem, {}, request, nobody).objective == 22
    else:
        with pytest.raises(NoPlanError):
            instead(problem, {}, request, nobody)


def test_importing_the_engines_loads_no_solver():
    script = (
        "import sys, optimizer.engines; print([m for m in ('ortools', 'numba', 'pandas', 'pulp') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_plan_is_never_worse_than_the_usual_practice_beside_it():
    row = Rows("budget", uses(3, (0, 4), (1, 2), (2, 2)), np.array([-UNLIMITED]), np.array([4]))
    problem = make_problem([10, 6, 6], rows=(row,))
    practice = baselines(problem)
    stopped = practice["value"]
    assert never_worse(stopped, practice).objective == 12
    assert evaluate(problem, never_worse(stopped, practice).chosen).objective == 12
    assert never_worse(practice["value_per_cost"], practice) is practice["value_per_cost"]
