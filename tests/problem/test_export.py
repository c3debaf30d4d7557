"""Model files: any solver reads the same problem from them."""

import re
import subprocess
import sys
from fractions import Fraction

import numpy as np
import pytest

from optimizer.engines.exact import Exact
from optimizer.engines.exact.effort import least_shortfall
from optimizer.engines.exact.through_pulp import CBC, find_solver
from optimizer.errors import InfeasibleError, MachineError, UnsupportedError, UsageError
from optimizer.problem.export import write_model
from optimizer.problem.primitives import UNLIMITED, Counter, Floor, Rows, Shortfall
from optimizer.problem.solution import Request
from tests.engines.simple import make_problem, uses
from tests.engines.small import random_problem
from tests.engines.weekly import weekly_problem


def cbc_objective(path):
    """Solve a model file with PuLP's bundled CBC in a process of its own and return the objective that it prints."""
    done = subprocess.run([find_solver(CBC).path, str(path), "-ratio", "0", "-solve"], capture_output=True, text=True)
    found = re.search(r"Objective value:\s+(-?[\d.]+)", done.stdout)
    assert found, done.stdout
    return float(found[1])


@pytest.mark.parametrize("form", ["mps", "lp"])
def test_an_exported_file_solved_by_cbc_has_the_exact_engines_objective(form, tmp_path):
    problem = weekly_problem(30)
    write_model(problem, tmp_path / f"plan.{form}", format=form)
    exact = Exact().solve(problem, Request(gap=0.0)).objective
    assert abs(cbc_objective(tmp_path / f"plan.{form}")) == pytest.approx(exact / 10**problem.value_decimals, abs=1e-6)


def test_every_primitive_survives_the_export(tmp_path):
    checked = 0
    for seed in range(60):
        problem = random_problem(seed, how_often=0.6)
        if any(f.reaction is Shortfall.BEST_EFFORT for f in problem.floors) or checked == 6:
            continue
        try:
            solution = Exact().solve(problem, Request())
        except InfeasibleError:
            continue
        write_model(problem, tmp_path / "plan.mps")
        found = Fraction(-cbc_objective(tmp_path / "plan.mps") * 100).limit_denominator(1000)
        assert found.numerator // found.denominator == solution.objective
        checked += 1
    assert checked == 6


def test_names_tell_rules_and_positions(tmp_path):
    cap = Counter("three-a-week", 0, uses(2, (0, 1), (1, 1)), np.array([1]))
    soft = Rows("budget", uses(2, (0, 5), (1, 5)), np.array([-UNLIMITED]), np.array([4]), penalty=Fraction(1))
    write_model(make_problem([150, 250], counters=(cap,), rows=(soft,)), tmp_path / "plan.lp", format="lp")
    text = (tmp_path / "plan.lp").read_text()
    assert "objective: - 0.01 budget_aux_2 + 1.5 contact_0 + 2.5 contact_1" in text
    assert "three_a_week_0: contact_0 + contact_1 <= 1" in text
    assert "budget_1: - budget_aux_2 + 5 contact_0 + 5 contact_1 <= 4" in text


def test_a_minimum_that_nothing_can_meet_stays_infeasible_in_the_file(tmp_path):
    floor = Floor("hear", 0, uses(1), np.array([1]), Shortfall.REQUIRED)
    write_model(make_problem([1], floors=(floor,)), tmp_path / "plan.mps")
    done = subprocess.run([find_solver(CBC).path, str(tmp_path / "plan.mps"), "-solve"], capture_output=True, text=True)
    assert "infeasible" in done.stdout.lower()


def test_a_best_effort_is_refused_by_name_unless_its_least_shortfall_is_given(tmp_path):
    problem = make_problem([1], floors=(Floor("hear", 0, uses(1, (0, 1)), np.array([2]), Shortfall.BEST_EFFORT),))
    with pytest.raises(UnsupportedError, match="hear: a best-effort minimum"):
        write_model(problem, tmp_path / "plan.mps")
    write_model(problem, tmp_path / "plan.mps", least_shortfall=least_shortfall(problem, Request())[0])
    assert cbc_objective(tmp_path / "plan.mps") == -0.01


def test_an_unknown_format_is_refused(tmp_path):
    with pytest.raises(UsageError, match="xlsx"):
        write_model(make_problem([1]), tmp_path / "plan.xlsx", format="xlsx")


def test_a_folder_that_is_not_there_is_told(tmp_path):
    with pytest.raises(MachineError, match="cannot be written"):
        write_model(make_problem([1]), tmp_path / "nowhere" / "plan.mps")


def test_a_clash_of_libraries_names_the_cure(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pulp", None)
    with pytest.raises(MachineError, match="Maybe uninstall highspy"):
        write_model(make_problem([1]), tmp_path / "plan.mps")
