"""Limits as a rule's cells and groups have them: a number, a limits table, or a column of the customers."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from optimizer.compile.quanta import limit_quanta
from optimizer.compile.sight import joins, quoted
from optimizer.data.limit_tables import read_limits
from optimizer.errors import DataError, ScenarioError
from optimizer.language.limits import ColumnLimit, Limit, TableLimit
from optimizer.problem.primitives import UNLIMITED, BoolArray, IntArray
from optimizer.rules.world import Scope

if TYPE_CHECKING:
    from optimizer.compile.world import CompileWorld


def cell_limits(world: CompileWorld, rule: str, limit: Limit, scope: Scope, *, decimals: int, down: bool) -> IntArray:
    """Return the limit in quanta for each (label, group)."""
    cells = [{**one, **other} for one in scope.labels for other in scope.group_labels]
    if isinstance(limit, TableLimit):
        there = np.ones(len(cells), bool)
        if scope.group_labels and scope.group_labels[0]:
            there = world.cells(scope, np.arange(len(scope.labels)))
        return _from_table(world.scenario.base, rule, limit, cells, there, decimals=decimals, down=down)
    assert isinstance(limit, Decimal)
    return np.full(len(cells), limit_quanta(limit, decimals, down=down), np.int64)


def _from_table(
    base: Path,
    rule: str,
    limit: TableLimit,
    cells: list[dict[str, str | None]],
    there: BoolArray,
    *,
    decimals: int,
    down: bool,
) -> IntArray:
    """Look limits up; a cell that no candidate is in may lack one."""
    known = read_limits(base / limit.table, tuple(cells[0]) if cells else (), limit.column)
    out: IntArray = np.empty(len(cells), np.int64)
    missing = []
    for i, cell in enumerate(cells):
        number = known.get(tuple(cell.values()), limit.default)
        if number is None:
            if there[i]:
                missing.append(cell)
            number = Decimal(0)
        out[i] = limit_quanta(number, decimals, down=down)
    if missing:
        example = ", ".join(f"{k}={v}" for k, v in missing[0].items())
        raise DataError(
            f"no limit for {len(missing):,} groups, the first is {example}",
            where=f"{limit.table} · rule {rule}",
            fix="add the rows, or set a 'default' beside 'table'",
        )
    return out


def own_limits(
    world: CompileWorld, rule: str, limit: ColumnLimit, scope: Scope, *, decimals: int, down: bool
) -> IntArray:
    """Return each group's own limit."""
    column = world.tables.catalog.column(limit.column)
    if column.table != "customers":
        raise ScenarioError(f"'{limit.column}' is no customers column", where=f"rule {rule}", fix="add it there")
    rows = world.tables.con.execute(
        f'SELECT CAST({quoted(column)} AS VARCHAR) FROM "@customers" candidates'
        f"{joins(frozenset({'customers'}))} ORDER BY ordinal"
    ).fetchall()
    empty = sum(1 for (text,) in rows if text is None)
    if empty:
        raise DataError(
            f"{empty:,} customers have no '{limit.column}'", where=f"customers · rule {rule}", fix="fill it"
        )
    assert scope.partition is not None
    group = world.partitions[scope.partition].group
    out: npt.NDArray[np.int64] = np.full(scope.groups, UNLIMITED, np.int64)
    quanta = [max(0, limit_quanta(Decimal(text), decimals, down=down)) for (text,) in rows]
    inside = group >= 0
    np.minimum.at(out, group[inside], np.array(quanta, np.int64)[inside])
    return out
