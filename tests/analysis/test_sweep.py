"""A sweep gives what single runs give, reads once, proves bounds from neighbours, and keeps what was done."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import optimizer as opt
from optimizer.analysis import points
from optimizer.analysis.neighbours import Neighbours, shifted_bound
from optimizer.analysis.sweep import Sweep
from optimizer.compile.again import with_limits
from optimizer.engines import make_engine
from optimizer.errors import Finding, ScenarioError, UsageError
from optimizer.problem.solution import Progress, Request
from optimizer.report.sweep_blocks import sweep_blocks
from optimizer.report.sweep_page import render_sweep
from optimizer.solve import build
from tests.analysis.kit import crowd, scenario

RULES = """
contact_policies:
  - {name: one-a-week, at_most: 1, within: 7 days}
constraints:
  - {name: budget, total: cost, at_most: 20}
  - {name: floor, total: contacts, where: "offer = 'B'", at_least: 4}
solve: {engine: exact, gap: 0}
"""
BUDGET = "constraints.budget.at_most"


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> opt.Scenario:
    people = crowd(20, "AB", cost=lambda n: 1 + n % 4, value=lambda n: 2 + n * 7 % 11 + n / 100)
    return scenario(tmp_path_factory.mktemp("sweep"), RULES, people)


@pytest.fixture(scope="module")
def swept(base: opt.Scenario) -> Sweep:
    return opt.sweep(base, {BUDGET: [2, 6, 20, 40, 80, 90]})


def test_every_point_is_what_a_run_of_its_own_finds(base: opt.Scenario, swept: Sweep) -> None:
    for budget, objective in [(p.values[0], p.objective) for p in swept.solved if p.objective is not None]:
        assert opt.solve(base.replace({BUDGET: budget})).objective == pytest.approx(objective, rel=1e-12)
    assert swept.complete
    assert list(swept.points[BUDGET]) == [2, 6, 20, 40, 80, 90]


def test_a_point_without_plan_says_why(swept: Sweep) -> None:
    first, *others = swept.solved
    assert (first.status, first.objective, first.bound) == ("infeasible", None, None)
    assert first.reason is not None
    assert "budget" in first.reason
    assert {point.status for point in others} == {"optimal"}


def test_more_budget_is_never_worse_and_ends_in_a_knee(swept: Sweep) -> None:
    values = [p.objective for p in swept.solved if p.objective is not None]
    assert values == sorted(values)
    assert swept.marginals[-1].plans == 0
    assert swept.knees


def test_tables_are_read_once_where_only_limits_change(base: opt.Scenario, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    monkeypatch.setattr(points, "build", lambda *given, **named: calls.append(1) or build(*given, **named))
    opt.sweep(base, {BUDGET: [10, 12], "contact_policies.one-a-week.at_most": [1, 2]}, gap=0.5)
    assert len(calls) == 1
    calls.clear()
    opt.sweep(base, {"constraints.budget.enabled": [True, False]}, gap=0.5)
    assert len(calls) == 2


def test_neighbours_prove_true_bounds_of_other_limits(base: opt.Scenario) -> None:
    compiled = build(base.resolved(), keep_world=True)
    engine = make_engine("decomposition")
    problems, truths, solutions = [], [], []
    for budget in (12, 20, 33):
        changed = with_limits(compiled, base.resolved().replace({BUDGET: budget}))
        assert changed is not None
        problems.append(changed.problem)
        truths.append(make_engine("exact").solve(changed.problem, Request(gap=0)).objective)
        solutions.append(engine.solve(changed.problem, Request(gap=0)))
    priced = [i for i, s in enumerate(solutions) if s.bound_by == "prices"]
    assert priced
    for i in priced:
        own = shifted_bound(problems[i], solutions[i], problems[i])
        assert own == solutions[i].bound
        for j, truth in enumerate(truths):
            bound = shifted_bound(problems[i], solutions[i], problems[j])
            assert bound is not None
            assert bound >= truth


def test_a_neighbours_plan_is_used_only_where_it_keeps_the_limits(base: opt.Scenario) -> None:
    compiled = build(base.resolved(), keep_world=True)
    solution = make_engine("exact").solve(compiled.problem, Request(gap=0))
    neighbours = Neighbours()
    neighbours.add(compiled.problem, solution, solution)
    for budget, fits in ((30, True), (20, True), (10, False)):
        changed = with_limits(compiled, base.resolved().replace({BUDGET: budget}))
        assert changed is not None
        found = neighbours.improved(changed.problem, None)
        assert (found is not None) == fits
        assert found is None or np.array_equal(found.chosen, solution.chosen)
    other = build(base.resolved().replace({"objective.maximize": "2 * value"})).problem
    assert neighbours.improved(other, None) is None


def test_a_grid_goes_through_all_pairs(base: opt.Scenario) -> None:
    found = opt.sweep(base, {BUDGET: [10, 20], "constraints.floor.at_least": [0, 2, 4]}, gap=0.5)
    assert [p.values for p in found.solved] == [(a, b) for a in (10, 20) for b in (0, 2, 4)]
    assert found.line == ((), ())
    page = render_sweep(found)
    assert '<table class="grid">' in page


class Stopping:
    """Asks to stop once some points have begun."""

    def __init__(self, after: int) -> None:
        self.after, self.seen = after, set[str]()

    def stage(self, name: str) -> None:
        pass

    def warn(self, finding: Finding) -> None:
        pass

    def progress(self, progress: Progress) -> None:
        self.seen.add(progress.step.split(",")[0])

    def stopped(self) -> bool:
        return len(self.seen) > self.after


def test_an_interruption_keeps_the_points_that_are_done(base: opt.Scenario) -> None:
    watching = Stopping(after=2)
    found = opt.sweep(base, {BUDGET: [10, 14, 18, 22]}, observer=watching)
    assert [p.values[0] for p in found.solved] == [10, 22]  # both ends first
    assert not found.complete
    assert sorted(watching.seen) == ["point 1 of 4", "point 2 of 4", "point 3 of 4"]


def test_an_error_at_a_later_point_keeps_those_before(base: opt.Scenario, tmp_path: Any) -> None:
    found = opt.sweep(base, {"data.candidates": ["candidates.csv", "missing.csv"]}, gap=0.5)
    assert [p.status for p in found.solved] == ["optimal", "error"]
    assert found.solved[1].reason == "no such file"


def test_wrong_paths_and_values_are_told_before_anything_is_solved(base: opt.Scenario) -> None:
    with pytest.raises(ScenarioError, match="you meant 'budget'"):
        opt.sweep(base, {"constraints.budgt.at_most": [1]})
    with pytest.raises(ScenarioError, match="whole"):
        opt.sweep(base, {"constraints.floor.at_least": [1, 1.5]})
    with pytest.raises(UsageError, match="one or two values"):
        opt.sweep(base, {})


def test_table_json_and_page_show_the_same_figures(swept: Sweep) -> None:
    said = sweep_blocks(swept)
    page = render_sweep(swept)
    for point, row in zip(said["points"], swept.points.to_dict("records"), strict=True):
        if point["objective"] is None:
            assert point["reason"].split("'")[1] in page
            continue
        assert (point["objective"], point["contacts"]) == (row["objective"], row["contacts"])
        assert f"{point['objective']:,.2f}" in page
    assert page.count("<script") == 1  # the page's own
    assert "<table" in swept._repr_html_()
