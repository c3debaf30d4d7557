"""The command line called in this process, as a user would."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from optimizer.cli import main
from optimizer.cli.init import starter, write_new


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    err: str


@pytest.fixture
def contactopt(capfd: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    """Call the command line; its exit code, stdout and stderr come back."""

    def call(*arguments: Any) -> Outcome:
        capfd.readouterr()
        with pytest.raises(SystemExit) as left:
            main([str(argument) for argument in arguments])
        assert isinstance(left.value.code, int)
        return Outcome(left.value.code, *capfd.readouterr())

    return call


@pytest.fixture
def coffee(tmp_path: Path) -> Path:
    """The starter scenario, in a folder of its own: a good week with a budget, capacities and a minimum."""
    write_new(tmp_path / "coffee", starter())
    return tmp_path / "coffee" / "scenario.yaml"
