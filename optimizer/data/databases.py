"""Tables read from databases: PostgreSQL through ADBC, DuckDB files; each database in one snapshot.

The rows stream as Arrow batches into a table of our own, so that they may spill and are read from the database once.
The address is expanded from the environment at the moment of connecting and appears nowhere else.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from optimizer.data.bound import FILE, ROW, Bound
from optimizer.data.faults import reading
from optimizer.data.layout import KEYS_OF, LEDGER, literal, numbering, quote
from optimizer.errors import DataError, MachineError, ScenarioError, cut, nearest
from optimizer.scenario.environment import expand
from optimizer.scenario.sections import Database

if TYPE_CHECKING:
    import pyarrow as pa

    from optimizer.data.ledger import Ledger

    Run = Callable[[str], pa.RecordBatchReader]

POSTGRES = ("postgresql://", "postgres://")
DUCKDB = "duckdb:"
PATIENCE, PAUSE = 60.0, 0.05
"""Seconds to wait for a DuckDB file that another process writes, in all and at a time."""
_ALONE: dict[str, str | bool | int | float | list[str]] = {
    "enable_external_access": False,
    "python_enable_replacements": False,
    "lock_configuration": True,
}
"""A query sees the tables of its file: no other file, no network, no variable of this program, nothing written."""


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
    con: duckdb.DuckDBPyConnection, sources: Mapping[str, Database], base: Path, ledger: Ledger | None = None
) -> tuple[dict[str, Bound], tuple[InputQuery, ...]]:
    """Read tables from databases; those of one address in one read-only transaction.

    Parameters
    ----------
    con : DuckDB connection
    sources : mapping of table to Database
    base : Path
        Folder that the path of a DuckDB file is relative to.
    ledger : Ledger, optional
        Read in the same snapshot as other tables of its address.

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
    addresses = {source.url: f"data.{table}.url" for table, source in sources.items()}
    if ledger is not None and ledger.exists(base):
        addresses.setdefault(ledger.url, "data.ledger")
    for written, where in sorted(addresses.items()):
        with _snapshot(expand(written, where=where), written, base) as run:
            for table, source in sources.items():
                if source.url == written:
                    bound[table], read = _load(con, table, source, run)
                    inputs.append(read)
            query = ledger.query(run) if ledger is not None and ledger.url == written else None
            if ledger is not None and query is not None:
                bound[LEDGER], read = _load(con, LEDGER, query, run)
                bound[LEDGER] = replace(bound[LEDGER], typed=False)
                inputs.append(read)
    if ledger is not None and LEDGER not in bound:
        inputs.append(InputQuery(LEDGER, f"{ledger.url} · nothing", 0, hashlib.sha256(b"").hexdigest()))
    return bound, tuple(inputs)


@contextmanager
def _snapshot(address: str, written: str, base: Path) -> Iterator[Run]:
    """Open a transaction that sees one moment and changes nothing, and yield what runs a query in it."""
    if address.startswith(POSTGRES):
        with connect_postgres(address, written) as connection, closing(connection.cursor()) as cursor:

            def run(sql: str) -> pa.RecordBatchReader:
                cursor.execute(sql)
                return cursor.fetch_record_batch()

            with failing(written, "went away"):
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield run
    else:
        with closing(open_duckdb(duckdb_file(address, written, base), written, read_only=True)) as database:
            database.execute("BEGIN TRANSACTION")
            yield lambda sql: _stream(database.sql(sql))


def duckdb_file(address: str, written: str, base: Path) -> Path:
    """Return the file of a ``duckdb:`` address.

    Raises
    ------
    ScenarioError
        An address of another kind.
    """
    if not address.startswith(DUCKDB):
        raise ScenarioError(
            "this kind of database is not known",
            where=written,
            fix="postgresql://user@host/name or duckdb:file.duckdb; or export the table to Parquet",
        )
    return base / address.removeprefix(DUCKDB).removeprefix("//")


def open_duckdb(path: Path, written: str, *, read_only: bool) -> duckdb.DuckDBPyConnection:
    """Open a DuckDB file; while another process writes it, wait for its turn.

    Raises
    ------
    MachineError
        It cannot be opened, or not within :data:`PATIENCE` seconds.
    """
    until = time.monotonic() + PATIENCE
    while True:
        try:
            return duckdb.connect(str(path), read_only=read_only, config=_ALONE)
        except (duckdb.IOException, duckdb.ConnectionException) as error:
            busy = "lock on file" in str(error) or "different configuration" in str(error)
            if busy and time.monotonic() < until:
                time.sleep(PAUSE)
                continue
            raise MachineError(
                "the database is in use by another process" if busy else "the database cannot be opened",
                where=written,
                fix="wait for that process" if busy else _why_not(path),
            ) from None


def _why_not(path: Path) -> str:
    if path.exists():
        return "it is no DuckDB file, or of a newer DuckDB; or its permissions forbid it"
    near = nearest(path.name, [p.name for p in path.parent.iterdir()]) if path.parent.is_dir() else None
    return f"you meant '{near}'" if near else "there is no such file: check the path, it is relative to the scenario"


def _stream(relation: duckdb.DuckDBPyRelation) -> pa.RecordBatchReader:
    import pyarrow as pa

    return pa.RecordBatchReader.from_stream(relation)


@contextmanager
def connect_postgres(address: str, written: str) -> Iterator[Any]:
    """Open a connection to PostgreSQL, which begins a transaction, and close it in the end.

    Raises
    ------
    MachineError
        The driver is missing, or the database cannot be reached.
    """
    try:
        from adbc_driver_postgresql import dbapi
    except ImportError as error:
        raise MachineError(
            "the driver for PostgreSQL is not installed", where=written, fix="pip install 'contactopt[postgres]'"
        ) from error
    with failing(written, "cannot be reached"):
        connection = dbapi.connect(address)
    with closing(connection):
        yield connection


@contextmanager
def failing(written: str, what: str) -> Iterator[None]:
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

    with failing(source.url, "went away while it was read"):
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
    placed = f'(SELECT *, {literal(label)} AS "{FILE}", {numbering(columns)} + 1 AS "{ROW}" FROM {ours})'
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
            return f": {cut(said.strip(), 160).rstrip('.!')}"
    return ": connection refused" if "Connection refused" in text else ""
