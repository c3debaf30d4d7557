"""The command line called in this process, and a working folder in which an earlier run stands."""

from __future__ import annotations

import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from optimizer.cli import main
from tests.bad_inputs.kit import Bad


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    err: str


Call = Callable[..., Outcome]


@pytest.fixture
def contactopt(capfd: pytest.CaptureFixture[str]) -> Call:
    """Call the command line; its exit code, stdout and stderr come back."""

    def call(*arguments: Any) -> Outcome:
        capfd.readouterr()
        with pytest.raises(SystemExit) as left:
            main([str(argument) for argument in arguments])
        assert isinstance(left.value.code, int)
        return Outcome(left.value.code, *capfd.readouterr())

    return call


def interrupted(run: subprocess.Popen[str], number: signal.Signals, after: float) -> tuple[int, float]:
    """Signal a run some seconds after its tables are compiled; return its exit code, and how long it took to end."""
    assert run.stderr is not None
    for line in run.stderr:
        if "compile" in line:  # finished: the engine is at work
            break
    time.sleep(after)
    began = time.monotonic()
    run.send_signal(number)
    return run.wait(timeout=60), time.monotonic() - began


@pytest.fixture(scope="session")
def earlier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run folder that was published before anything went wrong."""
    folder = tmp_path_factory.mktemp("earlier")
    Bad("none", 0, ()).write(folder)
    with pytest.raises(SystemExit) as left:
        main(["run", str(folder / "scenario.yaml"), "--out", str(folder / "plan")])
    assert left.value.code == 5  # greedy proves nothing
    return folder / "plan"


@pytest.fixture
def night(tmp_path: Path, earlier: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with an earlier run, whose bytes must not change."""
    shutil.copytree(earlier, tmp_path / "plan")
    monkeypatch.chdir(tmp_path)
    return tmp_path
