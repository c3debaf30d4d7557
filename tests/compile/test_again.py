"""A changed limit compiles the rules it touches, to the very problem that a whole compilation gives."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from optimizer import Scenario
from optimizer.compile.again import with_limits
from optimizer.compile.build import Compiled
from optimizer.solve import build
from tests.analysis.kit import crowd, scenario

RULES = """
eligibility:
  - {name: worth-it, drop: value < 1}
contact_policies:
  - {name: one-a-week, at_most: 1, within: 7 days}
  - {name: spend, at_most: 9.5, total: cost}
constraints:
  - {name: budget, total: cost, at_most: 40}
  - {name: per-offer, total: contacts, for_each: offer, at_least: 2, at_most: 30}
  - {name: by-segment, total: contacts, for_each: segment, within: 7 days, at_most: 30}
  - {name: roi, ratio: value, to: cost, at_least: 1.1}
  - {name: mix, share: "offer = 'A'", at_most: 0.9}
  - {name: soft, total: contacts, at_least: 3, penalty: 0.5}
"""


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Scenario:
    people = crowd(24, "AB", ("2026-11-23", "2026-11-25"), cost=lambda n: 1 + n % 3 / 2, value=lambda n: 2 + n % 5)
    customers = pd.DataFrame({"customer": [f"c{n:03}" for n in range(24)], "segment": ["x", "y", "z"] * 8})
    return scenario(tmp_path_factory.mktemp("again"), RULES, people, customers=customers).resolved()


@pytest.fixture(scope="module")
def compiled(base: Scenario) -> Compiled:
    return build(base, keep_world=True)


def assert_same(one: Any, other: Any, place: str = "problem") -> None:
    """Compare two problems to the last array."""
    if is_dataclass(one):
        for field in fields(one):
            assert_same(getattr(one, field.name), getattr(other, field.name), f"{place}.{field.name}")
    elif isinstance(one, np.ndarray):
        assert np.array_equal(one, other), place
    elif isinstance(one, tuple):
        assert len(one) == len(other), place
        for i, (a, b) in enumerate(zip(one, other, strict=True)):
            assert_same(a, b, f"{place}[{i}]")
    else:
        assert one == other, place


@pytest.mark.parametrize(
    "change",
    [
        {"constraints.budget.at_most": 12.5},
        {"constraints.per-offer.at_most": 5, "constraints.per-offer.at_least": 0},
        {"constraints.by-segment.at_most": 4, "constraints.by-segment.within": "3 days"},
        {"constraints.mix.at_most": 0.25},
        {"constraints.soft.at_least": 11},
        {"contact_policies.one-a-week.at_most": 2},
        {"contact_policies.spend.at_most": 2.5, "constraints.budget.at_most": 9},
    ],
    ids=lambda change: ", ".join(change),
)
def test_it_is_the_problem_of_a_whole_compilation(base: Scenario, compiled: Compiled, change: dict[str, Any]) -> None:
    changed = base.replace(change)
    found = with_limits(compiled, changed)
    assert found is not None
    assert_same(found.problem, build(changed).problem)
    back = with_limits(found, base)
    assert back is not None
    assert_same(back.problem, compiled.problem)


def test_a_ratio_gets_an_amount_of_its_own_and_leaves_none_behind(base: Scenario, compiled: Compiled) -> None:
    sizes = set()
    found: Compiled | None = compiled
    for limit in (1.2, 1.3, 1.4):
        changed = base.replace({"constraints.roi.at_least": limit})
        found = with_limits(compiled, changed)
        assert found is not None
        (row,) = (rows for rows in found.problem.rows if rows.rule == "roi")
        (whole,) = (rows for rows in build(changed).problem.rows if rows.rule == "roi")
        assert row.measure is not None
        assert whole.measure is not None
        assert np.array_equal(
            found.problem.measures[row.measure].amount, build(changed).problem.measures[whole.measure].amount
        )
        sizes.add(len(found.problem.measures))
    assert len(sizes) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"objective.maximize": "2 * value"},
        {"eligibility.worth-it.drop": "value < 3"},
        {"eligibility.worth-it.enabled": False},
        {"constraints.budget.enabled": False},
        {"constraints.budget.where": "offer = 'A'"},
        {"constraints.per-offer.for_each": ["slot"]},
        {"constraints.budget.report_only": True},
        {"constraints.soft.penalty": 0.25},
        {"horizon.days": 1},
        {"solve.seed": 5},
    ],
    ids=lambda change: ", ".join(change),
)
def test_what_changes_more_than_limits_takes_a_whole_compilation(
    base: Scenario, compiled: Compiled, change: dict[str, Any]
) -> None:
    assert with_limits(compiled, base.replace(change)) is None


def test_how_a_plan_is_looked_for_changes_no_problem(base: Scenario, compiled: Compiled, tmp_path: Path) -> None:
    found = with_limits(compiled, base.replace({"solve.gap": 0.5, "name": "other"}))
    assert found is not None
    assert_same(found.problem, compiled.problem)
