"""The tables of a tiny scenario, and the words in which its rules can speak about them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, TypeVar

import numpy as np
import pandas as pd

T = TypeVar("T")

START = date(2026, 3, 27)
"""A Friday; the clocks of Europe change on the Sunday after it, and the month on Wednesday."""
MOST_CANDIDATES = 12
FAMILIES = ("loan", "card", "savings")
SEGMENTS = ("gold", "silver", None)


class World:
    """A random little market. Attributes are filled once and then only read, except ``tables``: rules add limits.

    Parameters
    ----------
    random : Generator
    rich : bool
        Everything that the language has: hours, time zones, lead days, households, consents, responses, missing
        values. Otherwise whole days, and plain tables.
    customers : int, optional
    """

    def __init__(self, random: np.random.Generator, *, rich: bool, customers: int | None = None) -> None:
        self.random = random
        self.rich = rich
        self.days = int(random.integers(1, 8))
        self.timed = rich and self.chance(0.4)
        self.tables: dict[str, pd.DataFrame] = {}
        self.objective = self.pick(
            [{"maximize": "propensity * value - cost"}, {"maximize": "value - cost"}]
            + ([{"minimize": "cost - value"}, {"maximize": "value"}] if rich else [])
        )
        count = customers or int(random.integers(1, 5))
        self.customers = [f"c{i + 1}" for i in range(count)]
        self.offers = [f"o{i + 1}" for i in range(int(random.integers(2, 5)))]
        self.channels = ["email", "sms", "call"][: int(random.integers(1, 4))]
        self._fixed_tables()
        self._candidates()
        self._history()
        if rich and self.chance(0.5):
            self._consents()

    def chance(self, share: float) -> bool:
        """Toss a coin that shows True with this chance."""
        return bool(self.random.random() < share)

    def pick(self, items: Sequence[T]) -> T:
        """Pick one, all equally likely."""
        return items[int(self.random.integers(len(items)))]

    def some(self, items: Sequence[T]) -> list[T]:
        """Pick one or two, in order."""
        count = min(int(self.random.integers(1, 3)), len(items))
        return [items[i] for i in sorted(self.random.choice(len(items), count, replace=False))]

    def moment(self, day: int) -> str:
        """Return a moment of a day, counted from START: a date, or a local time where hours count."""
        text = (START + timedelta(days=day)).isoformat()
        return f"{text}T{self.pick((0, 2, 9, 12, 20, 23)):02}:{self.pick((0, 30)):02}:00" if self.timed else text

    def _fixed_tables(self) -> None:
        offers = {
            "offer": self.offers,
            "family": [self.pick(FAMILIES) for _ in self.offers],
        }
        channels: dict[str, list[Any]] = {
            "channel": self.channels,
            "cost": [self.pick((0.25, 0.5, 1.0, 2.75)) for _ in self.channels],
        }
        customers: dict[str, list[Any]] = {
            "customer": self.customers,
            "segment": [self.pick(SEGMENTS if self.rich else SEGMENTS[:2]) for _ in self.customers],
            "weekly_cap": [int(self.random.integers(0, 4)) for _ in self.customers],
        }
        if self.rich:
            homes = [self.pick(("h1", "h2", None)) for _ in self.customers]
            customers["household"] = homes
            customers["tz"] = [self.pick(("Europe/Lisbon", "America/New_York", "Asia/Tokyo")) for _ in self.customers]
            if self.chance(0.3):
                channels["lead_days"] = [int(self.random.integers(0, 3)) for _ in self.channels]
        self.tables["offers"] = pd.DataFrame(offers)
        self.tables["channels"] = pd.DataFrame(channels)
        self.tables["customers"] = pd.DataFrame(customers)

    def _candidates(self) -> None:
        """Draw different keys; a few lie outside the horizon where the world is rich."""
        wanted = int(self.random.integers(5, MOST_CANDIDATES + 1))
        keys: dict[tuple[str, str, str, str], None] = {}
        for i in range(3 * wanted):
            late = self.rich and self.chance(0.05)
            day = self.days if late else int(self.random.integers(0, self.days))
            # everybody has at least one, so that a scenario has as many customers as it says
            customer = self.customers[i] if i < len(self.customers) else self.pick(self.customers)
            key = (customer, self.pick(self.offers), self.pick(self.channels), self.moment(day))
            if len(keys) < wanted:
                keys[key] = None
        frame = pd.DataFrame(list(keys), columns=["customer", "offer", "channel", "slot"])
        frame["value"] = self.random.integers(1, 20, len(frame)) / 2
        frame["propensity"] = self.random.integers(10, 101, len(frame)) / 100
        self.tables["candidates"] = frame.sort_values("customer", kind="stable", ignore_index=True)

    def _history(self) -> None:
        """Draw up to five contacts, most of them in the week before, some in the horizon or after it (committed)."""
        rows = []
        for _ in range(int(self.random.integers(0, 6))):
            day = int(self.pick((self.random.integers(-7, 0), self.random.integers(-30, self.days + 3))))
            rows.append((self.pick(self.customers), self.pick(self.offers), self.pick(self.channels), self.moment(day)))
        if not rows:
            return
        frame = pd.DataFrame(rows, columns=["customer", "offer", "channel", "at"])
        if self.rich:
            frame["response"] = [self.pick(("refused", "accepted", None)) for _ in rows]
        self.tables["history"] = frame

    def _consents(self) -> None:
        """Draw consents for most (customer, channel) pairs, some of them ending within the horizon."""
        rows = []
        for customer in self.customers:
            for channel in self.channels:
                if self.chance(0.8):
                    until = (START + timedelta(days=int(self.random.integers(0, 9)))).isoformat()
                    rows.append((customer, channel, "marketing", "2026-01-01", until if self.chance(0.3) else None))
        frame = pd.DataFrame(rows, columns=["customer", "channel", "purpose", "from", "until"], dtype=object)
        self.tables["consents"] = frame

    def limits(self, stem: str, columns: Sequence[str], most: int, *, stray: bool = False) -> dict[str, Any]:
        """Add a limits table with a row for most of the groups among the candidates, and return the limit.

        A stray row names a group that has no candidate.
        """
        joined = self.joined()
        groups = joined[list(columns)].drop_duplicates().dropna().sort_values(list(columns), ignore_index=True)
        groups = groups[self.random.random(len(groups)) < 0.8]
        if stray:
            groups.loc[len(groups)] = [f"no such {column}" for column in columns]
        groups["limit_number"] = self.random.integers(0, most + 1, len(groups))
        path = f"{stem}_{len(self.tables)}.csv"
        self.tables[path] = groups
        return {"table": path, "column": "limit_number", "default": int(self.random.integers(0, most + 1))}

    def joined(self) -> pd.DataFrame:
        """Return the candidates with the columns of their offer, channel and customer."""
        frame = self.tables["candidates"]
        for key in ("offer", "channel", "customer"):
            frame = frame.merge(self.tables[f"{key}s"], on=key)
        return frame

    def head(self) -> dict[str, Any]:
        """Return the sections before the rules."""
        horizon: dict[str, Any] = {"start": START.isoformat(), "days": self.days}
        if self.rich:
            horizon["timezone"] = self.pick(("UTC", "Europe/Lisbon", {"column": "tz", "default": "UTC"}))
        data: dict[str, Any] = {
            name: f"{name}.{'parquet' if name in ('candidates', 'history') else 'csv'}"
            for name in ("candidates", "customers", "offers", "channels", "history", "consents")
            if name in self.tables
        }
        if self.rich and "history" in self.tables and self.chance(0.3):
            data["history_since"] = (START - timedelta(days=30)).isoformat()
        return {
            "version": 1,
            "name": "tiny",
            "as_of": f"{START - timedelta(days=1)}T18:00:00+00:00",
            "horizon": horizon,
            "data": data,
            "objective": self.objective,
        }

    def tail(self) -> dict[str, Any]:
        """Return the sections after the rules: a holdout or pins, now and then."""
        sections: dict[str, Any] = {}
        if self.rich and self.chance(0.1):
            sections["holdout"] = {"share": 0.3, "by": "customer", "salt": self.pick(("spring", "autumn"))}
        if self.rich and self.chance(0.15):
            keys = self.tables["candidates"][["customer", "offer", "channel", "slot"]]
            self.tables["forbidden.csv"] = keys.sample(1, random_state=int(self.random.integers(2**31)))
            sections["pins"] = {"forbid": "forbidden.csv"}
            if self.chance(0.3):
                self.tables["booked.csv"] = keys.sample(1, random_state=int(self.random.integers(2**31)))
                sections["pins"]["keep"] = "booked.csv"
        return sections
