"""Where tables come from: Parquet, CSV, frames; read in place, the same relations whatever the kind."""

from __future__ import annotations

import errno
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from optimizer.data import open_tables
from optimizer.data.faults import reading
from optimizer.errors import DataError, InterruptedRun, MachineError, OptimizerError, ScenarioError, UsageError
from optimizer.scenario import Scenario
from tests.data.kit import CANDIDATES, opened, rows, scenario, write

COLUMNS: dict[str, list[Any]] = {
    "customer": ["C1", "C2"],
    "offer": ["card", "loan"],
    "channel": ["sms", "email"],
    "slot": ["2026-11-23", "2026-11-24"],
    "propensity": [0.5, 0.25],
    "value": [10.0, 20.0],
    "cost": [1.0, 2.0],
}


def parquet(folder: Path, name: str = "candidates.parquet", **columns: Any) -> Path:
    """Write a Parquet file of COLUMNS, some replaced."""
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    pq.write_table(pa.table(COLUMNS | columns), path)
    return path


KINDS: dict[str, Callable[[], Any]] = {
    "pandas": lambda: pd.DataFrame(COLUMNS),
    "pandas with an index": lambda: pd.DataFrame(COLUMNS, index=[7, 7]),
    "pandas objects": lambda: pd.DataFrame(COLUMNS).astype(object),
    "polars": lambda: pl.DataFrame(COLUMNS),
    "Arrow table": lambda: pa.table(COLUMNS),
    "Arrow reader": lambda: pa.table(COLUMNS).to_reader(),
    "DuckDB relation": lambda: duckdb.from_arrow(pa.table(COLUMNS)),
}


@pytest.mark.parametrize("kind", KINDS)
def test_frames_of_all_kinds_give_the_same_relation_as_a_file(kind: str, tmp_path: Path) -> None:
    parquet(tmp_path)
    from_file = opened(tmp_path, candidates="candidates.parquet")
    from_frame = opened(tmp_path, {"candidates": KINDS[kind]()})
    assert rows(from_frame, "candidates") == rows(from_file, "candidates")
    assert from_frame.columns["candidates"] == from_file.columns["candidates"]
    assert from_frame.original["candidates"] == list(COLUMNS)


def test_csv_gives_the_same_relation_as_parquet(tmp_path: Path) -> None:
    parquet(tmp_path)
    pd.DataFrame(COLUMNS).assign(value=["10.0", "20.0"]).to_csv(tmp_path / "candidates.csv", index=False)
    from_csv = opened(tmp_path)
    assert rows(from_csv, "candidates") == rows(opened(tmp_path, candidates="candidates.parquet"), "candidates")
    assert from_csv.original["candidates"] == list(COLUMNS)


def test_a_frame_overrides_the_file_and_is_not_changed(tmp_path: Path) -> None:
    frame = pd.DataFrame(COLUMNS)
    before = frame.copy()
    tables = opened(tmp_path, {"candidates": frame}, candidates="not-there.parquet")
    assert len(rows(tables, "candidates")) == 2
    assert tables.inputs == ()
    pd.testing.assert_frame_equal(frame, before)


@pytest.mark.parametrize("source", ["parts/*.parquet", "parts", "[parts/a.parquet, parts/b.parquet]"])
def test_a_glob_a_folder_and_a_list_name_many_files(source: str, tmp_path: Path) -> None:
    parquet(tmp_path, "parts/a.parquet")
    parquet(tmp_path, "parts/b.parquet", customer=["C3", "C4"])
    tables = opened(tmp_path, candidates=f"'{source}'" if "*" in source else source)
    assert [c for (c,) in rows(tables, "candidates", "customer")] == ["C1", "C2", "C3", "C4"]
    assert tables.places("candidates", "customer = 'C4'") == ["parts/b.parquet · row 2"]
    assert tables.locate("candidates", "customer IN ('C2', 'C4')") == [2, 2]


def test_rows_of_several_csv_files_are_numbered_in_their_own_file(tmp_path: Path) -> None:
    write(tmp_path, a=CANDIDATES, b=CANDIDATES.replace("C1", "C3").replace("C2", "C4"))
    tables = open_tables(
        Scenario.from_dict(
            {
                "version": 1,
                "name": "t",
                "horizon": {"start": "2026-11-23", "days": 7},
                "data": {"candidates": ["a.csv", "b.csv"]},
                "objective": {"maximize": "value"},
            },
            base=tmp_path,
        )
    )
    assert tables.places("candidates", "offer = 'loan'") == ["a.csv · row 2", "b.csv · row 2"]


def test_columns_of_several_files_may_come_in_another_order(tmp_path: Path) -> None:
    parquet(tmp_path, "parts/a.parquet")
    pq.write_table(pa.table(dict(reversed(COLUMNS.items()))), tmp_path / "parts" / "b.parquet")
    assert rows(opened(tmp_path, candidates="parts"), "candidates", "value") == [(10.0,), (10.0,), (20.0,), (20.0,)]


def test_one_bad_file_of_many_is_named(tmp_path: Path) -> None:
    for i in range(40):
        path = parquet(tmp_path, f"parts/{i:02}.parquet")
    cut = tmp_path / "parts" / "17.parquet"
    cut.write_bytes(path.read_bytes()[:200])
    with pytest.raises(DataError, match=r"parts/17\.parquet: is a truncated Parquet file") as caught:
        opened(tmp_path, candidates="parts")
    assert len(caught.value.findings) == 1


