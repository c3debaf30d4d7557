"""``contactopt compare``: stdout is the comparison, the page holds the same figures."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import optimizer as opt
from optimizer.cli.init import starter, write_new
from tests.cli.conftest import Outcome


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("two")
    write_new(folder / "coffee", starter())
    scenario = opt.Scenario.load(folder / "coffee" / "scenario.yaml")
    tight = scenario.replace({"constraints.budget.at_most": 30})
    return opt.solve(scenario).save(folder / "first"), opt.solve(tight).save(folder / "second")


def test_text_json_and_page_say_the_same(
    two: tuple[Path, Path], tmp_path: Path, contactopt: Callable[..., Outcome]
) -> None:
    page = tmp_path / "page.html"
    text = contactopt("compare", *two, "--html", page)
    data = contactopt("compare", *two, "--json")
    assert (text.code, data.code) == (0, 0)
    said = json.loads(data.out)
    verdict = said["runs"][1]["verdict"]
    assert verdict in text.out
    assert verdict in page.read_text("utf-8")
    for run, row in zip(two, said["runs"], strict=True):
        assert row["objective"] == json.loads((run / "summary.json").read_text("utf-8"))["objective"]
    assert [change["path"] for change in said["changes"][0]["changes"]] == ["constraints.budget.at_most"]


def test_contacts_are_counted_by_any_column(two: tuple[Path, Path], contactopt: Callable[..., Outcome]) -> None:
    said = json.loads(contactopt("compare", *two, "--json", "--by", "slot").out)
    assert said["by"] == ["slot"]
    assert sum(cell["contacts"][0] for cell in said["cells"]) == said["runs"][0]["contacts"]
    wrong = contactopt("compare", *two, "--by", "slit")
    assert (wrong.code, wrong.out) == (2, "")
    assert "you meant 'slot'" in wrong.err


def test_one_run_is_not_enough(two: tuple[Path, Path], contactopt: Callable[..., Outcome]) -> None:
    alone = contactopt("compare", two[0])
    assert alone.code == 2
    assert "Maybe name two run folders" in alone.err
