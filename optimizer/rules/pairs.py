"""Pairs of contacts in time: which lie after which, which lie near each other, on local dates or on instants."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from optimizer.language.durations import Window, period
from optimizer.language.expressions import Expression
from optimizer.problem.primitives import BoolArray, Incidence, IntArray, Overrides

if TYPE_CHECKING:
    from optimizer.rules.world import Clock

MICROSECONDS = 1_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Times:
    """When contacts are: local days, and instants where they have one.

    Parameters
    ----------
    day : (n,) int array
        Proleptic ordinals.
    instant : (n,) float array
        Microseconds since 1970 (UTC); NaN where only the date is known.
    """

    day: IntArray
    instant: npt.NDArray[np.float64]

    def points(self, mask: BoolArray) -> Times:
        """Return the different times among some of them, ascending."""
        instant = np.nan_to_num(self.instant[mask], nan=-np.inf)
        both = np.unique(np.stack([self.day[mask].astype(np.float64), instant], axis=1), axis=0)
        return Times(both[:, 0].astype(np.int64), np.where(np.isinf(both[:, 1]), np.nan, both[:, 1]))

    def at(self, day: int, instant: float) -> BoolArray:
        """Whether each is at this very time."""
        same = np.isnan(self.instant) if np.isnan(instant) else self.instant == instant
        return np.asarray((self.day == day) & same)


Relation = Callable[[int, float, Times], BoolArray]
"""Given one time, says of each of others whether it stands in the relation to it."""


def before(day: int, instant: float, others: Times) -> BoolArray:
    """Whether each of the others is earlier: by instant where both have one, else by date."""
    by_instant = ~np.isnan(others.instant) & ~np.isnan(instant)
    return np.where(by_instant, others.instant < instant, others.day < day)


def after(day: int, instant: float, others: Times) -> BoolArray:
    """Whether each of the others is later: by instant where both have one, else by date."""
    by_instant = ~np.isnan(others.instant) & ~np.isnan(instant)
    return np.where(by_instant, others.instant > instant, others.day > day)


def near(window: Window | None, *, inclusive: bool = False) -> Relation:
    """Return the relation «less than the window apart» (or at most, when inclusive); always true without a window.

    In a calendar window: within the same calendar day, week or month.
    """

    def relation(day: int, instant: float, others: Times) -> BoolArray:
        if window is None or window.ever:
            return np.ones(len(others.day), bool)
        if window.seconds is not None:
            apart = np.abs(others.instant - instant)
            limit = window.seconds * MICROSECONDS
            return np.asarray(apart <= limit if inclusive else apart < limit)
        if window.calendar is not None:
            first, last = period(window.calendar, day)
            return np.asarray((others.day >= first) & (others.day <= last))
        assert window.days is not None
        days = np.abs(others.day - day)
        return np.asarray(days <= window.days if inclusive else days < window.days)

    return relation


class Instances:
    """Instances of a pair rule while they are written down."""

    def __init__(self, kinds: int, groups: int) -> None:
        self.kinds, self.groups = kinds, groups
        self._kind: list[IntArray] = []
        self._instance: list[IntArray] = []
        self._bits: list[IntArray] = []
        self._past: list[tuple[IntArray, int, int]] = []
        self.count = 0

    def new(self) -> int:
        """Begin an instance and return its number."""
        self.count += 1
        return self.count - 1

    def put(self, instance: int, kinds: BoolArray, bit: int) -> None:
        """Give some kinds a bit in an instance."""
        found = np.flatnonzero(kinds)
        self._kind.append(found)
        self._instance.append(np.full(len(found), instance, np.int64))
        self._bits.append(np.full(len(found), bit, np.int64))

    def put_past(self, instance: int, groups: IntArray, bit: int) -> None:
        """Give some groups a bit that history holds in an instance."""
        self._past.append((np.unique(groups), instance, bit))

    def incidence(self) -> Incidence:
        """Return the kinds' bits."""
        kind, instance, bits = (
            np.concatenate(part) if part else np.zeros(0, np.int64) for part in (self._kind, self._instance, self._bits)
        )
        pairs, joined = united(kind * max(self.count, 1) + instance, bits)
        width = max(self.count, 1)
        return Incidence.of(pairs // width, pairs % width, joined, kinds=self.kinds, instances=self.count)

    def past(self) -> Overrides | None:
        """Return history's bits, or None where it holds none."""
        if not any(len(groups) for groups, _, _ in self._past):
            return None
        width = max(self.count, 1)
        pair = np.concatenate([groups * width + instance for groups, instance, _ in self._past])
        bits = np.concatenate([np.full(len(groups), bit, np.int64) for groups, _, bit in self._past])
        pairs, joined = united(pair, bits)
        return Overrides.of(pairs // width, pairs % width, joined, groups=self.groups)


def united(pair: IntArray, bits: IntArray) -> tuple[IntArray, IntArray]:
    """Return the different pairs, ascending, and the bits of each united."""
    pairs, back = np.unique(pair, return_inverse=True)
    out = np.zeros(len(pairs), np.int64)
    np.bitwise_or.at(out, back, bits)
    return pairs, out


def clock_of(condition: Expression) -> Clock:
    """Return the clock of a condition: it is the response's where the condition names one."""
    return "response" if any(c.name == "response" for c in condition.columns) else "arrival"


AFTER_SQL = (
    "CASE WHEN a.instant IS NOT NULL AND b.instant IS NOT NULL THEN a.instant > b.instant ELSE a.day > b.day END"
)
"""For audits: contact a is later than contact b."""
BEFORE_SQL = (
    "CASE WHEN a.instant IS NOT NULL AND b.instant IS NOT NULL THEN a.instant < b.instant ELSE a.day < b.day END"
)
"""The same for earlier."""


def say_near(window: Window, rolling: str) -> str:
    """Say in words when two contacts are near; ``rolling`` has a place for a rolling window's length."""
    if window.ever:
        return "at any time"
    return f"in the same {window.text}" if window.calendar else rolling.format(window.text)


def near_sql(window: Window | None, *, inclusive: bool = False) -> str:
    """Return SQL for «contacts a and b are less than the window apart» (or at most, when inclusive).

    In a calendar window: within the same calendar day, week or month.
    """
    sign = "<=" if inclusive else "<"
    if window is None or window.ever:
        return "true"
    if window.seconds is not None:
        return f"abs(epoch_us(a.instant) - epoch_us(b.instant)) {sign} {window.seconds * MICROSECONDS}"
    if window.calendar is not None:
        return f"date_trunc('{window.calendar}', a.day) = date_trunc('{window.calendar}', b.day)"
    return f"abs(a.day - b.day) {sign} {window.days}"


def evidence_sql(rows: str, other: str, condition: str) -> str:
    """Return SQL for :meth:`Rule.evidence` from relations of contacts a and b and what must hold between the two."""
    return (
        f"SELECT a.contact, b.contact AS other, b.planned, b.day, NULL::DATE AS first, NULL::DATE AS last "
        f"FROM {rows} a JOIN {other} b ON a.planned AND a.who = b.who AND a.contact <> b.contact AND ({condition})"
    )
