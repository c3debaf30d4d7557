"""Deciding by tables: one customer in microseconds, or very many at once, by one and the same kernel."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from optimizer.analysis.explain.answer import Charge
from optimizer.decide.closures import Odd
from optimizer.decide.decision import Decision, Told
from optimizer.decide.tables import FastTables
from optimizer.engines.decomposition.decide_kernel import Asked, Policies, decide_range
from optimizer.engines.decomposition.packed_kernel import bench_for
from optimizer.errors import DataError, UnsupportedError
from optimizer.problem.primitives import IntArray

NO_LONGS: IntArray = np.zeros(0, np.int64)
NO_INTS, NO_BYTES = np.zeros(0, np.int32), np.zeros(0, np.uint8)
CHUNKS = 64
HELD = "holdout"
WIDE = 64
"""Candidates of one customer that scratch is made for at least."""


@dataclass(frozen=True, slots=True, eq=False)
class Day:
    """The tables at one moment of the day: with what was recorded so far.

    Attributes
    ----------
    tables : FastTables
    policies : Policies
        ``closed`` says what the recorded contacts used up.
    used : mapping of line to int
    """

    tables: FastTables
    policies: Policies
    used: Mapping[int, int]

    @classmethod
    def of(cls, tables: FastTables, used: Mapping[int, int]) -> Day:
        """Close the kinds for which a limit has too little left."""
        if not used:
            return cls(tables, tables.policies, used)
        closed = np.zeros_like(tables.policies.closed)
        day = cls(tables, tables.policies._replace(closed=closed), used)
        for term in tables.charges.terms:
            left = day.left(term.line)
            if left is not None:
                full = term.weight > left if term.amount < 0 else (term.weight > 0) & (left <= 0)
                closed[np.ix_(term.cls, term.kinds[full])] = 1
        return day

    def left(self, number: int) -> int | None:
        """Return what is left of a hard upper limit, in its quanta; None where nothing used it yet."""
        line, mine = self.tables.stored.lines[number], self.used.get(number, 0)
        return line.upper - mine if mine and line.hard and line.upper is not None else None

    def run(self, asked: Asked, now: int, threads: int = 1) -> tuple[npt.NDArray[np.uint8], IntArray]:
        """Decide all customers asked about.

        Returns
        -------
        mark : (candidates,) uint8 array
            1 where a candidate is chosen.
        worth : (customers,) int64 array
            Margin of each customer's contacts, over ``2 ** shift``.

        Raises
        ------
        Odd
            A customer has a candidate twice, or a value is no number.
        UnsupportedError
            A customer's candidates are too many to search.
        """
        count = len(asked.start) - 1
        mark, worth = np.zeros(len(asked.kind), np.uint8), np.zeros(count, np.int64)
        stored = self.tables.stored
        decimals = stored.value_decimals
        scale, inverse = (10.0**decimals, 1.0) if decimals >= 0 else (1.0, 10.0**-decimals)

        def part(first: int, last: int) -> tuple[int, int]:
            widest = int(np.diff(asked.start[first : last + 1]).max(initial=0)) if count > 1 else len(asked.kind)
            desk = _desk(self.policies, widest)
            stamp, desk.stamp = desk.stamp, desk.stamp + last
            packed, *more = self.policies
            found: tuple[int, int] = decide_range(
                first, last, now, scale, inverse, stored.shift, stamp, desk.seen, mark, worth,
                *packed, *more, *asked, *desk.bench,
            )  # fmt: skip
            return found

        if count == 1 or threads == 1:
            results = [part(0, count)]
        else:
            edges = np.linspace(0, count, CHUNKS + 1).astype(np.int64).tolist()
            with ThreadPoolExecutor(threads) as pool:
                results = list(pool.map(part, edges[:-1], edges[1:]))
        wrong = [first for first, _ in results if first >= 0]
        if wrong:
            raise Odd(min(wrong))
        if any(cut for _, cut in results):
            raise UnsupportedError(
                "a customer has so many candidates that the best of them cannot be proven",
                where="decide",
                fix="hand over the best candidates alone",
            )
        return mark, worth


class _Desk:
    """Scratch of one thread."""

    def __init__(self, policies: Policies, widest: int) -> None:
        self.policies, self.widest = policies.packed, widest
        self.bench = bench_for(widest, policies.packed)
        self.seen = np.full(len(policies.closes), -1, np.int64)
        self.stamp = 0


_mine = threading.local()


def _desk(policies: Policies, widest: int) -> _Desk:
    """Return this thread's scratch, a new one where it does not fit."""
    desk: _Desk | None = getattr(_mine, "desk", None)
    if desk is None or desk.policies is not policies.packed or desk.widest < widest:
        desk = _mine.desk = _Desk(policies, max(widest, WIDE))
    return desk


