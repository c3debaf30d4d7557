"""A scenario's policies and prices as tables: requests become arrays, and a kernel decides them.

Everything that does not depend on what was recorded is made once, here: which kind of contact a candidate is, what it
is worth, whether it may be used, who a customer is and what was sent to them before.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from optimizer.analysis.explain.run import Run
from optimizer.compile.customers import hold_out
from optimizer.compile.quanta import to_quanta
from optimizer.compile.sight import Level, joins, level, level_of_column, quoted
from optimizer.data.expected import expected_ranges
from optimizer.data.layout import KEYS, quote
from optimizer.decide import closures
from optimizer.decide.closures import NoWordsError, Odd
from optimizer.decide.packed import Charges, PackedWords, charge, pack_policies
from optimizer.decide.stored import StoredPrices
from optimizer.decide.template import SlowError, Template, examine, make_template
from optimizer.engines.decomposition.decide_kernel import Policies
from optimizer.engines.decomposition.packed_kernel import Packed
from optimizer.language.expressions import ColumnName
from optimizer.language.ranges import Range
from optimizer.problem.primitives import IntArray
from optimizer.rules.base import Rule
from optimizer.rules.keep import Keep

NEVER = -(2**62)
"""A contact that closes before any moment: its slot lies outside the horizon."""
Row = Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class People:
    """Customers, and what the scenario knows of them.

    Attributes
    ----------
    ids : pyarrow.Array
        Empty where the scenario knows nothing of them.
    cls : (people,) int32 array
    facts : list of tuples
        What eligibility and objective look at.
    event_start, event : int arrays
    held : (people,) bool array
    listed : bool
        Whether only listed customers may be asked about.
    """

    ids: pa.Array
    cls: npt.NDArray[np.int32]
    facts: list[tuple[Any, ...]]
    event_start: IntArray
    event: npt.NDArray[np.int32]
    held: npt.NDArray[np.bool_]
    listed: bool

    @cached_property
    def place(self) -> Mapping[Any, int]:
        """Each customer's place; made when a single one is first asked about."""
        return dict(zip(self.ids.to_pylist(), range(len(self.ids)), strict=True))


@dataclass(frozen=True, eq=False)
class FastTables:
    """A scenario as tables.

    Attributes
    ----------
    template : Template
    stored : StoredPrices
    rules : list of Rule
    words : PackedWords
    charges : Charges
    people : People
    """

    template: Template
    stored: StoredPrices
    rules: list[Rule]
    words: PackedWords
    charges: Charges
    people: People
    kind_of: Mapping[tuple[Any, ...], int]
    keys: tuple[str, ...]
    closes: IntArray
    outside: npt.NDArray[np.bool_]
    evaluate: Callable[..., tuple[list[int], list[float], list[int], list[list[int]]]]
    filters: list[str]
    ranges: Mapping[str, Range]
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @classmethod
    def of(cls, run: Run, stored: StoredPrices) -> FastTables:
        """Make the tables of a run.

        Raises
        ------
        SlowError
            The scenario has something that tables cannot tell; the message says what.
        """
        rules = examine(run)
        template = make_template(run, rules, run.insight.kinds)
        words = pack_policies(template)
        catalog = template.tables.catalog
        amounts = [catalog.bind(e) for rule in rules for e in rule.needs().amounts if rule.section == "constraints"]
        measured = [e for e in dict.fromkeys(amounts) if level(e) is not Level.KIND]
        charges = charge(template, stored, measured)
        keys = tuple(k for k in KEYS[1:] if k in run.insight.kinds.column_names)
        closes, outside = _closing(run, template)
        writer = _Writer(template, rules, run, charges)
        return cls(
            template=template,
            stored=stored,
            rules=rules,
            words=words,
            charges=charges,
            people=_people(run, template, writer.facts),
            kind_of=_kind_of(template, keys),
            keys=keys,
            closes=closes,
            outside=outside,
            evaluate=writer.compiled(keys),
            filters=writer.filters,
            ranges=writer.ranges,
        )

    @property
    def kinds(self) -> int:
        """Number of kinds."""
        return len(self.closes)

    @cached_property
    def policies(self) -> Policies:
        """The tables for the kernel, while nothing is recorded."""
        words, events = self.words, len(self.template.events)
        shut = np.zeros((max(events, 1), self.kinds), bool)
        for mask in words.shuts.values():
            shut[:events] |= mask
        fields = [(f.word, f.bit, f.full) for f in words.fields] or [(0, 0, 0)]
        word, bit, full = (np.array(column, np.int64) for column in zip(*fields, strict=True))
        return Policies(
            packed=Packed(
                words.adding, words.step, words.guard, words.excludes, np.zeros(1, np.int32), words.start, words.room
            ),
            price=self.charges.price,
            closed=np.zeros((len(words.start), self.kinds), np.uint8),
            closes=np.where(self.outside, NEVER, self.closes),
            shuts=np.packbits(shut, axis=1, bitorder="little"),
            takes_start=words.takes_start,
            takes=words.takes if len(words.takes) else np.zeros(0, np.int64),
            word=word,
            bit=bit,
            full=full,
        )

    @cached_property
    def _uses(self) -> dict[tuple[int, int], list[tuple[int, int, int]]]:
        found: dict[tuple[int, int], list[tuple[int, int, int]]] = {}
        for term in self.charges.terms:
            for kind, weight in zip(term.kinds.tolist(), term.weight.tolist(), strict=True):
                for cls in term.cls.tolist():
                    found.setdefault((cls, kind), []).append((term.line, weight, term.amount))
        return found

    def uses_of(self, cls: int, kind: int) -> list[tuple[int, int, int]]:
        """Return what a contact uses: lines, weights, and the number of the amount that it counts (−1: contacts)."""
        return self._uses.get((cls, kind), [])

    @cached_property
    def question(self) -> str:
        """SQL that encodes candidates, see :mod:`optimizer.decide.many`; made under :attr:`lock`."""
        from optimizer.decide.many import question

        return question(self)

    def column(self, column: ColumnName) -> list[Any]:
        """Return a column's value for each kind."""
        return _column(self.template, column)

    def paid(self, cls: Any, kind: Any, amounts: Sequence[Any]) -> IntArray:
        """Return what candidates pay beside their kinds' prices, from their amounts."""
        out = np.zeros(len(kind), np.int64)
        for price, places, numbers in zip(self.charges.of_amount, self.charges.places, amounts, strict=True):
            out += price[cls, np.asarray(kind, np.int64)] * to_quanta(np.asarray(numbers, np.float64), places)
        return out


