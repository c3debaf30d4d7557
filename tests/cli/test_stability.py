"""Staying close to an earlier run, from the command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any


def test_a_first_night_without_an_earlier_run_is_told_what_to_do(
    contactopt: Callable[..., Any], coffee: Path, tmp_path: Path
) -> None:
    coffee.write_text(coffee.read_text() + "\nstability: {previous: runs/coffee/latest, keep: 0.9}\n")
    run = ("run", coffee, "--out", tmp_path / "out")
    told = contactopt(*run)
    assert told.code == 3
    assert "no such run" in told.err
    assert "Maybe leave stability out on the first night (--set stability.enabled=false)" in told.err
    assert not (tmp_path / "out").exists()
    assert contactopt(*run, "--set", "stability.enabled=false").code == 0


def test_the_summary_tells_how_close_the_plan_stayed(
    contactopt: Callable[..., Any], coffee: Path, tmp_path: Path
) -> None:
    assert contactopt("run", coffee, "--out", tmp_path / "one").code == 0
    coffee.write_text(coffee.read_text() + f"\nstability: {{previous: {tmp_path / 'one'}, keep: 0.9}}\n")
    told = contactopt("run", coffee, "--out", tmp_path / "two")
    assert told.code == 0
    assert "stability" in told.err
    assert contactopt("audit", tmp_path / "two").code == 0
