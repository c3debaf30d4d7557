"""Points between solved ones are proven by them: true plans, true bounds, within the asked gap, few searches."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import optimizer as opt
from optimizer.analysis.mixture import mixed
from optimizer.analysis.sweep import Sweep, halved
from optimizer.compile.again import with_limits
from optimizer.engines import make_engine
from optimizer.problem.evaluate import evaluate
from optimizer.problem.solution import Request
from optimizer.report.sweep_page import render_sweep
from optimizer.solve import build
from tests.analysis.kit import crowd, scenario

BUDGET = "constraints.budget.at_most"
RULES = """
contact_policies:
  - {name: rest, spacing: 2 days}
  - {name: two, at_most: 2}
constraints:
  - {name: budget, total: cost, at_most: 400}
  - {name: a-day, total: contacts, for_each: slot, at_most: 220}
solve: {engine: decomposition, gap: 2e-3}
"""


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> opt.Scenario:
    slots = ("2026-11-23", "2026-11-24", "2026-11-26")
    people = crowd(300, "AB", slots, cost=lambda n: 1 + n % 4, value=lambda n: 2 + n * 7 % 11 + n / 1000)
    people["value"] += people["slot"].str[-1].astype(int) * (people["offer"] == "B") / 8
    return scenario(tmp_path_factory.mktemp("between"), RULES, people)


@pytest.fixture(scope="module")
def swept(base: opt.Scenario) -> Sweep:
    return opt.sweep(base, {BUDGET: list(range(300, 496, 5))})


def test_few_points_are_searched_and_every_one_is_within_the_asked_gap(swept: Sweep) -> None:
    assert len(swept.solved) == 40
    searched = [p for p in swept.solved if p.by == "search"]
    assert len(searched) <= 20
    assert {p.by for p in swept.solved} == {"search", "neighbours"}
    for point in swept.solved:
        assert point.gap is not None
        assert point.gap <= 2e-3


def test_what_neighbours_prove_is_true(base: opt.Scenario, swept: Sweep) -> None:
    between = [p for p in swept.solved if p.by == "neighbours"]
    for point in between[:: max(1, len(between) // 2)]:
        truth = opt.solve(base.replace({BUDGET: point.values[0]}), engine="exact", gap=5e-3)
        assert point.objective is not None
        assert point.bound is not None
        assert truth.bound is not None
        assert point.objective <= truth.bound
        assert point.bound >= truth.objective


def test_a_mixture_of_two_plans_keeps_the_limits_between_theirs(base: opt.Scenario) -> None:
    compiled = build(base.resolved(), keep_world=True)
    plans, problems = [], []
    for budget in (300, 400, 350):
        changed = with_limits(compiled, base.resolved().replace({BUDGET: budget}))
        assert changed is not None
        problems.append(changed.problem)
        plans.append(make_engine("decomposition").solve(changed.problem, Request(gap=1e-3)))
    found = mixed(problems[2], np.sort(plans[0].chosen), np.sort(plans[1].chosen), 0)
    assert found is not None
    weighed = evaluate(problems[2], found)
    assert weighed.ok
    assert plans[0].objective < weighed.objective <= (plans[2].bound or 0)
    chord = (plans[0].objective + plans[1].objective) / 2
    assert weighed.objective >= chord - 0.002 * chord


def test_the_page_the_table_and_the_text_say_which_points_were_searched(
    base: opt.Scenario, swept: Sweep, capsys: Any
) -> None:
    from rich.console import Console

    from optimizer.cli.sweep_text import show_sweep
    from optimizer.report.sweep_blocks import sweep_blocks

    said = sweep_blocks(swept)
    searched = sum(p.by == "search" for p in swept.solved)
    assert said["searched"] == searched == list(swept.points["by"]).count("search")
    assert render_sweep(swept).count("<td>neighbours</td>") == len(swept.solved) - searched
    show_sweep(said, Console(width=200))
    assert f"searched {searched} of 40" in capsys.readouterr().out


def test_values_go_from_the_ends_to_the_middles_each_once() -> None:
    assert halved([1, 2, 3, 4, 5]) == [1, 5, 3, 2, 4]
    for n in range(1, 40):
        assert sorted(halved(list(range(n)))) == list(range(n))
