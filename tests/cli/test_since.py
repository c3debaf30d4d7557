"""The second night's report says what changed since the first, of itself; the same night again says the same."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

LATER = ("--set", "as_of=2026-11-24T18:00:00+00:00")
EARLIER = ("--set", "as_of=2026-11-22T18:00:00+00:00")


def test_the_report_tells_what_changed_since_the_run_beside_it(
    contactopt: Callable[..., Any], coffee: Path, tmp_path: Path
) -> None:
    runs = tmp_path / "runs"
    first = contactopt("run", coffee, "--out", runs / "one", *EARLIER)
    assert "What changed since" not in (runs / "one" / "report.html").read_text("utf-8")
    assert not (runs / "one" / "since.json").exists()
    assert "since Sunday" not in first.err
    changed = (*LATER, "--set", "constraints.budget.at_most=30")
    second = contactopt("run", coffee, "--out", runs / "two", *changed)
    assert "since Sunday 22 November 2026" in second.err
    page = (runs / "two" / "report.html").read_text("utf-8")
    assert "What changed since Sunday 22 November 2026" in page
    assert contactopt("run", coffee, "--out", runs / "three", *changed).code == 0  # a run of today is no earlier one
    assert (runs / "three" / "report.html").read_text("utf-8") == page
    assert contactopt("report", runs / "two").code == 0
    assert (runs / "two" / "report.html").read_text("utf-8") == page
    told = contactopt("compare", runs / "one", runs / "two")
    assert "since Sunday 22 November 2026" in told.out
    assert "since" not in contactopt("compare", runs / "two", runs / "one").out


def test_a_run_in_the_place_of_an_earlier_night_is_held_against_it(
    contactopt: Callable[..., Any], coffee: Path, tmp_path: Path
) -> None:
    assert contactopt("run", coffee, "--out", tmp_path / "plan", *EARLIER).code == 0
    assert "since Sunday 22 November" in contactopt("run", coffee, "--out", tmp_path / "plan", *LATER).err
    assert (tmp_path / "plan" / "since.json").is_file()
