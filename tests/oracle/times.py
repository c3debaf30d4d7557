"""Moments, local days, durations and windows (lines 1 to 9)."""

from __future__ import annotations

import calendar
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from tests.oracle.refused import Refused

Moment = date | datetime
"""A local date of every customer, or an instant in UTC (line 7)."""


def moment(value: Any, zone: ZoneInfo) -> Moment:
    """Read a date, a timestamp or the ISO text of one; a naive timestamp is in ``zone`` (line 7)."""
    if isinstance(value, str):
        text = value.strip()
        value = date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text)
    if isinstance(value, pd.Timestamp):
        value = value.to_pydatetime()
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=zone)).astimezone(UTC)
    if isinstance(value, date):
        return value
    raise ValueError(f"{value!r} is no date or timestamp")


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """Return the instant at which a local day begins."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def days_later(when: Moment, days: int, zone: ZoneInfo) -> Moment:
    """Return the same local time of day, so many local days later (line 8)."""
    if isinstance(when, datetime):
        local = when.astimezone(zone).replace(tzinfo=None) + timedelta(days)
        return local.replace(tzinfo=zone).astimezone(UTC)
    return when + timedelta(days)


@dataclass(frozen=True)
class At:
    """A moment as one customer lives it: the local date, and the instant if there is one."""

    day: date
    instant: datetime | None

    @classmethod
    def of(cls, when: Moment, zone: ZoneInfo) -> At:
        if isinstance(when, datetime):
            return cls(when.astimezone(zone).date(), when)
        return cls(when, None)

    def is_after(self, other: At) -> bool:
        """Tell the order: by instant where both have one, else by local date (line 16)."""
        if self.instant is not None and other.instant is not None:
            return self.instant > other.instant
        return self.day > other.day

    def is_same_as(self, other: At) -> bool:
        return not self.is_after(other) and not other.is_after(self)


@dataclass(frozen=True)
class Duration:
    """``hours`` or ``days`` of a length, a ``calendar …`` period, or ``ever``."""

    unit: str
    length: Fraction = Fraction(0)

    @classmethod
    def of(cls, text: object) -> Duration:
        words = str(text).split()
        if words == ["ever"]:
            return cls("ever")
        if words[0] == "calendar":
            return cls(" ".join(words))
        unit = words[1].rstrip("s") + "s"
        length = Fraction(words[0])
        if unit == "weeks":
            unit, length = "days", 7 * length
        if unit not in ("hours", "days") or length <= 0 or (unit == "days" and length.denominator != 1):
            raise Refused("scenario", f"no window: {text}")
        return cls(unit, length)

    @property
    def delta(self) -> timedelta:
        """The length in hours as a time delta."""
        return timedelta(microseconds=int(self.length * 3_600_000_000))


def needs_instants(when: At) -> datetime:
    """Return the instant; hour windows need one everywhere (line 6)."""
    if when.instant is None:
        raise Refused("scenario", "an hour window needs timestamps in slots and history")
    return when.instant


def period(unit: str, day: date) -> tuple[date, date]:
    """Return first and last day of the calendar period that holds a day (line 5)."""
    if unit == "calendar day":
        return day, day
    if unit == "calendar week":
        monday = day - timedelta(day.weekday())
        return monday, monday + timedelta(6)
    if unit == "calendar month":
        return day.replace(day=1), day.replace(day=calendar.monthrange(day.year, day.month)[1])
    raise Refused("scenario", f"no calendar period: {unit}")


def apart(a: At, b: At, within: Duration) -> tuple[bool, bool]:
    """Tell whether two moments are less than, and at most, the duration apart (line 6)."""
    if within.unit == "ever":
        return True, True
    if within.unit == "days":
        distance = abs((a.day - b.day).days)
        return distance < within.length, distance <= within.length
    if within.unit == "hours":
        gap = abs(needs_instants(a) - needs_instants(b))
        return gap < within.delta, gap <= within.delta
    same = period(within.unit, a.day) == period(within.unit, b.day)
    return same, same


@dataclass(frozen=True)
class Span:
    """The horizon as some customers live it, and the first day of history."""

    first: date
    last: date
    since: date
    zones: tuple[ZoneInfo, ...]


@dataclass(frozen=True)
class Window:
    """One window of a rule; a minimum is demanded in it only if ``demanded`` (line 10)."""

    label: str
    covers: Callable[[At], bool]
    demanded: bool


def windows(within: Duration | None, planned: Iterable[At], past: Iterable[At], span: Span) -> list[Window]:
    """Return the windows of a rule: those with a horizon day, or with a day on which a planned contact arrives.

    Reading of lines 1 and 2: contacts that arrive after the horizon are capped there as well, so that a window far
    behind the horizon with two planned arrivals counts.
    """
    planned = list(planned)
    if within is None:
        return [Window("horizon", lambda at: True, demanded=True)]
    if within.unit == "ever":
        return [Window("ever", lambda at: True, demanded=True)]
    if within.unit == "hours":
        return _hours(within, planned, list(past), span)
    anchors = {span.first + timedelta(n) for n in range((span.last - span.first).days + 1)} | {p.day for p in planned}
    if within.unit == "days":
        width = int(within.length)
        starts = {day - timedelta(n) for day in anchors for n in range(width)}
        spans = {(start, start + timedelta(width - 1)) for start in starts}
    else:
        spans = {period(within.unit, day) for day in anchors}
    return [_days(first, last, span) for first, last in sorted(spans)]


def _days(first: date, last: date, span: Span) -> Window:
    demanded = span.since <= first and last <= span.last and last >= span.first
    return Window(f"{first}..{last}", lambda at: first <= at.day <= last, demanded)


def _hours(within: Duration, planned: list[At], past: list[At], span: Span) -> list[Window]:
    """[s, s + W) for every s at which its content can change, and one s between any two of them."""
    width = within.delta
    # Reading: where members of a household live in several zones, the window lies in the days of all of them.
    since, opens = (max(midnight(day, zone) for zone in span.zones) for day in (span.since, span.first))
    closes = min(midnight(span.last + timedelta(1), zone) for zone in span.zones)
    instants = [needs_instants(at) for at in planned + past]
    turns = sorted(
        {since, opens, opens - width, closes - width, closes} | {i - d for i in instants for d in (timedelta(), width)}
    )
    starts = sorted({*turns, *(a + (b - a) / 2 for a, b in pairwise(turns))})
    arrivals = [needs_instants(at) for at in planned]

    def window(start: datetime) -> Window:
        end = start + width
        demanded = since <= start and end <= closes and end > opens
        return Window(
            f"{start:%Y-%m-%dT%H:%MZ}+{within.length}h", lambda at: start <= needs_instants(at) < end, demanded
        )

    return [
        window(s)
        for s in starts
        if (s < closes and s + width > opens) or any(s <= arrival < s + width for arrival in arrivals)
    ]
