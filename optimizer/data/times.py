"""Times: calendar dates stay dates, moments become UTC instants.

A value is a *date* when it has no time of day (a DATE, or ISO text such as ``2026-11-23``): it is that local date for
every customer. It is an *instant* when it has one. A timestamp without an offset is in the horizon's time zone; a local
time that occurs twice when clocks go back is read as the second one, and one that clocks skip is moved on by what they
skip. Both are warned about.
"""

from __future__ import annotations

from dataclasses import dataclass

from optimizer.data.layout import family, literal

_DAY = r"\d{4}-\d\d-\d\d"
_CLOCK = r"\d\d:\d\d(:\d\d([.,]\d{1,9})?)?"
_OFFSET = r" ?(Z|[+-]\d\d(:?\d\d)?)"
ISO_DATE = f"^{_DAY}$"
ISO_NAIVE = f"^{_DAY}[T ]{_CLOCK}$"
ISO_AWARE = f"^{_DAY}[T ]{_CLOCK}{_OFFSET}$"

UTC = "UTC"


@dataclass(frozen=True, slots=True)
class Moment:
    """How a column tells time, as SQL over the relation that holds it.

    Parameters
    ----------
    date : str
        DATE where the value is a calendar date, else NULL.
    instant : str
        TIMESTAMP in UTC where it is a moment, else NULL.
    naive : str
        TIMESTAMP as written where it is a moment without an offset, else NULL.
    """

    date: str
    instant: str
    naive: str


NEVER = Moment("CAST(NULL AS DATE)", "CAST(NULL AS TIMESTAMP)", "CAST(NULL AS TIMESTAMP)")
"""How a column without times tells them."""


def moment(column: str, duckdb_type: str, zone: str) -> Moment | None:
    """Return how a column tells time, or None when its type cannot.

    Parameters
    ----------
    column : str
        SQL of the column.
    duckdb_type : str
    zone : str
        IANA name of the time zone of values without an offset.
    """
    kind = family(duckdb_type)
    if kind == "unknown":
        return NEVER
    if kind == "date":
        return Moment(f"CASE WHEN isfinite({column}) THEN {column} END", NEVER.instant, NEVER.naive)
    if kind == "time":
        finite = f"CASE WHEN isfinite({column}) THEN {column} END"
        if "TIME ZONE" in duckdb_type.upper():
            return Moment(NEVER.date, f"timezone('{UTC}', {finite})", NEVER.naive)
        naive = f"CAST({finite} AS TIMESTAMP)"
        return Moment(NEVER.date, _to_utc(naive, zone), naive)
    if kind == "text":
        text = f"replace({column}, ',', '.')"
        date = f"CASE WHEN regexp_matches({column}, '{ISO_DATE}') THEN try_cast({column} AS DATE) END"
        naive = f"CASE WHEN regexp_matches({column}, '{ISO_NAIVE}') THEN try_cast({text} AS TIMESTAMP) END"
        aware = f"CASE WHEN regexp_matches({column}, '{ISO_AWARE}') THEN try_cast({text} AS TIMESTAMPTZ) END"
        return Moment(date, f"coalesce({_to_utc(naive, zone)}, timezone('{UTC}', {aware}))", naive)
    return None


def _to_utc(naive: str, zone: str) -> str:
    return naive if zone == UTC else f"timezone('{UTC}', timezone({literal(zone)}, {naive}))"


def odd_clock(naive: str, zone: str) -> str:
    """Return SQL that is true for a local time that the zone's clocks skip or repeat."""
    instant = f"timezone({literal(zone)}, {naive})"
    back = f"timezone({literal(zone)}, {instant})"
    repeated = " OR ".join(
        f"timezone({literal(zone)}, {instant} - INTERVAL {minutes} MINUTE) = {naive}" for minutes in (30, 60)
    )
    return f"({back} <> {naive} OR {repeated})"


def local_day(date: str, instant: str, zone: str) -> str:
    """Return SQL for the local date of a time that is either a date or a UTC instant; ``zone`` is SQL too."""
    return f"coalesce({date}, CAST(timezone({zone}, {instant} AT TIME ZONE 'UTC') AS DATE))"


def canonical(date: str, instant: str, raw: str) -> str:
    """Return SQL for the text by which slots of different tables are compared."""
    return f"coalesce('date ' || CAST({date} AS VARCHAR), 'instant ' || CAST({instant} AS VARCHAR), 'slot ' || {raw})"
