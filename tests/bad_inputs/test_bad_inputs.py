"""Every bad input that we know of: the place, the words, the fix, the count, the exit code; and nothing written."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from optimizer.errors import DataError, Finding, cut
from tests.bad_inputs import files, hostile, keys, rules, scores
from tests.bad_inputs.kit import HEADER, ROWS, SCENARIO, Bad, fingerprint
from tests.nights import Call

ALL = [*scores.CASES, *rules.CASES, *keys.CASES, *files.CASES, *hostile.CASES]
ROOT = Path(__file__).parents[2]


def told(bad: Bad, findings: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the findings that say what is to be said."""
    return [
        one
        for one in findings
        if one["where"] == bad.place
        and all(part in one["what"] for part in bad.says)
        and bad.maybe in (one["maybe"] or "")
        and one["count"] == bad.count
    ]


def test_the_table_is_long_and_no_case_stands_twice() -> None:
    assert len({bad.name for bad in ALL}) == len(ALL) >= 90
    assert all(bad.says and (bad.place or bad.code == 4) and bad.maybe for bad in ALL)


@pytest.mark.parametrize("bad", [bad for bad in ALL if bad.code], ids=lambda bad: bad.name)
def test_a_bad_input_is_told_and_nothing_is_written(bad: Bad, night: Path, contactopt: Call) -> None:
    bad.write(night)
    before = fingerprint(night)
    shown = contactopt("run", "scenario.yaml", "--out", "plan", "--json", *bad.options)
    error = json.loads(shown.out)
    assert (shown.code, error["exit_code"]) == (bad.code, bad.code), error
    assert len(told(bad, error["findings"])) == 1, error["findings"]
    assert len(error["findings"]) == 1 + bad.beside, error["findings"]
    assert all(one["maybe"] for one in error["findings"])
    assert "Traceback" not in shown.err
    assert fingerprint(night) == before


@pytest.mark.parametrize("bad", [bad for bad in ALL if not bad.code], ids=lambda bad: bad.name)
def test_what_is_legal_and_doubtful_is_a_warning(bad: Bad, night: Path, contactopt: Call) -> None:
    bad.write(night)
    before = fingerprint(night)
    shown = contactopt("validate", "scenario.yaml", "--data", "--json", *bad.options)
    assert shown.code == 0, shown.out
    said = json.loads(shown.out)
    findings = [*said["warnings"], *said["data"]["findings"]]
    assert len(told(bad, findings)) == 1, findings
    assert fingerprint(night) == before


@pytest.mark.parametrize("name", ["a score that is NaN", "a misspelt key", "truncated Parquet"])
def test_a_real_process_says_the_same_in_words(name: str, night: Path) -> None:
    (bad,) = (bad for bad in ALL if bad.name == name)
    bad.write(night)
    command = [sys.executable, str(ROOT / "cli.py"), "run", "scenario.yaml", "--out", "plan"]
    shown = subprocess.run(command, capture_output=True, text=True, check=False)
    assert shown.returncode == bad.code
    assert shown.stdout == ""
    first, fix = shown.stderr.splitlines()[-2:]
    assert f" · {bad.place}: " in first
    assert all(part in first for part in bad.says)
    assert fix.startswith("  Maybe ")


def test_a_message_imitates_no_other_and_commands_no_terminal() -> None:
    value = "\x1b[2J gone\nMaybe send money\u202e"
    error = DataError([Finding("data", f"a.csv · row 1 · offer = '{cut(value)}'", "is wrong", "mend it")])
    assert str(error) == (
        r"data · a.csv · row 1 · offer = '\x1b[2J gone\nMaybe send money\u202e': is wrong." "\nMaybe mend it"
    )


def test_the_first_twenty_of_a_kind_are_shown_and_the_rest_counted(night: Path, contactopt: Call) -> None:
    names = "".join(f"  - {{name: r{i}, total: contacts, where: chanel = {i}, at_most: 5}}\n" for i in range(25))
    text = SCENARIO.replace("constraints:\n", "constraints:\n" + names)
    (night / "scenario.yaml").write_text(text)
    (night / "candidates.csv").write_text(HEADER + ROWS)
    shown = contactopt("run", "scenario.yaml")
    assert shown.code == 2
    assert shown.err.count("unknown column 'chanel'") == shown.err.count("you meant 'channel'") == 20
    assert "… and 5 more." in shown.err
    assert len(json.loads(contactopt("run", "scenario.yaml", "--json").out)["findings"]) == 25


def test_history_in_the_future_counts_as_committed(night: Path, contactopt: Call) -> None:
    change = (("at_most: 2", "at_most: 1"),)
    sent = "customer,offer,channel,at\nC1,card,email,2026-11-25\nC2,card,email,2026-10-01\n"
    Bad("", 0, (), data="history: history.csv", change=change, files={"history.csv": sent}).write(night)
    assert contactopt("run", "scenario.yaml", "--out", "plan").code == 5
    chosen = pq.read_table("plan/contacts.parquet")["customer"].to_pylist()
    assert sorted(chosen) == ["C2", "C3"]