class _Writer:
    """Writes the source that turns rows into kinds, gains, bars and amounts."""

    def __init__(self, template: Template, rules: list[Rule], run: Run, charges: Charges) -> None:
        tables = template.tables
        self.template, self.catalog = template, tables.catalog
        self.facts: dict[ColumnName, int] = {}
        self.columns: dict[ColumnName, tuple[str, list[Any]]] = {}
        self.read: dict[str, str] = {}
        self.sign = "" if run.scenario.objective.maximize is not None else "-"
        self.filters: list[str] = []
        try:
            self.worth = closures.number(self.catalog.bind(run.scenario.objective.expression), self._name)
            self.tests = [self._barred(rule) for rule in rules if rule.section == "eligibility"]
            self.amounts = [closures.number(e, self._name) for e in charges.amounts]
        except NoWordsError as error:
            raise SlowError(f"an expression, {error}, that only a database understands") from None
        expected, _ = expected_ranges(run.scenario, self.catalog)
        self.ranges = {c.name: r for c, r in expected.ranges.items() if c.table == "candidates" and c.name in self.read}

    def _barred(self, rule: Rule) -> str:
        self.filters.append(rule.name)
        if isinstance(rule, Keep):
            return f"not {closures.truth(self.catalog.bind(rule.keep), self._name)}"
        return closures.truth(self.catalog.bind(rule.needs().conditions[0]), self._name)

    def _name(self, column: ColumnName) -> str:
        if column.table == "candidates" and column.name not in KEYS:
            return f"r[{self.read.setdefault(column.name, column.name)!r}]"
        if level_of_column(column) is Level.CUSTOMER:
            if column.name == "customer":
                raise NoWordsError("customer")
            return f"u[{self.facts.setdefault(column, len(self.facts))}]"
        if column not in self.columns:
            self.columns[column] = (f"K{len(self.columns)}", _column(self.template, column))
        return f"{self.columns[column][0]}[k]"

    def source(self, keys: tuple[str, ...]) -> str:
        """Return the source of ``evaluate(rows, u) -> kinds, gains, barred, amounts``."""
        key = "".join(f"r[{k!r}], " for k in keys)
        ranges = []
        for name, allowed in self.ranges.items():
            low = f"{float(allowed.low)!r} <= " if allowed.low is not None else ""
            high = f" <= {float(allowed.high)!r}" if allowed.high is not None else ""
            ranges.append(f"        if not {low}r[{name!r}]{high}: raise Odd\n")
        bars = "".join(f"        if {test}: b |= {1 << i}\n" for i, test in enumerate(self.tests))
        more = "".join(f"        amounts[{i}].append({source})\n" for i, source in enumerate(self.amounts))
        return (
            "def evaluate(rows, u):\n"
            f"    kinds, gains, barred, amounts = [], [], [], [{', '.join('[]' for _ in self.amounts)}]\n"
            "    for r in rows:\n"
            f"        k = kind_of[({key})]\n"
            "        kinds.append(k)\n"
            f"{''.join(ranges)}"
            f"        gains.append({self.sign}{self.worth})\n"
            + (f"        b = 0\n{bars}        barred.append(b)\n" if self.tests else "")
            + more
            + "    return kinds, gains, barred, amounts\n"
        )

    def compiled(self, keys: tuple[str, ...]) -> Callable[..., Any]:
        """Return the function of that source; it was written from checked trees alone."""
        names: dict[str, Any] = dict(self.columns.values())
        names |= {"Odd": Odd, "_divided": closures.divided, "kind_of": _kind_of(self.template, keys)}
        exec(compile(self.source(keys), "<decide>", "exec"), names)
        function: Callable[..., Any] = names["evaluate"]
        return function


