"""DuckDB's exceptions, said in this package's own words: no traceback and no customer's value gets out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from optimizer.errors import DataError, InterruptedRun, MachineError, OptimizerError, cut

_DISK = ("no space left", "disk quota", "read-only file system", "max_temp_directory_size", "input/output error")


class Unreadable(DataError):
    """A table cannot be read, and why is not known."""


@contextmanager
def reading(where: str) -> Iterator[None]:
    """Turn any DuckDB exception inside the block into an error of this package.

    Parameters
    ----------
    where : str
        What is being read, for example ``candidates.parquet``.

    Raises
    ------
    DataError, MachineError, InterruptedRun
    """
    try:
        yield
    except duckdb.Error as error:
        raise translated(error, where) from error
    except RuntimeError as error:
        if not is_interruption(error):
            raise
        raise _interrupted(where) from error


def is_interruption(error: BaseException) -> bool:
    """Say whether an exception is Ctrl-C during a query: DuckDB tells of it by either of two."""
    return isinstance(error, duckdb.InterruptException) or (
        isinstance(error, RuntimeError) and str(error) == "Query interrupted"
    )


def _interrupted(where: str) -> InterruptedRun:
    return InterruptedRun("interrupted while reading", where=where, fix="run it again: nothing was written")


def translated(error: duckdb.Error, where: str) -> OptimizerError:
    """Return the error of this package that says what a DuckDB exception means."""
    text = str(error)
    low = text.lower()
    place = _file_named(text) or where
    if is_interruption(error):
        return _interrupted(where)
    if isinstance(error, duckdb.OutOfMemoryException):
        used = re.search(r"([\d.]+ \w+) \(([\d.]+ \w+)/([\d.]+ \w+) used\)", text)
        need = f": {used[2]} of {used[3]} are in use, and {used[1]} more are needed at once" if used else ""
        return MachineError(
            f"the memory limit is too small to read this{need}",
            where=where,
            fix="raise solve.memory_limit, or free disk space",
        )
    if isinstance(error, duckdb.IOException) and any(sign in low for sign in _DISK):
        return MachineError(f"the disk failed: {_first_line(text)}", where=where, fix="free some space, and run again")
    if isinstance(error, duckdb.PermissionException) or "permission denied" in low:
        return MachineError("may not be read", where=place, fix="give the user of this run the right to read it")
    return Unreadable(f"cannot be read: {_first_line(text)}", where=place, fix="write the file again")


def _file_named(text: str) -> str | None:
    found = re.search(r"""["'](/[^"'\n]+|[A-Za-z]:[\\/][^"'\n]+)["']""", text)
    return re.split(r"[\\/]", found[1])[-1] if found else None


def _first_line(text: str) -> str:
    """Return the first line without its kind and without quoted values, which may be customers' own."""
    line = text.strip().split("\n", 1)[0]
    line = re.sub(r"^[A-Za-z ]*Error: ", "", line)
    line = re.sub(r"'[^']*'", "'…'", line)
    return cut(re.sub(r'"/[^"]*"', "the file", line), 200).rstrip(".")
