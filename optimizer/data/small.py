"""Small tables that rules and pins name: limits, keys. CSV stays text, so that no id changes its looks."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from optimizer.data.csv import load_text
from optimizer.data.files import find_files
from optimizer.errors import DataError

if TYPE_CHECKING:
    import pyarrow as pa


def read_small(path: Path) -> pa.Table:
    """Read a CSV or Parquet file whole.

    Raises
    ------
    DataError
        It is missing, empty, ragged, or cannot be read.
    MachineError
        It may not be read.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    files = find_files("table", path.name, path.parent)
    if files.is_csv:
        with _reader().cursor() as con:
            load_text(con, "@small", files)
            return con.sql('SELECT * FROM "@small"').to_arrow_table()
    try:
        return pq.read_table(files.files[0].path)
    except (pa.ArrowInvalid, OSError) as error:
        raise DataError("cannot be read as Parquet", where=path.name, fix="write it again") from error


@cache
def _reader() -> duckdb.DuckDBPyConnection:
    """Return a database for small files, opened once: that takes longer than reading one."""
    return duckdb.connect()