def _plain(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else value


def _column(template: Template, column: ColumnName) -> list[Any]:
    """Return a column's value for each kind."""
    used = frozenset({column.table or ""})
    rows = template.compiled.tables.con.execute(
        f'SELECT {quoted(column)} FROM "@kinds" candidates{joins(used)} ORDER BY candidates.kind'
    ).fetchall()
    return [_plain(value) for (value,) in rows]


def _kind_of(template: Template, keys: tuple[str, ...]) -> dict[tuple[Any, ...], int]:
    """Return each kind's number by its key, in the type of the run and as ISO text."""
    listed = ", ".join(quote(k) for k in keys)
    rows = template.compiled.tables.con.execute(f'SELECT {listed} FROM "@kinds" ORDER BY kind').fetchall()
    found = {tuple(map(_text, row)): kind for kind, row in enumerate(rows)}
    return found | {tuple(row): kind for kind, row in enumerate(rows)}


def _text(value: Any) -> Any:
    return value.isoformat() if isinstance(value, dt.date) else value


def _closing(run: Run, template: Template) -> tuple[IntArray, npt.NDArray[np.bool_]]:
    """Return the moment from which each kind is too late, and which lie outside the horizon."""
    import zoneinfo

    horizon = run.scenario.horizon
    zone = zoneinfo.ZoneInfo(str(horizon.timezone))
    sent = template.compiled.kinds.sending[0]
    first = horizon.start.toordinal()
    outside = (sent.day < first) | (sent.day >= first + horizon.days)
    closes = []
    for day, instant in zip(sent.day.tolist(), sent.instant.tolist(), strict=True):
        if instant == instant:
            closes.append(int(instant) + 1)
        else:
            midnight = dt.datetime.combine(dt.date.fromordinal(day + 1), dt.time(), zone)
            closes.append(round(midnight.timestamp() * 1e6))
    return np.array(closes, np.int64), outside


def _people(run: Run, template: Template, facts: Mapping[ColumnName, int]) -> People:
    tables = template.tables
    con = tables.con
    nothing = np.zeros(0, np.int32)
    listed = tables.has("customers")
    source = '"@people"' if listed else '(SELECT DISTINCT customer, 0 AS "@class" FROM "@had")'
    columns = "".join(f", u.{quote(c.name)}" for c in facts)
    held = np.zeros(0, bool)
    if run.scenario.holdout is not None:
        by = tables.catalog.column(run.scenario.holdout.by)
        if by.table == "customers" and not listed:
            raise SlowError("the holdout is by a table that is not there")
        con.execute(
            f'CREATE OR REPLACE TEMP TABLE "@customers" AS SELECT customer, row_number() OVER (ORDER BY customer) - 1 '
            f"AS ordinal FROM {source}"
        )
        if not listed:
            raise SlowError("the holdout needs a list of customers")
        holdout = run.scenario.holdout
        held = hold_out(tables, holdout.share, by, holdout.salt)
    con.execute(
        f'CREATE OR REPLACE TEMP TABLE "@listed" AS SELECT u.customer, u."@class" AS cls{columns}, '
        f"row_number() OVER (ORDER BY u.customer) - 1 AS place FROM {source} u"
    )
    found = con.sql('SELECT customer, cls FROM "@listed" ORDER BY place').to_arrow_table()
    rows = (
        con.execute(f'SELECT {", ".join(quote(c.name) for c in facts)} FROM "@listed" ORDER BY place').fetchall()
        if facts
        else []
    )
    had = con.sql(
        'SELECT l.place, h."@event" AS event FROM "@had" h JOIN "@listed" l ON l.customer = h.customer ORDER BY ALL'
    ).to_arrow_table()
    count = found.num_rows
    place = had["place"].to_numpy()
    return People(
        ids=found["customer"].combine_chunks() if count else pa.array([], found["customer"].type),
        cls=found["cls"].to_numpy().astype(np.int32) if count else nothing,
        facts=[tuple(map(_plain, row)) for row in rows],
        event_start=np.searchsorted(place, np.arange(count + 1)).astype(np.int64),
        event=had["event"].to_numpy().astype(np.int32),
        held=held if len(held) else np.zeros(count, bool),
        listed=listed,
    )
