"""The exact engine: the best plan with its proof, whatever the solvers say."""

import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from optimizer.engines.exact import Exact, child, cp_sat, math_opt, run
from optimizer.engines.exact.answer import Answer, Claim, Task
from optimizer.engines.exact.record import Record
from optimizer.engines.exact.solvers import CP_SAT, HIGHS, choose_order, search
from optimizer.errors import InfeasibleError, NoPlanError
from optimizer.problem.evaluate import evaluate
from optimizer.problem.linearize import linearize
from optimizer.problem.primitives import UNLIMITED, Counter, Floor, Rows, Shortfall
from optimizer.problem.solution import Limit, Reason, Request
from tests.engines.conformance import ProvingConformance, case
from tests.engines.simple import make_problem, uses
from tests.engines.weekly import weekly_problem


class TestExact(ProvingConformance):
    seeds = range(150)

    def engine(self, problem):
        return Exact()


class TestExactByHighs(ProvingConformance):
    """As for problems too large for CP-SAT in this process, but here nevertheless."""

    seeds = range(40)

    @pytest.fixture(autouse=True)
    def _large(self, monkeypatch):
        monkeypatch.setattr(run, "SMALL", -1)
        monkeypatch.setattr(run, "search_in_child", in_this_process)

    def engine(self, problem):
        return Exact()


def in_this_process(solver, linear, task, tell, **limits):
    return search(solver, linear, task)


# Prices


def test_the_price_of_an_upper_limit_is_what_one_more_unit_brings():
    budget = Rows("budget", uses(4, *((j, 2) for j in range(4))), np.array([-UNLIMITED]), np.array([5]))
    solution = Exact().solve(make_problem([10, 8, 6, 4], rows=(budget,)), Request())
    assert solution.prices["budget"].tolist() == [3.0]


def test_the_price_of_a_lower_limit_is_what_one_more_unit_costs():
    least = Rows("least", uses(3, *((j, 2) for j in range(3))), np.array([3]), np.array([UNLIMITED]))
    solution = Exact().solve(make_problem([-3, -5, -9], rows=(least,)), Request())
    assert solution.prices["least"].tolist() == [-2.5]


def test_the_price_of_a_soft_limit_is_never_above_its_penalty():
    soft = Rows("soft", uses(2, (0, 1), (1, 1)), np.array([-UNLIMITED]), np.array([0]), penalty=Fraction(3, 2))
    solution = Exact().solve(make_problem([10, 1], rows=(soft,)), Request())
    assert solution.prices["soft"].tolist() == [1.5]


# Best efforts


def test_a_row_across_units_cannot_lower_the_effort():
    effort = Floor("hear", 0, uses(2, (0, 1), (1, 1)), np.array([2]), Shortfall.BEST_EFFORT)
    cap = Counter("cap", 0, uses(2, (0, 1), (1, 1)), np.array([1]))
    alone = make_problem([-4, -3], counters=(cap,), floors=(effort,))
    solution = Exact().solve(alone, Request())
    assert solution.chosen.tolist() == [1]
    assert solution.extra["least_shortfall"].tolist() == [1]
    none = Rows("budget", uses(2, (0, 1), (1, 1)), np.array([-UNLIMITED]), np.array([0]))
    with pytest.raises(InfeasibleError):
        Exact().solve(replace(alone, rows=(none,)), Request())


# Which solver


def test_few_columns_go_to_cp_sat_and_the_reason_is_recorded():
    solution = Exact().solve(tight_problem(), Request())
    assert solution.engine == "exact (CP-SAT)"
    assert solution.detail == "CP-SAT: 400 columns, few enough to be proven in whole numbers."


def test_many_columns_go_to_highs_and_the_reason_is_recorded(monkeypatch):
    monkeypatch.setattr(run, "SMALL", 399)
    monkeypatch.setattr(run, "search_in_child", in_this_process)
    solution = Exact().solve(tight_problem(), Request())
    assert solution.engine == "exact (HiGHS)"
    assert solution.detail == "HiGHS: 400 columns, where it leads CP-SAT; its bound includes its tolerance."


def test_amounts_too_large_for_floating_point_go_to_cp_sat(monkeypatch):
    row = Rows("budget", uses(2, (0, 2**50), (1, 2**50 + 1)), np.array([-UNLIMITED]), np.array([2**50]))
    linear = linearize(make_problem([1, 2], rows=(row,)))
    assert choose_order(linear) == ((CP_SAT, HIGHS), "amounts add up to 2.3e+15 quanta, too many for floating point")


# Solvers that lie


def lie(**claims):
    return lambda answer: replace(answer, **claims)


LIES = {
    "a plan that breaks rules": lie(chosen=np.arange(20)),
    "a plan of positions that are not there": lie(chosen=np.array([10**6])),
    "no plan exists": lie(claim=Claim.INFEASIBLE, chosen=None, bound=None),
    "a bound below the plan": lambda answer: replace(answer, bound=answer.bound - 10**6),
    "optimal, of a poor plan": lie(chosen=np.zeros(0, int)),
    "nothing at all": lie(claim=Claim.NOTHING, chosen=None, bound=None),
}


