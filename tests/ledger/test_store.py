"""One call at a time, and whole: several at once do not mix, a killed one leaves the old ledger or the new one."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import optimizer
from optimizer.errors import MachineError, ScenarioError
from optimizer.ledger import Place, commit
from optimizer.plan.plan import Plan
from tests.ledger.kit import held, night, place, week

ROOT = Path(__file__).parents[2]
KILLED = """
import os, signal, sys
from pathlib import Path
from optimizer.ledger import Place, commit, store
from optimizer.plan.plan import Plan

run, ledger, base = sys.argv[1:]
calls, nth = 0, 0
def counted(call):
    def instead(*given):
        global calls
        calls += 1
        if calls == nth:
            os.kill(os.getpid(), signal.SIGKILL)
        return call(*given)
    return instead

for kind in (store.DuckDbStore, store.PostgresStore):
    for name in ("execute", "rows", "stage"):
        setattr(kind, name, counted(getattr(kind, name)))
plan = Plan.load(run)
for line in sys.stdin:
    nth = int(line)
    child = os.fork()
    if not child:
        commit(plan, Place(ledger, Path(base)))
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


def test_a_commit_killed_at_any_statement_leaves_the_old_ledger_or_the_new_one(tmp_path: Path, ledger: str) -> None:
    scenario = week(tmp_path, ledger=ledger)
    night(scenario)
    old = held(place(scenario), "customer, offer, slot, run_id")
    run = optimizer.solve(scenario.replace({"as_of": "2026-11-22T19:00:00+00:00"})).save(tmp_path / "fresh")
    fresh = Plan.load(run).summary["run_id"]
    new = [(*row[:3], fresh) for row in old]
    script = [sys.executable, "-c", KILLED, str(run), ledger, str(tmp_path)]
    codes = []
    with subprocess.Popen(script, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as forker:
        assert forker.stdin is not None
        assert forker.stdout is not None
        while 0 not in codes:
            forker.stdin.write(f"{len(codes) + 1}\n")
            forker.stdin.flush()
            codes.append(int(forker.stdout.readline()))
            found = held(place(scenario), "customer, offer, slot, run_id")
            assert found == (old if codes[-1] else new), f"killed at statement {len(codes)}"
        forker.stdin.close()
    assert codes[:-1] == [-signal.SIGKILL] * (len(codes) - 1)
    assert len(codes) > 7


def test_commits_at_the_same_time_do_not_mix(tmp_path: Path, ledger: str) -> None:
    runs = []
    for number in range(4):
        scenario = week(tmp_path, ledger=ledger, name=f"s{number % 2}", start=f"2026-11-{23 + number % 2 * 2}")
        runs.append(optimizer.solve(scenario).save(tmp_path / f"run{number}"))
    script = "import sys; from pathlib import Path; from optimizer.ledger import Place, commit\n"
    script += (
        "from optimizer.plan.plan import Plan; commit(Plan.load(sys.argv[1]), Place(sys.argv[2], Path(sys.argv[3])))"
    )
    others = [
        subprocess.Popen([sys.executable, "-c", script, str(run), ledger, str(tmp_path)], cwd=ROOT) for run in runs[:2]
    ]
    threads = [
        threading.Thread(target=commit, args=(Plan.load(run), Place(ledger, tmp_path)))
        for run in runs[2:]
        for _ in "ab"
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [other.wait() for other in others] == [0, 0]
    found = held(Place(ledger, tmp_path), "scenario, customer, run_id")
    assert len(found) == 4
    assert len({(scenario, run) for scenario, _, run in found}) == 2


def test_a_ledger_that_cannot_be_had_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scenario = week(tmp_path)
    optimizer.solve(scenario).save(tmp_path / "run")
    plan = Plan.load(tmp_path / "run")
    (tmp_path / "text.duckdb").write_text("no database")
    monkeypatch.setenv("LEDGER", "postgresql://planner:canary@127.0.0.1:1/postgres")
    for written, error, says in [
        ("text.duckdb", MachineError, "cannot be opened"),
        ("${LEDGER}", MachineError, "cannot be reached: connection refused"),
        ("${LEDGE}", MachineError, "not set in the environment: LEDGE"),
        ("mysql://x", ScenarioError, "this kind of database is not known"),
    ]:
        with pytest.raises(error, match=says) as caught:
            commit(plan, Place(written, tmp_path))
        assert "canary" not in str(caught.value)


def test_a_reader_waits_for_the_process_that_writes(tmp_path: Path) -> None:
    scenario = week(tmp_path)
    night(scenario)
    hold = (
        "import duckdb, sys, time; c = duckdb.connect(sys.argv[1]); print('held', flush=True); time.sleep(1); c.close()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", hold, str(tmp_path / "ledger.duckdb")], stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        assert optimizer.solve(scenario).audit.ok
