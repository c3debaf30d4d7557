"""The faults that a night meets, one by one, as real as they can be made here.

What is elsewhere: kills and failing disks at any moment, twice in a row (``test_failpoints``); solvers that lie
(``test_lying_engines``, ``tests/engines/test_exact``); Ctrl-C and SIGTERM in mid-solve (``tests/cli/test_run``); a
database that goes away in mid-read (``tests/data/test_databases``); row order, partitions and threads
(``tests/properties/test_same_bytes``).
"""

from __future__ import annotations

import os
import re
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import optimizer
from optimizer import failpoints
from optimizer.errors import MachineError
from optimizer.ledger import Place, commit
from optimizer.plan import folder as folders
from tests import postgres
from tests.bad_inputs.kit import Bad, fingerprint
from tests.faults.publishing import scenario, whole
from tests.nights import Call

ROOT = Path(__file__).parents[2]
GOOD = Bad("", 0, ())


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own, of 200 KB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", str(disk)]
    if os.geteuid() != 0 or shutil.which("mount") is None or subprocess.run(mount, check=False).returncode:
        pytest.skip("only root can mount a small disk")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


def test_a_disk_too_full_for_a_second_folder_is_found_before_the_solve(
    small_disk: Path, night: Path, contactopt: Call
) -> None:
    GOOD.write(night)
    shutil.copytree(night / "plan", small_disk / "plan")
    (small_disk / "other").write_bytes(b"x" * (shutil.disk_usage(small_disk).free - 20_000))
    before = fingerprint(small_disk)
    shown = contactopt("run", "scenario.yaml", "--out", small_disk / "plan")
    assert shown.code == 7
    assert "✓" not in shown.err  # no stage was begun
    assert f"machine · {small_disk}: has " in shown.err
    assert "and a new folder needs about" in shown.err
    assert "Maybe free some space" in shown.err
    assert fingerprint(small_disk) == before


def test_a_disk_that_fills_up_while_the_folder_is_written_keeps_the_old_one(
    small_disk: Path, night: Path, contactopt: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    GOOD.write(night)
    (small_disk / "other").write_bytes(b"x" * (shutil.disk_usage(small_disk).free - 30_000))
    monkeypatch.setattr(folders, "LEAST", 0)  # as if the disk were filled up later
    before = fingerprint(small_disk)
    shown = contactopt("run", "scenario.yaml", "--out", small_disk / "plan")
    assert shown.code == 7
    assert "No space left on device" in shown.err
    assert str(small_disk) in shown.err
    assert "Maybe free some space" in shown.err
    assert fingerprint(small_disk) == before


def test_a_limit_on_the_size_of_files_is_a_full_disk(night: Path) -> None:
    GOOD.write(night)
    before = fingerprint(night)
    shown = subprocess.run(
        [sys.executable, str(ROOT / "cli.py"), "run", "scenario.yaml", "--out", "plan"],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000)),
    )
    assert shown.returncode == 7, shown.stderr
    assert "File too large" in shown.stderr
    assert "what stood there before still stands" in shown.stderr
    assert fingerprint(night) == before


def test_a_disk_that_is_read_only_is_found_before_the_solve(small_disk: Path, night: Path, contactopt: Call) -> None:
    GOOD.write(night)
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    shown = contactopt("run", "scenario.yaml", "--out", small_disk / "plan")
    assert shown.code == 7
    assert "✓" not in shown.err  # no stage was begun
    assert "cannot be written to: Read-only file system" in shown.err


