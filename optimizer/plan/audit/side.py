"""How planned contacts, and history, spell the columns, times and customers that a rule names."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING

from optimizer.data.key_tables import told_alike
from optimizer.data.layout import literal
from optimizer.language.expressions import ColumnName, Expression
from optimizer.rules.world import Clock

if TYPE_CHECKING:
    from optimizer.plan.audit.books import SqlBooks

KEY_OF = {"offers": "offer", "channels": "channel", "slots": "slot", "customers": "customer"}


class Side:
    """How planned contacts, or history, spell the columns that a rule names."""

    def __init__(self, books: SqlBooks, *, planned: bool, relation: str | None = None) -> None:
        self.books = books
        self.planned = "true" if planned else "false"
        self._planned = planned
        self._relation = relation or (books.contacts if planned else books.past)
        self._tables = books.tables
        self._seen: set[str | None] = set()

    @property
    def contact(self) -> str:
        """A number that differs between any two contacts."""
        if not self._planned:
            return "-row_number() OVER ()"
        return 'candidates."@contact"' if self._relation == self.books.contacts else "0"

    def source(self) -> str:
        """Return the FROM clause, with the tables of everything that was spelled before."""
        base = "candidates" if self._planned else "history"
        text = f"{self._relation} {base}"
        for table, key in KEY_OF.items():
            if table in self._seen:
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
        self._seen.add(table)
        name = column.name.replace('"', '""')
        return f'"{table}"."{name}"'

    def column(self, name: str) -> str:
        """Return a column by the name that the scenario uses."""
        return self._spell(self._tables.catalog.column(name))

    def pick(self, name: str) -> str:
        """Return a column of a ``distinct`` total; a history row without a slot was in the one that began then."""
        slot = self._tables.catalog.column(name).name == "slot"
        if not slot or self._planned or "slot" in self._tables.columns["history"]:
            return self.text(name)
        date, instant = 'history."@date"', 'history."@instant"'
        begun = f"(s.date = {date} OR s.instant = {instant})"
        return (
            f"coalesce((SELECT min(CAST(s.slot AS VARCHAR)) FROM slot_times s WHERE {begun}), "
            f"CAST({date} AS VARCHAR), CAST({instant} AS VARCHAR))"
        )

    def text(self, name: str) -> str:
        """Return a column as text; history's is spelled as the candidates'."""
        if self._planned:
            return f"CAST({self.column(name)} AS VARCHAR)"
        return told_alike(self._tables, self._tables.catalog.column(name), self.column(name))

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
            return self.books.owner(base, customer)
        return self.books.owner(base, f"coalesce(CAST({self.column(per)} AS VARCHAR), chr(31) || {customer})")

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
        self._seen.update(known)
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
