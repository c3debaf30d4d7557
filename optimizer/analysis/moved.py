"""A scenario and its tables moved back in time by whole days, so that tonight's candidates stand for a past night's."""

from __future__ import annotations

import csv
import datetime as dt
import re
import zoneinfo
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from optimizer.data.layout import SLOTS, family, literal, quote
from optimizer.data.limit_tables import read_table
from optimizer.data.tables import Tables
from optimizer.language.limits import TableLimit
from optimizer.rules.base import Rule
from optimizer.scenario import Scenario

LIMITS = ("at_most", "at_least", "exactly")
TIMES = {"candidates": ("slot",), SLOTS: ("slot", "start", "end")}
"""The columns by which candidates are in time."""
DAY = re.compile(r"\d{4}-\d\d-\d\d")


def moved_back(scenario: Scenario, days: int) -> Scenario:
    """Return the scenario as it would have been some days ago: its "now" and its horizon, by the local clock."""
    zone = scenario.horizon.timezone
    local = scenario.now.astimezone(zoneinfo.ZoneInfo(zone if isinstance(zone, str) else "UTC"))
    start = scenario.horizon.start - dt.timedelta(days=days)
    return scenario.replace(
        {"as_of": (local - dt.timedelta(days=days)).isoformat(), "horizon.start": start.isoformat()}
    )


def moved_table(tables: Tables, table: str, days: int) -> str:
    """Return the query of candidates or slots whose times lie some days earlier; columns as in the input."""
    kinds = tables.columns[table]
    listed = (
        f"{_moved(quote(name), kinds[name], days, tables.zone)} AS {quote(name)}"
        if name in TIMES[table]
        else quote(name)
        for name in tables.original[table]
    )
    return f"SELECT {', '.join(listed)} FROM {quote(table)}"


def _moved(column: str, kind: str, days: int, zone: str) -> str:
    """Return SQL of a time some days earlier; text that begins with no date is no time, and stays."""
    sort = family(kind)
    if sort == "time" and "TIME ZONE" in kind.upper():
        return f"timezone({literal(zone)}, timezone({literal(zone)}, {column}) - to_days({days}))"
    if sort in ("date", "time"):
        return f"CAST({column} - to_days({days}) AS {kind})"
    if sort == "text":
        day = f"CAST(try_cast({column}[1:10] AS DATE) - {days} AS VARCHAR)"
        begins = f"regexp_matches({column}, '^{DAY.pattern}')"
        return f"CASE WHEN {begins} THEN coalesce({day} || {column}[11:], {column}) ELSE {column} END"
    return column


def moved_limits(scenario: Scenario, days: int, folder: Path) -> dict[str, str]:
    """Write the limits tables that go by slot with their slots some days earlier; return what to replace.

    Raises
    ------
    DataError
        A table that cannot be read.
    """
    changes: dict[str, str] = {}
    for rule in scenario.rules():
        if "slot" not in {name.rpartition(".")[2] for name in getattr(rule, "for_each", ())}:
            continue
        for side, limit in _tables(rule).items():
            written = folder / f"{rule.section}-{rule.name}-{side}-{days}.csv"
            header, rows = read_table(scenario.base / limit.table)
            places = [place for place, name in enumerate(header) if name == "slot"]
            with written.open("w", encoding="utf-8", newline="") as file:
                out = csv.writer(file)
                out.writerow(header)
                for row in rows:
                    out.writerow([_earlier(v, days) if place in places else v for place, v in enumerate(row)])
            changes[f"{scenario.rule_path(rule)}.{side}.table"] = str(written)
    return changes


def _tables(rule: Rule) -> Mapping[str, TableLimit]:
    found = {side: getattr(rule, side, None) for side in LIMITS}
    return {side: limit for side, limit in found.items() if isinstance(limit, TableLimit)}


def _earlier(slot: str | None, days: int) -> str | None:
    """Return the text of a slot some days earlier, as :func:`moved_table` moves it."""
    if slot is None or not DAY.match(slot):
        return slot
    try:
        day = dt.date.fromisoformat(slot[:10])
    except ValueError:
        return slot
    return (day - dt.timedelta(days=days)).isoformat() + slot[10:]


def dated_rules(scenario: Scenario) -> list[str]:
    """Return the rules whose conditions name a day: those days are not moved."""
    return [rule.name for rule in scenario.rules() if _names_a_day(rule.model_dump(mode="json"))]


def _names_a_day(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(_names_a_day(inner) for inner in value.values())
    if isinstance(value, list | tuple):
        return any(_names_a_day(inner) for inner in value)
    return isinstance(value, str) and DAY.search(value) is not None
