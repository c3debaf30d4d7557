"""What is seen of a run where there is no terminal."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from optimizer.cli import watch as watching
from optimizer.cli.interrupts import Interrupts
from optimizer.cli.watch import Watch
from optimizer.errors import Finding
from optimizer.problem.solution import Progress


@pytest.fixture
def signals() -> Interrupts:
    return Interrupts(keep=False)


@pytest.fixture
def watch(signals: Interrupts) -> Watch:
    return Watch(Console(file=io.StringIO(), width=100), signals)


def seen(watch: Watch) -> str:
    assert isinstance(watch.console.file, io.StringIO)
    return watch.console.file.getvalue()


def test_every_finished_stage_is_one_line(watch: Watch) -> None:
    with watch:
        watch.stage("read")
        watch.stage("solve")
    assert [line.split()[1] for line in seen(watch).splitlines()] == ["read", "solve"]


def test_a_stage_that_failed_is_not_called_finished(watch: Watch) -> None:
    def work() -> None:
        with watch:
            watch.stage("read")
            raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        work()
    assert "read" not in seen(watch)


def test_progress_says_how_large_the_gap_is(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "PLAIN_EVERY", 0.0)
    watch.stage("solve")
    watch.progress(Progress("searching", objective=99.0, bound=100.0))
    assert "solve: searching, gap 1 %" in seen(watch)


def test_a_short_run_has_no_plain_lines_of_progress(watch: Watch) -> None:
    watch.stage("solve")
    for _ in range(100):
        watch.progress(Progress("searching"))
    assert seen(watch) == ""


def test_warnings_stay_with_their_cure_and_their_brackets(watch: Watch) -> None:
    watch.warn(Finding("data", "offers.csv", "[bold] is no offer", fix="check [it]"))
    assert seen(watch) == "! data · offers.csv: [bold] is no offer.\n  Maybe check [it]\n"


def test_a_run_that_is_asked_to_stop_begins_no_further_stage(watch: Watch, signals: Interrupts) -> None:
    watch.stage("read")
    signals.asked = True
    assert watch.stopped()
    with pytest.raises(KeyboardInterrupt):
        watch.stage("solve")


def test_a_plan_to_be_kept_goes_on_to_be_published(watch: Watch, signals: Interrupts) -> None:
    signals.keep = True
    watch.stage("solve")
    signals.asked = True
    watch.stage("audit")


def test_before_the_solver_has_begun_there_is_nothing_to_be_kept(watch: Watch, signals: Interrupts) -> None:
    signals.asked = signals.keep = True
    with pytest.raises(KeyboardInterrupt):
        watch.stage("solve")
