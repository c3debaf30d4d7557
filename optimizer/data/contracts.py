"""The data contracts: each table is read once, and only what is wrong is looked at again."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import islice
from typing import Any

import duckdb

from optimizer.data.faults import reading
from optimizer.data.findings import Findings
from optimizer.data.layout import CANDIDATES, KEY_TABLE, quote
from optimizer.data.measures import LARGEST, WIDEST, Fault, Number, Sizes
from optimizer.data.places import list_rows
from optimizer.data.rows import Rows
from optimizer.errors import cut


@dataclass(slots=True)
class Contracts:
    """Checks tables and remembers what it has counted.

    Parameters
    ----------
    con : DuckDB connection
    found : Findings
        Takes what is wrong.
    rows : Rows
        Finds the rows that are wrong.
    reject : bool
        Whether invalid candidates are dropped instead of failing the run.

    Attributes
    ----------
    total : dict of str to int
        Rows of each table.
    nulls : dict of (str, str) to int
        NULLs of each (table, column) that was asked about.
    invalid : list of str
        SQL over candidates columns, true for the candidates to drop.
    rejections : list of str
        What they are like.
    """

    con: duckdb.DuckDBPyConnection
    found: Findings
    rows: Rows
    reject: bool
    total: dict[str, int] = field(default_factory=dict)
    nulls: dict[tuple[str, str], int] = field(default_factory=dict)
    invalid: list[str] = field(default_factory=list)
    rejections: list[str] = field(default_factory=list)

    def check(self, table: str, faults: Sequence[Fault], numbers: Sequence[Number], nullable: Sequence[str]) -> None:
        """Check one table in one pass.

        Parameters
        ----------
        table : str
        faults : sequence of Fault
        numbers : sequence of Number
            Columns whose sizes are looked at.
        nullable : sequence of str
            Columns whose NULLs are counted.
        """
        parts = ["count(*)"]
        parts += [f"count_if({fault.wrong})" for fault in faults]
        parts += [f"count(*) - count({quote(column)})" for column in nullable]
        parts += [part for number in numbers for part in number.profile()]
        row = iter(self._once(table, f"SELECT {', '.join(parts)} FROM {quote(table)}"))
        self.total[table] = next(row)
        for fault in faults:
            if next(row):
                self._tell(fault)
        self.nulls.update({(table, column): next(row) for column in nullable})
        sizes = {number: self._sizes(number, *islice(row, 5)) for number in numbers}
        for number, size in sizes.items():
            for fault in number.faults(size):
                self._tell(fault)
            if size.tiny and size.high <= LARGEST and max(-size.low, size.high) / size.tiny > WIDEST:
                self._warn_of_spread(number, size)
        if table == CANDIDATES and self.total[table] > 1:
            self._warn_of_sameness(sizes)

    def _once(self, table: str, query: str) -> Sequence[Any]:
        with reading(self.rows.bound[table].label):
            return self.con.execute(query).fetchall()[0]

    def _tell(self, fault: Fault) -> None:
        wrong = fault.wrong
        if fault.table != CANDIDATES:
            key = next(key for key, table in KEY_TABLE.items() if table == fault.table)
            wrong = f"({wrong}) AND {quote(key)} IN (SELECT {quote(key)} FROM {CANDIDATES})"
        (count,) = self._once(fault.table, f"SELECT count(*) FILTER ({wrong}) FROM {quote(fault.table)}")
        if not count:
            return
        first, *others = self.rows.wrong(fault.table, wrong, (f"CAST({fault.shown} AS VARCHAR)",))
        what = fault.what
        if others:
            what += f" (also {list_rows(row.place for row in others)})"
        where = f"{first.place} · {cut(fault.name)} = {_shown(first.values[0])}"
        if not fault.changes_plan:
            self.found.warn(where, f"{what}; it changes no plan", fault.fix, count=count)
        elif self.reject and fault.droppable:
            self.invalid.append(f"({fault.over_candidates})")
            self.rejections.append(f"{where}: {fault.what}")
            self.found.warn(where, f"{what}; dropped as data.on_invalid says", count=count)
        else:
            self.found.error(where, what, fault.fix, count=count)

    def _sizes(self, number: Number, missing: int, unbounded: int, low: Any, high: Any, tiny: Any) -> Sizes:
        if unbounded:
            low, high, tiny = self._once(number.column.table or "", number.finite_extremes())
        return Sizes(missing, unbounded, 0.0 if low is None else low, 0.0 if high is None else high, tiny)

    def _warn_of_spread(self, number: Number, size: Sizes) -> None:
        self.found.warn(
            f"{self.rows.bound[number.column.table or ''].label} · {number.column.name}",
            f"{size.tiny:.3g} stands beside {max(-size.low, size.high):.3g}: the small numbers vanish in exact sums",
            "look for placeholders and mixed units",
        )

    def _warn_of_sameness(self, sizes: Mapping[Number, Sizes]) -> None:
        scored = {n.column.name: size for n, size in sizes.items() if n.scored}
        same = {name: size.low for name, size in scored.items() if size.low == size.high and not size.missing}
        if same and ("propensity" in same or len(same) == len(scored)):
            listed = ", ".join(f"{name} = {value:g}" for name, value in same.items())
            self.found.warn(
                self.rows.bound[CANDIDATES].label,
                f"all {self.total[CANDIDATES]:,} candidates have the same score: {listed}",
                "the scoring job wrote its default",
            )

    def rejected(self, most: Decimal) -> tuple[str | None, int]:
        """Return the SQL of candidates to drop and how many they are.

        Too many are an error.

        Parameters
        ----------
        most : Decimal
            Largest share of the candidates that may be dropped.
        """
        if not self.invalid:
            return None, 0
        sql = "(" + " OR ".join(dict.fromkeys(self.invalid)) + ")"
        (count,) = self._once(CANDIDATES, f"SELECT count_if({sql}) FROM {CANDIDATES}")
        total = self.total[CANDIDATES]
        if count > most * total:
            self.found.error(
                self.rows.bound[CANDIDATES].label,
                f"{count:,} of {total:,} rows are invalid ({100 * count / total:.3g} %), more than "
                f"data.max_reject_share allows ({float(100 * most):g} %): {'; '.join(self.rejections[:5])}",
                "repair the scoring job, or allow more with data.max_reject_share",
            )
        return sql, count


def _shown(value: str | None) -> str:
    if value is None:
        return "NULL"
    try:
        number = float(value)
    except ValueError:
        return f"'{cut(value)}'"
    return "NaN" if math.isnan(number) else cut(value)
