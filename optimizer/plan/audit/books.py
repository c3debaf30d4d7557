"""The audit's side of :class:`optimizer.rules.books.Books`: SQL over the raw tables and the written contacts."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np

from optimizer.data.layout import literal
from optimizer.data.limit_tables import read_limits
from optimizer.data.tables import Tables
from optimizer.data.times import moment
from optimizer.language.durations import Window
from optimizer.language.expressions import ColumnName, Expression
from optimizer.language.limits import Limit, TableLimit
from optimizer.plan.audit.exact import is_plain, sum_of_decimals, sum_of_doubles
from optimizer.plan.audit.zones import Clockwork
from optimizer.rules.books import Sum
from optimizer.rules.total_of import TotalOf
from optimizer.rules.world import Clock
from optimizer.scenario import Scenario

KEY_OF = {"offers": "offer", "channels": "channel", "slots": "slot", "customers": "customer"}


def canonical(group: Mapping[str, Any]) -> str:
    """Write a group as canonical JSON: keys sorted, no blanks."""
    return json.dumps(group, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)


class SqlBooks:
    """The books over one set of contacts.

    Parameters
    ----------
    scenario, tables : Scenario, Tables
    contacts : str
        Relation of the contacts, with the columns of ``candidates`` and ``contact``, a number for each.
    """

    def __init__(self, scenario: Scenario, tables: Tables, contacts: str) -> None:
        self.scenario, self.tables, self.contacts = scenario, tables, contacts
        self.clockwork = Clockwork(scenario, tables)
        self._made = 0
        self._limits: dict[tuple[str, tuple[str, ...], str], dict[tuple[str | None, ...], Decimal]] = {}

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
        """Create a relation of the contacts that a rule counts and return its name."""

        def select(side: Side) -> str:
            names = sorted(each)
            pairs = ", ".join(f"'{_text(n)}', CAST({side.column(n)} AS VARCHAR)" for n in names)
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
        """Create a relation of all contacts with one boolean column per condition, and return its name."""

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
        self.tables.con.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {' UNION ALL '.join(parts)}")
        return name

    def windows(self, window: Window | None, clock: Clock) -> str:
        """Create a relation ``(first, last)`` of the windows with a horizon day, or a later arrival."""
        self._made += 1
        name = f'"@windows{self._made}"'
        start = f"DATE '{self.scenario.horizon.start.isoformat()}'"
        days = self.scenario.horizon.days
        if clock == "arrival":
            side = Side(self, planned=True, relation="candidates")
            ((late,),) = self.query(f"SELECT max({side.day('arrival')} - {start}) FROM {side.source()}")
            days = max(days, int(late or 0) + 1)
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

    def may_be_negative(self, total: TotalOf) -> bool:
        """Whether the amount is negative for some candidate as read."""
        if total.expression is None:
            return False
        side = Side(self, planned=True, relation="candidates")
        return bool(self.query(f"SELECT 1 FROM {side.source()} WHERE {side.sql(total.expression)} < 0 LIMIT 1"))

    def consented(self, purpose: str | None) -> str:
        """Create a relation ``(contact)`` of the planned contacts that a consent covers; return its name."""
        self._made += 1
        name = f'"@books{self._made}"'
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
            f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT DISTINCT candidates.contact FROM {side.source()} "
            f"JOIN consents x ON x.customer = candidates.customer AND x.channel = candidates.channel "
            f"WHERE {' AND '.join(tests) or 'true'}"
        )
        return name

    def demanded(self, window: Window | None) -> str:
        """Create a relation ``(first, last)`` of the windows in which a minimum is demanded."""
        name = self.windows(window, "arrival")
        if window is None or window.ever:
            return name
        horizon = self.scenario.horizon
        first, last = f"DATE '{horizon.start.isoformat()}'", f"DATE '{horizon.last.isoformat()}'"
        since = self.scenario.data.history_since
        start = first
        if since is not None:
            start = f"least({first}, DATE '{since.isoformat()}')"
        elif self.tables.has("history"):
            side = Side(self, planned=False)
            earliest = f"SELECT coalesce(min({side.day('sending')}), {first}) FROM {side.source()}"
            start = f"least({first}, ({earliest}))"
        self._made += 1
        kept = f'"@windows{self._made}"'
        self.tables.con.execute(
            f"CREATE OR REPLACE TEMP TABLE {kept} AS "
            f"SELECT * FROM {name} w WHERE w.first >= {start} AND w.last <= {last}"
        )
        return kept

    def reached(self, *, where: Expression | None, who: str, each: tuple[str, ...], own: str | None) -> str:
        """Create a relation ``(who, each, own)`` of whom candidates as read reach."""
        side = Side(self, planned=True, relation="candidates")
        pairs = ", ".join(f"'{_text(n)}', CAST({side.column(n)} AS VARCHAR)" for n in sorted(each))
        condition = "true" if where is None else f"coalesce({side.sql(where)}, false)"
        self._made += 1
        name = f'"@books{self._made}"'
        self.tables.con.execute(
            f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT {side.who(who)} AS who, "
            f'CAST(json_object({pairs}) AS VARCHAR) AS "each", max({side.column(own) if own else "NULL"}) AS own '
            f"FROM {side.source()} WHERE {condition} AND NOT {side.held_out()} GROUP BY 1, 2"
        )
        return name

    # Answers --------------------------------------------------------------------------------------------------

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Run a query over the relations."""
        return self.tables.con.execute(sql).fetchall()

    def sums(self, sql: str, total: TotalOf) -> Iterator[Sum]:
        """Sum exactly, by key."""
        plain = total.expression is not None and is_plain(total.expression)
        listed = self.tables.con.execute(
            f"SELECT key, list(amount) FROM ({sql}) t(key, amount) GROUP BY key ORDER BY key"
        )
        for key, amounts in listed.fetchall():
            numbers = np.array([a for a in amounts if a is not None], np.float64)
            if plain:
                yield Sum(key, sum_of_decimals(numbers), Decimal(0))
            else:
                yield Sum(key, *sum_of_doubles(numbers))

    def groups(
        self, each: tuple[str, ...], where: Expression | None, tables: Sequence[TableLimit]
    ) -> list[dict[str, Any]]:
        """Return the groups of a constraint, sorted."""
        if not each:
            return [{}]
        names = sorted(each)
        side = Side(self, planned=True, relation="candidates")
        columns = ", ".join(f"CAST({side.column(n)} AS VARCHAR)" for n in names)
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
            self._limits[key] = read_limits(self.scenario.base / limit.table, names, limit.column)
        return self._limits[key]


