"""A table as it was found: where its rows come from, its columns, and how each is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from optimizer.data.layout import quote
from optimizer.errors import DataError, Finding, nearest

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

    def renamed(self, names: Mapping[str, str]) -> Bound:
        """Return the table with columns called as here; ``names`` holds our name to the source's.

        Raises
        ------
        DataError
            A column that is not there, or a name that another column has.
        """
        if not names:
            return self
        columns = renamed(list(self.columns), names, self.label)
        listed = ", ".join(f"{quote(theirs)} AS {quote(ours)}" for ours, theirs in names.items() if ours != theirs)
        star = f"SELECT * RENAME ({listed}) FROM" if listed else "SELECT * FROM"
        return replace(
            self,
            source=f"({star} {self.source})",
            placed=f"({star} {self.placed})",
            columns=dict(zip(columns, self.columns.values(), strict=True)),
        )

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


def renamed(found: list[str], names: Mapping[str, str], where: str) -> list[str]:
    """Return a source's column names as they are called here.

    Parameters
    ----------
    found : list of str
        In the source, in its order.
    names : mapping
        Our name of a column to the source's.
    where : str
        For messages.

    Raises
    ------
    DataError
        A column that is not there, or a name that another column has. All at once.
    """
    wrong = []
    for ours, theirs in names.items():
        if theirs not in found:
            near = nearest(theirs, found)
            fix = f"'{near}' is meant" if near else "look at its header"
            wrong.append(Finding("data", where, f"there is no column '{theirs}' to call '{ours}'", fix))
        elif ours != theirs and ours in found and ours not in names.values():
            fix = "leave it out of 'columns', or rename one of them"
            wrong.append(Finding("data", where, f"'{theirs}' cannot be called '{ours}': it has such a column too", fix))
    if wrong:
        raise DataError(wrong)
    called = {theirs: ours for ours, theirs in names.items()}
    return [called.get(name, name) for name in found]
