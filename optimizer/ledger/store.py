"""Where a ledger is kept, and the one transaction in which a call changes it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import duckdb

from optimizer.data.databases import POSTGRES, connect_postgres, duckdb_file, failing, open_duckdb
from optimizer.data.ledger import address_of
from optimizer.errors import MachineError
from optimizer.failpoints import reach
from optimizer.scenario.environment import expand

if TYPE_CHECKING:
    import pyarrow as pa

STAGED = "contactopt_staged"
"""Temporary table of the rows that a call brings."""
ONE_AT_A_TIME = 0x636F6E74616374
"""Key of PostgreSQL's advisory lock: calls of any process wait for one another."""
_writing = threading.Lock()


class Store(Protocol):
    """A database in the middle of a transaction; SQL is what DuckDB and PostgreSQL have in common."""

    def execute(self, sql: str) -> None:
        """Run a statement."""

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""

    def stage(self, table: pa.Table) -> None:
        """Make a temporary table :data:`STAGED` of these rows."""


@dataclass(frozen=True)
class Place:
    """Where a ledger is.

    Parameters
    ----------
    written : str
        ``duckdb:FILE``, a path, ``postgresql://…`` or ``${NAME}`` of one of them.
    base : Path
        Folder that paths are relative to.
    """

    written: str
    base: Path

    @contextmanager
    def transaction(self) -> Iterator[Store]:
        """Open the ledger and yield it in a transaction, which is kept if nothing is raised; one at a time.

        Raises
        ------
        MachineError
            It cannot be opened, or went away: nothing has changed.
        """
        address = address_of(expand(self.written, where="ledger"))
        opened = _postgres(address, self.written) if address.startswith(POSTGRES) else self._duckdb(address)
        with opened as store:
            yield store

    @contextmanager
    def _duckdb(self, address: str) -> Iterator[Store]:
        path = duckdb_file(address, self.written, self.base)
        with _writing, failing(self.written, "cannot be written"):
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise MachineError(
                    f"cannot be made: {error.strerror}", where=self.written, fix="name another place, or check the disk"
                ) from error
            reach("open the ledger")
            with closing(open_duckdb(path, self.written, read_only=False)) as connection:
                connection.execute("BEGIN TRANSACTION")
                yield DuckDbStore(connection)
                reach("commit")
                connection.execute("COMMIT")
                reach("close the ledger")


@contextmanager
def _postgres(address: str, written: str) -> Iterator[Store]:
    reach("open the ledger")
    with connect_postgres(address, written) as connection, failing(written, "cannot be written"):
        with closing(connection.cursor()) as cursor:
            cursor.execute(f"SELECT pg_advisory_xact_lock({ONE_AT_A_TIME})")
            cursor.fetchall()
            yield PostgresStore(cursor)
        reach("commit")
        connection.commit()
        reach("close the ledger")


class DuckDbStore:
    """A DuckDB file: its lock keeps other processes out until the connection is closed."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def execute(self, sql: str) -> None:
        """Run a statement."""
        reach(f"execute {sql[:40]}")
        self._connection.execute(sql)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        reach("ask")
        return self._connection.execute(sql).fetchall()

    def stage(self, table: pa.Table) -> None:
        """Make a temporary table of these rows."""
        reach("stage rows")
        self._connection.register("@ledger rows", table)
        self._connection.execute(f'CREATE TEMP TABLE {STAGED} AS SELECT * FROM "@ledger rows"')
        self._connection.unregister("@ledger rows")


class PostgresStore:
    """PostgreSQL: whatever ends the connection before the commit leaves everything as it was."""

    def __init__(self, cursor: Any) -> None:
        self._cursor = cursor

    def execute(self, sql: str) -> None:
        """Run a statement."""
        reach(f"execute {sql[:40]}")
        self._cursor.execute(sql)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        reach("ask")
        self._cursor.execute(sql)
        return [tuple(row) for row in self._cursor.fetchall()]

    def stage(self, table: pa.Table) -> None:
        """Make a temporary table of these rows."""
        reach("stage rows")
        self._cursor.adbc_ingest(STAGED, table, mode="create", temporary=True)
