"""``contactopt commit`` and ``contactopt history import``."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Outcome

Call = Callable[..., Outcome]
LEDGER = ("--set", "data.ledger=ledger.duckdb")


@pytest.fixture
def run(contactopt: Call, coffee: Path) -> Path:
    """A run whose scenario names a ledger."""
    shown = contactopt("run", coffee, *LEDGER, "--out", coffee.parent / "plan")
    assert shown.code == 0, shown.err
    return coffee.parent / "plan"


def test_committing_prints_the_ledger_and_says_what_was_done(contactopt: Call, run: Path) -> None:
    first, again = contactopt("commit", run), contactopt("commit", run, "--json")
    assert (first.code, first.out) == (0, "ledger.duckdb\n")
    assert "contacts of starter committed for 2026-" in first.err
    done = json.loads(again.out)
    assert done["contacts"] == done["replaced"] > 0
    assert f"in place of {done['replaced']}" in again.err
    assert (run.parent / "ledger.duckdb").is_file()


def test_deliveries_are_imported_by_scenario_or_by_ledger(contactopt: Call, run: Path, tmp_path: Path) -> None:
    contactopt("commit", run)
    sent = tmp_path / "sent.csv"
    sent.write_text("customer,offer,channel,at\nC1,latte,email,2026-11-23\n")
    by_ledger = contactopt("history", "import", sent, "--ledger", run.parent / "ledger.duckdb")
    assert by_ledger.code == 0
    assert "✓ 1 deliveries (0 known, 1 new) and 0 responses recorded" in by_ledger.err
    by_scenario = contactopt("history", "import", sent, "--scenario", run / "scenario.yaml", "--json")
    assert by_scenario.code == 0
    assert json.loads(by_scenario.out)["deliveries"] == 1


def test_a_response_to_nothing_is_told(contactopt: Call, run: Path, tmp_path: Path) -> None:
    sent = tmp_path / "answers.csv"
    sent.write_text("customer,offer,slot,response\nC1,latte,2026-11-23,yes\n")
    shown = contactopt("history", "import", sent, "--ledger", tmp_path / "new.duckdb")
    assert shown.code == 0
    assert "! data · " in shown.err
    assert "1 responses are to contacts that the ledger does not know" in shown.err
    assert "Maybe import the deliveries first" in shown.err


def test_a_run_without_a_ledger_asks_for_one(contactopt: Call, coffee: Path, tmp_path: Path) -> None:
    contactopt("run", coffee, "--out", tmp_path / "plan")
    shown = contactopt("commit", tmp_path / "plan")
    assert shown.code == 2
    assert "the scenario names no ledger" in shown.err
    assert "Maybe set data.ledger, or use --ledger URL" in shown.err
    assert contactopt("history", "import", tmp_path / "sent.csv").code == 2
