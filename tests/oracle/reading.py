"""From frames to a world: joins, keys, duplicates and missing amounts (lines 7, 8, 21, 23, 25, 26)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from fractions import Fraction
from typing import Any

import pandas as pd

from tests.oracle.amounts import exact, is_finite, number
from tests.oracle.expressions import evaluate, is_true, names
from tests.oracle.refused import Refused
from tests.oracle.times import Moment, moment
from tests.oracle.world import HISTORY_COLUMNS, KEYS, Contact, World, joined, plain, records

LOOKUPS = (("offers", "offer"), ("channels", "channel"), ("slots", "slot"), ("customers", "customer"))


def read(scenario: Mapping[str, Any], tables: Mapping[str, pd.DataFrame]) -> World:
    """Build the world of a scenario and its tables."""
    for section in ("eligibility", "contact_policies", "constraints"):
        for rule in scenario.get(section) or []:
            if "name" not in rule:
                raise Refused("scenario", "a rule has no name")
    return _Reader(World(scenario, tables)).read()


class _Reader:
    def __init__(self, world: World) -> None:
        self.world = world
        self.tables = world.tables
        self.lookup = {name: self._index(name, key) for name, key in LOOKUPS if name in world.tables}
        self.slot_starts = {key: self._start(key, row) for key, row in self.lookup.get("slots", {}).items()}

    def read(self) -> World:
        self._same_types()
        rows = self._without_duplicates(records(self.tables["candidates"]))
        for row in rows:
            contact = self._candidate(row, len(self.world.candidates))
            wrong = next(_missing_amounts(self.world, contact), None)
            if wrong is None:
                self.world.candidates.append(contact)
            else:
                self.world.invalid[contact.key] = wrong
        self._refuse_invalid(len(rows))
        for row in records(self.tables.get("history")):
            self.world.history.append(self._past(row))
        return self.world

    # -- keys --------------------------------------------------------------------------------------------------

    def _identity(self, key: str, value: Any) -> Any:
        """Slots compare as dates or instants where they are such; all other keys as they are (line 25)."""
        if key != "slot":
            return value
        try:
            return moment(value, self.world.zone)
        except ValueError:
            return value

    def _index(self, table: str, key: str) -> dict[Any, dict[str, Any]]:
        found: dict[Any, dict[str, Any]] = {}
        for row in records(self.tables[table]):
            identity = self._identity(key, row[key])
            if found.setdefault(identity, row) != row:
                raise Refused("data", f"{table} holds {identity} twice")
        return found

    def _start(self, slot: Any, row: Mapping[str, Any]) -> Moment:
        return moment(row["start"] if row.get("start") is not None else slot, self.world.zone)

    def _same_types(self) -> None:
        for table, frame in self.tables.items():
            for key in ("customer", "offer", "channel"):
                if key in frame and key in self.tables["candidates"]:
                    kinds = [
                        {type(v) for v in map(plain, self.tables[t][key]) if v is not None}
                        for t in ("candidates", table)
                    ]
                    if all(kinds) and kinds[0] != kinds[1]:
                        raise Refused("data", f"{key} has another type in {table} than in candidates")

    def _without_duplicates(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        seen: dict[tuple[Any, ...], dict[str, Any]] = {}
        for row in rows:
            key = tuple(self._identity(k, row.get(k)) for k in KEYS)
            if row.get("customer") is None:
                raise Refused("data", "a candidate has no customer")
            if seen.setdefault(key, row) != row:
                raise Refused("data", f"candidate {key} stands twice, with other values")
        return list(seen.values())

    # -- rows --------------------------------------------------------------------------------------------------

    def _joined(self, own: str, row: Mapping[str, Any], *, must: bool) -> dict[str, Any]:
        others: dict[str, Mapping[str, Any]] = {}
        for table, key in LOOKUPS:
            if table not in self.lookup or key not in row:
                continue
            found = self.lookup[table].get(self._identity(key, row[key]))
            if found is None and must:
                raise Refused("data", f"{key} {row[key]} is not in {table}")
            columns = [c for c in map(str, self.tables[table].columns) if c != key]
            others[table] = found or dict.fromkeys(columns)
            others[table] = {c: others[table][c] for c in columns}
        return joined(own, row, others)

    def _candidate(self, row: dict[str, Any], column: int) -> Contact:
        world = self.world
        slot = self._identity("slot", row["slot"]) if "slot" in row else world.first
        sent = self.slot_starts.get(slot, slot)
        if not isinstance(sent, date):
            raise Refused("data", f"slot {slot} is no date, and not in slots")
        seen = self._joined("candidates", row, must=True)
        lead = sum(_whole_days(seen.get(f"{table}.lead_days", 0)) for table in ("offers", "channels"))
        key = tuple(str(row[k]) for k in KEYS if k in row)
        return Contact(key, row["customer"], slot, sent, lead, seen, column)

    def _past(self, row: dict[str, Any]) -> Contact:
        """Its own columns win over joined ones: amounts of history come from history (line 28)."""
        zone = self.world.zone
        seen = self._joined("history", row, must=False)
        seen |= {name: value for name, value in row.items() if name not in KEYS}
        seen |= {f"candidates.{name}": value for name, value in row.items()}
        seen |= {name: seen.get(name) for name in HISTORY_COLUMNS}
        times = {k: moment(row[k], zone) for k in ("at", "arrived_at", "response_at") if row.get(k) is not None}
        slot = self._identity("slot", row["slot"]) if "slot" in row else self._slot_at(times["at"])
        return Contact(
            ("history", *(str(row[k]) for k in (*KEYS[:3], "at") if k in row)),
            row["customer"],
            slot,
            times["at"],
            0,
            seen,
            arrived=times.get("arrived_at"),
            responded=times.get("response_at"),
        )

    def _slot_at(self, at: Moment) -> Any:
        """A history row was in the slot that starts when it was sent; else in one of its own."""
        return next((slot for slot, start in self.slot_starts.items() if start == at), at)

    # -- amounts -----------------------------------------------------------------------------------------------

    def _refuse_invalid(self, read: int) -> None:
        wrong = self.world.invalid
        options = self.world.scenario.get("data", {})
        if not wrong:
            return
        most = number(options.get("max_reject_share", 0.01))
        if options.get("on_invalid", "fail") != "reject" or Fraction(len(wrong), read) > most:
            raise Refused("data", "; ".join(wrong.values()))


def _whole_days(lead: Any) -> int:
    if not is_finite(lead) or lead != int(lead) or lead < 0:
        raise Refused("data", f"lead_days is {lead}")
    return int(lead)


def _measures(world: World) -> Iterator[tuple[object, object]]:
    """Yield (amount, where) of the objective and of every rule that can change the plan (line 23)."""
    goal = world.scenario["objective"]
    yield goal.get("maximize", goal.get("minimize")), None
    for section in ("contact_policies", "constraints"):
        for rule in world.rules(section):
            for part in ("total", "ratio", "to"):
                if part in rule and not str(rule[part]).startswith("distinct "):
                    yield rule[part], rule.get("where")


def _expected(world: World) -> dict[str, tuple[Fraction | None, Fraction | None]]:
    """Return the range of each column that has one."""
    ranges: dict[str, Any] = {"propensity": "0..1", "cost": "0.."}
    ranges |= world.scenario.get("data", {}).get("expect", {})
    parsed = {name: str(text).split("..") for name, text in ranges.items() if text != "any"}
    return {name: (exact(float(a)) if a else None, exact(float(b)) if b else None) for name, (a, b) in parsed.items()}


def _missing_amounts(world: World, contact: Contact) -> Iterator[str]:
    """Yield what is missing, not finite or out of range among the amounts that a rule would use of this row.

    Reading of line 23: all rows that were read, before eligibility; of a rule with ``where``, those it is true for.
    """
    for text, where in _measures(world):
        if where is not None and not is_true(where, contact.row):
            continue
        value = evaluate(text, contact.row)
        if isinstance(value, bool) or not is_finite(value):
            yield f"{contact.key}: {text} is {value}"
            continue
        for name, (low, high) in _expected(world).items():
            if name in names(text) and name in contact.row and is_finite(contact.row[name]):
                amount = exact(contact.row[name])
                if (low is not None and amount < low) or (high is not None and amount > high):
                    yield f"{contact.key}: {name} is {contact.row[name]}"
