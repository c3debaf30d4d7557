"""On which table an expression can be seen: kinds, customers, or only the candidates themselves."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from optimizer.data.catalog import Catalog
from optimizer.language.expressions import ColumnName, Expression

KEYS = ("offer", "channel", "slot")


class Level(StrEnum):
    """The smallest table that has an expression's columns."""

    KIND = "kind"
    CUSTOMER = "customer"
    CANDIDATE = "candidate"


def bind(catalog: Catalog, condition: Expression) -> Expression:
    """Return a condition with every column qualified; names that only history has are history's."""
    return catalog.bind_with_history(condition)


def level(expression: Expression) -> Level:
    """Return the level of an expression whose columns are qualified."""
    levels = {level_of_column(c) for c in expression.columns}
    if levels <= {Level.KIND}:
        return Level.KIND
    return Level.CUSTOMER if levels == {Level.CUSTOMER} else Level.CANDIDATE


def level_of_column(column: ColumnName) -> Level:
    """Return the level of one qualified column."""
    if column.table == "customers" or (column.table == "candidates" and column.name == "customer"):
        return Level.CUSTOMER
    if column.table == "candidates" and column.name not in KEYS:
        return Level.CANDIDATE
    return Level.KIND


def quoted(column: ColumnName) -> str:
    """Return a qualified column as SQL; every identifier is quoted, for some are reserved words.

    What only history has is NULL for planned contacts.
    """
    if column.table == "history":
        return "NULL"
    name = column.name.replace('"', '""')
    return f'"{column.table}"."{name}"' if column.table else f'"{name}"'


@dataclass(frozen=True, slots=True)
class Split:
    """A condition cut in two: what the customer alone decides, and the rest."""

    customer: Expression | None
    rest: Expression | None


def split(expression: Expression | None, catalog: Catalog) -> Split:
    """Cut a condition at its top-level ANDs."""
    if expression is None:
        return Split(None, None)
    parts = bind(catalog, expression).conjuncts()
    mine = [p for p in parts if level(p) is Level.CUSTOMER]
    rest = [p for p in parts if level(p) is not Level.CUSTOMER]
    return Split(Expression.all_of(mine) if mine else None, Expression.all_of(rest) if rest else None)


def joins(tables: frozenset[str], base: str = "candidates") -> str:
    """Return the JOIN clauses that bring the named tables beside a relation with all keys."""
    keys = {"offers": "offer", "channels": "channel", "slots": "slot", "customers": "customer"}
    return "".join(
        f' LEFT JOIN {table} ON {table}."{key}" = {base}."{key}"' for table, key in keys.items() if table in tables
    )


def tables_of(expression: Expression) -> frozenset[str]:
    """Return the tables that a qualified expression looks at."""
    return frozenset(c.table or "" for c in expression.columns)
