"""The rule reference says what the rules' files say, and its examples run and bind."""

from __future__ import annotations

from pathlib import Path

import pytest

from optimizer import Scenario, solve
from optimizer.rules.reference import HEAD, pages
from optimizer.rules.registry import models, sections

FOLDER = Path(__file__).parents[2] / "docs" / "rules"
WRITTEN = dict(pages((FOLDER / "examples" / HEAD).read_text("utf-8")))
EXAMPLES = sorted(path for path in WRITTEN if path.endswith(".yaml"))


def test_pages_are_as_the_rules_files_say() -> None:
    here = {str(p.relative_to(FOLDER)): p.read_text("utf-8") for p in FOLDER.rglob("*") if p.suffix in (".md", ".yaml")}
    here.pop(f"examples/{HEAD}")
    assert here == WRITTEN, "run python -m optimizer.rules.reference docs/rules"


def test_every_kind_of_rule_has_examples_and_its_mathematics() -> None:
    kinds = [k for s in sections for k in models(s) if k.__module__.startswith("optimizer.")]
    assert [k.__name__ for k in kinds if not (k.examples and k.mathematics)] == []


def test_every_key_of_every_rule_is_described() -> None:
    kinds = [k for s in sections for k in models(s) if k.__module__.startswith("optimizer.")]
    assert [(k.__name__, name) for k in kinds for name, f in k.model_fields.items() if not f.description] == []


@pytest.fixture(scope="module")
def unruled() -> float:
    """What the examples' plan is worth without any rule."""
    return float(solve(Scenario.load(FOLDER / "examples" / HEAD)).objective)


@pytest.mark.parametrize("path", EXAMPLES)
def test_an_example_runs_without_warnings_and_its_rule_costs_something(path: str, unruled: float) -> None:
    scenario = Scenario.load(FOLDER / path)
    assert scenario.warnings == ()
    assert solve(scenario).objective < unruled
