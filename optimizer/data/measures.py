"""Numbers that decide: finite, there, in their range, and of sizes that can be added exactly."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import sqlglot
from sqlglot import exp

from optimizer.data.catalog import Catalog
from optimizer.data.expected import Expected
from optimizer.data.layout import CANDIDATES, KEY_TABLE, NUMBERS, family, not_finite, quote
from optimizer.data.names import BoundUse, spelled
from optimizer.data.uses import Sort
from optimizer.language.expressions import ColumnName
from optimizer.language.ranges import Range

LARGEST = 1e15
"""Beyond it a double has no cents, and sums are not exact."""
WIDEST = 1e18
"""Largest ratio between amounts of one column of which the small ones still count."""

_COUNTED = NUMBERS | {"unknown"}
_FLAGS = ("needed", "reported", "changes_plan", "scored")
_HANDLES_NULL = (exp.Coalesce, exp.Case, exp.If, exp.Is, exp.NullSafeEQ, exp.NullSafeNEQ)


@dataclass(frozen=True, slots=True)
class Fault:
    """One way in which a row can be wrong.

    Parameters
    ----------
    table : str
        Where it is looked for.
    name : str
        The column, or the expression, for messages.
    shown : str
        SQL of the value that is shown.
    wrong : str
        SQL that is true for a wrong row, over the table's own columns.
    what : str
        The rule that it breaks.
    fix : str
    changes_plan : bool
        False where only reports look at it: then it is a warning.
    droppable : bool
        Whether ``on_invalid: reject`` may drop such candidates.
    """

    table: str
    name: str
    shown: str
    wrong: str
    what: str
    fix: str
    changes_plan: bool = True
    droppable: bool = True

    @property
    def over_candidates(self) -> str:
        """SQL over unqualified candidates columns that is true for the candidates that a wrong row touches."""
        if self.table == CANDIDATES:
            return self.wrong
        key = next(key for key, table in KEY_TABLE.items() if table == self.table)
        return f"{quote(key)} IN (SELECT {quote(key)} FROM {quote(self.table)} WHERE {self.wrong})"


@dataclass(frozen=True, slots=True)
class Sizes:
    """What a number column holds: missing and not finite values, and the extremes of the finite ones.

    ``tiny`` is the smallest size that is not 0, or None.
    """

    missing: int
    unbounded: int
    low: float
    high: float
    tiny: float | None


@dataclass(frozen=True, slots=True)
class Number:
    """A number column that the scenario looks at.

    Parameters
    ----------
    column : ColumnName
        Qualified.
    kind : str
        DuckDB type.
    needed, reported : bool
        Whether a missing value is a fault of something that changes the plan, or of something that only reports.
    changes_plan : bool
        Whether anything but reports looks at it.
    scored : bool
        Whether the objective looks at it.
    range : Range
    """

    column: ColumnName
    kind: str
    needed: bool
    reported: bool
    changes_plan: bool
    scored: bool
    range: Range

    @property
    def sql(self) -> str:
        """Return the column over its own table."""
        return quote(self.column.name)

    @property
    def unbounded(self) -> str:
        """Return SQL that is true for NaN and infinity."""
        return not_finite(self.sql) if family(self.kind) == "float" else "false"

    def faults(self, sizes: Sizes) -> Iterable[Fault]:
        """Yield what is wrong with values of the column.

        Parameters
        ----------
        sizes : Sizes
            What the column holds.
        """
        table, name = self.column.table or "", self.column.name

        def fault(wrong: str, what: str, fix: str, changes_plan: bool = self.changes_plan) -> Fault:
            return Fault(table, name, self.sql, wrong, what, fix, changes_plan)

        repair = "fill it in the scoring job, or set data.on_invalid: reject to drop and count such rows"
        must = _must(self.range)
        within = f": {must}" if must else ""
        if sizes.missing and (self.needed or self.reported):
            yield fault(f"{self.sql} IS NULL", f"is missing{within}", repair, self.needed)
        if sizes.unbounded:
            yield fault(self.unbounded, f"is no finite number{within}", repair)
        guard = f"{self.sql} IS NOT NULL AND NOT ({self.unbounded}) AND "
        low, high = self.range.low, self.range.high
        outside = [f"{self.sql} < {low}"] if low is not None and sizes.low < low else []
        outside += [f"{self.sql} > {high}"] if high is not None and sizes.high > high else []
        if outside:
            yield fault(f"{guard}({' OR '.join(outside)})", must, self._range_fix(sizes))
        if max(-sizes.low, sizes.high) > LARGEST:
            yield fault(
                f"{guard}abs(CAST({self.sql} AS DOUBLE)) > {LARGEST:.0f}",
                f"is too large: beyond {LARGEST:.0e} sums are not exact",
                "look for a placeholder or a wrong unit",
            )

    def _range_fix(self, sizes: Sizes) -> str:
        if self.range.low == 0 and self.range.high == 1 and 1 < sizes.high <= 100 and sizes.low >= 0:
            return f"it looks like per cent: divide by 100; or allow it with data.expect: {{{self.column.name}: any}}"
        return f"it is a mistake of the source; if not, allow it with data.expect: {{{self.column.name}: any}}"

    def profile(self) -> Sequence[str]:
        """Return SQL of the aggregates that :class:`Sizes` holds, after the number of missing values.

        The smallest and the largest value are mostly known from Parquet statistics; where values are not finite, they
        must be asked for again by :meth:`finite_extremes`.
        """
        number = f"CAST({self.sql} AS DOUBLE)"
        return (
            f"count(*) - count({self.sql})",
            f"count_if({self.unbounded})",
            f"CAST(min({self.sql}) AS DOUBLE)",
            f"CAST(max({self.sql}) AS DOUBLE)",
            f"min(abs(nullif({number}, 0)))",
        )

    def finite_extremes(self) -> str:
        """Return the query for smallest, largest and smallest size of the finite values."""
        sound = f"CASE WHEN NOT ({self.unbounded}) THEN {self.sql} END"
        return (
            f"SELECT CAST(min({sound}) AS DOUBLE), CAST(max({sound}) AS DOUBLE), "
            f"min(abs(nullif({sound}, 0))) FROM {quote(self.column.table or '')}"
        )


def _must(allowed: Range) -> str:
    low, high = allowed.low, allowed.high
    if low is not None and high is not None:
        return f"must be between {low} and {high}"
    if low is not None:
        return f"must not be below {low}" if low else "must not be negative"
    return f"must not be above {high}" if high is not None else ""


def handles_null(sql: str) -> bool:
    """Whether an expression may turn a missing value into something else on purpose."""
    return sqlglot.parse_one(sql, read="duckdb").find(*_HANDLES_NULL) is not None


def may_be_null(sql: str) -> bool:
    """Whether an expression can come out NULL although all its columns are there."""
    tree = sqlglot.parse_one(sql, read="duckdb")
    return any(tree.find(kind) is not None for kind in (exp.Nullif, exp.Case, exp.If, exp.Null))


def numbers(uses: Iterable[BoundUse], catalog: Catalog, expected: Expected) -> list[Number]:
    """Return the number columns that uses look at, and those of which a range is expected."""
    found: dict[ColumnName, dict[str, bool]] = {}
    for bound in uses:
        needed = bound.use.sort is Sort.AMOUNT and not handles_null(bound.expression.sql(spelled))
        for column in bound.expression.columns:
            if column.table == "history" or family(catalog.type_of(column)) not in _COUNTED:
                continue
            entry = found.setdefault(column, dict.fromkeys(_FLAGS, False))
            entry["needed"] |= needed and bound.use.changes_plan
            entry["reported"] |= needed
            entry["changes_plan"] |= bound.use.changes_plan
            entry["scored"] |= bound.use.rule is None
    for column in expected.ranges:
        if family(catalog.type_of(column)) in NUMBERS:
            entry = found.setdefault(column, dict.fromkeys(_FLAGS, False))
            entry["changes_plan"] |= column in expected.written
    return [
        Number(column, catalog.type_of(column), range=expected.ranges.get(column, Range()), **entry)
        for column, entry in found.items()
    ]


def computed_faults(uses: Iterable[BoundUse]) -> Iterable[Fault]:
    """Yield faults of amounts that can come out NULL although their columns are there, such as divisions by zero."""
    for bound in uses:
        sql = bound.expression.sql(lambda column: quote(column.name))
        if bound.use.sort is not Sort.AMOUNT or bound.tables != {CANDIDATES} or not may_be_null(sql):
            continue
        yield Fault(
            CANDIDATES,
            bound.use.expression.text,
            f"CAST({sql} AS DOUBLE)",
            f"({sql} IS NULL OR {not_finite(f'CAST({sql} AS DOUBLE)')})",
            "the amount is no finite number: a missing value, or a division by zero",
            "guard it with CASE or coalesce, or set data.on_invalid: reject to drop and count such rows",
            bound.use.changes_plan,
        )


def key_faults(catalog: Catalog, table: str, keys: Sequence[str]) -> Iterable[Fault]:
    """Yield faults of key columns: missing, or empty text."""
    for key in keys:
        empty = f" OR {quote(key)} = ''" if family(catalog.columns[table][key]) == "text" else ""
        yield Fault(
            table,
            key,
            quote(key),
            f"({quote(key)} IS NULL{empty})",
            "a key is missing",
            "the job that writes the table lost it; drop such rows there",
            droppable=key != "slot",  # without a slot there is no time at which to drop it
        )
