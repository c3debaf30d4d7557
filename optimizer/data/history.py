"""History: what was sent before, with its times as dates and instants."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import duckdb

from optimizer.data.bound import FILE, ROW, Bound
from optimizer.data.clocks import warn_about_clocks
from optimizer.data.faults import reading
from optimizer.data.findings import Findings
from optimizer.data.layout import HISTORY, family, quote
from optimizer.data.places import Place
from optimizer.data.times import UTC, moment

TIMES = {"at": "@", "arrived_at": "@arrived_", "response_at": "@response_"}
"""Time columns, and what the names of their ``date`` and ``instant`` columns begin with."""


def bind_history(
    con: duckdb.DuckDBPyConnection, found: Findings, history: Bound | None, candidates: Bound, zone: str
) -> Bound:
    """Return history with ``"@date"`` and ``"@instant"`` of each time column; an empty one if there is none.

    The empty one has the keys of the candidates, in their types.
    """
    if history is None:
        history = _no_history(candidates)
    elif "channel" not in history.columns:
        history = without_channel(found, history, candidates)
    source = history.source
    dear = False
    for column, prefix in TIMES.items():
        if column not in history.columns:
            continue
        told = moment(quote(column), history.columns[column], zone)
        if told is None:
            found.error(
                f"{history.label} · {column}",
                f"is {history.columns[column]}, which tells no time",
                "write it as a date, a timestamp, or ISO text such as 2026-11-23T09:00",
            )
            continue
        costly = _costly(history.columns[column], zone)
        dear |= costly
        history = history.reading(f"{prefix}date", told.date).reading(f"{prefix}instant", told.instant)
        with reading(history.label):
            _refuse_timeless(con, found, history, column, source)
            if costly:
                warn_about_clocks(con, found, f"{history.label} · {column}", source, told, zone)
    return _kept(con, history) if dear and not found.errors else history


def _no_history(candidates: Bound) -> Bound:
    """Return an empty history whose keys are the candidates' own."""
    source = (
        "(SELECT customer, offer, channel, NULL::DATE AS at, NULL::VARCHAR AS response, NULL::DATE AS response_at "
        f"FROM ({candidates.select()}) LIMIT 0)"
    )
    placed = f'(SELECT *, \'\' AS "{FILE}", 0 AS "{ROW}" FROM {source})'
    kinds = {key: candidates.columns.get(key, "VARCHAR") for key in ("customer", "offer", "channel")}
    columns = kinds | {"at": "DATE", "response": "VARCHAR", "response_at": "DATE"}
    return Bound(HISTORY, HISTORY, source, placed, columns, typed=True)


def _costly(kind: str, zone: str) -> bool:
    """Whether each reading of a time costs more than a copy: text is parsed, local times are converted."""
    local = family(kind) == "time" and "TIME ZONE" not in kind.upper()
    return family(kind) == "text" or (local and zone != UTC)


def without_channel(found: Findings, history: Bound, candidates: Bound) -> Bound:
    """Return a history that has no column ``channel`` with an empty one: the candidates must have none either."""
    if "channel" in candidates.columns:
        found.error(
            history.label,
            "the candidates have a column 'channel', the history has none",
            "add it: a policy cannot tell the channel of these contacts",
        )
    return history.reading("channel", "''")


def _refuse_timeless(con: duckdb.DuckDBPyConnection, found: Findings, history: Bound, column: str, source: str) -> None:
    date, instant = (history.column(f"{TIMES[column]}{part}") for part in ("date", "instant"))
    wrong = f"coalesce({date} IS NULL AND {instant} IS NULL, true)"
    if column != "at":
        wrong += f" AND {quote(column)} IS NOT NULL"
    ((count,),) = con.execute(f"SELECT count_if({wrong}) FROM {source}").fetchall()
    if count:
        ((file, row, value),) = con.execute(
            f'SELECT "{FILE}", "{ROW}", {quote(column)} FROM {history.placed} WHERE {wrong} LIMIT 1'
        ).fetchall()
        what = "is missing" if value is None else "is neither a date nor a timestamp"
        fix = "write it like 2026-11-23 or 2026-11-23T09:00"
        found.error(f"{Place(file, row)} · {column}", what, fix, count=count)


def _kept(con: duckdb.DuckDBPyConnection, history: Bound) -> Bound:
    """Keep a history whose times are dear to read, so that they are read once."""
    with reading(history.label):
        con.execute(f'CREATE TEMP TABLE "@history" AS {history.select(placed=True)}')
    columns = {**history.columns}
    reads = {name: quote(name) for name in history.reads if name not in columns}
    return replace(history, source='"@history"', placed='"@history"', reads=reads)


def refuse_old(
    con: duckdb.DuckDBPyConnection, found: Findings, label: str, now: dt.datetime, oldest: dt.timedelta
) -> None:
    """Refuse a history whose newest row is older than allowed.

    Parameters
    ----------
    label : str
        Name of the history's source.
    now : datetime
        Aware.
    oldest : timedelta
        How old the newest row may be.
    """
    ((date, instant),) = con.execute(
        f'SELECT max("@date"), max("@instant") FROM {HISTORY} WHERE coalesce("@date" <= ?, true) '
        f'AND coalesce("@instant" <= ?, true)',
        [now.date(), now.astimezone(dt.UTC).replace(tzinfo=None)],
    ).fetchall()
    limit = now.astimezone(dt.UTC).replace(tzinfo=None) - oldest
    ends = [] if instant is None else [instant]
    if date is not None:
        ends.append(dt.datetime.combine(date, dt.time.max))
    if not ends or max(ends) < limit:
        newest = f"its newest row is of {max(ends):%Y-%m-%d %H:%M}" if ends else "it has no row before now"
        found.error(
            f"{label} · at",
            f"the history is too old: {newest}, and data.history_max_age allows nothing before {limit:%Y-%m-%d %H:%M}",
            "run the job that exports it, or allow more",
        )