def test_an_input_that_changes_while_it_is_read_stops_the_run(
    night: Path, contactopt: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    GOOD.write(night)
    before = fingerprint(night / "plan")

    def meanwhile(place: str) -> None:
        if place == "begin solve":
            with (night / "candidates.csv").open("a") as file:
                file.write("C9,card,email,2026-11-23,0.5,10,1\n")

    monkeypatch.setattr(failpoints, "listener", meanwhile)
    shown = contactopt("run", "scenario.yaml", "--out", "plan")
    assert shown.code == 3
    assert "candidates.csv: the file changed while it was read" in shown.err
    assert fingerprint(night / "plan") == before


HOLDER = """
import sys
from optimizer import failpoints
from optimizer.cli import main

def wait(place):
    if place == "write summary.json":
        print("writing", file=sys.stderr, flush=True)
        sys.stdin.readline()

failpoints.listener = wait
main(["run", "scenario.yaml", "--out", "plan"])
"""


def test_of_two_runs_on_one_folder_the_second_is_refused_and_the_first_is_whole(night: Path, contactopt: Call) -> None:
    GOOD.write(night)
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as first:
        assert first.stderr is not None
        for line in first.stderr:
            if line == "writing\n":
                break
        before = fingerprint(night / "plan")
        second = contactopt("run", "scenario.yaml", "--out", "plan")
        assert second.code == 7
        assert f"another run (process {first.pid} on " in second.err
        assert fingerprint(night / "plan") == before
        first.communicate("go on\n")
    assert first.returncode == 5
    assert fingerprint(night / "plan") != before
    assert whole(night / "plan")
    assert sorted(path.name for path in night.iterdir()) == ["candidates.csv", "plan", "scenario.yaml"]


def test_a_memory_limit_that_is_too_small_is_told_with_the_need(night: Path, contactopt: Call) -> None:
    count = 200_000
    rows = {
        "customer": np.arange(count) // 4,
        "offer": np.array(["a", "b", "c", "d"])[np.arange(count) % 4],
        "propensity": np.full(count, 0.5),
        "value": np.arange(count) % 97 + 1.0,
        "cost": np.full(count, 0.1),
    }
    pq.write_table(pa.table(rows), night / "candidates.parquet")
    Bad("", 7, (), change=(("candidates.csv", "candidates.parquet"),)).write(night)
    before = fingerprint(night)
    shown = contactopt("run", "scenario.yaml", "--out", "plan", "--memory-limit", "6 MB")
    assert shown.code == 7
    assert re.search(r"the memory limit is too small|candidates need [\d.]+ GB before", shown.err)
    assert re.search(r"and [\d.]+ \w+ more are needed at once|the limit is [\d.]+ GB", shown.err)
    assert "Maybe " in shown.err
    assert fingerprint(night) == before


def test_a_database_that_is_killed_in_mid_commit_holds_the_old_plan(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not postgres.installed():
        pytest.skip("there is no PostgreSQL server to start")
    earlier, tonight = (optimizer.solve(scenario(tmp_path, most)) for most in (1, 2))
    with postgres.running() as server:
        monkeypatch.setenv("LEDGER", server.url)
        ledger = Place("${LEDGER}", tmp_path)
        commit(earlier, ledger)
        recorded = "SELECT run_id, customer, offer FROM contactopt_contacts ORDER BY 1, 2, 3"
        before = server.rows(recorded)

        def power_cut(place: str) -> None:
            if place == "commit":
                server.kill()

        monkeypatch.setattr(failpoints, "listener", power_cut)
        with pytest.raises(MachineError, match=r"\$\{LEDGER\}: the database") as error:
            commit(tonight, ledger)
        monkeypatch.setattr(failpoints, "listener", None)
        assert postgres.SECRET not in str(error.value)
        server.start()
        assert server.rows(recorded) == before
        commit(tonight, ledger)
        assert {run for run, *_ in server.rows(recorded)} == {tonight.summary["run_id"]}


def test_a_termination_before_the_solve_is_heard_and_nothing_is_left(night: Path) -> None:
    GOOD.write(night)
    before = fingerprint(night)
    waiting = HOLDER.replace('"write summary.json"', '"begin solve"').replace("sys.stdin.readline()", "time.sleep(60)")
    with subprocess.Popen(
        [sys.executable, "-c", "import time\n" + waiting],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as run:
        assert run.stderr is not None
        for line in run.stderr:
            if line == "writing\n":
                break
        run.send_signal(signal.SIGTERM)
        out, err = run.communicate(timeout=30)
    assert run.returncode == 130
    assert out == ""
    assert "nothing was published" in err
    assert "Traceback" not in err
    assert fingerprint(night) == before
