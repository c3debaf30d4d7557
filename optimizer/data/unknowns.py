"""Conditions that come out NULL: not true, and therefore told."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import duckdb

from optimizer.data.faults import reading
from optimizer.data.findings import Findings
from optimizer.data.layout import CANDIDATES, HISTORY, KEY_TABLE, quote
from optimizer.data.measures import may_be_null
from optimizer.data.names import BoundUse, spelled
from optimizer.data.rows import Rows
from optimizer.data.uses import Sort
from optimizer.language.counts import counted


def tell_unknowns(
    con: duckdb.DuckDBPyConnection,
    found: Findings,
    rows: Rows,
    uses: Sequence[BoundUse],
    nulls: Mapping[tuple[str, str], int],
    *,
    fail: bool,
) -> None:
    """Count, for each condition, the candidates for which it is neither true nor false.

    Candidates are read only where a column of a condition holds NULLs, and once for all conditions that look at the
    same tables.

    Parameters
    ----------
    nulls : mapping of (table, column) to int
        How many NULLs each column of a condition holds.
    fail : bool
        Whether such rows are an error (``on_null: fail``).
    """
    together: dict[frozenset[str], list[BoundUse]] = defaultdict(list)
    for bound in uses:
        if bound.use.sort is not Sort.CONDITION or HISTORY in bound.tables:
            continue
        columns = [(c.table or "", c.name) for c in bound.expression.columns]
        if any(nulls.get(column) for column in columns) or may_be_null(bound.expression.sql(spelled)):
            together[bound.tables].append(bound)
    for tables, conditions in together.items():
        counts = ", ".join(f"count_if({bound.expression.sql(spelled)} IS NULL)" for bound in conditions)
        with reading(rows.bound[CANDIDATES].label):
            row = con.execute(f"SELECT {counts} FROM {CANDIDATES}{_joins(tables)}").fetchall()[0]
        for bound, count in zip(conditions, row, strict=True):
            if count:
                _tell(found, bound, count, fail=fail)


def _joins(tables: frozenset[str]) -> str:
    return "".join(
        f" LEFT JOIN {quote(table)} ON {quote(table)}.{quote(key)} = {CANDIDATES}.{quote(key)}"
        for key, table in KEY_TABLE.items()
        if table in tables
    )


def _tell(found: Findings, bound: BoundUse, count: int, *, fail: bool) -> None:
    tell = found.error if fail else found.warn
    tell(
        f"rule {bound.use.rule}",
        f"'{bound.use.expression.text}' is neither true nor false for {counted(count, 'candidate')}, and so not true",
        "fill the missing values, or say what they mean with coalesce or IS NULL",
        count=count,
        rule=bound.use.rule,
    )
