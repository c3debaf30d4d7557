"""CSV files: read whole and as text, then each column takes the type that all of its values have.

CSV carries no types. A column becomes a number, a truth value, a date or a timestamp only where every value, written
back, is what was read ("007" stays text); a column without any value has no type at all; columns of keys and times
stay text until something typed asks for them. Nothing is sniffed from a sample.
"""

from __future__ import annotations

import csv
import io
import mmap
import re
from collections.abc import Mapping
from pathlib import Path

import duckdb

from optimizer.data.bound import FILE, ROW, Bound, renamed
from optimizer.data.faults import reading, translated
from optimizer.data.files import Files, InputFile
from optimizer.data.layout import KEYS_OF, TIMES_OF, UNTYPED, literal, numbering, quote
from optimizer.errors import DataError, OptimizerError

_HEAD = 1 << 20
_UTF8_BOM = b"\xef\xbb\xbf"


def bind_csv(con: duckdb.DuckDBPyConnection, files: Files) -> Bound:
    """Load CSV files, which must have the same columns, into a table of typed columns.

    Raises
    ------
    DataError
        Encoding, header, or a ragged row; of every file that has such a fault.
    """
    raw, table = f"@csv_text_{files.table}", f"@csv_{files.table}"
    names, ends = load_text(con, raw, files)
    kept = {*KEYS_OF.get(files.table, ()), *TIMES_OF.get(files.table, ())}
    with reading(files.label):
        types = column_types(con, quote(raw), [n for n in names if n not in kept])
        columns = {n: types.get(n, "VARCHAR") for n in names}
        parts = [
            quote(n) if kind == UNTYPED else f"CAST({quote(n)} AS {kind}) AS {quote(n)}" for n, kind in columns.items()
        ]
        con.execute(f"CREATE TEMP TABLE {quote(table)} AS SELECT {', '.join(parts)} FROM {quote(raw)}")
        con.execute(f"DROP TABLE {quote(raw)}")
    bound = Bound(files.table, files.label, quote(table), _placed(table, names, ends), columns, typed=False)
    for name in (name for name, kind in types.items() if kind == UNTYPED):
        bound = bound.reading(name, "NULL")
    return bound


def load_text(con: duckdb.DuckDBPyConnection, raw: str, files: Files) -> tuple[list[str], list[tuple[str, int]]]:
    """Create a table of all values as text; values in the names of folders (``channel=email``) are columns too.

    Parameters
    ----------
    raw : str
        Name of the table.
    files : Files

    Returns
    -------
    names : list of str
    ends : list of (str, int)
        Each file's label, and how many rows there are up to its end.

    Raises
    ------
    DataError
        Encoding, header, or a ragged row; of every file that has such a fault.
    """
    errors: list[OptimizerError] = []
    names: list[str] | None = None
    ends: list[tuple[str, int]] = []
    for file in files.files:
        label = files.name(file.path)
        try:
            theirs, encoding, delimiter = _header(file, label)
            folders = files.in_folders(file.path)
            _refuse_both(theirs, folders, label)
            found = renamed([*theirs, *folders], files.columns, f"{label}, line 1")
            if names is None:
                names = found
                con.execute(f"CREATE TEMP TABLE {quote(raw)} ({', '.join(f'{quote(n)} VARCHAR' for n in names)})")
            _refuse_other_columns(names, found, label)
            _load(con, raw, names, found, tuple(folders.values()), file, label, encoding, delimiter)
            ((rows,),) = con.execute(f"SELECT count(*) FROM {quote(raw)}").fetchall()
            ends.append((label, rows))
        except OptimizerError as error:
            errors.append(error)
    if errors or names is None:
        raise type(errors[0])([f for error in errors for f in error.findings])
    return names, ends


def _placed(table: str, columns: list[str], ends: list[tuple[str, int]]) -> str:
    """Return the table with each file's rows numbered from 1; ``ends`` holds the row count after each file."""
    number, names, offsets = numbering(columns), "", ""
    start = 0
    for label, end in ends:
        names += f" WHEN {number} < {end} THEN {literal(label)}"
        offsets += f" WHEN {number} < {end} THEN {start}"
        start = end
    if start == 0:
        return f'(SELECT *, \'\' AS "{FILE}", 0 AS "{ROW}" FROM {quote(table)})'
    return f'(SELECT *, CASE{names} END AS "{FILE}", {number} + 1 - CASE{offsets} END AS "{ROW}" FROM {quote(table)})'


def _header(file: InputFile, label: str) -> tuple[list[str], str, str]:
    """Return the column names, DuckDB's name of the encoding, and the delimiter."""
    with file.path.open("rb") as stream:
        head = stream.read(_HEAD)
    text, encoding = _decode(head, label)
    if encoding == "utf-8":
        _refuse_nul(file.path, label)
    line = text.lstrip("\r\n").split("\n", 1)[0].split("\r", 1)[0]
    if not line.strip():
        raise DataError("the file is empty", where=label, fix="the job that writes it failed: run it again")
    outside = re.sub(r'"[^"]*"', "", line)
    delimiter = max(",;\t|", key=outside.count)
    names = next(csv.reader(io.StringIO(text.lstrip("\r\n"), newline=""), delimiter=delimiter))
    nameless = [str(i) for i, name in enumerate(names, 1) if not name.strip()]
    if nameless:
        raise DataError(
            f"the header has no name for column {', '.join(nameless)}",
            where=f"{label}, line 1",
            fix="the file has no header, or a delimiter too many",
        )
    folded = [name.casefold() for name in names]
    twice = [name for i, name in enumerate(names) if folded[i] in folded[:i]]
    if twice:
        raise DataError(
            f"two columns have the same name: {', '.join(twice)}",
            where=f"{label}, line 1",
            fix="give each column a name of its own; upper and lower case are the same name here",
        )
    return names, encoding, delimiter


