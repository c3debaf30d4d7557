"""The audit's side of :class:`optimizer.rules.books.Books`: SQL over the raw tables and the written contacts."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa

from optimizer.data.layout import CANDIDATES, HISTORY, literal
from optimizer.data.limit_tables import read_limits
from optimizer.data.tables import Tables
from optimizer.data.times import moment
from optimizer.language.durations import Window
from optimizer.language.expressions import Expression
from optimizer.language.limits import Limit, TableLimit
from optimizer.plan.audit.exact import is_plain, sum_of_decimals, sum_of_doubles
from optimizer.plan.audit.previous import earlier_contacts
from optimizer.plan.audit.side import Side
from optimizer.plan.audit.zones import Clockwork
from optimizer.rules.books import Sum
from optimizer.rules.total_of import TotalOf
from optimizer.rules.world import Clock
from optimizer.scenario import Scenario

SENT = ("offer", "channel", "slot")
"""Keys that tell what is sent, and when; not to whom."""


def canonical(group: Mapping[str, Any]) -> str:
    """Write a group as canonical JSON: keys sorted, no blanks."""
    return json.dumps(group, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)


class SqlBooks:
    """The books over one set of contacts.

    Parameters
    ----------
    scenario, tables : Scenario, Tables
    contacts : str
        Relation of the contacts, with the columns of ``candidates`` and ``@contact``, a number for each.
    """

    def __init__(self, scenario: Scenario, tables: Tables, contacts: str) -> None:
        self.scenario, self.tables, self.contacts = scenario, tables, contacts
        self.read, self.past = CANDIDATES, HISTORY
        self.clockwork = Clockwork(scenario, tables)
        self._made = 0
        self._sent = ""
        self._late: dict[str, int] = {}
        self._limits: dict[tuple[str, tuple[str, ...], str], dict[tuple[str | None, ...], Decimal]] = {}

    def over(self, contacts: str) -> SqlBooks:
        """Return the books over another set of contacts."""
        return SqlBooks(self.scenario, self.tables, contacts)

    def owner(self, base: str, who: str) -> str:
        """Return SQL of who shares a policy, told from a row of ``base``."""
        return who

    # Relations ------------------------------------------------------------------------------------------------

    def rows(
        self,
        *,
        where: Expression | None,
        who: str | None,
        each: tuple[str, ...] = (),
        amount: TotalOf | None = None,
        own: str | None = None,
        history: bool,
        clock: Clock,
    ) -> str:
        """Create a view of the contacts that a rule counts, and return its name: a question reads what it needs."""

        def select(side: Side) -> str:
            names = sorted(each)
            pairs = ", ".join(f"'{_quoted(n)}', {side.text(n)}" for n in names)
            number, pick = "1.0::DOUBLE", "''"
            if amount is not None and amount.expression is not None:
                number = f"CAST({side.sql(amount.expression)} AS DOUBLE)"
            if amount is not None and amount.distinct:
                pick = f"CAST(json_array({', '.join(side.pick(n) for n in amount.distinct)}) AS VARCHAR)"
            parts = [
                f"{side.planned} AS planned",
                f"{side.contact} AS contact",
                f"{side.who(who)} AS who",
                f'CAST(json_object({pairs}) AS VARCHAR) AS "each"',
                f"hash({', '.join([side.who(who), *(side.text(n) for n in names)])}) AS alike",
                f"{side.day(clock)} AS day",
                f"{side.instant(clock)} AS instant",
                f"{number} AS amount",
                f"{pick} AS pick",
                f"{side.column(own) if own else 'NULL'} AS own",
            ]
            condition = "true" if where is None else f"coalesce({side.sql(where)}, false)"
            return f"SELECT {', '.join(parts)} FROM {side.source()} WHERE {condition}"

        return self._create(select, history)

    def marked(self, conditions: Mapping[str, Expression], *, who: str, history: bool, clock: Clock) -> str:
        """Create a view of all contacts with one boolean column per condition, and return its name."""

        def select(side: Side) -> str:
            parts = [
                f"{side.planned} AS planned",
                f"{side.contact} AS contact",
                f"{side.who(who)} AS who",
                f"{side.day(clock)} AS day",
                f"{side.instant(clock)} AS instant",
                f"{side.slot()} AS slot",
                f"{side.time_of_day()} AS time_of_day",
                *(f"coalesce({side.sql(e)}, false) AS {name}" for name, e in conditions.items()),
            ]
            return f"SELECT {', '.join(parts)} FROM {side.source()}"

        return self._create(select, history)

    def _create(self, select: Any, history: bool) -> str:
        self._made += 1
        name = f'"@books{self._made}"'
        parts = [select(Side(self, planned=True))]
        if history and self.tables.has("history"):
            parts.append(select(Side(self, planned=False)))
        self.tables.con.execute(f"CREATE OR REPLACE TEMP VIEW {name} AS {' UNION ALL '.join(parts)}")
        return name

    def windows(self, window: Window | None, clock: Clock) -> str:
        """Create a relation ``(first, last)`` of the windows with a horizon day, or a later arrival."""
        self._made += 1
        name = f'"@windows{self._made}"'
        start = f"DATE '{self.scenario.horizon.start.isoformat()}'"
        days = self.scenario.horizon.days
        if clock == "arrival":
            days = max(days, self._last_arrival(start) + 1)
        if window is None or window.ever:
            spans = "SELECT DATE '0001-01-01' AS first, DATE '9999-12-31' AS last"
        elif window.days is not None:
            back = window.days - 1
            spans = (
                f"SELECT {start} + CAST(i AS INTEGER) AS first, {start} + CAST(i AS INTEGER) + {back} AS last "
                f"FROM range({-back}, {days}) t(i)"
            )
        else:
            unit = window.calendar
            day = f"date_trunc('{unit}', {start} + CAST(i AS INTEGER))"
            spans = (
                f"SELECT DISTINCT CAST({day} AS DATE) AS first, "
                f"CAST({day} + INTERVAL 1 {unit} - INTERVAL 1 DAY AS DATE) AS last FROM range({days}) t(i)"
            )
        self.tables.con.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {spans}")
        return name

    def _last_arrival(self, start: str) -> int:
        """Return how many days after the horizon's first the last candidate may arrive; asked once for each zone."""
        zone = self.clockwork.assumed
        if zone not in self._late:
            side = self._all_candidates()
            arrival, sending = side.day("arrival"), side.day("sending")
            inside = f"{sending} <= {start} + {self.scenario.horizon.days}"  # by any time zone; later ones are refused
            ((late,),) = self.query(f"SELECT max({arrival} - {start}) FROM {side.source()} WHERE {inside}")
            self._late[zone] = int(late or 0)
        return self._late[zone]

    def _all_candidates(self, *seen: Expression | str | None) -> Side:
        """Return the candidates as read; the different keys of what is sent, where nothing else is looked at.

        Those are few, and looked up once.

        Parameters
        ----------
        seen : Expression, column name or None
            What will be spelled, beside times.
        """
        catalog = self.tables.catalog
        columns = [
            column
            for one in seen
            if one is not None
            for column in ([catalog.column(one)] if isinstance(one, str) else catalog.bind(one).columns)
        ]
        own = {c.name for c in columns if c.table == CANDIDATES}
        if self.clockwork.join(CANDIDATES) or "customers" in {c.table for c in columns} or not own <= set(SENT):
            return Side(self, planned=True, relation=CANDIDATES)
        if not self._sent:
            self._sent = '"@sent"'
            listed = ", ".join(f'"{key}"' for key in SENT)
            self.tables.con.execute(
                f"CREATE OR REPLACE TEMP TABLE {self._sent} AS SELECT DISTINCT {listed} FROM {CANDIDATES}"
            )
        return Side(self, planned=True, relation=self._sent)

    def may_be_negative(self, total: TotalOf) -> bool:
        """Whether the amount is negative for some candidate as read."""
        if total.expression is None:
            return False
        side = self._all_candidates(total.expression)
        amount = side.sql(total.expression)
        return bool(self.query(f"SELECT 1 FROM {side.source()} WHERE {amount} < 0 LIMIT 1"))

    def consented(self, purpose: str | None) -> str:
        """Create a relation ``(contact)`` of the planned contacts that a consent covers; return its name."""
        self._made += 1
        name = f'"@found{self._made}"'
        side = Side(self, planned=True)
        columns = self.tables.columns["consents"]
        tests = [] if purpose is None else [f"x.purpose = {literal(purpose)}"]
        start = f"coalesce({side.midnight('slot_times.date')}, slot_times.instant)"
        last = f"coalesce({side.midnight('slot_times.date + 1')} - INTERVAL 1 MICROSECOND, slot_times.instant)"
        for column in {"from", "until"} & set(columns):
            told = moment(f'x."{column}"', columns[column], self.clockwork.default)
            assert told is not None
            if column == "from":
                test = f"coalesce({side.midnight(told.date)}, {told.instant}) <= {start}"
            else:
                test = f"coalesce({side.midnight(f'{told.date} + 1')}, {told.instant}) > {last}"
            tests.append(f'(x."{column}" IS NULL OR {test})')
        self.tables.con.execute(
            f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT DISTINCT {side.contact} AS contact FROM {side.source()} "
            f"JOIN consents x ON x.customer = candidates.customer AND x.channel = candidates.channel "
            f"WHERE {' AND '.join(tests) or 'true'}"
        )
        return name

    def demanded(self, window: Window | None) -> str:
        """Create a relation ``(first, last)`` of the windows in which a minimum is demanded."""
        name = self.windows(window, "arrival")
        if window is None or window.ever:
            return name
        start, last = self._history_start(), f"DATE '{self.scenario.horizon.last.isoformat()}'"
        self._made += 1
        kept = f'"@windows{self._made}"'
        self.tables.con.execute(
            f"CREATE OR REPLACE TEMP TABLE {kept} AS "
            f"SELECT * FROM {name} w WHERE w.first >= {start} AND w.last <= {last}"
        )
        return kept

    def _history_start(self) -> str:
        """Return SQL of the first day of history, or of the horizon if that is earlier."""
        first = f"DATE '{self.scenario.horizon.start.isoformat()}'"
        since = self.scenario.data.history_since
        if since is not None:
            return f"least({first}, DATE '{since.isoformat()}')"
        if not self.tables.has("history"):
            return first
        side = Side(self, planned=False, relation=HISTORY)  # everybody's, whomever else the books look at
        earliest = f"SELECT coalesce(min({side.day('sending')}), {first}) FROM {side.source()}"
        return f"least({first}, ({earliest}))"

    def bounds(self, who: str | None) -> str:
        """Create a relation ``(who, since, opens, closes)`` and return its name."""
        self._made += 1
        name = f'"@windows{self._made}"'
        side = Side(self, planned=True, relation=self.read)
        first = f"DATE '{self.scenario.horizon.start.isoformat()}'"
        days = self._history_start(), first, f"{first} + {self.scenario.horizon.days}"
        if who is None:
            zone = literal(self.clockwork.default)
            moments = [f"epoch_us((CAST({day} AS TIMESTAMP) AT TIME ZONE {zone}) AT TIME ZONE 'UTC')" for day in days]
            rows = f"SELECT '' AS who, {', '.join(moments)}"
        else:
            since, opens, closes = (f"epoch_us({side.midnight(day)})" for day in days)
            rows = f"SELECT {side.who(who)}, max({since}), max({opens}), min({closes}) FROM {side.source()} GROUP BY 1"
        self.tables.con.execute(
            f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT * FROM ({rows}) t(who, since, opens, closes)"
        )
        return name

    def instants(self, where: Expression | None, clock: Clock) -> list[int]:
        """Return the different moments of candidates as read, ascending."""
        side = self._all_candidates(where)
        condition = "true" if where is None else f"coalesce({side.sql(where)}, false)"
        moment = f"epoch_us({side.instant(clock)})"
        found = self.query(f"SELECT DISTINCT {moment} FROM {side.source()} WHERE {condition} ORDER BY 1")
        return [moment for (moment,) in found if moment is not None]

    def reached(self, *, where: Expression | None, who: str, each: tuple[str, ...], own: str | None) -> str:
        """Create a relation ``(who, each, own)`` of whom candidates as read reach."""
        side = Side(self, planned=True, relation=self.read)
        pairs = ", ".join(f"'{_quoted(n)}', {side.text(n)}" for n in sorted(each))
        condition = "true" if where is None else f"coalesce({side.sql(where)}, false)"
        condition += f" AND NOT {side.held_out()}"
        self._made += 1
        name = f'"@found{self._made}"'
        self.tables.con.execute(
            f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT {side.who(who)} AS who, "
            f'CAST(json_object({pairs}) AS VARCHAR) AS "each", max({side.column(own) if own else "NULL"}) AS own '
            f"FROM {side.source()} WHERE {condition} GROUP BY 1, 2"
        )
        return name

    def forget(self) -> None:
        """Drop the relations that were made so far: a rule's are of no use to the next one."""
        for number in range(1, self._made + 1):
            for name, kind in (("books", "VIEW"), ("found", "TABLE"), ("windows", "TABLE")):
                self.tables.con.execute(f'DROP {kind} IF EXISTS "@{name}{number}"')
        self._made = 0

    # Answers --------------------------------------------------------------------------------------------------

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Run a query over the relations."""
        return self.tables.con.execute(sql).fetchall()

    def sums(self, key: Sequence[str], amount: str, source: str, total: TotalOf) -> Iterator[Sum]:
        """Sum exactly, by key; the text of a key is made of groups, which are few, and not of contacts."""
        parts = ", ".join(f"k{i}" for i in range(len(key)))
        rows = f"(SELECT {', '.join(key)}, {amount} {source}) t({parts}, amount)"

        def grouped(function: str) -> str:
            groups = f"SELECT {parts}, {function}(amount) AS found FROM {rows} GROUP BY {parts}"
            return f"SELECT CAST(json_array({parts}) AS VARCHAR) AS key, found FROM ({groups}) ORDER BY key"

        if total.expression is None:
            yield from (Sum(name, Decimal(count), Decimal(0)) for name, count in self.query(grouped("count")))
            return
        listed: pa.Table = self.tables.con.sql(grouped("list")).to_arrow_table()
        plain = is_plain(total.expression)
        for name, amounts in zip(*listed.columns, strict=True):
            numbers = np.asarray(amounts.values.drop_null(), np.float64)
            numbers = numbers[np.isfinite(numbers)]  # others are no plan's: only what changes none may come across them
            exact = (sum_of_decimals(numbers), Decimal(0)) if plain else sum_of_doubles(numbers)
            yield Sum(name.as_py(), *exact)

    def previous(self, run: str) -> tuple[int, int]:
        """Return how many contacts of an earlier plan are in this one, and how many may still be sent."""
        return earlier_contacts(self, run)

    def groups(
        self, each: tuple[str, ...], where: Expression | None, tables: Sequence[TableLimit]
    ) -> list[dict[str, Any]]:
        """Return the groups of a constraint, sorted."""
        if not each:
            return [{}]
        names = sorted(each)
        side = self._all_candidates(where, *names)
        columns = ", ".join(side.text(n) for n in names)
        condition = "true" if where is None else f"coalesce({side.sql(where)}, false)"
        found = self.query(f"SELECT DISTINCT {columns} FROM {side.source()} WHERE {condition}")
        groups = {row: dict(zip(names, row, strict=True)) for row in found}
        for limit in tables:
            for key in self._table(limit, tuple(each)):
                row = dict(zip(each, key, strict=True))
                groups.setdefault(tuple(row[n] for n in names), {n: row[n] for n in names})
        return [groups[row] for row in sorted(groups, key=lambda r: tuple((v is None, str(v)) for v in r))]

    def limit(self, rule: str, limit: Limit, group: Mapping[str, Any]) -> Decimal:
        """Return the limit of one group."""
        if isinstance(limit, Decimal):
            return limit
        assert isinstance(limit, TableLimit)
        names = tuple(group)
        found = self._table(limit, names).get(tuple(group.values()), limit.default)
        return Decimal(0) if found is None else found

    def _table(self, limit: TableLimit, names: tuple[str, ...]) -> dict[tuple[str | None, ...], Decimal]:
        key = (limit.table, names, limit.column)
        if key not in self._limits:
            self._limits[key] = read_limits(self.scenario.base / limit.table, names, limit.column, self.tables)
        return self._limits[key]


def _quoted(name: str) -> str:
    return name.replace("'", "''")
