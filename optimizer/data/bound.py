"""A table as it was found: where its rows come from, its columns, and how each is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from optimizer.data.layout import quote

FILE = "@file"
ROW = "@row"


@dataclass(frozen=True, slots=True)
class Bound:
    """One table, before it becomes a relation of its own name.

    Parameters
    ----------
    name : str
        Name of the table.
    label : str
        What messages call its source.
    source : str
        SQL that can stand after FROM.
    placed : str
        The same rows with ``"@file"`` and ``"@row"``, for messages.
    columns : mapping of str to str
        DuckDB type of each column that the input has, in its order.
    typed : bool
        False for CSV, whose key and time columns are text.
    reads : mapping of str to str
        SQL over ``source`` for columns that are read otherwise than as they are, or that the input lacks.
    """

    name: str
    label: str
    source: str
    placed: str
    columns: Mapping[str, str]
    typed: bool
    reads: Mapping[str, str] = field(default_factory=dict)

    def reading(self, column: str, sql: str) -> Bound:
        """Return the table with one column read as ``sql``."""
        return replace(self, reads={**self.reads, column: sql})

    def column(self, name: str) -> str:
        """Return the SQL of a column over ``source``."""
        return self.reads.get(name, quote(name))

    def select(self, *, placed: bool = False) -> str:
        """Return the query that reads the table, with places or without."""
        names = [*self.columns, *(name for name in self.reads if name not in self.columns)]
        parts = [f"{self.column(name)} AS {quote(name)}" for name in names]
        if placed:
            parts += [quote(FILE), quote(ROW)]
        return f"SELECT {', '.join(parts)} FROM {self.placed if placed else self.source}"