def test_a_damaged_footer_is_named(tmp_path: Path) -> None:
    parquet(tmp_path, "parts/a.parquet")
    path = parquet(tmp_path, "parts/b.parquet")
    content = path.read_bytes()
    footer = int.from_bytes(content[-8:-4], "little")
    path.write_bytes(content[: -8 - footer] + bytes(footer) + content[-8:])
    with pytest.raises(DataError, match=r"parts/b\.parquet: the Parquet file is damaged"):
        opened(tmp_path, candidates="parts")


def test_a_damaged_page_is_named(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    path = parquet(tmp_path, propensity=rng.random(2), value=rng.random(2))
    content = bytearray(path.read_bytes())
    content[4:300] = bytes(296)
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"candidates\.parquet: the Parquet file is damaged inside"):
        opened(tmp_path, candidates="candidates.parquet")


def test_a_file_with_other_columns_is_named_with_the_difference(tmp_path: Path) -> None:
    parquet(tmp_path, "parts/a.parquet")
    parquet(tmp_path, "parts/b.parquet", value=["10", "20"])
    with pytest.raises(DataError, match=r"parts/b\.parquet: .* lacks value DOUBLE, has value VARCHAR"):
        opened(tmp_path, candidates="parts")


def test_a_text_file_named_parquet_is_told(tmp_path: Path) -> None:
    (tmp_path / "candidates.parquet").write_text("customer,offer\n")
    with pytest.raises(DataError, match="is not a Parquet file"):
        opened(tmp_path, candidates="candidates.parquet")


def test_a_file_without_permission_is_the_machines_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, candidates=CANDIDATES)

    def refuse(path: Path, *_: object) -> None:  # chmod would not stop root
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(MachineError, match=r"candidates\.csv: may not be read"):
        opened(tmp_path)


def test_too_little_memory_is_the_machines_fault(tmp_path: Path) -> None:
    write(tmp_path, candidates=CANDIDATES)
    with pytest.raises(MachineError, match="memory limit is too small"):
        open_tables(scenario(tmp_path), memory_limit=100_000)


def test_text_in_a_number_column_of_a_frame_is_named_with_its_row(tmp_path: Path) -> None:
    frame = pd.DataFrame(COLUMNS | {"value": [1.0, "n/a"]})
    with pytest.raises(DataError, match=r"candidates \(frame\) · row 2 · value: text in a number column"):
        opened(tmp_path, {"candidates": frame})


def test_no_frame_is_refused_by_its_type(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="'candidates' is no frame but dict"):
        opened(tmp_path, {"candidates": {"customer": [1]}})


def test_a_frame_for_no_table_is_refused_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no table 'custmers'\.\nMaybe 'customers'"):
        opened(tmp_path, {"custmers": pd.DataFrame(COLUMNS)})


def test_no_candidates_at_all_is_a_mistake_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="there are no candidates"):
        opened(tmp_path, offers="offers.csv")


def test_the_connection_can_do_nothing_but_read_the_named_files(tmp_path: Path) -> None:
    write(tmp_path, candidates=CANDIDATES)
    (tmp_path / "other.txt").write_text("customer\n")
    con = opened(tmp_path).con
    for statement in (
        f"SELECT * FROM read_csv('{tmp_path}/other.txt')",
        f"COPY candidates TO '{tmp_path}/out.parquet'",
        "ATTACH 'other.db'",
        "SET enable_external_access = true",
        "INSTALL httpfs",
    ):
        with pytest.raises(duckdb.Error):
            con.execute(statement)


def test_a_local_variable_is_no_table(tmp_path: Path) -> None:
    write(tmp_path, candidates=CANDIDATES)
    frame = pd.DataFrame(COLUMNS)
    assert len(frame) == 2
    with pytest.raises(duckdb.CatalogException):
        opened(tmp_path).con.execute("SELECT * FROM frame")


def test_inputs_name_every_file_with_its_hash(tmp_path: Path) -> None:
    write(tmp_path, candidates=CANDIDATES)
    (one,) = opened(tmp_path).inputs_as_dicts()
    assert one["table"] == "candidates"
    assert one["path"] == str(tmp_path / "candidates.csv")
    assert one["size"] == len(CANDIDATES)
    assert len(one["sha256"]) == 64


def test_the_stage_imports_neither_pandas_nor_polars() -> None:
    code = "import sys, optimizer.data; sys.exit(bool({'pandas', 'polars', 'pyarrow'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_spill_folder_goes_with_the_connection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spill = tmp_path / "spill"
    spill.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(spill))
    write(tmp_path, candidates=CANDIDATES)
    with opened(tmp_path):
        assert list(spill.iterdir())
    import gc

    gc.collect()
    assert not list(spill.iterdir())


def test_an_error_leaves_no_spill_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spill = tmp_path / "spill"
    spill.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(spill))
    write(tmp_path, candidates="customer,offer\n")
    with pytest.raises(OptimizerError):
        opened(tmp_path, objective="1")
    import gc

    gc.collect()
    assert not list(spill.iterdir())


def test_ctrl_c_during_a_query_is_an_interruption() -> None:
    def press(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, press)
    signal.setitimer(signal.ITIMER_REAL, 0.3)
    try:
        with pytest.raises(InterruptedRun, match="interrupted while reading"), reading("candidates.parquet"):
            duckdb.connect().execute("SELECT sum(a.range * b.range) FROM range(200000) a, range(200000) b")
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_another_error_of_running_is_not_taken_for_one() -> None:
    with pytest.raises(RuntimeError, match="something else"), reading("candidates.parquet"):
        raise RuntimeError("something else")
