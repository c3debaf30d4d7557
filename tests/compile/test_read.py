"""Candidates as they are read: the same whatever the order of their rows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import optimizer.compile.read
from optimizer.compile.build import Compiled, compile_scenario
from optimizer.data import open_tables
from optimizer.errors import MachineError
from tests.data.kit import CANDIDATES, scenario, write


def compiled(folder: Path, frame: pd.DataFrame | None = None, **options: str) -> Compiled:
    known = scenario(folder, **options)
    return compile_scenario(known, open_tables(known, None if frame is None else {"candidates": frame}))


def crowd(customers: int) -> pd.DataFrame:
    draw = np.random.default_rng(0)
    rows = pd.DataFrame({"customer": np.repeat(np.arange(customers), 30)})
    rows["offer"] = np.tile([f"offer-{i}" for i in range(30)], customers)
    rows["slot"] = [f"2026-11-{day}" for day in draw.integers(22, 27, len(rows))]
    return rows.assign(value=draw.random(len(rows)).round(4), cost=0.5, propensity=0.5)


@pytest.mark.parametrize("batch", [1, 7, 10**6])
def test_neither_row_order_nor_batches_change_the_problem(
    tmp_path: Path, batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = crowd(20)
    rules = "eligibility: [{name: dear, drop: value > 0.9}]\n"
    before = compiled(tmp_path, frame, rules=rules, candidates="x.csv")
    monkeypatch.setattr(optimizer.compile.read, "BATCH", batch)
    after = compiled(tmp_path, frame.sample(frac=1, random_state=1), rules=rules, candidates="x.csv")
    for name in ("customer_start", "kind", "value"):
        assert np.array_equal(getattr(before.problem, name), getattr(after.problem, name)), name
    assert before.funnel == after.funnel
    assert {s.reason: s.in_order for s in before.funnel}["dear"] > 0
    assert 0 < before.problem.candidates < before.candidates == 600


@pytest.mark.parametrize("first", [True, False])
def test_of_a_valid_and_an_invalid_row_of_one_key_the_valid_one_stays(tmp_path: Path, first: bool) -> None:
    wrong = "C2,card,email,2026-11-23,nan,10,1\n"
    header, rows = CANDIDATES.split("\n", 1)
    write(tmp_path, candidates=f"{header}\n{wrong}{rows}" if first else CANDIDATES + wrong)
    found = compiled(tmp_path, on_invalid="reject", max_reject_share="0.5")
    assert found.candidates == found.problem.candidates == 3
    assert {step.reason: step.alone for step in found.funnel}["invalid"] == 0


def test_a_memory_limit_below_what_the_candidates_take_names_the_need(tmp_path: Path) -> None:
    known = scenario(tmp_path, candidates="x.csv")
    frame = crowd(20)
    tables = open_tables(known, {"candidates": frame})
    with pytest.raises(MachineError, match=r"600 candidates need 1\.2e-05 GB .* the limit is 1\.1e-05 GB"):
        compile_scenario(known.replace({"solve.memory_limit": 11_000}), tables)
    assert compile_scenario(known.replace({"solve.memory_limit": 12_000}), tables).candidates == 600
    assert MachineError.exit_code == 7