def tell_lies(monkeypatch, liars, spoil):
    """Make the named solvers answer with a spoilt answer; the others stay honest."""

    def answer(solver, linear, task, *_, **__):
        return spoil(search(HIGHS, linear, task)) if solver in liars else search(solver, linear, task)

    monkeypatch.setattr(cp_sat, "PORTFOLIO", 1)  # one strategy is the quickest for so small a problem
    monkeypatch.setattr(run, "search", answer)
    monkeypatch.setattr(run, "search_in_child", answer)


def tight_problem():
    return weekly_problem(20, seed=4)


@pytest.fixture(scope="module")
def best():
    return Exact().solve(tight_problem(), Request(gap=0.0)).objective


@pytest.mark.parametrize("name", LIES)
def test_when_cp_sat_lies_highs_is_asked(name, best, monkeypatch):
    tell_lies(monkeypatch, {CP_SAT}, LIES[name])
    solution = Exact().solve(tight_problem(), Request(gap=0.0))
    assert (solution.objective, solution.bound, solution.reason) == (best, best, Reason.OPTIMAL)
    assert solution.engine == "exact (HiGHS)"


@pytest.mark.parametrize("name", LIES)
def test_when_highs_lies_cp_sat_is_asked(name, best, monkeypatch):
    monkeypatch.setattr(run, "SMALL", -1)
    tell_lies(monkeypatch, {HIGHS}, LIES[name])
    solution = Exact().solve(tight_problem(), Request(gap=0.0))
    assert (solution.objective, solution.bound) == (best, best)
    assert solution.engine == "exact (CP-SAT)"


@pytest.mark.parametrize("name", LIES)
def test_when_both_lie_the_plan_is_legal_and_nothing_is_proven(name, best, monkeypatch):
    tell_lies(monkeypatch, {CP_SAT, HIGHS}, LIES[name])
    problem = tight_problem()
    solution = Exact().solve(problem, Request(gap=0.0))
    assert evaluate(problem, solution.chosen).ok
    assert solution.objective <= best <= solution.bound
    assert solution.reason is Reason.FEASIBLE


def test_a_solver_is_told_off_in_the_detail(monkeypatch):
    tell_lies(monkeypatch, {CP_SAT}, LIES["a plan that breaks rules"])
    solution = Exact().solve(tight_problem(), Request(gap=0.0))
    assert "CP-SAT was not believed: its plan breaks rules." in solution.detail


def test_highs_alone_cannot_declare_a_problem_infeasible(monkeypatch):
    floor = Floor("hear", 0, uses(1), np.array([1]), Shortfall.REQUIRED)
    problem = make_problem([1], floors=(floor,))
    monkeypatch.setattr(run, "SMALL", -1)
    tell_lies(monkeypatch, {CP_SAT}, LIES["nothing at all"])
    with pytest.raises(NoPlanError, match="which takes CP-SAT's word"):
        Exact().solve(problem, Request())
    tell_lies(monkeypatch, set(), None)
    with pytest.raises(InfeasibleError):
        Exact().solve(problem, Request())


@pytest.mark.parametrize(("limit", "stands"), [(10_000_000, True), (9_000_000, False)])
def test_a_plan_too_large_by_a_hair_is_repaired_and_only_then_its_bound_stands(limit, stands):
    costs = uses(3, (0, 5_000_000), (1, 5_000_001), (2, 4_000_000))
    problem = make_problem([10, 9, 1], rows=(Rows("budget", costs, np.array([-UNLIMITED]), np.array([limit])),))
    record = Record(problem, linearize(problem), Request())
    assert record.offer(np.array([0, 1])) is stands
    assert (record.chosen.tolist(), record.objective) == ([0, 2], 11)


@pytest.mark.parametrize("x", [[0.5, 1.0], [float("nan"), 0.0]])
def test_fractions_and_nan_are_no_answer(x):
    with pytest.raises(RuntimeError, match="fractions"):
        math_opt.ones(np.array(x))


# The child process


def test_a_child_that_crashes_leaves_the_greedy_plan(monkeypatch):
    monkeypatch.setattr(run, "SMALL", -1)
    monkeypatch.setattr(child.sys, "executable", "/bin/false")
    solution = Exact().solve(tight_problem(), Request())
    assert (solution.engine, solution.reason, solution.bound) == ("exact (greedy)", Reason.FEASIBLE, None)
    assert "ended by itself (exit code 1)" in solution.detail


def test_a_child_out_of_memory_is_told_and_survived(monkeypatch):
    monkeypatch.setattr(run, "SMALL", -1)
    monkeypatch.setattr(run, "left_for_child", lambda memory: 120_000_000)
    problem = weekly_problem(2000)
    solution = Exact().solve(problem, Request(memory=120_000_000))
    assert evaluate(problem, solution.chosen).ok
    assert "HiGHS was not believed" in solution.detail


