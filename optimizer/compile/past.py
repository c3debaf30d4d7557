"""History, as a rule counts it: in its groups, on its clock, with its amounts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from optimizer.compile.order import local_day
from optimizer.compile.quanta import to_quanta
from optimizer.compile.sight import joins, quoted
from optimizer.errors import ScenarioError
from optimizer.language.expressions import ColumnName, Expression
from optimizer.problem.problem import EVERYONE
from optimizer.rules.total_of import TotalOf
from optimizer.rules.world import Amount, Clock, Past, Scope

if TYPE_CHECKING:
    from optimizer.compile.world import CompileWorld

EPOCH = 719163


def read_past(
    world: CompileWorld,
    scope: Scope,
    *,
    where: Expression | None,
    clock: Clock,
    total: TotalOf | None,
    amount: Amount | None,
) -> Past:
    """Return the history rows that match, for customers who have candidates."""
    none = np.zeros(0, np.int64)
    tables = world.tables
    if not tables.has("history"):
        return Past(none, none, none, none)
    assert scope.partition is not None
    seen = HistorySight(tables.columns["history"])
    condition = "true" if where is None else seen.sql(tables.catalog.bind(where))
    names = list(scope.labels[0]) if scope.labels else []
    label_columns = [tables.catalog.column(n) for n in names]
    labels = [seen.column(c) for c in label_columns]
    weight = "1.0"
    if total is not None and total.expression is not None:
        weight = f"CAST({seen.sql(tables.catalog.bind(total.expression))} AS DOUBLE)"
    kind = "arrived" if clock == "arrival" and "@arrived_date" in tables.columns["history"] else ""
    date, instant = (f'"@{kind}_date"', f'"@{kind}_instant"') if kind else ('"@date"', '"@instant"')
    day = local_day(f"history.{date}", f"history.{instant}", world.zone)
    if kind:
        sent = local_day('history."@date"', 'history."@instant"', world.zone)
        day = f"coalesce({day}, {sent})"
    code, join = _label_codes(world, scope, labels)
    rows = tables.con.execute(
        f"SELECT c.ordinal, {code} AS label, {day} - DATE '1970-01-01' AS day, {weight} AS weight "
        f'FROM history JOIN "@customers" c ON c.customer = history.customer'
        f"{joins(seen.used, 'history')}{join} WHERE coalesce({condition}, false)"
    ).fetchnumpy()
    customer = np.asarray(rows["ordinal"], np.int64)
    group = customer if scope.partition == EVERYONE else world.partitions[scope.partition].group[customer]
    keep = group >= 0
    numbers = np.ma.filled(np.ma.asarray(rows["weight"], np.float64), np.nan)[keep]
    if not np.all(np.isfinite(numbers)):
        raise ScenarioError(
            f"history has rows without '{total.text if total else 'amount'}'", where="history", fix="fill the column"
        )
    decimals = amount.decimals if amount is not None else 0
    return Past(
        group[keep],
        np.asarray(rows["label"], np.int64)[keep],
        np.asarray(rows["day"], np.int64)[keep] + EPOCH,
        to_quanta(numbers, decimals),
    )


def _label_codes(world: CompileWorld, scope: Scope, labels: list[str]) -> tuple[str, str]:
    """Return SQL for a row's label code, and the join that finds it (rows with no candidate's label fall out)."""
    if not labels:
        return "0", ""
    import pyarrow as pa

    columns = {f"v{i}": [list(one.values())[i] for one in scope.labels] for i in range(len(labels))}
    table = pa.table({k: pa.array(v, pa.string()) for k, v in columns.items()} | {"code": range(len(scope.labels))})
    world.tables.con.register("@labels", table)
    same = " AND ".join(f"l.v{i} IS NOT DISTINCT FROM CAST({sql} AS VARCHAR)" for i, sql in enumerate(labels))
    return "l.code", f' JOIN "@labels" l ON {same}'


class HistorySight:
    """How a rule's condition on candidates reads over history: keys and columns of the same name, or an error."""

    def __init__(self, columns: dict[str, str]) -> None:
        self._columns = columns
        self.used: frozenset[str] = frozenset()

    def column(self, column: ColumnName) -> str:
        """Return the SQL of a qualified column, seen from history."""
        if column.table in ("candidates", "slots", "history"):
            if column.name not in self._columns:
                raise ScenarioError(
                    f"history has no column '{column.name}', which a rule that counts history looks at",
                    where="history",
                    fix=f"add '{column.name}' to the history, or set count_history: false on the rule",
                )
            return quoted(ColumnName("history", column.name))
        self.used |= {column.table or ""}
        return quoted(column)

    def sql(self, expression: Expression) -> str:
        """Return an expression over history."""
        return expression.sql(self.column)