def _decode(head: bytes, label: str) -> tuple[str, str]:
    if head.startswith(b"\xff\xfe"):
        return head[: len(head) & ~1].decode("utf-16", errors="replace"), "utf-16"
    if head.startswith(b"\xfe\xff"):
        raise DataError("is UTF-16 with the big end first", where=label, fix="save it as UTF-8")
    if head[1:2] == b"\0" or head[:1] == b"\0":
        raise DataError("is UTF-16 without a byte order mark", where=label, fix="save it as UTF-8")
    return head.removeprefix(_UTF8_BOM).decode("utf-8", errors="replace"), "utf-8"


def _refuse_nul(path: Path, label: str) -> None:
    """Refuse a file with NUL bytes: its rest was lost on the way, or it is no text; no database keeps such text."""
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
        at = content.find(b"\0")
        if at >= 0:
            line = 1 + content[:at].count(b"\n")
            raise DataError("has a NUL byte in it", where=f"{label}, line {line:,}", fix="write the file again")


def _refuse_both(names: list[str], folders: Mapping[str, str | None], label: str) -> None:
    both = [name for name in names if name in folders]
    if both:
        raise DataError(
            f"'{both[0]}' is a column of the file, and in the name of its folder too",
            where=f"{label}, line 1",
            fix="leave it out of the file",
        )


def _refuse_other_columns(names: list[str], found: list[str], label: str) -> None:
    if set(names) != set(found):
        other = sorted(set(names) ^ set(found))
        raise DataError(
            f"its columns are not those of the first file: {', '.join(other)}",
            where=f"{label}, line 1",
            fix="write all files of a table with the same columns",
        )


def _load(
    con: duckdb.DuckDBPyConnection,
    table: str,
    names: list[str],
    found: list[str],
    folders: tuple[str | None, ...],
    file: InputFile,
    label: str,
    encoding: str,
    delimiter: str,
) -> None:
    inside, beside = found[: len(found) - len(folders)], found[len(found) - len(folders) :]
    columns = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in inside)
    fixed = {name: "NULL" if text is None else literal(text) for name, text in zip(beside, folders, strict=True)}
    listed = ", ".join(fixed.get(name, quote(name)) for name in names)
    query = (
        f"INSERT INTO {quote(table)} SELECT {listed} FROM read_csv({literal(str(file.path))}, "
        f"columns = {{{columns}}}, header = true, auto_detect = false, delim = {literal(delimiter)}, "
        f"quote = '\"', escape = '\"', strict_mode = true, encoding = '{encoding}')"
    )
    try:
        con.execute(query)
    except duckdb.Error as error:
        raise _csv_fault(error, label) from error


def _csv_fault(error: duckdb.Error, label: str) -> OptimizerError:
    """Say what is wrong with a line, without its values."""
    text = str(error)
    line = re.search(r"CSV Error on Line: (\d+)", text)
    where = f"{label}, line {int(line[1]):,}" if line else label
    ragged = re.search(r"Expected Number of Columns: (\d+) Found: (\d+)", text)
    if ragged:
        fix = (
            "a value holds the delimiter and needs quotes" if int(ragged[2]) > int(ragged[1]) else "the row was cut off"
        )
        return DataError(f"the row has {ragged[2]} values, the header {ragged[1]}", where=where, fix=fix)
    if "unicode" in text or "not utf" in text:
        return DataError("is not UTF-8", where=where, fix="it is Latin-1 or Windows-1252: save it as UTF-8")
    if "unterminated quote" in text:
        return DataError(
            "a quoted value does not end where it should", where=where, fix='write a quote inside quotes twice: ""'
        )
    if "invalid state" in text:
        return DataError(
            "the lines do not all end alike, or a quote is out of place",
            where=where,
            fix="save it again with one kind of line end",
        )
    return translated(error, label)


def column_types(con: duckdb.DuckDBPyConnection, source: str, names: list[str]) -> dict[str, str]:
    """Return the type that all values of each text column have: VARCHAR if none fits, UNTYPED if it has no values."""
    if not names:
        return {}
    tests = {
        "BIGINT": "CAST(try_cast({c} AS BIGINT) AS VARCHAR) = {c}",
        "DOUBLE": "try_cast({c} AS DOUBLE) IS NOT NULL "
        "AND NOT regexp_matches({c}, '^[+-]?(0[0-9]|[0-9]{{16}}|\\s)|\\s$')",
        "BOOLEAN": "lower({c}) IN ('true', 'false')",
        "DATE": "CAST(try_cast({c} AS DATE) AS VARCHAR) = {c}",
        "TIMESTAMP": "regexp_matches({c}, '^\\d{{4}}-\\d\\d-\\d\\d[ T]\\d\\d:\\d\\d(:\\d\\d(\\.\\d+)?)?$') "
        "AND try_cast({c} AS TIMESTAMP) IS NOT NULL",
    }
    found = dict.fromkeys(names, "VARCHAR")
    open_ = list(names)
    for kind, test in tests.items():
        if not open_:
            break
        parts = [f"count_if({test.format(c=quote(n))}), count({quote(n)})" for n in open_]
        row = con.execute(f"SELECT {', '.join(parts)} FROM {source}").fetchall()[0]
        for name, fitting, values in zip(open_, row[::2], row[1::2], strict=True):
            if not values:
                found[name] = UNTYPED
            elif fitting == values:
                found[name] = kind
        open_ = [name for name in open_ if found[name] == "VARCHAR"]
    return found
