"""History, as a rule counts it: in its groups, on its clock, with its amounts."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from optimizer.compile.limits import numbers_of
from optimizer.compile.quanta import FINEST, absolute_sum, exact_decimals, filled, places, to_quanta
from optimizer.compile.sight import bind, joins
from optimizer.data.key_tables import told_alike
from optimizer.data.layout import quote
from optimizer.data.times import local_day
from optimizer.errors import DataError, Finding, ScenarioError
from optimizer.language.expressions import ColumnName, Expression
from optimizer.language.limits import Limit
from optimizer.problem.primitives import IntArray
from optimizer.problem.problem import EVERYONE
from optimizer.rules.total_of import TotalOf
from optimizer.rules.world import Amount, Clock, Past, Scope

if TYPE_CHECKING:
    from optimizer.compile.world import CompileWorld
    from optimizer.data.tables import Tables
    from optimizer.rules.books import Sense

EPOCH = 719163


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """History rows that a rule counts: each as one contact, its amount as evaluated, and the text of its keys."""

    past: Past
    amount: npt.NDArray[np.float64]
    key: npt.NDArray[np.object_]


def counted(
    world: CompileWorld,
    scope: Scope,
    total: TotalOf,
    *,
    where: Expression | None,
    clock: Clock,
    history: bool,
    missed: Sequence[tuple[Sense, Limit]],
    for_each: tuple[str, ...],
) -> tuple[Amount, Past | None]:
    """Return what one contact counts, and the history that a rule counts with it, in the same quanta."""
    numbers = {(sense, number) for sense, limit in missed for number in numbers_of(world, limit, for_each)}
    finest = max((places(Fraction(number)) for _, number in numbers), default=0)
    # A cap beyond all that amounts come to is not missed.
    size = float(max((abs(number) for sense, number in numbers if sense != "<=" or number < 0), default=0))
    if not history:
        return world.amounts.amount(total, finest=finest, beside=size), None
    rows = read_past(world, scope, where=where, clock=clock, total=total)
    if total.expression is None:
        return world.amounts.amount(total), rows.past
    if missing := int(np.count_nonzero(~np.isfinite(rows.amount))):
        what, fix = f"rows that a rule counts have no '{total.text}'", "fill the column, or leave such rows out"
        raise DataError([Finding("data", "history", what, fix, missing)])
    exact = exact_decimals(rows.amount)
    finest = max(finest, FINEST if exact is None else exact)
    amount = world.amounts.amount(total, finest=finest, beside=size + absolute_sum(rows.amount))
    return amount, replace(rows.past, weight=to_quanta(rows.amount, amount.decimals))


def read_past(
    world: CompileWorld,
    scope: Scope,
    *,
    where: Expression | None,
    clock: Clock,
    total: TotalOf | None = None,
    columns: tuple[str, ...] = (),
) -> Rows:
    """Return the history rows that match, with the text of some of their columns (for different keys)."""
    none = np.zeros(0, np.int64)
    tables = world.tables
    if not tables.has("history"):
        return Rows(Past(none, none, none, np.zeros(0), none), np.zeros(0), np.zeros(0, object))
    seen = HistorySight(tables)
    condition = "true" if where is None else seen.sql(bind(tables.catalog, where))
    names = list(scope.labels[0]) if scope.labels else []
    label_columns = [tables.catalog.column(n) for n in names]
    labels = [seen.text(c) for c in label_columns]
    amount = "1.0"
    if total is not None and total.expression is not None:
        amount = f"CAST({seen.sql(tables.catalog.bind(total.expression))} AS DOUBLE)"
    day, instant = _when(world, clock)
    code, join = _label_codes(world, scope, labels)
    group_sql, group_join, tables_used, by_customer = _groups(world, scope.partition)
    beside = seen.used | tables_used | world.kinds_known.zones.tables
    rows = tables.con.execute(
        f"SELECT {group_sql} AS who, {code} AS label, {day} - DATE '1970-01-01' AS day, "
        f"CAST(epoch_us({instant}) AS DOUBLE) AS instant, {amount} AS amount, "
        f"{_key(world, seen, columns)} AS key "
        f"FROM history{joins(beside, 'history')}{group_join}{join} WHERE coalesce({condition}, false)"
    ).fetchnumpy()
    group: IntArray = np.asarray(rows["who"], np.int64)
    if by_customer and scope.partition is not None and scope.partition != EVERYONE:
        group = world.partitions[scope.partition].group[group]
    keep = group >= 0
    past = Past(
        group[keep],
        np.asarray(rows["label"], np.int64)[keep],
        np.asarray(rows["day"], np.int64)[keep] + EPOCH,
        filled(rows["instant"])[keep],
        np.ones(np.count_nonzero(keep), np.int64),
    )
    return Rows(past, filled(rows["amount"])[keep], np.asarray(rows["key"], object)[keep])


def _key(world: CompileWorld, seen: HistorySight, columns: tuple[str, ...]) -> str:
    """Return SQL for the values of some columns as one JSON text.

    Where history knows no slots, a contact was in the slot that begins when it was sent, else in one of its own.
    """
    parts = []
    for name in columns:
        column = world.tables.catalog.column(name)
        if column.name == "slot" and "slot" not in world.tables.columns["history"]:
            parts.append(
                "coalesce((SELECT min(CAST(slot AS VARCHAR)) FROM slot_times t "
                'WHERE t.date IS NOT DISTINCT FROM history."@date" '
                'AND t.instant IS NOT DISTINCT FROM history."@instant"), '
                'CAST(history."@date" AS VARCHAR), CAST(history."@instant" AS VARCHAR))'
            )
        else:
            parts.append(seen.text(column))
    return f"CAST(json_array({', '.join(parts)}) AS VARCHAR)"


def with_codes(values: np.ndarray, known: tuple[Mapping[str, str | None], ...]) -> np.ndarray:
    """Return the code of each JSON text: its place among the known values, or one beyond them for any other."""
    code = {json.dumps(list(one.values()), separators=(",", ":"), ensure_ascii=False): i for i, one in enumerate(known)}
    return np.array([code.setdefault(str(v), len(code)) for v in values], np.int64)


def _when(world: CompileWorld, clock: Clock) -> tuple[str, str]:
    """Return SQL for a history row's local day and its instant, on a clock.

    The response's time comes first on its clock, the arrival's on its; then the sending's.
    """
    order = {"sending": ("",), "arrival": ("arrived_", ""), "response": ("response_", "")}[clock]
    zone = world.zone(clock)
    known = [part for part in order if f"@{part}date" in world.tables.columns["history"]]
    dates = [(f'history."@{part}date"', f'history."@{part}instant"') for part in known]
    days = ", ".join(local_day(date, instant, zone) for date, instant in dates)
    # A date-only time must not borrow the instant of a later choice.
    chosen = " ".join(f"WHEN {date} IS NOT NULL OR {instant} IS NOT NULL THEN {instant}" for date, instant in dates)
    return f"coalesce({days})", f"CASE {chosen} END"


def _groups(world: CompileWorld, partition: int | None) -> tuple[str, str, frozenset[str], bool]:
    """Return SQL for a history row's group, its join, the tables it looks at, and whether it is the customer's number.

    Where customers share a rule, history of members without candidates tonight counts too: the group is found by the
    shared columns, not by the customer.
    """
    if partition is None:
        return "0", "", frozenset(), False
    known = world.group_keys.get(partition)
    if known is None or known.per == "customer":
        return "c.ordinal", ' JOIN "@customers" c ON c.customer = history.customer', frozenset(), True
    columns = [] if known.per is None else [world.who(known.per, "history")]
    columns += [f"CAST({spelled(c)} AS VARCHAR)" for c in known.columns]
    table = {f"v{i}": pa.array([key[i] for key in known.keys], pa.string()) for i in range(len(columns))}
    world.tables.con.register("@groups", pa.table(table | {"code": range(len(known.keys))}))
    same = " AND ".join(["true", *(f"g.v{i} IS NOT DISTINCT FROM {sql}" for i, sql in enumerate(columns))])
    return "g.code", f' JOIN "@groups" g ON {same}', frozenset({"customers"}), False


def _label_codes(world: CompileWorld, scope: Scope, labels: list[str]) -> tuple[str, str]:
    """Return SQL for a row's label code, and the join that finds it (rows with no candidate's label fall out)."""
    if not labels:
        return "0", ""
    columns = {f"v{i}": [list(one.values())[i] for one in scope.labels] for i in range(len(labels))}
    table = pa.table({k: pa.array(v, pa.string()) for k, v in columns.items()} | {"code": range(len(scope.labels))})
    world.tables.con.register("@labels", table)
    same = " AND ".join(f"l.v{i} IS NOT DISTINCT FROM {sql}" for i, sql in enumerate(labels))
    return "l.code", f' JOIN "@labels" l ON {same}'


class HistorySight:
    """How a rule's condition on candidates reads over history: keys and columns of the same name, or an error."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._columns = tables.columns["history"]
        self.used: frozenset[str] = frozenset()

    def column(self, column: ColumnName) -> str:
        """Return the SQL of a qualified column, seen from history."""
        if column.table in ("candidates", "slots", "history"):
            if column.name not in self._columns:
                raise ScenarioError(
                    f"history has no column '{column.name}', which a rule that counts history looks at",
                    where="history",
                    fix=f"add '{column.name}' to the history, or let the rule count none of it",
                )
            return spelled(ColumnName("history", column.name))
        self.used |= {column.table or ""}
        return spelled(column)

    def text(self, column: ColumnName) -> str:
        """Return the SQL of a column's text, seen from history."""
        return told_alike(self._tables, column, self.column(column))

    def sql(self, expression: Expression) -> str:
        """Return an expression over history."""
        return expression.sql(self.column)


def spelled(column: ColumnName) -> str:
    """Return a column of history, or of a table joined to it, as SQL."""
    return f"{quote(column.table or '')}.{quote(column.name)}"
