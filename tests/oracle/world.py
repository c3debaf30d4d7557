"""Scenario and tables joined: every candidate and history row with all that a rule can see of it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from fractions import Fraction
from functools import cached_property
from itertools import product
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pandas as pd

from tests.oracle.amounts import number
from tests.oracle.expressions import AMBIGUOUS, evaluate, is_true
from tests.oracle.refused import Refused
from tests.oracle.times import At, Moment, Span, days_later, midnight, moment

KEYS = ("customer", "offer", "channel", "slot")
HISTORY_COLUMNS = ("at", "arrived_at", "response", "response_at")

Zones = Mapping[Any, ZoneInfo]
"""One zone for each customer."""


def plain(value: Any) -> Any:
    """Return a table's value in plain Python; every kind of missing value is None."""
    if pd.api.types.is_scalar(value) and pd.isna(value):
        return None
    return value.item() if hasattr(value, "item") else value


def records(frame: pd.DataFrame | None) -> list[dict[str, Any]]:
    if frame is None:
        return []
    columns = [str(c) for c in frame.columns]
    return [dict(zip(columns, map(plain, row), strict=True)) for row in frame.itertuples(index=False, name=None)]


@dataclass(frozen=True, eq=False)
class Contact:
    """A candidate, with its column in the plans, or a history row, which has none.

    ``row`` is what a condition sees; ``slot`` compares as a date or an instant where it is one (line 25).
    """

    key: tuple[str, ...]
    customer: Any
    slot: Any
    sent: Moment
    lead: int
    row: dict[str, Any]
    column: int = -1
    arrived: Moment | None = None
    responded: Moment | None = None

    @property
    def is_planned(self) -> bool:
        """Tell a candidate from a history row."""
        return self.column >= 0

    def arrival(self, zone: ZoneInfo) -> At:
        """When it reaches the customer: what contact policies count (line 8)."""
        if not self.is_planned:
            return At.of(self.arrived if self.arrived is not None else self.sent, zone)
        return At.of(days_later(self.sent, self.lead, zone), zone)

    def sending(self, zone: ZoneInfo) -> At:
        """When it leaves: what constraints and consents count (line 8)."""
        return At.of(self.sent, zone)

    def response(self, zone: ZoneInfo) -> At:
        """When the customer responded, else when it was sent (line 18)."""
        return At.of(self.responded if self.responded is not None else self.sent, zone)

    def value_of(self, name: str) -> Any:
        """Return the value of a grouping column; NULL is a value of its own (line 24)."""
        return self.slot if name == "slot" else evaluate(name, self.row)


