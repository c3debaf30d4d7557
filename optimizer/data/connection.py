"""The DuckDB connection: it reads the files that the scenario names and can do nothing else."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Iterable
from pathlib import Path

import duckdb

from optimizer.data.faults import reading
from optimizer.data.layout import literal
from optimizer.errors import MachineError


def connect(files: Iterable[Path], *, threads: int | None, memory_limit: int | None) -> duckdb.DuckDBPyConnection:
    """Open a locked in-memory database.

    It may read ``files`` and spill to a private temporary folder, which goes away with the connection. Rows keep the
    order of their files, so that a row number means something; times are in UTC.

    Parameters
    ----------
    files : iterable of Path
        Absolute paths.
    threads : int, optional
    memory_limit : int, optional
        Bytes.

    Raises
    ------
    MachineError
        The temporary folder cannot be made, or the limits are impossible.
    """
    try:
        spill = tempfile.mkdtemp(prefix="contactopt-")
    except OSError as error:
        raise MachineError(
            f"cannot make a temporary folder: {error.strerror}",
            where=tempfile.gettempdir(),
            fix="free some space there, or set TMPDIR to another disk",
        ) from error
    con = duckdb.connect(":memory:")
    weakref.finalize(con, shutil.rmtree, spill, True)
    allowed = ", ".join(literal(str(path)) for path in files)
    settings = [
        f"temp_directory = {literal(spill)}",
        f"allowed_paths = [{allowed}]",
        "enable_external_access = false",
        "python_enable_replacements = false",
        "enable_progress_bar = false",
        "TimeZone = 'UTC'",
    ]
    if threads is not None:
        settings.append(f"threads = {int(threads)}")
    if memory_limit is not None:
        settings.append(f"memory_limit = '{int(memory_limit)}B'")
    with reading("settings"):
        for setting in [*settings, "lock_configuration = true"]:
            con.execute(f"SET {setting}")
    return con