class Side:
    """How planned contacts, or history, spell the columns that a rule names."""

    def __init__(self, books: SqlBooks, *, planned: bool, relation: str | None = None) -> None:
        self.books = books
        self.planned = "true" if planned else "false"
        self._planned = planned
        self._relation = relation or books.contacts
        self._tables = books.tables

    @property
    def contact(self) -> str:
        """A number that differs between any two contacts."""
        if not self._planned:
            return "-row_number() OVER ()"
        return "candidates.contact" if self._relation == self.books.contacts else "0"

    def source(self) -> str:
        """Return the FROM clause."""
        base = "candidates" if self._planned else "history"
        text = f"{self._relation} candidates" if self._planned else "history"
        for table, key in KEY_OF.items():
            if self._tables.has(table) and (self._planned or table != "slots"):
                text += f' LEFT JOIN {table} ON {table}."{key}" = {base}."{key}"'
        if self._planned:
            text += " LEFT JOIN slot_times ON slot_times.slot = candidates.slot"
        return text + self.books.clockwork.join(base)

    def _spell(self, column: ColumnName) -> str:
        own = "candidates" if self._planned else "history"
        table = (
            own
            if column.table in ("candidates", "history") or (not self._planned and column.table == "slots")
            else column.table
        )
        if self._planned and column.table == "history":
            return "NULL"
        name = column.name.replace('"', '""')
        return f'"{table}"."{name}"'

    def column(self, name: str) -> str:
        """Return a column by the name that the scenario uses."""
        return self._spell(self._tables.catalog.column(name))

    def pick(self, name: str) -> str:
        """Return a column of a ``distinct`` total; where history has no slot, its time stands for it."""
        slot = self._tables.catalog.column(name).name == "slot"
        if slot and self._planned:
            told = "coalesce(CAST(slot_times.date AS VARCHAR), CAST(slot_times.instant AS VARCHAR))"
            return told if "slot" not in self._tables.columns["history"] else self.text(name)
        if slot and "slot" not in self._tables.columns["history"]:
            return 'coalesce(CAST(history."@date" AS VARCHAR), CAST(history."@instant" AS VARCHAR))'
        return self.text(name)

    def text(self, name: str) -> str:
        """Return a column as text."""
        return f"CAST({self.column(name)} AS VARCHAR)"

    def sql(self, expression: Expression) -> str:
        """Return an expression."""
        return self._tables.catalog.bind_with_history(expression).sql(self._spell)

    def who(self, per: str | None) -> str:
        """Return who shares a policy; a NULL group is the customer alone."""
        base = "candidates" if self._planned else "history"
        customer = f"CAST({base}.customer AS VARCHAR)"
        if per is None:
            return "''"
        if per == "customer":
            return customer
        return f"coalesce(CAST({self.column(per)} AS VARCHAR), chr(31) || {customer})"

    def time_of_day(self) -> str:
        """Return the local time of sending."""
        if not self._planned:
            return "NULL"
        return f"CAST((slot_times.instant AT TIME ZONE 'UTC') AT TIME ZONE {self.zone} AS TIME)"

    @property
    def zone(self) -> str:
        """Return SQL of the time zone."""
        return self.books.clockwork.sql

    def slot(self) -> str:
        """Return the slot as text."""
        return "CAST(candidates.slot AS VARCHAR)" if self._planned else "NULL"

    def instant(self, clock: Clock) -> str:
        """Return the UTC moment on the rule's clock, or NULL where only a date is known."""
        if self._planned:
            if clock == "sending" or self._lead() == "0":
                return "slot_times.instant"
            local = f"(slot_times.instant AT TIME ZONE 'UTC') AT TIME ZONE {self.zone}"
            later = f"(({local} + to_days({self._lead()})) AT TIME ZONE {self.zone}) AT TIME ZONE 'UTC'"
            return f"CASE WHEN {self._lead()} = 0 THEN slot_times.instant ELSE {later} END"
        chosen = " ".join(f"WHEN {d} IS NOT NULL OR {i} IS NOT NULL THEN {i}" for d, i in self._clocks(clock))
        return f"CASE {chosen} END"

    def day(self, clock: Clock) -> str:
        """Return the local date on the rule's clock."""
        if self._planned:
            day = self._local("slot_times.date", "slot_times.instant")
            return day if clock == "sending" else f"{day} + {self._lead()}"
        return f"coalesce({', '.join(self._local(d, i) for d, i in self._clocks(clock))})"

    def _lead(self) -> str:
        """Return the days from sending to arrival."""
        known = [t for t in ("offers", "channels") if "lead_days" in self._tables.columns.get(t, {})]
        return " + ".join(["0", *(f'CAST(coalesce({t}."lead_days", 0) AS INTEGER)' for t in known)])

    def _clocks(self, clock: Clock) -> list[tuple[str, str]]:
        """Return history's times in the order in which the clock looks for them, as (date, instant)."""
        order = {"sending": [""], "arrival": ["arrived_", ""], "response": ["response_", ""]}[clock]
        known = [part for part in order if f"@{part}date" in self._tables.columns["history"]]
        return [(f'history."@{part}date"', f'history."@{part}instant"') for part in known]

    def held_out(self) -> str:
        """Return whether the customer is held out."""
        holdout = self.books.scenario.holdout
        if holdout is None:
            return "false"
        limit = math.ceil(Fraction(holdout.share) * 2**64)
        who = f"coalesce({self.text(holdout.by)}, {self.text('customer')})"
        hashed = f"CAST('0x' || sha256(concat({literal(holdout.salt)}, chr(31), {who}))[:16] AS HUGEINT)"
        return f"({hashed} < {limit})"

    def midnight(self, date: str) -> str:
        """Return the UTC moment at which a local day begins."""
        return f"(CAST({date} AS TIMESTAMP) AT TIME ZONE {self.zone}) AT TIME ZONE 'UTC'"

    def _local(self, date: str, instant: str) -> str:
        return f"coalesce({date}, CAST(({instant} AT TIME ZONE 'UTC') AT TIME ZONE {self.zone} AS DATE))"


def _text(name: str) -> str:
    return name.replace("'", "''")
