"""Parquet files, read in place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import duckdb

from optimizer.data.bound import FILE, ROW, Bound
from optimizer.data.faults import Unreadable, reading, translated
from optimizer.data.files import Files
from optimizer.data.layout import literal, quote
from optimizer.errors import DataError, Finding


def options(files: Files) -> str:
    """Return how the files are read. Values in the names of folders are text, like those of a CSV file."""
    hive = "hive_partitioning = true, hive_types_autocast = false" if files.hive else "hive_partitioning = false"
    return f"{hive}, binary_as_string = true"


def bind_parquet(con: duckdb.DuckDBPyConnection, files: Files) -> Bound:
    """Bind Parquet files, which must have the same columns in the same types.

    Raises
    ------
    DataError
        A file is damaged, or its columns are not those of the first one; each such file is named.
    """
    listed = "[" + ", ".join(literal(str(f.path)) for f in files.files) + "]"
    _refuse_damaged(con, files, listed)
    how = options(files)
    source = f"read_parquet({listed}, {how})"
    with reading(files.label):
        described = con.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()
        top = con.execute(f"SELECT name FROM parquet_schema({literal(str(files.files[0].path))})").fetchall()
    columns = {str(name): str(kind) for name, kind, *_ in described}
    in_folders = {part.partition("=")[0] for part in files.files[0].path.parts[:-1] if "=" in part and files.hive}
    twice = [name for name in columns if name not in {n for (n,) in top} | in_folders]
    if twice:
        raise DataError(
            f"two columns have the same name: {', '.join(name.rsplit('_', 1)[0] for name in twice)}",
            where=files.label,
            fix="give each column a name of its own; upper and lower case are the same name here",
        )
    names = " ".join(f"WHEN {literal(str(f.path))} THEN {literal(files.name(f.path))}" for f in files.files)
    placed = (
        f'(SELECT * REPLACE (CASE "{FILE}" {names} END AS "{FILE}"), file_row_number + 1 AS "{ROW}" '
        f"FROM read_parquet({listed}, {how}, filename = '{FILE}'))"
    )
    return Bound(files.table, files.label, source, placed, columns, typed=True).renamed(files.columns)


def _refuse_damaged(con: duckdb.DuckDBPyConnection, files: Files, listed: str) -> None:
    query = (
        "SELECT file_name, list(name || ' ' || coalesce(duckdb_type, '') ORDER BY name) "
        "FROM parquet_schema({}) WHERE column_id > 0 GROUP BY file_name"
    )
    try:
        schemas = dict(con.execute(query.format(listed)).fetchall())
    except duckdb.OutOfMemoryException as error:
        raise translated(error, files.label) from error
    except duckdb.Error as error:
        damaged = [f for f in files.files if not _opens(con, query, str(f.path))]
        raise DataError(
            [
                Finding("data", files.name(f.path), "the Parquet file is damaged", "write it again")
                for f in damaged or files.files[:1]
            ]
        ) from error
    first = schemas.get(str(files.files[0].path), [])
    findings = [
        Finding(
            "data",
            files.name(f.path),
            f"its columns are not those of {files.name(files.files[0].path)}: "
            f"{_difference(first, schemas[str(f.path)])}",
            "write all files of a table with the same columns and types",
        )
        for f in files.files[1:]
        if schemas.get(str(f.path), []) != first
    ]
    if findings:
        raise DataError(findings)


@contextmanager
def naming_damaged(con: duckdb.DuckDBPyConnection, tables: Mapping[str, Files]) -> Iterator[None]:
    """Where reading failed for no reason that is known, read each Parquet file alone and name the damaged ones."""
    try:
        yield
    except Unreadable as error:
        every = "SELECT bit_xor(hash(t)) FROM read_parquet({}) t"
        damaged = [
            Finding("data", files.name(file.path), "the Parquet file is damaged inside", "write it again")
            for files in tables.values()
            for file in files.files
            if not files.is_csv and not _opens(con, every, str(file.path))
        ]
        if not damaged:
            raise
        raise DataError(damaged) from error


def _opens(con: duckdb.DuckDBPyConnection, query: str, path: str) -> bool:
    try:
        con.execute(query.format(literal(path))).fetchall()
    except duckdb.Error:
        return False
    return True


def _difference(first: list[Any], other: list[Any]) -> str:
    lacks = [c for c in first if c not in other]
    has = [c for c in other if c not in first]
    parts = [f"lacks {quote(c)}" for c in lacks[:3]] + [f"has {quote(c)}" for c in has[:3]]
    return ", ".join(parts).replace('"', "")
