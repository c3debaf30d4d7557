"""The command line called in this process, as a user would."""

from __future__ import annotations

from pathlib import Path

import pytest

from optimizer.cli.init import starter, write_new
from tests.nights import Outcome, contactopt

__all__ = ["Outcome", "coffee", "contactopt"]


@pytest.fixture
def coffee(tmp_path: Path) -> Path:
    """The starter scenario, in a folder of its own: a good week with a budget, capacities and a minimum."""
    write_new(tmp_path / "coffee", starter())
    return tmp_path / "coffee" / "scenario.yaml"