class One:
    """One customer's request, decided.

    Parameters
    ----------
    day : Day
    customer : object
    rows : sequence of mappings
    now : int
        Microseconds since 1970.
    sent : tuple of int
        Kinds that were recorded for the customer.

    Raises
    ------
    Odd, KeyError, TypeError
        Something needs a closer look.
    """

    def __init__(
        self, day: Day, customer: Any, rows: Sequence[Mapping[str, Any]], now: int, sent: tuple[int, ...]
    ) -> None:
        tables = day.tables
        people = tables.people
        place = people.place.get(customer)
        if place is None and people.listed:
            raise KeyError(customer)
        for row in rows:
            if row.get("customer", customer) != customer:
                raise Odd
        facts = people.facts[place] if people.facts and place is not None else ()
        self.kinds, self.gains, self.barred, amounts = tables.evaluate(rows, facts)
        cls, event_start, event = NO_INTS, NO_LONGS, NO_INTS
        self.held, self.cls = False, 0
        if place is not None:
            self.cls = int(people.cls[place])
            cls = people.cls[place : place + 1]
            first, last = people.event_start[place], people.event_start[place + 1]
            if last > first:
                event, event_start = people.event[first:last], np.array((0, last - first), np.int64)
            self.held = bool(people.held[place])
        barred = NO_BYTES
        if self.barred:
            barred = np.array([bits != 0 for bits in self.barred], np.uint8)
        self.amounts = [np.asarray(one, np.float64) for one in amounts]
        paid = NO_LONGS
        if amounts:
            paid = tables.paid(self.cls, self.kinds, amounts)
            barred = self._without_room(day, barred)
        if self.held:
            barred = np.ones(len(self.kinds), np.uint8)
        sent_start, sent_kinds = NO_LONGS, NO_INTS
        if sent:
            sent_kinds, sent_start = np.array(sent, np.int32), np.array((0, len(sent)), np.int64)
        asked = Asked(
            np.array((0, len(self.kinds)), np.int64),
            np.array(self.kinds, np.int32),
            np.array(self.gains, np.float64),
            paid,
            barred,
            cls,
            event_start,
            event,
            sent_start,
            sent_kinds,
        )
        mark, worth = day.run(asked, now)
        self.customer, self.day, self.now, self.sent, self.event = customer, day, now, sent, event
        self.chosen = [row for row, yes in enumerate(mark.tolist()) if yes]
        self.worth = int(worth[0])

    def _without_room(self, day: Day, barred: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        """Bar the candidates whose amounts are more than what is left of a limit."""
        self.full: dict[int, set[str]] = {}
        tables = day.tables
        for term in tables.charges.terms if day.used else ():
            left = day.left(term.line)
            if left is None or term.amount < 0 or self.cls not in term.cls:
                continue
            weight = dict(zip(term.kinds.tolist(), term.weight.tolist(), strict=True))
            line = tables.stored.lines[term.line]
            for row, kind in enumerate(self.kinds):
                if kind in weight and weight[kind] * whole(self.amounts[term.amount][row], line.decimals) > left:
                    self.full.setdefault(row, set()).add(line.rule)
        if self.full:
            barred = barred.copy() if len(barred) else np.zeros(len(self.kinds), np.uint8)
            barred[list(self.full)] = 1
        return barred

    full: dict[int, set[str]] = {}  # noqa: RUF012

    def decision(self, rows: Sequence[Any], contacts: Any, now: dt.datetime, run_id: str, version: int) -> Decision:
        """Return what to do."""
        return Decision(
            self.customer, contacts, self.contribution, self.margin, now, run_id, False, version, rows, self
        )

    # Telling --------------------------------------------------------------------------------------------------

    @cached_property
    def margin(self) -> float:
        """What the contacts bring after prices, in the objective's units."""
        stored = self.day.tables.stored
        margin: float = self.worth / 2.0**stored.shift * 10.0**-stored.value_decimals
        return margin

    @property
    def contribution(self) -> float:
        """What the contacts bring, in the objective's units and sign."""
        gain = float(sum([self.gains[row] for row in self.chosen]))
        return gain if self.day.tables.stored.maximises else -gain

    def uses(self, row: int) -> dict[int, int]:
        """Return what a candidate uses of each line, in the line's quanta."""
        tables, kind = self.day.tables, self.kinds[row]
        found: dict[int, int] = {}
        for line, weight, amount in tables.uses_of(self.cls, kind):
            quanta = 1 if amount < 0 else whole(self.amounts[amount][row], tables.stored.lines[line].decimals)
            found[line] = found.get(line, 0) + weight * quanta
        return found

    def told(self, row: int) -> Told:
        """Return what became of a candidate."""
        tables, policies, kind = self.day.tables, self.day.policies, self.kinds[row]
        if kind in self.sent:
            return Told("recorded")
        reasons = ["outside horizon"] if tables.outside[kind] else []
        reasons += ["past"] if self.now >= tables.closes[kind] else []
        bits = self.barred[row] if self.barred else 0
        reasons += [name for i, name in enumerate(tables.filters) if bits >> i & 1]
        reasons += [HELD] if self.held else []
        if reasons:
            return Told("ineligible", tuple(reasons))
        stored = tables.stored
        gain = self.gains[row]
        charges = self._charges(row)
        facts: dict[str, Any] = {
            "contribution": gain if stored.maximises else -gain,
            "margin": gain - sum(charge.paid for charge in charges),
            "charges": charges,
        }
        full = set(self.full.get(row, ()))
        if policies.closed[self.cls, kind]:
            for line, weight, amount in tables.uses_of(self.cls, kind):
                left = self.day.left(line)
                if left is not None and (weight > left if amount < 0 else left <= 0):
                    full.add(stored.lines[line].rule)
        if full:
            return Told("used up", tuple(sorted(full)), **facts)
        if row in self.chosen:
            return Told(None, **facts)
        broken = self._broken(kind)
        if broken:
            return Told("refused", tuple(sorted(broken)), **facts)
        return Told("priced out" if gain > 0 and charges else "worth nothing", **facts)

    def _charges(self, row: int) -> tuple[Charge, ...]:
        stored = self.day.tables.stored
        sign = 1.0 if stored.maximises else -1.0
        found = []
        for number, amount in self.uses(row).items():
            line = stored.lines[number]
            if line.price and amount:
                used = amount * 10.0**-line.decimals
                found.append(Charge(line.rule, line.group, line.price, used, sign * line.price * used))
        return tuple(sorted(found, key=lambda charge: -charge.paid))

    def _broken(self, kind: int) -> set[str]:
        """Return the policies that a contact would break beside history, the recorded and the chosen contacts."""
        tables, state = self.day.tables, self._state
        words, cls = tables.words, self.cls
        broken = {
            rule for rule, shuts in words.shuts.items() if any(shuts[event, kind] for event in self.event.tolist())
        }
        for place, one in enumerate(words.fields):
            mine = int(words.step[cls, kind, one.word]) >> one.bit
            here = state[one.word] >> one.bit
            if one.word < words.adding:
                if mine & (2 * one.full + 1) and (here & one.full) + (mine & one.full) > one.full:
                    broken.add(words.fields[place].rule)
            elif int(words.excludes[cls, kind, one.word]) >> one.bit & here & 3:
                broken.add(one.rule)
        return broken

    @cached_property
    def _state(self) -> list[int]:
        """The words beside history, the recorded and the chosen contacts."""
        words = self.day.tables.words
        state: list[int] = words.start[self.cls].tolist()
        for event in self.event.tolist():
            for f in words.takes[words.takes_start[event] : words.takes_start[event + 1]].tolist():
                one = words.fields[f]
                if (state[one.word] >> one.bit) & one.full < one.full:
                    state[one.word] += 1 << one.bit
        for kind in [*self.sent, *(self.kinds[row] for row in self.chosen)]:
            for w, step in enumerate(words.step[self.cls, kind].tolist()):
                state[w] = state[w] + step if w < words.adding else state[w] | step
        return state


def whole(number: float, decimals: int) -> int:
    """Round an amount to quanta, half to even."""
    return int(np.rint(number * 10.0**decimals)) if decimals >= 0 else int(np.rint(number / 10.0**-decimals))


def odd_rows(first: int) -> DataError:
    """Return the error of a customer whose candidates make no sense, by number."""
    return DataError(
        f"customer number {first + 1:,} has a candidate twice, or a value that is no number",
        where="candidates",
        fix="drop duplicates, and fill missing values",
    )
