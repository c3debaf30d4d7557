"""A plan's contacts as the ledger keeps them: keys as text, the moments of sending and arrival, measures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from optimizer.data import open_tables
from optimizer.data.layout import KEYS, SLOTS, family, literal, quote
from optimizer.data.ledger import BOOKKEEPING, CONTACT, INSTANT
from optimizer.data.tables import Tables
from optimizer.data.times import moment
from optimizer.errors import DataError, Finding
from optimizer.ledger.table import TEXT, kind_of
from optimizer.plan.audit.books import SqlBooks
from optimizer.plan.audit.side import Side
from optimizer.plan.firm import is_firm, refuse_changed, timetable
from optimizer.scenario import Scenario

if TYPE_CHECKING:
    import pyarrow as pa

    from optimizer.plan.plan import Plan

EXACT = 2**53
"""Whole numbers up to this are exact as doubles."""


def contacts_of(plan: Plan) -> tuple[pa.Table, dict[str, str]]:
    """Return the firm contacts of a plan.

    Parameters
    ----------
    plan : Plan

    Returns
    -------
    contacts : pyarrow.Table
        The keys as text, ``at``, ``arrived_at`` where it is not ``at``, and the measures.
    measures : dict of str to str
        SQL type of each measure.

    Raises
    ------
    DataError
        The tables that say when contacts are sent are not what the run read.
    """
    table = plan.table.drop_columns(["contribution"])
    if table.num_rows == 0:
        return _empty(), {}
    scenario = timetable(plan.scenario)
    with open_tables(scenario, {"candidates": table}) as tables:
        refuse_changed(plan, tables)
        return _read(scenario, tables)


def _read(scenario: Scenario, tables: Tables) -> tuple[pa.Table, dict[str, str]]:
    side = Side(SqlBooks(scenario, tables, "candidates"), planned=True)
    measures = {sql: (n, k) for sql, (n, k) in columns_of(tables).items() if n not in (*KEYS, *CONTACT, *BOOKKEEPING)}
    slot = key_of_slot("CAST(candidates.slot AS VARCHAR)", tables.zone)
    parts = [
        *(f"CAST(candidates.{name} AS VARCHAR) AS {name}" for name in ("customer", "offer", "channel")),
        f"{slot} AS slot, {times_of(side)}",
        *(measure(sql, name, kind) for sql, (name, kind) in measures.items()),
    ]
    firm = is_firm(side)
    source = source_of(side, tables)
    refuse_inexact(tables.con, source, measures, scenario.name)
    query = tables.con.sql(f"SELECT {', '.join(parts)} FROM {source} WHERE {firm} ORDER BY ALL")
    return query.to_arrow_table(), {name: kind_of(kind) for name, kind in measures.values()}


def columns_of(tables: Tables) -> dict[str, tuple[str, str]]:
    """Return name and type of every column that candidates and their slots have, by its SQL."""
    columns = {f"candidates.{quote(n)}": (n, k) for n, k in tables.columns["candidates"].items()}
    if tables.has(SLOTS):
        own = {name for name, _ in columns.values()}
        others = {n: k for n, k in tables.columns[SLOTS].items() if n not in (*own, "slot", "start", "end")}
        columns |= {f"slots.{quote(name)}": (name, kind) for name, kind in others.items() if not name.startswith("@")}
    return columns


def times_of(side: Side) -> str:
    """Return the SQL of a planned contact's ``at`` and, where that is another time, ``arrived_at``."""
    at = stamp("slot_times.date", "slot_times.instant")
    arrival = stamp(f"CASE WHEN slot_times.date IS NOT NULL THEN {side.day('arrival')} END", side.instant("arrival"))
    return f"{at} AS at, nullif({arrival}, {at}) AS arrived_at"


def source_of(side: Side, tables: Tables) -> str:
    """Return what :func:`columns_of` and :func:`times_of` (called before) are read from."""
    return side.source() + (" LEFT JOIN slots ON slots.slot = candidates.slot" if tables.has(SLOTS) else "")


def stamp(date: str, instant: str) -> str:
    """Return the SQL of a time as the ledger writes it."""
    return f"coalesce(strftime({date}, '%Y-%m-%d'), strftime({instant}, {literal(INSTANT)}))"


def key_of_slot(text: str, zone: str) -> str:
    """Return the SQL of a slot's key: a time in one way of writing, anything else as it is."""
    told = moment(text, "VARCHAR", zone)
    assert told is not None
    return f"coalesce({stamp(told.date, told.instant)}, {text})"


def measure(sql: str, name: str, kind: str) -> str:
    """Return the SQL of a measure in the type in which the ledger keeps it."""
    stored = kind_of(kind)
    return f"CAST({sql} AS {'VARCHAR' if stored == TEXT else stored}) AS {quote(name)}"


def refuse_inexact(con: Any, source: str, measures: Mapping[str, tuple[str, str]], where: str) -> None:
    """Refuse whole numbers that a double does not hold.

    Raises
    ------
    DataError
        Each column that has some.
    """
    wrong = []
    for sql, (name, kind) in measures.items():
        if family(kind) == "integer":
            ((count,),) = con.execute(
                f"SELECT count_if(abs(CAST({sql} AS HUGEINT)) > {EXACT}) FROM {source}"
            ).fetchall()
            if count:
                what = "holds whole numbers beyond 2^53, which a measure cannot keep exactly"
                wrong.append(Finding("data", f"{where} · {name}", what, "write ids as text", count))
    if wrong:
        raise DataError(wrong)


def _empty() -> pa.Table:
    import pyarrow as pa

    return pa.table({name: pa.array([], pa.string()) for name in (*KEYS, "at", "arrived_at")})
