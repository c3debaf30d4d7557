"""Windows of rules (``7 days``, ``calendar month``, ``ever``) and plain durations (``30 minutes``)."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, ClassVar, Literal, Self

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

from optimizer.errors import cut, nearest

SECONDS = {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400, "week": 604_800}
LONGEST_DAYS = 36_525
"""A hundred years; longer windows are ``ever``."""

Calendar = Literal["day", "week", "month"]
_CALENDAR: dict[str, Calendar] = {"calendar day": "day", "calendar week": "week", "calendar month": "month"}
_FORM = re.compile(r"([-+]?\d+(?:\.\d+)?)\s*([^\W\d]\w*)")


def period(unit: Calendar, day: int) -> tuple[int, int]:
    """Return the first and last day of the calendar day, week or month that a day lies in, as proleptic ordinals."""
    date = dt.date.fromordinal(day)
    if unit == "week":
        return day - date.weekday(), day - date.weekday() + 6
    if unit == "month":
        length = calendar.monthrange(date.year, date.month)[1]
        return day - date.day + 1, day - date.day + length
    return day, day


class _Text:
    """A value written as text in the file: pydantic reads and writes it as that text."""

    text: str
    _about: ClassVar[str]
    _units: ClassVar[tuple[str, ...]]

    def __str__(self) -> str:
        return self.text

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read it from text."""
        raise NotImplementedError

    @classmethod
    def _read(cls, value: object) -> Self:
        if isinstance(value, cls):
            return value
        if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
            raise ValueError(f"a duration is text\nMaybe {cls._about}")
        return cls.parse(str(value))

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            cls._read, serialization=core_schema.plain_serializer_function_ser_schema(str)
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"type": "string", "description": f"For example {cls._about}."}


@dataclass(frozen=True, slots=True)
class Duration(_Text):
    """A length of time: a number and a unit.

    Parameters
    ----------
    text : str
        As written.
    seconds : Decimal
        Exact, more than 0.
    """

    text: str = field(compare=False)
    seconds: Decimal

    _about: ClassVar[str] = "'30 minutes' or '2 days'"
    _units: ClassVar[tuple[str, ...]] = ("seconds", "minutes", "days")

    @classmethod
    def parse(cls, text: str) -> Duration:
        """Read ``30 minutes``, ``1.5 hours``, ``2 days``.

        Raises
        ------
        ValueError
            Not a number and a unit, or not longer than nothing.
        """
        text = text.strip()
        if text in _CALENDAR or text == "ever":
            raise ValueError(f"'{text}' is not a length of time\nMaybe {cls._about}")
        number, unit = _amount(text, cls._about, cls._units)
        return cls(text, number * SECONDS[unit])


@dataclass(frozen=True, slots=True)
class Window(_Text):
    """Where a rule counts: exactly one of the four fields is set.

    Parameters
    ----------
    text : str
        As written.
    days : int, optional
        Rolling, so many consecutive local days.
    seconds : int, optional
        Rolling, written in hours, minutes or seconds: counted by instants, half-open.
    calendar : {"day", "week", "month"}, optional
        Whole calendar days, weeks (from Monday) or months.
    ever : bool
        All history and the horizon.
    """

    text: str = field(compare=False)
    days: int | None = None
    seconds: int | None = None
    calendar: Calendar | None = None
    ever: bool = False

    _about: ClassVar[str] = "'7 days', '36 hours', 'calendar month' or 'ever'"
    _units: ClassVar[tuple[str, ...]] = ("days",)

    @classmethod
    def parse(cls, text: str) -> Window:
        """Read ``7 days``, ``2 weeks``, ``36 hours``, ``calendar month`` or ``ever``.

        Raises
        ------
        ValueError
            Anything else: parts of days, nothing, more than a hundred years, an unknown unit.
        """
        text = text.strip()
        if text == "ever":
            return cls(text, ever=True)
        if text in _CALENDAR:
            return cls(text, calendar=_CALENDAR[text])
        if text.startswith("calendar"):
            near = nearest(text, _CALENDAR)
            raise ValueError(f"unknown window '{cut(text)}'\nMaybe " + (near or ", ".join(_CALENDAR)))
        number, unit = _amount(text, cls._about, cls._units)
        seconds = number * SECONDS[unit]
        if seconds > LONGEST_DAYS * SECONDS["day"]:
            raise ValueError(f"a window of {cut(text)} is longer than a hundred years\nMaybe 'ever'")
        size = SECONDS["day"] if unit in ("day", "week") else 1
        if seconds % size:
            fix = "write it in hours: hours are counted by the clock, days by local dates" if size > 1 else "round it"
            raise ValueError(f"'{text}': a window has whole {'days' if size > 1 else 'seconds'}\nMaybe {fix}")
        whole = int(seconds) // size
        return cls(text, days=whole) if size > 1 else cls(text, seconds=whole)


def _amount(text: str, about: str, units: tuple[str, ...]) -> tuple[Decimal, str]:
    """Split ``7 days`` into its number and singular unit; ``units`` are those that a bare number may be short of."""
    found = _FORM.fullmatch(text)
    if not found:
        bare = re.fullmatch(r"\d+(\.\d+)?", text)
        what = f"'{cut(text)}' has no unit" if bare else f"'{cut(text)}' is not a duration"
        meant = " or ".join(f"'{text} {unit.removesuffix('s') if text == '1' else unit}'" for unit in units)
        raise ValueError(f"{what}\nMaybe {meant if bare else about}")
    number, unit = Decimal(found[1]), found[2]
    singular = unit.removesuffix("s")
    if singular not in SECONDS:
        near = "calendar month" if singular == "month" else nearest(unit, [*SECONDS, *(f"{u}s" for u in SECONDS)])
        raise ValueError(f"unknown unit '{cut(unit)}' in '{cut(text)}'\nMaybe " + (f"'{near}'" if near else about))
    if number <= 0:
        raise ValueError(f"'{cut(text)}': it must be longer than nothing\nMaybe {about}")
    return number, singular
