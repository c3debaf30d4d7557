"""Which candidates may be used at all, and why the others may not (lines 11, 23, 24, 36, 40)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.oracle.expressions import evaluate, is_true
from tests.oracle.refused import Refused
from tests.oracle.times import Moment, midnight, moment
from tests.oracle.world import KEYS, Contact, World, plain


def reasons(world: World) -> list[list[str]]:
    """Return why each candidate may not be used: rule names and fixed words; an empty list if it may."""
    forbidden = pinned(world, "forbid")
    found = [list(_reasons(world, contact)) for contact in world.candidates]
    for column in forbidden:
        found[column].append("forbidden")
    return found


def pinned(world: World, which: str) -> list[int]:
    """Return the columns of the ``keep`` or ``forbid`` pins (line 36)."""
    name = (world.scenario.get("pins") or {}).get(which)
    if name is None:
        return []
    columns: list[int] = []
    for row in world.table(name):
        mine = [c.column for c in world.candidates if is_named(world, c, row)]
        if not mine and which == "keep":
            raise Refused("data", f"{name} pins {row}, which is no candidate")
        columns += mine
    return columns


def is_named(world: World, contact: Contact, row: dict[str, Any]) -> bool:
    own = {key: contact.row.get(key) for key in KEYS}
    if "slot" in row:
        own["slot"], row = contact.slot, row | {"slot": _slot(world, row["slot"])}
    return all(plain(row[key]) == own[key] for key in KEYS if key in row)


def _slot(world: World, value: Any) -> Any:
    try:
        return moment(value, world.zone)
    except ValueError:
        return value


def _reasons(world: World, contact: Contact) -> Iterator[str]:
    zones = world.zones_of(contact.customer)
    if not all(world.first <= contact.sending(zone).day <= world.last for zone in zones):
        yield "outside horizon"
    if any(_is_past(world, contact.sent, zone) for zone in zones):
        yield "past"
    if contact.customer in world.held_out:
        yield "holdout"
    for rule in world.rules("eligibility"):
        if rule.get("where") is not None and not _holds(world, rule["where"], contact):
            continue
        if any(_drops(world, rule, contact, zone) for zone in zones):
            yield rule["name"]


def _is_past(world: World, sent: Moment, zone: ZoneInfo) -> bool:
    """Tell whether a slot is over: an instant before ``as_of``, a date when its whole day is before (line 11)."""
    if isinstance(sent, datetime):
        return sent < world.as_of
    return midnight(sent + timedelta(1), zone) <= world.as_of


def _holds(world: World, condition: object, contact: Contact) -> bool:
    if evaluate(condition, contact.row) is None and world.scenario.get("data", {}).get("on_null") == "fail":
        raise Refused("data", f"{condition} is NULL for {contact.key}")
    return is_true(condition, contact.row)


def _drops(world: World, rule: dict[str, Any], contact: Contact, zone: ZoneInfo) -> bool:
    if "keep" in rule:
        return not _holds(world, rule["keep"], contact)
    if "drop" in rule:
        return _holds(world, rule["drop"], contact)
    if "consent" in rule:
        return not _has_consent(world, rule["consent"], contact, zone)
    if "quiet" in rule:
        return _is_quiet(str(rule["quiet"]), contact, zone)
    raise Refused("scenario", f"{rule['name']} is no eligibility rule")


def _is_quiet(hours: str, contact: Contact, zone: ZoneInfo) -> bool:
    """Tell whether the local time of day lies in [from, until); it may cross midnight.

    Reading: a slot without a time of day cannot be judged, so the file is in error.
    """
    if not isinstance(contact.sent, datetime):
        raise Refused("data", "quiet hours need slots with a time of day")
    start, end = (time.fromisoformat(text.strip()) for text in hours.split("-"))
    local = contact.sent.astimezone(zone).time()
    return start <= local < end if start <= end else local >= start or local < end


def _has_consent(world: World, consent: Any, contact: Contact, zone: ZoneInfo) -> bool:
    """Tell whether one consent row covers the slot's time.

    Reading: a row holds from the first moment of ``from`` until before ``until``, a date-only ``until`` included to
    its last moment; a date-only slot needs its whole local day covered. A missing end is open. A row counts for the
    purpose it names and no other.
    """
    purpose = consent.get("purpose") if isinstance(consent, dict) else None
    needed = _interval(contact.sent, zone)
    for row in world.table("consents"):
        same = row["customer"] == contact.customer and row["channel"] == contact.row.get("channel")
        if not same or (purpose is not None and row["purpose"] != purpose):
            continue
        if row.get("from") is not None and _interval(moment(row["from"], world.zone), zone)[0] > needed[0]:
            continue
        if row.get("until") is not None:
            until = moment(row["until"], world.zone)
            end = _interval(until, zone)[1]
            is_open = isinstance(contact.sent, datetime)
            if end < needed[1] or (is_open and end <= needed[0]):
                continue
        return True
    return False


def _interval(when: Moment, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return first moment and end of a local day; an instant is both."""
    if isinstance(when, datetime):
        return when, when
    assert isinstance(when, date)
    return midnight(when, zone), midnight(when + timedelta(1), zone)
