"""What is asked, as Arrow tables in the types of the run's candidates; errors name the row and the column."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from optimizer.data.layout import KEYS
from optimizer.errors import DataError, Finding, UsageError, cut, nearest
from optimizer.scenario import Scenario

CUSTOMER = "customer"


def moment(now: dt.datetime | None, scenario: Scenario) -> dt.datetime:
    """Return "now": by default the run's own.

    Raises
    ------
    UsageError
        It is no aware datetime, or lies before the run's "now".
    """
    if now is None:
        return scenario.now
    if not isinstance(now, dt.datetime) or now.tzinfo is None:
        raise UsageError(
            f"now is {cut(repr(now))}, which names no moment", where="decide", fix="datetime.now(timezone.utc)"
        )
    if now < scenario.now:
        raise UsageError(
            f"now, {now.isoformat()}, lies before the run's as_of, {scenario.now.isoformat()}",
            where="decide",
            fix="load the run of the night before, or mind the time zone",
        )
    return now


def as_table(candidates: Any, schema: pa.Schema, customer: Any = None) -> pa.Table:
    """Return candidates as an Arrow table with the columns, and in the types, that the run's had.

    Parameters
    ----------
    candidates : sequence of mappings, or frame
    schema : pyarrow.Schema
        Of the run's candidates.
    customer : optional
        Whose they all are; without it they have a column ``customer``.

    Raises
    ------
    UsageError
        It is neither.
    DataError
        A column is missing, a value is of another type, or a row is of another customer; all are told together.
    """
    if isinstance(candidates, Sequence) and not isinstance(candidates, str):
        return _from_rows(candidates, schema, customer)
    return _from_frame(to_arrow(candidates, "candidates"), schema, customer)


def to_arrow(frame: Any, name: str) -> pa.Table:
    """Return a frame as an Arrow table; dicts too.

    Raises
    ------
    UsageError
    """
    if isinstance(frame, Sequence) and not isinstance(frame, str):
        return pa.Table.from_pylist([dict(row) for row in frame])
    if type(frame).__module__.partition(".")[0] == "pandas":
        return pa.Table.from_pandas(frame, preserve_index=False)
    if hasattr(frame, "__arrow_c_stream__"):
        return pa.table(frame)
    raise UsageError(f"'{name}' is {type(frame).__name__}", where="decide", fix="hand over a list of dicts, or a frame")


def _from_rows(rows: Sequence[Mapping[str, Any]], schema: pa.Schema, customer: Any) -> pa.Table:
    columns: list[pa.Array] = []
    findings: list[Finding] = []
    for one in schema:
        values = [row.get(one.name, customer if one.name == CUSTOMER else _ABSENT) for row in rows]
        lacking = [i for i, value in enumerate(values) if value is _ABSENT]
        if lacking:
            findings.append(_missing(one.name, rows[lacking[0]], f"row {lacking[0] + 1}", len(lacking)))
            continue
        try:
            columns.append(_typed(values, one.type))
        except (pa.ArrowInvalid, pa.ArrowTypeError, TypeError, ValueError):
            findings.append(_mistyped(one, values))
    if findings:
        raise DataError(findings)
    return _of_customer(pa.table(columns, schema=schema), customer)


_ABSENT: Any = object()


def _missing(name: str, there: Mapping[str, Any] | Sequence[str], where: str, count: int = 1) -> Finding:
    near = nearest(name, [str(key) for key in there])
    fix = f"'{near}' is meant" if near and near not in KEYS else "add it: the run's candidates had it"
    return Finding("data", f"candidates · {where}", f"there is no column '{name}'", fix, count)


def _typed(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    """Return values in a type; text may tell times."""
    if pa.types.is_temporal(kind) and any(isinstance(v, str) for v in values):
        values = [dt.datetime.fromisoformat(v) if isinstance(v, str) else v for v in values]
        if pa.types.is_date(kind):
            values = [v.date() if isinstance(v, dt.datetime) else v for v in values]
    if pa.types.is_string(kind) and any(isinstance(v, dt.date) for v in values):
        values = [v.isoformat() if isinstance(v, dt.date) else v for v in values]
    return pa.array(values, kind)


def _mistyped(one: pa.Field, values: Sequence[Any]) -> Finding:
    for row, value in enumerate(values, 1):
        try:
            _typed([value], one.type)
        except (pa.ArrowInvalid, pa.ArrowTypeError, TypeError, ValueError):
            what = f"{cut(repr(value))} is {type(value).__name__}, not {one.type} as in the run"
            shown = what if one.name != CUSTOMER else f"a customer's id is {type(value).__name__}, not {one.type}"
            return Finding("data", f"candidates · row {row} · {one.name}", shown, f"write it as {one.type}")
    return Finding("data", f"candidates · {one.name}", f"is not {one.type} as in the run", f"write it as {one.type}")


def _from_frame(table: pa.Table, schema: pa.Schema, customer: Any) -> pa.Table:
    findings, columns = [], []
    for one in schema:
        if one.name in table.column_names:
            try:
                columns.append(table[one.name].cast(one.type))
            except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
                where = f"candidates · {one.name}"
                what = f"is {table[one.name].type}, not {one.type} as in the run: {cut(str(error))}"
                findings.append(Finding("data", where, what, f"cast it to {one.type}"))
        elif one.name == CUSTOMER and customer is not None:
            columns.append(pa.array([customer] * table.num_rows, one.type))
        else:
            findings.append(_missing(one.name, table.column_names, "frame"))
    if findings:
        raise DataError(findings)
    return _of_customer(pa.table(columns, schema=schema), customer)


def _of_customer(table: pa.Table, customer: Any) -> pa.Table:
    ids = table[CUSTOMER]
    if customer is not None and table.num_rows:
        wanted = _typed([customer], ids.type)[0].as_py()
        others = [row for row, value in enumerate(ids.to_pylist(), 1) if value != wanted]
        if others:
            raise DataError(
                "a candidate is of another customer",
                where=f"candidates · row {others[0]}",
                fix="ask for one customer at a time, or use decide_many",
            )
    if ids.null_count:
        raise DataError("a customer's id is missing", where="candidates", fix="leave such rows out")
    return table
