"""The scenario's expressions, bound to the tables: unknown names and wrong types are errors of the file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import duckdb
import sqlglot
from sqlglot import exp

from optimizer.data.catalog import Catalog
from optimizer.data.layout import HISTORY, NUMBERS, UNTYPED, VISIBLE, VISIBLE_IN_HISTORY, family, quote, spoken
from optimizer.data.uses import Label, Sort, Use
from optimizer.errors import Finding, cut
from optimizer.language.expressions import ColumnName, Expression

if TYPE_CHECKING:
    from optimizer.scenario import Scenario

_COMPARISONS = (exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.NullSafeEQ, exp.NullSafeNEQ)
_SPOKEN = {
    "number": "a number",
    "text": "text",
    "time": "a date or timestamp",
    "boolean": "true or false",
}


@dataclass(frozen=True, slots=True)
class BoundUse:
    """A use whose expression has qualified columns."""

    use: Use
    expression: Expression

    @property
    def tables(self) -> frozenset[str]:
        """The tables that it looks at."""
        return frozenset(c.table or "" for c in self.expression.columns)


def spelled(column: ColumnName) -> str:
    """Return a qualified column as SQL."""
    return f"{quote(column.table)}.{quote(column.name)}" if column.table else quote(column.name)


def bind_uses(
    scenario: Scenario, catalog: Catalog, found: Iterable[Use | Label]
) -> tuple[list[BoundUse], list[Finding]]:
    """Resolve every name.

    Returns
    -------
    bound : list of BoundUse
        The expressions whose names are all known.
    findings : list of Finding
        One for each use with a name that is unknown or ambiguous, with its place in the file.
    """
    bound: list[BoundUse] = []
    findings: list[Finding] = []
    for use in found:
        try:
            if isinstance(use, Use):
                tables = (*VISIBLE, HISTORY) if use.sees_history else VISIBLE_IN_HISTORY if use.of_history else VISIBLE
                bound.append(BoundUse(use, catalog.bind(use.expression, tables=tables)))
            elif use.limits:
                _check_limit_column(catalog, use)
            else:
                catalog.column(use.column)
        except ValueError as error:
            what, _, fix = str(error).partition("\nMaybe ")
            findings.append(Finding("scenario", scenario.where(use.path), what, fix, rule=use.rule))
    return bound, findings


def _check_limit_column(catalog: Catalog, label: Label) -> None:
    column = catalog.column(label.column, tables=("customers",) if "customers" in catalog.columns else VISIBLE)
    if column.table != "customers":
        raise ValueError(f"'{label.column}' is no column of the customers table\nMaybe add it there")
    if family(catalog.type_of(column)) not in NUMBERS:
        raise ValueError(
            f"'{label.column}' is {spoken(catalog.type_of(column))}, and a limit is a number\nMaybe write numbers"
        )


class TypeCheck:
    """Tries expressions on empty copies of the tables, so that no row is read.

    Parameters
    ----------
    con : DuckDB connection
    columns : mapping of table to mapping of column to type
    """

    def __init__(self, con: duckdb.DuckDBPyConnection, columns: Mapping[str, Mapping[str, str]]) -> None:
        self._con = con
        for table in columns:
            empty, like = quote(f"@empty_{table}"), quote(f"@like_{table}")
            untyped = ", ".join(f"NULL AS {quote(c)}" for c, kind in columns[table].items() if kind == UNTYPED)
            con.execute(f"CREATE OR REPLACE TEMP TABLE {empty} AS SELECT * FROM {quote(table)} LIMIT 0")
            every = f"* REPLACE ({untyped})" if untyped else "*"
            con.execute(f"CREATE OR REPLACE TEMP VIEW {like} AS SELECT {every} FROM {empty}")

    def complaint(self, bound: BoundUse) -> str | None:
        """Return what is wrong with the types of an expression, or None."""
        sql = bound.expression.sql(spelled)
        try:
            clash = self._clash(sql, bound.tables)
            if clash:
                return clash
            ((kind, _),) = self._types([sql], bound.tables)
        except duckdb.Error as error:
            return _in_words(error)
        if bound.use.sort is Sort.CONDITION and kind not in ("boolean", "unknown"):
            return f"a condition is true or false, and '{cut(bound.use.expression.text)}' is {_SPOKEN.get(kind, kind)}"
        if bound.use.sort is Sort.AMOUNT and kind not in ("number", "unknown"):
            return f"an amount is a number, and '{cut(bound.use.expression.text)}' is {_SPOKEN.get(kind, kind)}"
        return None

    def _types(self, parts: list[str], tables: frozenset[str]) -> list[tuple[str, str]]:
        """Return the sort of type of each part, and its SQL."""
        froms = ", ".join(f"{quote(f'@like_{t}')} AS {quote(t)}" for t in sorted(tables))
        query = f"SELECT {', '.join(f'({p}) AS c{i}' for i, p in enumerate(parts))}" + (
            f" FROM {froms}" if froms else ""
        )
        described = self._con.execute(f"DESCRIBE {query}").fetchall()
        self._con.execute(query).fetchall()
        return [(_sort_of(str(kind)), part) for (_, kind, *_), part in zip(described, parts, strict=True)]

    def _clash(self, sql: str, tables: frozenset[str]) -> str | None:
        """Find a comparison of different sorts, which DuckDB would make equal by converting one."""
        tree = sqlglot.parse_one(sql, read="duckdb")
        groups = [[side.sql(dialect="duckdb") for side in group] for group in _compared(tree)]
        truths = [side.sql(dialect="duckdb") for side in _truths(tree)]
        for group in groups:
            sorts = self._types(group, tables)
            (first, left), rest = sorts[0], sorts[1:]
            for other, right in rest:
                if _clashes(first, left, other, right) or self._no_date(first, left, other, right):
                    sides = f"{_plain(left)} is {_SPOKEN[first]}, {_plain(right)} is {_SPOKEN[other]}"
                    return f"compares different things: {sides}"
        for kind, side in self._types(truths, tables) if truths else []:
            if kind not in ("boolean", "unknown"):
                return f"{_plain(side)} stands where true or false is needed, and is {_SPOKEN.get(kind, kind)}"
        return None

    def _no_date(self, first: str, left: str, other: str, right: str) -> bool:
        """Whether text is compared with a time that it does not write."""
        if {first, other} != {"text", "time"}:
            return False
        text = left if first == "text" else right
        ((wrong,),) = self._con.execute(f"SELECT try_cast({text} AS TIMESTAMPTZ) IS NULL").fetchall()
        return bool(wrong)


def _compared(tree: exp.Expr) -> Iterable[list[exp.Expr]]:
    for node in tree.find_all(*_COMPARISONS, exp.In, exp.Between):
        if isinstance(node, exp.In):
            yield [node.this, *node.expressions]
        elif isinstance(node, exp.Between):
            yield [node.this, node.args["low"], node.args["high"]]
        else:
            yield [node.this, node.expression]


def _truths(tree: exp.Expr) -> Iterable[exp.Expr]:
    for node in tree.find_all(exp.And, exp.Or, exp.Not):
        yield node.this
        if not isinstance(node, exp.Not):
            yield node.expression


def _sort_of(kind: str) -> str:
    found = family(kind)
    return "number" if found in NUMBERS else "time" if found in ("date", "time") else found


def _clashes(first: str, left: str, other: str, right: str) -> bool:
    if first == other or not {first, other} <= set(_SPOKEN):
        return False
    # ISO text beside a date or a timestamp is how dates are written.
    text = left if first == "text" else right
    return not ({first, other} == {"text", "time"} and text.startswith("'"))


def _plain(sql: str) -> str:
    """Write SQL as the planner would: no brackets and quotes around plain names."""
    return cut(sql.replace('"', "").removeprefix("(").removesuffix(")"))


def _in_words(error: duckdb.Error) -> str:
    text = str(error).split("\n", 1)[0]
    call = re.search(r"""['"](\S+?)\((.*?)\)['"]""", text)
    if call is None:
        if "Cannot mix" in text or "Cannot combine" in text:
            return "text and numbers are mixed"
        return cut(text.partition("Error: ")[2] or text, 200).rstrip(".")
    if call[1] == "~~":
        return "LIKE compares text, and a number is no text"
    if call[1] == "date_part":
        return "only a date or a timestamp has date parts"
    wrong = "text" if "VARCHAR" in call[2] or "STRING" in call[2] else call[2].lower()
    needer = f"'{call[1]}'" if call[1].isalpha() else "arithmetic"
    return f"{wrong} stands where {needer} needs a number"
