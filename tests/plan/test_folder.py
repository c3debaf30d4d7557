"""The run folder: the old one or the new one, whole; read back as it was; damaged files found out."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path

import pytest

import optimizer.plan.files
import optimizer.plan.folder
from optimizer.errors import DataError, MachineError, UsageError
from optimizer.plan import atomic
from optimizer.plan.atomic import locked, swap_in
from optimizer.plan.folder import check_target, point_latest
from optimizer.plan.plan import Plan
from tests.plan.kit import content, plan, run

FILES = {
    "contacts.parquet",
    "summary.json",
    "constraints.csv",
    "policies.csv",
    "rows.parquet",
    "marginal.parquet",
    "fates.parquet",
    "kinds.parquet",
    "breakdown.csv",
    "prices.json",
    "audit.json",
    "report.html",
    "scores.json",
    "scenario.yaml",
    "log.jsonl",
    "manifest.json",
}


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    return plan(tmp_path_factory.mktemp("old"))


@pytest.fixture(scope="module")
def new(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    return plan(tmp_path_factory.mktemp("new"), **{"constraints.budget.at_most": 0.5})


# What is written


def test_a_run_folder_holds_exactly_the_promised_files(old: Plan, tmp_path: Path) -> None:
    assert old.save(tmp_path / "run") == tmp_path / "run"
    assert set(content(tmp_path / "run")) == FILES
    assert sorted(p.name for p in tmp_path.iterdir()) == ["run"]


def test_the_manifest_has_a_hash_of_every_other_file_and_every_input(old: Plan, tmp_path: Path) -> None:
    manifest = json.loads((old.save(tmp_path / "run") / "manifest.json").read_text())
    assert set(manifest["files"]) == FILES - {"manifest.json"}
    (read,) = (one for one in manifest["inputs"] if "candidates" in str(one))
    assert Path(read["path"]).is_absolute()
    assert read["size"] == Path(read["path"]).stat().st_size


def test_saving_twice_writes_the_same_bytes(old: Plan, tmp_path: Path) -> None:
    assert run(old.save(tmp_path / "one")) == run(old.save(tmp_path / "two"))


def test_text_files_end_their_lines_alike_everywhere(old: Plan, tmp_path: Path) -> None:
    for name, written in content(old.save(tmp_path / "run")).items():
        if not name.endswith(".parquet"):
            assert b"\r" not in written, name


# What is read back


def test_a_plan_reads_back_as_it_was(old: Plan, tmp_path: Path) -> None:
    again = Plan.load(old.save(tmp_path / "run"))
    assert again.table.equals(old.table)
    assert again.termination == old.termination
    assert (again.objective, again.bound, again.gap, again.value, again.penalties) == (
        old.objective,
        old.bound,
        old.gap,
        old.value,
        old.penalties,
    )
    untimed = {"timings": {}}
    assert {**again.summary, **untimed} == {**old.summary, **untimed}
    assert dict(again.prices) == dict(old.prices)
    assert again.sentences == old.sentences
    assert [dict(one) for one in again.inputs] == [dict(one) for one in old.inputs]
    assert repr(again) == repr(old)
    assert again.audit.to_dict() == old.audit.to_dict()
    assert again.audit.objective == Decimal(repr(old.objective))
    for name in ("constraints", "policies", "funnel"):
        mine, theirs = getattr(again, name), getattr(old, name)
        assert list(mine.columns) == list(theirs.columns)
        assert mine.to_csv() == theirs.to_csv()


def test_a_plan_read_back_is_saved_with_the_same_bytes(old: Plan, tmp_path: Path) -> None:
    first = old.save(tmp_path / "one")
    assert run(Plan.load(first).save(tmp_path / "two")) == run(first)


@pytest.mark.parametrize("name", sorted(FILES - {"manifest.json", "report.html"}))
def test_a_changed_file_is_found_out_and_named(old: Plan, tmp_path: Path, name: str) -> None:
    place = old.save(tmp_path / "run")
    (place / name).write_bytes((place / name).read_bytes().replace(b"c1", b"c9").replace(b"1", b"7") + b" ")
    with pytest.raises(DataError, match=name) as told:
        Plan.load(place)
    assert "Maybe" in str(told.value)


@pytest.mark.parametrize("name", sorted(FILES - {"report.html"}))
def test_a_missing_or_torn_file_is_a_data_error(old: Plan, tmp_path: Path, name: str) -> None:
    place = old.save(tmp_path / "run")
    (place / name).write_bytes((place / name).read_bytes()[:12])
    with pytest.raises(DataError, match="run"):
        Plan.load(place)
    (place / name).unlink()
    with pytest.raises(DataError, match="run"):
        Plan.load(place)


def test_a_manifest_that_is_json_but_no_manifest_is_a_data_error(old: Plan, tmp_path: Path) -> None:
    place = old.save(tmp_path / "run")
    for text in ("[]", "{}", "3", '{"files": 3}', '{"files": {}}'):
        (place / "manifest.json").write_text(text)
        with pytest.raises(DataError):
            Plan.load(place)


def test_a_folder_that_is_no_run_is_told_so(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "nothing"):
        with pytest.raises(DataError, match=r"manifest\.json"):
            Plan.load(place)


# Where it may be written


def test_a_folder_of_other_things_is_refused_and_left_alone(old: Plan, tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "thesis.txt").write_text("years of work")
    with pytest.raises(UsageError, match="not replaced"):
        old.save(tmp_path / "run")
    assert content(tmp_path) == {"run/thesis.txt": b"years of work"}


def test_a_file_is_refused_and_left_alone(old: Plan, tmp_path: Path) -> None:
    (tmp_path / "run").write_text("years of work")
    with pytest.raises(UsageError, match="is a file"):
        old.save(tmp_path / "run")
    assert content(tmp_path) == {"run": b"years of work"}


def test_an_empty_folder_and_missing_parents_are_fine(old: Plan, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert set(content(old.save(tmp_path / "empty"))) == FILES
    assert set(content(old.save(tmp_path / "a" / "b" / "c"))) == FILES


def test_a_run_is_replaced_whole(old: Plan, new: Plan, tmp_path: Path) -> None:
    place = old.save(tmp_path / "run")
    (place / "notes-of-an-analyst.txt").write_text("left in the old run")
    assert run(new.save(place)) == run(new.save(tmp_path / "beside"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_place_without_permission_is_told_before_any_work(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(MachineError, match="no permission"):
            check_target(tmp_path / "run")
    finally:
        tmp_path.chmod(0o700)


def test_latest_points_to_the_newest_run(old: Plan, new: Plan, tmp_path: Path) -> None:
    for name, made in (("one", old), ("two", new)):
        point_latest(made.save(tmp_path / name))
    assert (tmp_path / "latest").is_symlink()
    assert run(tmp_path / "latest") == run(tmp_path / "two")


# When something fails


@pytest.mark.parametrize("call", ["write_files", "_read_back", "fsync_tree", "swap_in"])
def test_a_failing_disk_leaves_the_old_run(
    old: Plan, new: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    run = old.save(tmp_path / "run")
    before = content(tmp_path)

    def full(*args: object) -> None:
        raise OSError(28, "No space left on device", str(run))

    module = optimizer.plan.files if call == "write_files" else optimizer.plan.folder
    monkeypatch.setattr(module, call, full)
    with pytest.raises(MachineError, match="No space left") as told:
        new.save(run)
    assert told.value.exit_code == 7
    assert content(tmp_path) == before


def test_a_disk_that_lies_is_found_out(old: Plan, new: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = old.save(tmp_path / "run")
    before = content(tmp_path)
    real = optimizer.plan.files.write_files
    monkeypatch.setattr(optimizer.plan.files, "write_files", lambda _, folder: real(old, folder))
    with pytest.raises(MachineError, match="read back"):
        new.save(place)
    assert content(tmp_path) == before


def test_every_failing_write_leaves_the_old_run_or_the_new_one(
    old: Plan, new: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The n-th flush fails, for every n, until none does."""
    place = old.save(tmp_path / "run")
    whole = {"old": run(place), "new": run(new.save(tmp_path / "beside"))}
    real = atomic._fsync
    for n in range(1, 100):
        calls = iter(range(n))

        def flush(path: Path, calls: object = calls) -> None:
            if next(calls, None) is None:  # type: ignore[call-overload]
                raise OSError(5, "Input/output error", str(path))
            real(path)

        monkeypatch.setattr(atomic, "_fsync", flush)
        try:
            new.save(place)
        except MachineError:
            assert run(place) in whole.values()
            continue
        break
    assert n > len(FILES)
    assert run(place) == whole["new"]


