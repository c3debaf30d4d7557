"""Rows of an input that a condition picks out, with their places; asked only when something is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import duckdb

from optimizer.data.bound import FILE, ROW, Bound
from optimizer.data.faults import reading
from optimizer.data.layout import quote
from optimizer.data.places import Place
from optimizer.errors import DataError

SHOWN = 5
"""How many rows like one a message lists."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row: where it is, and what it holds in the columns that were asked for."""

    place: Place
    values: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Rows:
    """Finds rows of the inputs.

    Parameters
    ----------
    con : DuckDB connection
    bound : mapping of str to Bound
        The tables.
    """

    con: duckdb.DuckDBPyConnection
    bound: Mapping[str, Bound]

    def find(self, table: str, condition: str, columns: tuple[str, ...] = (), limit: int = SHOWN) -> list[Row]:
        """Return the first rows for which a condition is true.

        Parameters
        ----------
        table : str
        condition : str
            SQL over the table's columns, plain or qualified by its name.
        columns : tuple of str
            SQL of values to return.
        limit : int
        """
        source = self.bound[table]
        values = "".join(f", {column}" for column in columns)
        with reading(source.label):
            found = self.con.execute(
                f"SELECT {quote(FILE)}, {quote(ROW)}{values} FROM ({source.select(placed=True)}) AS {quote(table)} "
                f"WHERE {condition} ORDER BY 1, 2 LIMIT {int(limit)}"
            ).fetchall()
        return [Row(Place(file, row), tuple(rest)) for file, row, *rest in found]

    def wrong(self, table: str, condition: str, columns: tuple[str, ...] = (), limit: int = SHOWN) -> list[Row]:
        """Return the first rows for which a condition is true, known to be some: there is a first one.

        Raises
        ------
        DataError
            There are none: the pages and the statistics of a damaged file tell of different rows.
        """
        found = self.find(table, condition, columns, limit)
        if not found:
            raise DataError(
                "read twice, it says two things: some of its rows are wrong, and none of them can be found",
                where=self.bound[table].label,
                fix="the file is damaged: write it again",
            )
        return found