@dataclass(frozen=True, eq=False)
class World:
    """Everything the rules look at. ``candidates[i]`` is column ``i`` of the plans."""

    scenario: Mapping[str, Any]
    tables: Mapping[str, pd.DataFrame]
    candidates: list[Contact] = field(default_factory=list)
    history: list[Contact] = field(default_factory=list)
    invalid: dict[tuple[str, ...], str] = field(default_factory=dict)

    # -- the calendar ------------------------------------------------------------------------------------------

    @property
    def first(self) -> date:
        start = self.scenario["horizon"]["start"]
        return date.fromisoformat(start) if isinstance(start, str) else start

    @property
    def last(self) -> date:
        return self.first + timedelta(self.scenario["horizon"]["days"] - 1)

    @cached_property
    def zone(self) -> ZoneInfo:
        """The horizon's zone, in which naive timestamps are read."""
        spec = self.scenario["horizon"].get("timezone", "UTC")
        return ZoneInfo(spec.get("default", "UTC") if isinstance(spec, dict) else spec)

    @cached_property
    def as_of(self) -> datetime:
        now = moment(self.scenario["as_of"], self.zone)
        return now if isinstance(now, datetime) else midnight(now, self.zone)

    @cached_property
    def customer_rows(self) -> dict[Any, dict[str, Any]]:
        return {row["customer"]: row for row in records(self.tables.get("customers"))}

    @cached_property
    def known_zones(self) -> list[ZoneInfo]:
        """Every zone that occurs in the customers' zone column."""
        column = self.scenario["horizon"]["timezone"]["column"]
        found = [zone_named(row[column]) for row in self.customer_rows.values()]
        return sorted({zone for zone in found if zone}, key=lambda z: z.key) or [self.zone]

    def zones_of(self, customer: Any) -> list[ZoneInfo]:
        """Return the zones under which a customer's rules must hold: one, or all where it is unknown (line 9).

        Reading: NULL takes the written ``default``; without one, and for a name that is no zone, it is unknown.
        """
        spec = self.scenario["horizon"].get("timezone", "UTC")
        if not isinstance(spec, dict):
            return [self.zone]
        name = self.customer_rows.get(customer, {}).get(spec["column"])
        if name is None and "default" in spec:
            return [self.zone]
        zone = zone_named(name)
        return [zone] if zone else self.known_zones

    def zone_choices(self, customers: Iterable[Any]) -> list[Zones]:
        customers = list(customers)
        return [dict(zip(customers, zones, strict=True)) for zones in product(*(self.zones_of(c) for c in customers))]

    def span(self, *zones: ZoneInfo, counts_history: bool) -> Span:
        """Return the horizon and the start of history for a rule (line 10)."""
        since = self.first
        if counts_history:
            declared = self.scenario.get("data", {}).get("history_since")
            if declared is not None:
                since = date.fromisoformat(declared) if isinstance(declared, str) else declared
            elif self.history:
                since = min(self.first, *(h.sending(self.zones_of(h.customer)[0]).day for h in self.history))
        return Span(self.first, self.last, since, zones)

    # -- rules and customers -----------------------------------------------------------------------------------

    def rules(self, section: str) -> list[dict[str, Any]]:
        """Return the rules of a section that can change the plan (line 33)."""
        rules = self.scenario.get(section) or []
        return [r for r in rules if r.get("enabled", True) and not r.get("report_only", False)]

    @cached_property
    def customers(self) -> list[Any]:
        """Customers with candidates."""
        return list(dict.fromkeys(c.customer for c in self.candidates))

    @cached_property
    def held_out(self) -> set[Any]:
        """Customers of the control group (line 40). Reading: where ``by`` is NULL, the customer's own id decides."""
        spec = self.scenario.get("holdout")
        if not spec:
            return set()
        by, share = spec.get("by", "customer"), number(spec["share"])
        everybody = {*self.customers, *self.customer_rows}
        ids = {c: c if by == "customer" else self.customer_rows[c][by] for c in everybody}
        return {
            c
            for c, value in ids.items()
            if hash_share(str(spec.get("salt", "")), c if value is None else value) < share
        }

    def matching(self, contacts: Iterable[Contact], where: object) -> list[Contact]:
        """Return the contacts for which a condition is true; all of them without one."""
        return [c for c in contacts if where is None or is_true(where, c.row)]

    def table(self, name: str) -> list[dict[str, Any]]:
        if name not in self.tables:
            raise Refused("data", f"no table {name}")
        return records(self.tables[name])


def hash_share(salt: str, value: Any) -> Fraction:
    """Return where an id falls between 0 and 1 (line 40)."""
    digest = hashlib.sha256(f"{salt}\x1f{value}".encode()).digest()
    return Fraction(int.from_bytes(digest[:8], "big"), 2**64)


def zone_named(name: Any) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, TypeError):
        return None


def joined(own: str, mine: Mapping[str, Any], others: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return one row with all columns, bare and qualified; a bare name that two tables hold is ambiguous."""
    row: dict[str, Any] = {}
    for table, columns in {own: mine, **others}.items():
        for name, value in columns.items():
            row[f"{table}.{name}"] = value
            if name not in KEYS:
                row[name] = AMBIGUOUS if name in row else value
    for name in KEYS:
        if name in mine:
            row[name] = mine[name]
    return row