KILLED = """
import os, sys
from pathlib import Path
from optimizer.plan import atomic, folder
from optimizer.plan.plan import Plan

at, source, target = sys.argv[1:]

def die(*args):
    os.kill(os.getpid(), 9)

if at == "swap":
    folder.swap_in = die
else:
    real = atomic._fsync
    seen = []
    def flush(path):
        seen.append(path)
        die() if len(seen) == int(at) else real(path)
    atomic._fsync = flush
Plan.load(source).save(Path(target))
"""


@pytest.mark.parametrize("at", ["1", "8", "swap", "12"])
def test_a_kill_leaves_one_run_whole_and_the_next_run_clears_up(old: Plan, new: Plan, tmp_path: Path, at: str) -> None:
    target, source = old.save(tmp_path / "place" / "run"), new.save(tmp_path / "source")
    whole = (run(target), run(source))
    for _ in range(2):
        killed = [sys.executable, "-c", KILLED, at, str(source), str(target)]
        died = subprocess.run(killed, env=os.environ | {"PYTHONPATH": "."})
        assert died.returncode == -signal.SIGKILL
        assert run(target) in whole
    new.save(target)
    assert run(target) == whole[1]
    assert [p.name for p in target.parent.iterdir()] == ["run"]


def test_a_reader_never_sees_the_place_empty(old: Plan, new: Plan, tmp_path: Path) -> None:
    watch = """
import sys, time
from pathlib import Path
place = Path(sys.argv[1]) / "manifest.json"
print("ready", flush=True)
until = time.monotonic() + 1.5
missing = 0
while time.monotonic() < until:
    missing += not place.exists()
print(missing)
"""
    place = old.save(tmp_path / "run")
    with subprocess.Popen([sys.executable, "-c", watch, str(place)], stdout=subprocess.PIPE, text=True) as reader:
        assert reader.stdout is not None
        assert reader.stdout.readline() == "ready\n"
        until = time.monotonic() + 1
        while time.monotonic() < until:
            new.save(place)
            old.save(place)
        assert reader.stdout.readline() == "0\n"


def test_without_an_exchange_the_swap_still_ends_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(atomic, "_exchange", lambda one, other: False)
    for name in ("fresh", "place"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "which").write_text(name)
    swap_in(tmp_path / "fresh", tmp_path / "place")
    assert content(tmp_path) == {"place/which": b"fresh"}


def test_a_lock_that_another_run_removed_meanwhile_is_taken_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock, real, calls = tmp_path / ".run.lock", fcntl.flock, []

    def flock(file: object, how: int) -> None:
        if not calls:
            lock.unlink()
        calls.append(how)
        real(file, how)  # type: ignore[arg-type]

    monkeypatch.setattr(fcntl, "flock", flock)
    with locked(tmp_path / "run"):
        assert lock.exists()
        with pytest.raises(MachineError, match="another run"), locked(tmp_path / "run"):
            pytest.fail("two runs hold one folder")
    assert len(calls) == 3


def test_a_second_run_on_one_folder_is_refused(old: Plan, tmp_path: Path) -> None:
    with locked(tmp_path / "run"), pytest.raises(MachineError, match="another run") as told:
        old.save(tmp_path / "run")
    assert told.value.exit_code == 7
    assert set(content(old.save(tmp_path / "run"))) == FILES
