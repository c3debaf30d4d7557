"""Whatever fails, and whenever the process is killed: the old one or the new one, whole; then the same as undisturbed.

The short version disturbs some failpoints, the long one (``slow``) each of them, and kills the next run too.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import postgres

ROOT = Path(__file__).parents[2]
LONG = {"every": 1, "twice": 6}
STEPS = [
    ("publishing", "publishing", 5),
    ("publishing", "a_new_folder", 9),
    ("publishing", "delivering", 2),
    ("publishing", "nights", 3),
    ("publishing", "staying_close", 19),
    ("recording", "committing", 2),
    ("recording", "importing", 3),
    ("recording", "handing_over", 2),
]


def broken(module: str, step: str, every: int, twice: int = 0, ledger: str | None = None) -> list[str]:
    """Run a loop in a process of its own and return what broke its promise."""
    command = [sys.executable, "-m", f"tests.faults.{module}", step, str(every), str(twice)]
    env = {**os.environ, **({} if ledger is None else {"LEDGER": ledger})}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2_000:]
    found: list[str] = json.loads(done.stdout)
    return found


@pytest.fixture(scope="module")
def ledger() -> Iterator[str]:
    if not postgres.installed():
        pytest.skip("there is no PostgreSQL server to start")
    with postgres.running() as server:
        yield server.url


@pytest.mark.parametrize(("module", "step", "every"), STEPS, ids=[step for _, step, _ in STEPS])
def test_what_is_published_or_recorded_is_whole_after_any_failure(module: str, step: str, every: int) -> None:
    assert broken(module, step, every) == []


def test_two_kills_in_a_row_leave_it_whole() -> None:
    assert broken("publishing", "publishing", 17, 8) == []


def test_a_ledger_in_postgresql_is_whole_after_any_failure(ledger: str) -> None:
    assert broken("recording", "committing", 4, ledger=ledger) == []


def test_the_loop_finds_out_what_is_not_whole() -> None:
    found = broken("publishing", "careless", 1)
    assert "write two (2 of 2) dies: it is neither the old one nor the new one" in found


@pytest.mark.slow
@pytest.mark.parametrize(("module", "step"), [step[:2] for step in STEPS], ids=[step for _, step, _ in STEPS])
def test_every_failpoint_and_every_second_kill(module: str, step: str) -> None:
    assert broken(module, step, **LONG) == []


@pytest.mark.slow
@pytest.mark.parametrize("step", ["committing", "importing", "handing_over"])
def test_every_failpoint_of_a_ledger_in_postgresql(step: str, ledger: str) -> None:
    assert broken("recording", step, **LONG, ledger=ledger) == []
