"""Slots and the times they stand for, under one name in every table."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import duckdb

from optimizer.data.bound import FILE, ROW, Bound
from optimizer.data.clocks import warn_about_clocks
from optimizer.data.faults import reading
from optimizer.data.findings import Findings
from optimizer.data.layout import family, literal, quote, spoken
from optimizer.data.places import Place
from optimizer.data.times import NEVER, Moment, canonical, moment
from optimizer.errors import cut

_TIMELIKE = frozenset({"date", "time", "text"})
_HOW = "write it like 2026-11-23 or 2026-11-23T09:00"


def settle_slots(
    con: duckdb.DuckDBPyConnection,
    found: Findings,
    candidates: Bound,
    slots: Bound | None,
    first_day: dt.date,
    zone: str,
    *,
    many: bool = False,
) -> tuple[Bound, Bound | None]:
    """Create ``slot_times (slot, date, instant)``, and make both tables call a slot by the same value.

    Parameters
    ----------
    found : Findings
        Takes what is wrong.
    candidates : Bound
    slots : Bound, optional
        The slots table, if there is one.
    first_day : date
        The slot of candidates that have no such column.
    zone : str
        Zone of timestamps without an offset.
    many : bool
        Whether customers have time zones of their own.

    Returns
    -------
    candidates, slots : Bound
        The tables; the slots table with the candidates' own values as its key.
    """
    if "slot" not in candidates.columns:
        day = f"DATE '{first_day.isoformat()}'"
        con.execute(f"CREATE TEMP TABLE slot_times AS SELECT {day} AS slot, {day} AS date, NULL::TIMESTAMP AS instant")
        if slots is not None:
            found.error(
                candidates.label,
                "there is a slots table, but the candidates have no column 'slot'",
                "add the column, or leave out data.slots",
            )
        return candidates.reading("slot", day), slots
    told = _moment(candidates, "slot", zone)
    with reading(candidates.label):
        con.execute(
            f'CREATE TEMP TABLE "@slots_used" AS SELECT slot, n, {told.date} AS date, {told.instant} AS instant, '
            f"{told.naive} AS naive, {_same(told)} AS same FROM (SELECT slot, count(*) AS n FROM {candidates.source} "
            "WHERE slot IS NOT NULL GROUP BY slot)"
        )
        candidates = _spell_alike(con, found, candidates)
        if slots is None:
            _refuse_timeless(con, found, candidates)
            con.execute('CREATE TEMP TABLE slot_times AS SELECT slot, date, instant FROM "@slots_used"')
            column = Moment("date", "instant", "naive")
            warn_about_clocks(con, found, f"{candidates.label} · slot", '"@slots_used"', column, zone, many=many)
            return candidates, None
    with reading(slots.label):
        return candidates, _bind_slots(con, found, candidates, slots, zone, many)


def _moment(table: Bound, column: str, zone: str) -> Moment:
    """How a column tells time: never, if its type cannot."""
    return moment(quote(column), table.columns[column], zone) or NEVER


def _same(told: Moment) -> str:
    return canonical(told.date, told.instant, "CAST(slot AS VARCHAR)")


def _spell_alike(con: duckdb.DuckDBPyConnection, found: Findings, candidates: Bound) -> Bound:
    """Read several spellings of one time as the first of them; only text can have several."""
    spellings = con.execute(
        'SELECT first, slot FROM (SELECT slot, min(slot) OVER (PARTITION BY same) AS first FROM "@slots_used") '
        "WHERE slot <> first ORDER BY ALL"
    ).fetchall()
    if not spellings:
        return candidates
    con.execute('DELETE FROM "@slots_used" WHERE slot NOT IN (SELECT min(slot) FROM "@slots_used" GROUP BY same)')
    first, other = spellings[0]
    found.warn(
        f"{candidates.label} · slot",
        f"'{cut(other)}' and '{cut(first)}' are the same time, and are both read as the latter",
        "write each slot in one way only",
        count=len(spellings),
    )
    cases = " ".join(f"WHEN {literal(other)} THEN {literal(first)}" for first, other in spellings)
    return candidates.reading("slot", f"CASE slot {cases} ELSE slot END")


def _refuse_timeless(con: duckdb.DuckDBPyConnection, found: Findings, candidates: Bound) -> None:
    for slot, count in con.execute(
        'SELECT CAST(slot AS VARCHAR), n FROM "@slots_used" WHERE date IS NULL AND instant IS NULL ORDER BY 1'
    ).fetchall():
        ((file, row),) = con.execute(
            f"SELECT {quote(FILE)}, {quote(ROW)} FROM {candidates.placed} WHERE CAST(slot AS VARCHAR) = ? LIMIT 1",
            [slot],
        ).fetchall()
        found.error(
            f"{Place(file, row)} · slot",
            f"'{cut(slot)}' is neither a date nor a timestamp",
            f"{_HOW}, or add a slots table with its start",
            count=count,
        )


def _bind_slots(
    con: duckdb.DuckDBPyConnection, found: Findings, candidates: Bound, slots: Bound, zone: str, many: bool
) -> Bound:
    kind, theirs = candidates.columns["slot"], slots.columns["slot"]
    timelike = {family(kind), family(theirs)} <= _TIMELIKE
    if candidates.typed and slots.typed and not timelike and family(kind) != family(theirs):
        found.error(
            f"{slots.label} · slot",
            f"slot is {spoken(theirs)} here, but {spoken(kind)} in {candidates.label}",
            "write it in one type in both",
        )
        return slots
    told = _moment(slots, "slot", zone)
    text = "CAST(s.slot AS VARCHAR)"
    spelled = f"try_cast({text} AS {kind})"
    if not timelike:
        spelled = f"CASE WHEN CAST({spelled} AS VARCHAR) = {text} THEN {spelled} END"
    others = "".join(f", s.{quote(name)}" for name in slots.columns if name != "slot")
    con.execute(
        f'CREATE TEMP TABLE "@slots" AS SELECT coalesce(u.slot, {spelled}) AS slot{others}, {text} AS "@written", '
        f's."{FILE}", s."{ROW}" FROM (SELECT *, {_same(told)} AS "@same" FROM {slots.placed}) s '
        'LEFT JOIN "@slots_used" u ON u.same = s."@same"'
    )
    for file, row, written in con.execute(
        f'SELECT "{FILE}", "{ROW}", "@written" FROM "@slots" WHERE slot IS NULL AND "@written" IS NOT NULL LIMIT 5'
    ).fetchall():
        found.error(
            f"{Place(file, row)} · slot",
            f"'{cut(written)}' is no such value: slots are {spoken(kind)} in {candidates.label}",
            "write slots alike in both",
        )
    bound = replace(slots, source='"@slots"', placed='"@slots"', columns={**slots.columns, "slot": kind})
    _read_times(con, found, bound, zone, many)
    return bound


def _read_times(con: duckdb.DuckDBPyConnection, found: Findings, slots: Bound, zone: str, many: bool) -> None:
    """Create ``slot_times`` from the table's ``start``, or from the slots themselves."""
    column = "start" if "start" in slots.columns else "slot"
    told = _moment(slots, column, zone)
    con.execute(
        f'CREATE TEMP TABLE slot_times AS SELECT slot, {told.date} AS date, {told.instant} AS instant FROM "@slots"'
    )
    for name in (column, "end"):
        if name not in slots.columns:
            continue
        time = _moment(slots, name, zone)
        may_lack = "" if name == column else f" AND {quote(name)} IS NOT NULL"
        for file, row, value, count in con.execute(
            f'SELECT "{FILE}", "{ROW}", CAST({quote(name)} AS VARCHAR), count(*) OVER () FROM "@slots" '
            f"WHERE {time.date} IS NULL AND {time.instant} IS NULL{may_lack} ORDER BY ALL LIMIT 1"
        ).fetchall():
            what = "is missing" if value is None else f"'{cut(value)}' is neither a date nor a timestamp"
            fix = _HOW if name == column == "start" or name == "end" else f"{_HOW}, or add a column 'start'"
            found.error(f"{Place(file, row)} · {name}", what, fix, count=count)
    if "end" in slots.columns:
        _refuse_backwards(con, found, told, _moment(slots, "end", zone))
    warn_about_clocks(con, found, f"{slots.label} · {column}", '"@slots"', told, zone, many=many)


def _refuse_backwards(con: duckdb.DuckDBPyConnection, found: Findings, start: Moment, end: Moment) -> None:
    for file, row, count in con.execute(
        f'SELECT "{FILE}", "{ROW}", count(*) OVER () FROM "@slots" '
        f"WHERE {end.instant} < {start.instant} OR {end.date} < {start.date} ORDER BY ALL LIMIT 1"
    ).fetchall():
        found.error(f"{Place(file, row)} · end", "the slot ends before it starts", "the two are swapped", count=count)
