"""What was known of past contacts on a night: real ones up to then, and those that earlier nights of a replay chose."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from optimizer.data import open_tables
from optimizer.data.layout import HISTORY, quote
from optimizer.data.tables import Tables
from optimizer.ledger.contacts import columns_of, source_of, stamp, times_of
from optimizer.plan.audit.books import SqlBooks
from optimizer.plan.audit.side import Side
from optimizer.scenario import Scenario

if TYPE_CHECKING:
    import pyarrow as pa

TIMES = {"at": "@", "arrived_at": "@arrived_", "response_at": "@response_"}
RULES = ("eligibility", "contact_policies", "constraints", "holdout")
ANSWERS = ("response", "response_at")


def known_history(tables: Tables, sent_by: Scenario, known_by: Scenario) -> pa.Table:
    """Return the real contacts that were sent by one "now", with the responses that were known by another.

    Times become text, so that dates and moments can stand in one column. Without a column ``response_at`` nobody can
    tell when a response was known: it is taken to have come at once.
    """
    listed = []
    for name in tables.original[HISTORY]:
        sql = quote(name)
        if name in TIMES:
            sql = stamp(f'"{TIMES[name]}date"', f'"{TIMES[name]}instant"')
        if name in ANSWERS and "response_at" in tables.original[HISTORY]:
            sql = f"CASE WHEN {_after('@response_', known_by)} THEN NULL ELSE {sql} END"
        listed.append(f"{sql} AS {quote(name)}")
    query = f"SELECT {', '.join(listed)} FROM {HISTORY} WHERE NOT {_after('@', sent_by)}"
    return tables.con.sql(query).to_arrow_table()


def _after(prefix: str, scenario: Scenario) -> str:
    """Return SQL that is true for a time after a scenario's "now"; a date is after it when its day is."""
    now = scenario.now.astimezone(dt.UTC)
    instant = f"\"{prefix}instant\" > TIMESTAMP '{now:%Y-%m-%d %H:%M:%S.%f}'"
    return f"coalesce({instant}, \"{prefix}date\" > DATE '{scenario.today}', false)"


def chosen_contacts(scenario: Scenario, contacts: pa.Table, frames: Mapping[str, Any]) -> pa.Table:
    """Return contacts of a plan with the times ``at`` and, where that is another, ``arrived_at``, as history has them.

    Parameters
    ----------
    scenario : Scenario
    contacts : pyarrow.Table
        Rows of the candidates.
    frames : mapping of table to frame
        The tables that tell when a contact is sent, and when it arrives.

    Returns
    -------
    pyarrow.Table
        All columns of the candidates too; a missing channel is ``''``.
    """
    off: dict[str, Any] = dict.fromkeys(name for name in RULES if name in scenario.model_fields_set)
    bare = scenario.replace({**off, "scores": None, "objective": {"maximize": "contacts"}})
    with open_tables(bare, {**frames, "candidates": contacts}) as tables:
        side = Side(SqlBooks(bare, tables, "candidates"), planned=True)
        times = times_of(side)
        listed = ", ".join(
            f"{sql} AS {quote(name)}"
            for sql, (name, _) in columns_of(tables).items()
            if name not in ("at", "arrived_at") and not name.startswith("@")
        )
        query = f"SELECT {listed}, {times} FROM {source_of(side, tables)} ORDER BY ALL"
        return tables.con.sql(query).to_arrow_table()


def with_chosen(tables: Tables, history: pa.Table | None, chosen: list[pa.Table]) -> pa.Table | None:
    """Return a history with the contacts that earlier nights chose, in the columns that the history has."""
    if not chosen:
        return history
    known = tables.original["candidates"] if history is None else history.column_names
    wanted = {"customer", "offer", *known} - ({"slot"} if history is None else set())
    parts = [] if history is None else [history]
    for table in chosen:
        times = {"at", "arrived_at"} if table["arrived_at"].null_count < table.num_rows else {"at"}
        parts.append(table.select([name for name in table.column_names if name in wanted | times]))
    names = [f"@part{number}" for number in range(len(parts))]
    for name, part in zip(names, parts, strict=True):
        tables.con.register(name, part)
    query = " UNION ALL BY NAME ".join(f"SELECT * FROM {quote(name)}" for name in names)
    united: pa.Table = tables.con.sql(query).to_arrow_table()
    for name in names:
        tables.con.unregister(name)
    return united
