"""Small types of the file: names, dates, moments, time zones."""

from __future__ import annotations

import datetime as dt
import re
import zoneinfo
from typing import Annotated

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema

from optimizer.errors import cut, nearest

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def _name(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z0-9_-]+", value):
        raise ValueError(f"'{cut(value)}' is not a name\nMaybe use letters, digits, '-' and '_' alone")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{cut(value)} is not text\nMaybe put it in quotes")
    if not value.strip():
        raise ValueError("the text is empty\nMaybe leave the key out")
    return value


def _date(value: object) -> dt.date:
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return value
    try:
        if isinstance(value, str) and _DATE.fullmatch(value):
            return dt.date.fromisoformat(value)
    except ValueError:
        raise ValueError(f"'{value}' is not in the calendar\nMaybe the month has fewer days") from None
    raise ValueError(f"'{cut(value)}' is not a date\nMaybe write it as 2026-11-23")


def _moment(value: object) -> dt.datetime:
    example = "2026-11-22T18:00:00+00:00"
    try:
        found = value if isinstance(value, dt.datetime) else dt.datetime.fromisoformat(_text(value))
    except ValueError:
        raise ValueError(f"'{cut(value)}' is not a moment\nMaybe write it as {example}") from None
    if found.tzinfo is None:
        raise ValueError(f"'{cut(value)}' has no offset from UTC\nMaybe write it as {example}")
    return found


def zone(value: object) -> str:
    """Return the name of a time zone that is known here.

    Raises
    ------
    ValueError
        It is not known; the message suggests the nearest.
    """
    name = _text(value)
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        near = nearest(name, zoneinfo.available_timezones())
        raise ValueError(f"unknown time zone '{cut(name)}'\nMaybe {near or 'UTC or Europe/Lisbon'}") from None
    return name


def _iso(value: dt.date) -> str:
    return value.isoformat()


Name = Annotated[str, BeforeValidator(_name), Field(pattern=r"^[A-Za-z0-9_-]+$")]
Text = Annotated[str, BeforeValidator(_text), Field(min_length=1)]
Zone = Annotated[str, BeforeValidator(zone), WithJsonSchema({"type": "string", "description": "An IANA name."})]
LocalDate = Annotated[
    dt.date,
    BeforeValidator(_date),
    PlainSerializer(_iso, return_type=str),
    WithJsonSchema({"type": "string", "format": "date"}),
]
Moment = Annotated[
    dt.datetime,
    BeforeValidator(_moment),
    PlainSerializer(_iso, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
