"""Limits as a rule's cells and groups have them: a number, a limits table, or a column of the customers."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from optimizer.compile.quanta import limit_quanta
from optimizer.compile.sight import joins, quoted
from optimizer.data.layout import not_finite, quote
from optimizer.data.limit_tables import read_limits
from optimizer.errors import DataError, Finding, ScenarioError, cut
from optimizer.language.limits import ColumnLimit, Limit, TableLimit
from optimizer.problem.primitives import UNLIMITED, BoolArray, IntArray
from optimizer.rules.total_of import CONTACTS
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
        whole = _counts(world, rule)
        return _from_table(world, rule, limit, cells, there, decimals=decimals, down=down, whole=whole)
    assert isinstance(limit, Decimal)
    return np.full(len(cells), limit_quanta(limit, decimals, down=down), np.int64)


def _from_table(
    world: CompileWorld,
    rule: str,
    limit: TableLimit,
    cells: list[dict[str, str | None]],
    there: BoolArray,
    *,
    decimals: int,
    down: bool,
    whole: bool,
) -> IntArray:
    """Look limits up; a cell that no candidate is in may lack one."""
    keys = tuple(cells[0]) if cells else ()
    known = read_limits(world.scenario.base / limit.table, keys, limit.column, world.tables)
    out: IntArray = np.empty(len(cells), np.int64)
    missing, halved = [], []
    for i, cell in enumerate(cells):
        number = known.get(tuple(cell.values()), limit.default)
        if number is None:
            if there[i]:
                missing.append(cell)
            number = Decimal(0)
        if whole and number != number.to_integral_value():
            halved.append((cell, number))
        out[i] = limit_quanta(number, decimals, down=down)
    if halved:
        cell, number = halved[0]
        raise DataError(
            [
                Finding(
                    "data",
                    f"{limit.table} · {_spelled(cell)} · {limit.column} = {number}",
                    f"limits a whole number (rule '{rule}')",
                    f"{number // 1} or {number // 1 + 1}",
                    len(halved),
                )
            ]
        )
    if missing:
        example = _spelled(missing[0])
        raise DataError(
            f"no limit for {example}" + (f", nor for {len(missing) - 1:,} more" if len(missing) > 1 else ""),
            where=f"{limit.table} · rule {rule}",
            fix="add the rows, or set a 'default' beside 'table'",
        )
    return out


def _counts(world: CompileWorld, rule: str) -> bool:
    """Whether a rule's total is a whole number by nature."""
    totals = {one.name: getattr(one, "total", CONTACTS) for one in world.scenario.rules()}
    return totals[rule].counts


def _spelled(cell: dict[str, str | None]) -> str:
    return ", ".join(f"{k}={cut(v)}" for k, v in cell.items())


def numbers_of(world: CompileWorld, limit: Limit, for_each: tuple[str, ...]) -> set[Decimal]:
    """Return the different numbers that a limit is in its groups."""
    if isinstance(limit, Decimal):
        return {limit}
    if isinstance(limit, TableLimit):
        listed = {*read_limits(world.scenario.base / limit.table, for_each, limit.column, world.tables).values()}
        return listed | (set() if limit.default is None else {limit.default})
    return {Decimal(text) for text in set(_own_texts(world, limit)) if text is not None}


def own_limits(
    world: CompileWorld, rule: str, limit: ColumnLimit, scope: Scope, *, decimals: int, down: bool
) -> IntArray:
    """Return each group's own limit."""
    if world.tables.catalog.column(limit.column).table != "customers":
        raise ScenarioError(f"'{limit.column}' is no customers column", where=f"rule {rule}", fix="add it there")
    _refuse_no_limits(world, rule, limit, whole=_counts(world, rule))
    texts = _own_texts(world, limit)
    assert scope.partition is not None
    group = world.partitions[scope.partition].group
    out: npt.NDArray[np.int64] = np.full(scope.groups, UNLIMITED, np.int64)
    quanta = {text: max(0, limit_quanta(Decimal(text or 0), decimals, down=down)) for text in set(texts)}
    inside = group >= 0
    np.minimum.at(out, group[inside], np.array([quanta[text] for text in texts], np.int64)[inside])
    return out


def _refuse_no_limits(world: CompileWorld, rule: str, limit: ColumnLimit, *, whole: bool) -> None:
    """Refuse own limits that are missing, no finite number, or half a contact."""
    name = quote(world.tables.catalog.column(limit.column).name)
    number = f"CAST({name} AS DOUBLE)"
    used = "customer IN (SELECT customer FROM candidates)"
    for wrong, what, fix in (
        (f"{name} IS NULL OR {not_finite(number)}", "is no number", "fill it"),
        (f"{number} <> round({number})", "limits a whole number", "round it"),
    )[: 1 + whole]:
        found = world.tables.rows.find(
            "customers", f"({wrong}) AND {used}", (f"CAST({name} AS VARCHAR)", "count(*) OVER ()"), limit=1
        )
        if found:
            value, count = found[0].values
            where = f"{found[0].place} · {limit.column} = {'NULL' if value is None else cut(value)}"
            raise DataError([Finding("data", where, f"{what} (rule '{rule}')", fix, int(count))])


def _own_texts(world: CompileWorld, limit: ColumnLimit) -> list[str | None]:
    """Return each customer's own limit as text."""
    column = world.tables.catalog.column(limit.column)
    found = world.tables.con.execute(
        f'SELECT CAST({quoted(column)} AS VARCHAR) FROM "@customers" candidates'
        f"{joins(frozenset({'customers'}))} ORDER BY ordinal"
    ).fetchall()
    return [text for (text,) in found]
