"""A run folder that is replaced while a decider reads it: never the rules of one run with the prices of another."""

from __future__ import annotations

from pathlib import Path

import pytest

import optimizer as opt
from optimizer import failpoints
from optimizer.errors import DataError
from tests.faults.publishing import scenario


def test_a_run_that_is_replaced_while_it_is_read_is_not_mixed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = (opt.solve(scenario(tmp_path, most), engine="exact") for most in (1, 2))
    run = one.save(tmp_path / "run")

    def meanwhile(place: str) -> None:
        if place == "read prices.json":
            monkeypatch.setattr(failpoints, "listener", None)
            other.save(run)

    monkeypatch.setattr(failpoints, "listener", meanwhile)
    with pytest.raises(DataError, match=r"was replaced by another one while it was read\.\nMaybe load it again"):
        opt.Decider.load(run)
    assert opt.Decider.load(run) is not None
