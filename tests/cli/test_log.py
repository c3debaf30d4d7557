"""What the log of a run in production says of a solver at work."""

from __future__ import annotations

import json

import pytest

from optimizer.cli import production
from optimizer.cli.interrupts import Interrupts
from optimizer.problem.solution import Progress


@pytest.mark.parametrize(("objective", "bound", "gap"), [(100, 110, 0.1), (None, 110, None), (100, float("inf"), None)])
def test_signs_of_life_tell_the_gap_where_it_is_known(
    objective: int | None,
    bound: float,
    gap: float | None,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(production, "EVERY", 0)
    log = production.Log(Interrupts(keep=False))
    log.progress(Progress(step="search", objective=objective, bound=bound))
    told = json.loads(capsys.readouterr().err)
    assert (told["event"], told["step"], told["gap"]) == ("progress", "search", gap)
