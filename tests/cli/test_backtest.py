"""``contactopt backtest``: nights on stdout, as CSV and JSON."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

from tests.cli.conftest import Outcome

NO_MINIMUM = ("--set", "constraints.fill-the-evening.enabled=false")


def test_text_json_and_csv_say_the_same(coffee: Path, tmp_path: Path, contactopt: Callable[..., Outcome]) -> None:
    table = tmp_path / "nights.csv"
    ask = ("backtest", coffee, *NO_MINIMUM, "--nights", 2, "--every", 7, "--gap", 0.05)
    text = contactopt(*ask, "--out", table)
    data = contactopt(*ask, "--json")
    assert (text.code, data.code) == (0, 0)
    said = json.loads(data.out)
    rows = list(csv.DictReader(table.open(encoding="utf-8", newline="")))
    assert [night["night"] for night in said["nights"]] == ["2026-11-08", "2026-11-15"]
    for night, row in zip(said["nights"], rows, strict=True):
        assert float(row["objective"]) == night["objective"]
        assert f"{night['objective']:,.2f}" in text.out
    assert said["total"]["objective"] == sum(night["objective"] for night in said["nights"])
    assert "Scores are tonight's" in text.out
    assert "…" not in text.out


def test_nights_must_be_asked_for(coffee: Path, contactopt: Callable[..., Outcome]) -> None:
    missing = contactopt("backtest", coffee)
    assert (missing.code, missing.out) == (2, "")
    assert "--nights" in missing.err
    assert contactopt("backtest", coffee, "--nights", 0).code == 2
