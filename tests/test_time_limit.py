"""A time limit is one of the whole run: what comes after the search has its share."""

import json
import math
import subprocess
import sys
import time
from pathlib import Path

import pytest

from optimizer.problem.solution import Request
from optimizer.solve import AFTER, Stopwatch, before_the_audit
from optimizer.synthetic.registry import generate

ROOT = Path(__file__).parents[1]


def test_the_audit_gets_time_by_what_reading_took_but_never_more_than_half() -> None:
    now = time.monotonic()
    read_for_two_seconds = Stopwatch(began=now - 2)
    roomy = before_the_audit(Request(deadline=now + 100), read_for_two_seconds)
    assert roomy == pytest.approx(now + 100 - 2 * AFTER, abs=0.1)
    assert before_the_audit(Request(deadline=now + 4), read_for_two_seconds) == pytest.approx(now + 2, abs=0.1)
    assert math.isinf(before_the_audit(Request(), read_for_two_seconds))


@pytest.mark.slow
def test_a_large_run_of_equal_scores_ends_within_two_seconds_of_its_limit_with_a_plan(tmp_path: Path) -> None:
    generate("weekly", customers=250_000, out=tmp_path / "night", seed=0, per_customer=20)
    command = "from optimizer.cli import main; main()", "run", "scenario.yaml", "--out", "plan", "--json"
    settings = "--set", "objective.maximize=1", "--gap", "1e-9", "--time-limit", "12 seconds"
    run = subprocess.run(
        [sys.executable, "-c", *command, *settings], cwd=tmp_path / "night", capture_output=True, check=False
    )
    summary = json.loads(run.stdout)
    assert (run.returncode, summary["limit"], summary["engine"]) == (5, "time", "decomposition")
    assert summary["timings"]["total"] < 14
    assert summary["contacts"] > 100_000
    assert summary["gap"] is not None
