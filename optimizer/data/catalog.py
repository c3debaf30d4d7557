"""Names: which table and column an expression means."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from optimizer.data.layout import HISTORY, KEYS, TABLES, VISIBLE
from optimizer.errors import cut, nearest
from optimizer.language.expressions import ColumnName, Expression

_LISTED = 12


@dataclass(frozen=True, slots=True)
class Catalog:
    """What columns there are, and what a name means.

    Parameters
    ----------
    columns : mapping of table to mapping of column to DuckDB type
    """

    columns: Mapping[str, Mapping[str, str]]

    def resolve(self, name: ColumnName, *, tables: Iterable[str] = VISIBLE) -> ColumnName:
        """Return the column that a name means, qualified.

        Keys are shared: ``offer`` is the first table's that has it. Any other name must be in one table only, or be
        qualified.

        Parameters
        ----------
        name : ColumnName
        tables : iterable of str
            Tables that are searched, in this order.

        Raises
        ------
        ValueError
            The name is unknown or ambiguous; a line that begins with *Maybe* says what helps.
        """
        present = [table for table in tables if table in self.columns]
        if name.table is not None:
            return self._in_table(name, present)
        holders = [table for table in present if name.name in self.columns[table] and not name.name.startswith("@")]
        if len(holders) == 1 or (holders and name.name in KEYS):
            return ColumnName(holders[0], name.name)
        if holders:
            both = " or ".join(f"'{table}.{name.name}'" for table in holders)
            raise ValueError(f"'{name}' is a column of {' and of '.join(holders)}\nMaybe write {both}")
        raise ValueError(f"unknown column '{cut(name.name)}'\nMaybe {self._hint(name.name, present)}")

    def _in_table(self, name: ColumnName, present: list[str]) -> ColumnName:
        table = name.table or ""
        if table not in present:
            near = nearest(table, present)
            known = f"you meant '{near}.{name.name}'" if near else f"one of the tables {', '.join(present)}"
            what = "cannot be seen here" if table in self.columns else "is not there"
            if table in TABLES and table not in self.columns:
                what, known = "is not named under 'data'", f"add data.{table}"
            raise ValueError(f"the table '{cut(table)}' {what}\nMaybe {known}")
        if name.name not in self.columns[table]:
            raise ValueError(f"unknown column '{cut(str(name))}'\nMaybe {self._hint(name.name, [table])}")
        return name

    def _hint(self, name: str, tables: list[str]) -> str:
        known = [c for table in tables for c in self.columns[table] if not c.startswith("@")]
        near = nearest(name, known)
        if near:
            return f"you meant '{near}'"
        shown = ", ".join(dict.fromkeys(known[:_LISTED])) + (", …" if len(known) > _LISTED else "")
        return f"one of the columns {shown}"

    def column(self, name: str, *, tables: Iterable[str] = VISIBLE) -> ColumnName:
        """Return the column that a written name means: ``family`` or ``offers.family``.

        Raises
        ------
        ValueError
            As :meth:`resolve`.
        """
        head, dot, tail = name.partition(".")
        return self.resolve(ColumnName(head, tail) if dot and head in TABLES else ColumnName(None, name), tables=tables)

    def bind(self, expression: Expression, *, tables: Iterable[str] = VISIBLE) -> Expression:
        """Return the expression with every column qualified.

        Raises
        ------
        ValueError
            As :meth:`resolve`, for the first name that cannot be resolved.
        """
        tables = tuple(tables)
        return expression.qualified(lambda name: self.resolve(name, tables=tables))

    def bind_with_history(self, expression: Expression) -> Expression:
        """Return a condition with every column qualified; a name that only history has is history's.

        Raises
        ------
        ValueError
            As :meth:`resolve`.
        """

        def resolve(name: ColumnName) -> ColumnName:
            elsewhere = any(name.name in self.columns[t] for t in VISIBLE if t in self.columns)
            if name.table == HISTORY or (name.table is None and not elsewhere and name.name in self.columns[HISTORY]):
                return ColumnName(HISTORY, name.name)
            return self.resolve(name)

        return expression.qualified(resolve)

    def tables_of(self, expression: Expression) -> frozenset[str]:
        """Return the tables that an expression looks at."""
        return frozenset(self.resolve(name).table or "" for name in expression.columns)

    def type_of(self, column: ColumnName) -> str:
        """Return the DuckDB type of a qualified column."""
        return self.columns[column.table or ""][column.name]
