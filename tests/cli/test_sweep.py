"""``contactopt sweep``: a value curve on stdout, as CSV, JSON and one page."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

from tests.cli.conftest import Outcome

VARY = "constraints.budget.at_most=30:60:3"


def test_text_json_csv_and_page_say_the_same(coffee: Path, tmp_path: Path, contactopt: Callable[..., Outcome]) -> None:
    page, table = tmp_path / "sweep.html", tmp_path / "sweep.csv"
    text = contactopt("sweep", coffee, "--vary", VARY, "--html", page, "--out", table)
    data = contactopt("sweep", coffee, "--vary", VARY, "--json")
    assert (text.code, data.code) == (0, 0)
    points = json.loads(data.out)["points"]
    rows = list(csv.DictReader(table.open(encoding="utf-8", newline="")))
    assert [point["values"] for point in points] == [[30], [45], [60]]
    for point, row in zip(points, rows, strict=True):
        assert float(row["objective"]) == point["objective"]
        assert f"{point['objective']:,.2f}" in text.out
        assert f"{point['objective']:,.2f}" in page.read_text("utf-8")


def test_a_path_that_leads_nowhere_is_told_with_the_nearest(coffee: Path, contactopt: Callable[..., Outcome]) -> None:
    wrong = contactopt("sweep", coffee, "--vary", "constraints.budgt.at_most=1,2")
    assert (wrong.code, wrong.out) == (2, "")
    assert "you meant 'budget'" in wrong.err
    missing = contactopt("sweep", coffee)
    assert missing.code == 2
    assert "--vary" in missing.err


def test_points_that_stopped_early_are_told_by_the_exit_code(contactopt, coffee: Path):
    short = contactopt("sweep", coffee, "--vary", VARY, "--engine", "greedy")
    assert short.code == 5
    assert "stopped before the asked gap of 0.0001" in short.err
