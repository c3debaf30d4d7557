"""The tables of a run: checked relations in DuckDB, the names in them, and where their rows came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import duckdb

from optimizer.data.catalog import Catalog
from optimizer.data.databases import InputQuery
from optimizer.data.duplicates import DuplicateReport, find_duplicates
from optimizer.data.files import InputFile, changed
from optimizer.data.layout import CANDIDATES
from optimizer.data.rows import SHOWN, Rows
from optimizer.errors import DataError, Finding

Input = InputFile | InputQuery


@dataclass(frozen=True, eq=False)
class Tables:
    """Everything that is known, as relations of one connection.

    ``candidates`` always has ``customer, offer, channel, slot``: a missing channel is ``''``, a missing slot the
    horizon's first day. ``slot_times (slot, date, instant)`` has a row for each slot. ``history`` is always there, with
    ``"@date"`` and ``"@instant"`` for ``at``, and the same for ``"@arrived_…"`` and ``"@response_…"`` where it has
    those columns. The other tables are there if the scenario names them.

    Parameters
    ----------
    con : DuckDB connection
    zone : str
        Of times without an offset.
    columns : mapping of table to mapping of column to DuckDB type
        Of each relation.
    original : mapping of table to list of str
        The columns that each input really has, in its order.
    catalog : Catalog
    invalid : str or None
        SQL over unqualified columns of ``candidates``, true for rows that ``on_invalid: reject`` drops.
    rejected : int
        How many those are.
    findings : tuple of Finding
        Warnings.
    files : tuple of InputFile or InputQuery
        What was read, by file or by query.
    whole : bool
        False where only a few customers' rows are there.
    """

    con: duckdb.DuckDBPyConnection
    zone: str
    columns: Mapping[str, Mapping[str, str]]
    original: Mapping[str, list[str]]
    catalog: Catalog
    invalid: str | None
    rejected: int
    findings: tuple[Finding, ...]
    files: tuple[Input, ...]
    rows: Rows
    whole: bool = True

    @property
    def valid(self) -> str:
        """SQL that can stand after FROM: the candidates that nothing rejects."""
        return (
            CANDIDATES
            if self.invalid is None
            else f"(SELECT * FROM {CANDIDATES} WHERE NOT coalesce({self.invalid}, false))"
        )

    def has(self, table: str) -> bool:
        """Whether the scenario (or a frame) gives a table."""
        return table in self.original

    def locate(self, table: str, condition_sql: str, limit: int = SHOWN) -> list[int]:
        """Return the numbers of the first rows for which a condition is true, from 1 in their file.

        Parameters
        ----------
        table : str
        condition_sql : str
            SQL over the table's columns.
        limit : int
        """
        return [row.place.row for row in self.rows.find(table, condition_sql, limit=limit)]

    def places(self, table: str, condition_sql: str, limit: int = SHOWN) -> list[str]:
        """Return the same rows as ``file · row N``."""
        return [str(row.place) for row in self.rows.find(table, condition_sql, limit=limit)]

    def duplicates(self) -> DuplicateReport:
        """Look at candidates with equal keys; called only when there are some.

        Raises
        ------
        DataError
            Rows with the same key and other values.
        """
        return find_duplicates(self.rows, self.invalid)

    @property
    def inputs(self) -> tuple[tuple[str, str, int, Input], ...]:
        """Table, absolute path, size and file of every input; a file is hashed when first asked for ``sha256``."""
        return tuple((file.table, str(file.path), file.size, file) for file in self.files)

    def inputs_as_dicts(self) -> list[dict[str, Any]]:
        """Return every input file as plain JSON values, its hash included."""
        return [{"table": f.table, "path": str(f.path), "size": f.size, "sha256": f.sha256} for f in self.files]

    def refuse_changed(self) -> None:
        """Raise if a file is no longer the one that was opened.

        Raises
        ------
        DataError
        """
        findings = changed([one for one in self.files if isinstance(one, InputFile)])
        if findings:
            raise DataError(findings)

    def close(self) -> None:
        """Close the connection; the temporary folder goes with it."""
        self.con.close()

    def __enter__(self) -> Tables:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Tables({', '.join(f'{name}: {len(columns)} columns' for name, columns in self.original.items())})"
