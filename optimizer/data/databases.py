"""Tables read from databases: PostgreSQL through ADBC, DuckDB files; each database in one snapshot.

The rows stream as Arrow batches into a table of our own, so that they may spill and are read from the database once.
The address is expanded from the environment at the moment of connecting and appears nowhere else.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from optimizer.data.bound import FILE, ROW, Bound
from optimizer.data.faults import reading
from optimizer.data.layout import KEYS_OF, literal, quote
from optimizer.errors import DataError, MachineError, ScenarioError, cut

if TYPE_CHECKING:
    import pyarrow as pa

    from optimizer.scenario.sections import Database

    Run = Callable[[str], pa.RecordBatchReader]

POSTGRES = ("postgresql://", "postgres://")
DUCKDB = "duckdb:"


@dataclass(frozen=True)
class InputQuery:
    """What was read from a database, as the manifest names it.

    Parameters
    ----------
    table : str
        The table that it became.
    path : str
        The address as written, ``${…}`` unexpanded, and what was read.
    size : int
        Bytes, as Arrow.
    sha256 : str
        Of the rows, whatever their order.
    """

    table: str
    path: str
    size: int
    sha256: str

    changed = False
    """A snapshot does not change."""


def bind_databases(
    con: duckdb.DuckDBPyConnection, sources: Mapping[str, Database], base: Path
) -> tuple[dict[str, Bound], tuple[InputQuery, ...]]:
    """Read tables from databases; those of one address in one read-only transaction.

    Parameters
    ----------
    con : DuckDB connection
    sources : mapping of table to Database
    base : Path
        Folder that the path of a DuckDB file is relative to.

    Raises
    ------
    MachineError
        A variable is not set; the database cannot be reached, or went away; its driver is missing.
    ScenarioError
        An address of another kind.
    DataError
        The database refuses a query.
    """
    bound: dict[str, Bound] = {}
    inputs: list[InputQuery] = []
    for written in dict.fromkeys(source.url for source in sources.values()):
        mine = {table: source for table, source in sources.items() if source.url == written}
        first = next(iter(mine))
        with _snapshot(mine[first], f"data.{first}.url", base) as run:
            for table, source in mine.items():
                found, read = _load(con, table, source, run)
                bound[table] = found
                inputs.append(read)
    return bound, tuple(inputs)


@contextmanager
def _snapshot(source: Database, where: str, base: Path) -> Iterator[Run]:
    """Open a transaction that sees one moment and changes nothing, and yield what runs a query in it."""
    address = source.address(where)
    if address.startswith(POSTGRES):
        with _postgres(address, source.url) as run:
            yield run
    elif address.startswith(DUCKDB):
        path = base / address.removeprefix(DUCKDB).removeprefix("//")
        with _failing(source.url, "cannot be opened"):
            database = duckdb.connect(str(path), read_only=True)
        with closing(database):
            database.execute("BEGIN TRANSACTION")
            yield lambda sql: _stream(database.sql(sql))
    else:
        raise ScenarioError(
            "this kind of database is not known",
            where=source.url,
            fix="postgresql://user@host/name or duckdb:file.duckdb; or export the table to Parquet",
        )


def _stream(relation: duckdb.DuckDBPyRelation) -> pa.RecordBatchReader:
    import pyarrow as pa

    return pa.RecordBatchReader.from_stream(relation)


@contextmanager
def _postgres(address: str, written: str) -> Iterator[Run]:
    try:
        from adbc_driver_postgresql import dbapi
    except ImportError as error:
        raise MachineError(
            "the driver for PostgreSQL is not installed", where=written, fix="pip install 'contactopt[postgres]'"
        ) from error
    with _failing(written, "cannot be reached"):
        connection = dbapi.connect(address)
    with closing(connection), closing(connection.cursor()) as cursor:

        def run(sql: str) -> pa.RecordBatchReader:
            cursor.execute(sql)
            return cursor.fetch_record_batch()

        with _failing(written, "went away"):
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield run


@contextmanager
def _failing(written: str, what: str) -> Iterator[None]:
    """Say that a database failed: in its own words only where they cannot hold the address."""
    try:
        yield
    except Exception as error:
        if not _from_a_driver(error):
            raise
        raise MachineError(
            f"the database {what}{_reason(error)}", where=written, fix="check the address, the rights and the server"
        ) from None


def _load(con: duckdb.DuckDBPyConnection, table: str, source: Database, run: Run) -> tuple[Bound, InputQuery]:
    """Copy the rows of one query into a table of ours."""
    import pyarrow as pa

    label = f"{table} ({source.url})"
    what = source.table if source.table is not None else str(source.query)
    sql = f"SELECT * FROM {'.'.join(map(quote, what.split('.')))}" if source.table is not None else what
    try:
        reader = run(sql)
    except Exception as error:
        if not _from_a_driver(error):
            raise
        raise DataError(
            f"the database refuses the {'table' if source.table is not None else 'query'}{_reason(error)}",
            where=label,
            fix="try it in the database's own shell, as the same user",
        ) from None
    ours, size = quote(f"@db_{table}"), 0

    def batches(reader: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
        nonlocal size
        for batch in reader:
            size += batch.nbytes
            yield _plain(batch)

    with _failing(source.url, "went away while it was read"):
        schema = _plain(pa.RecordBatch.from_pylist([], reader.schema)).schema
        stream = pa.RecordBatchReader.from_batches(schema, batches(reader))
        numeric = [field.name for field in reader.schema if isinstance(field.type, pa.BaseExtensionType)]
        con.register("@stream", stream)
        con.execute(f'CREATE TEMP TABLE {ours} AS SELECT * FROM "@stream"')
        con.unregister("@stream")
        reader.close()
    with reading(label):
        described = con.execute(f"DESCRIBE {ours}").fetchall()
        digest = con.execute(
            f"SELECT count(*), sum(md5_number_lower(t::VARCHAR)), sum(md5_number_upper(t::VARCHAR)) FROM {ours} t"
        ).fetchall()
    columns = {str(name): str(kind) for name, kind, *_ in described}
    placed = f'(SELECT *, {literal(label)} AS "{FILE}", rowid + 1 AS "{ROW}" FROM {ours})'
    bound = Bound(table, label, ours, placed, columns, typed=True).renamed(source.columns)
    ours_of = {theirs: name for name, theirs in source.columns.items()}
    for name in (ours_of.get(name, name) for name in numeric):
        if name not in KEYS_OF.get(table, ()):
            bound = bound.reading(name, f"CAST({quote(name)} AS DOUBLE)")
    sha256 = hashlib.sha256(repr(digest).encode()).hexdigest()
    return bound, InputQuery(table, f"{source.url} · {what}", size, sha256)


def _plain(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Return a batch whose opaque columns (PostgreSQL's NUMERIC) are the text that they arrive as."""
    import pyarrow as pa

    columns = [c.storage if isinstance(c.type, pa.BaseExtensionType) else c for c in batch.columns]
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)


def _from_a_driver(error: Exception) -> bool:
    return type(error).__module__.partition(".")[0].lstrip("_") in ("adbc_driver_manager", "duckdb", "pyarrow")


def _reason(error: Exception) -> str:
    """Return what a driver says that can be shown: the server's own words, never an address or a value."""
    text = " ".join(str(error).split())
    for sign in ("ERROR: ", "FATAL: ", "Error: "):
        if sign in text:
            said = text.split(sign, 1)[1].split(" LINE 1:")[0].split(" Query was:")[0].split(". SQLSTATE")[0]
            return f": {cut(said.strip(), 160).rstrip('.')}"
    return ": connection refused" if "Connection refused" in text else ""