def test_a_time_limit_returns_the_best_plan_and_a_valid_bound(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    problem, began = weekly_problem(1500), time.monotonic()
    solution = Exact().solve(problem, Request(gap=0.0, deadline=began + 3))
    assert time.monotonic() - began < 4
    assert (solution.reason, solution.limit, solution.reproducible) == (Reason.FEASIBLE, Limit.TIME, False)
    assert evaluate(problem, solution.chosen).objective == solution.objective
    assert solution.bound is None or solution.bound >= solution.objective
    assert not list(tmp_path.iterdir()), "a killed child left files"


def test_an_interrupt_is_heard_within_two_seconds():
    problem, began = weekly_problem(1500), time.monotonic()
    wish = began + 2.5
    solution = Exact().solve(problem, Request(gap=0.0, stopped=lambda: time.monotonic() > wish))
    assert time.monotonic() - wish < 2
    assert (solution.limit, solution.reproducible) == (Limit.INTERRUPTED, False)
    assert evaluate(problem, solution.chosen).ok


def test_an_interrupted_search_keeps_what_the_child_told(monkeypatch):
    problem = tight_problem()
    linear = linearize(problem)
    better = search(HIGHS, linear, Task(0.0, 10))

    def told_then_stopped(solver, linear, task, tell, **_):
        tell(better.chosen, better.bound)
        return Answer(Claim.NOTHING, note="interrupted")

    monkeypatch.setattr(run, "SMALL", -1)
    monkeypatch.setattr(run, "search_in_child", told_then_stopped)
    solution = Exact().solve(problem, Request(gap=0.0))
    assert (solution.objective, solution.bound) == (
        evaluate(problem, better.chosen).objective,
        linear.quanta_above(better.bound),
    )


def test_progress_is_told_while_the_child_searches():
    seen = []
    Exact().solve(weekly_problem(160), Request(gap=1e-3, report=seen.append))
    assert {"greedy", "the LP relaxation", "HiGHS"} <= {p.step for p in seen}
    assert any(p.objective is not None and p.bound is not None for p in seen)


def test_small_problems_load_neither_numba_nor_pandas_nor_pulp():
    script = """
import sys
from optimizer.engines import choose
from optimizer.problem.solution import Request
from tests.engines.small import random_problem
problem = random_problem(4)
choose(problem, "exact")[0].solve(problem, Request())
print([m for m in ("numba", "pandas", "pulp", "highspy") if m in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# Reading HiGHS


TABLE = """
        Nodes      |    B&B Tree     |            Objective Bounds              |  Dynamic Constraints |       Work
Src  Proc. InQueue |  Leaves   Expl. | BestBound       BestSol              Gap |   Cuts   InLp Confl. | LpIters   Time

 z       0       0         0   0.00%   inf             -0                 Large        0      0      0         0   1.4s
 R       0       0         0   0.00%   13765948.875    13683794           0.60%        0      0      0      4084   2.0s
         0       0         0   0.00%   13764888.22766  13764881           0.00%        8      8      4      5260   6.0s
99.4% inactive integer columns, restarting
"""


def test_the_bound_is_read_from_highs_table_and_from_nothing_else():
    assert [b for b in map(math_opt.log_bound, TABLE.splitlines()) if b] == [13765948.875, 13764888.22766]


def test_of_highs_file_the_newest_whole_plan_is_read(tmp_path):
    problem = make_problem([1, 1])
    heard, file = [], tmp_path / "plans"
    listener = math_opt.Listener(linearize(problem), file, lambda chosen, bound: heard.append(chosen.tolist()))
    block = "Objective {}\n# Columns 2\n {}\n {}\n"
    file.write_text(block.format(1, 0, 1) + block.format(2, 1, 1) + "Objective 3\n# Columns 2\n 1")
    listener(["a line of the log"])
    assert heard == [[0, 1]]


def test_highs_and_cp_sat_agree_with_brute_force_through_one_linear_form():
    """The canary of OR-Tools' half-private interfaces: it fails first when a new version changes them."""
    problem, truth = case(4)
    for solver in (CP_SAT, HIGHS):
        answer = search(solver, linearize(problem), Task(0.0, 10))
        assert truth.of(answer.chosen) == (True, truth.best)


def test_a_solver_in_this_process_is_left_alone_as_soon_as_the_caller_wishes_to_stop():
    linear = linearize(weekly_problem(300))
    began = time.monotonic()
    with pytest.raises(math_opt.Abandoned):
        math_opt.run(
            math_opt.build(linear), "GSCIP", math_opt.limits(20.0), None, lambda: time.monotonic() > began + 0.3
        )
    assert time.monotonic() < began + 3.0


def test_watching_for_a_wish_to_stop_changes_no_answer():
    model = math_opt.build(linearize(weekly_problem(5)))
    alone, watched = (math_opt.run(model, "GSCIP", math_opt.limits(20.0), None, s) for s in (None, lambda: False))
    assert alone.solutions[0].primal_solution == watched.solutions[0].primal_solution
