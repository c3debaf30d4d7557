"""The compiler's side of :class:`optimizer.rules.eligibility.Sight`: what a filter asks of one candidate, as SQL."""

from __future__ import annotations

from collections.abc import Mapping

from optimizer.compile.sight import quoted
from optimizer.data.layout import literal
from optimizer.data.tables import Tables
from optimizer.data.times import moment
from optimizer.errors import DataError
from optimizer.language.expressions import Expression

SLOT_TIMES = " LEFT JOIN slot_times ON slot_times.slot = candidates.slot"


class CandidateSight:
    """SQL over ``candidates`` joined with the tables that its conditions need, and with ``slot_times``.

    Parameters
    ----------
    tables : Tables
    zone : str
        SQL of the customer's time zone.
    naive_zone : str
        IANA name of the zone of consents' times without an offset.
    conditions : mapping of Expression to Expression
        The filters' conditions, with qualified columns.
    """

    def __init__(self, tables: Tables, zone: str, naive_zone: str, conditions: Mapping[Expression, Expression]) -> None:
        self._tables, self._zone, self._naive_zone, self._conditions = tables, zone, naive_zone, conditions

    def sql(self, condition: Expression) -> str:
        """Return a condition."""
        return self._conditions[condition].sql(quoted)

    def local_time(self, rule: str) -> str:
        """Return the local time of day of sending."""
        ((dates,),) = self._tables.con.execute("SELECT count(*) FROM slot_times WHERE instant IS NULL").fetchall()
        if dates:
            raise DataError(
                f"{dates:,} slots have no time of day, which rule {rule} needs",
                where="slots",
                fix="give slots a start with a time, or leave them out with 'where' and enabled: false",
            )
        return f"CAST(timezone({self._zone}, slot_times.instant AT TIME ZONE 'UTC') AS TIME)"

    def covered(self, rule: str, purpose: str | None) -> str:
        """Return whether a consent row covers the time of sending.

        A row holds from the first moment of ``from`` until before ``until``; a date-only ``until`` includes its day. A
        date-only slot needs its whole day. A missing end is open.
        """
        columns = self._tables.columns.get("consents")
        if columns is None:
            raise DataError("there is no consents table", where=f"rule {rule}", fix="name it: data.consents")
        tests = ["x.customer = candidates.customer", "x.channel = candidates.channel"]
        if purpose is not None:
            if "purpose" not in columns:
                raise DataError("no column 'purpose'", where="consents", fix=f"add it, or leave it out of rule {rule}")
            tests.append(f"x.purpose = {literal(purpose)}")
        for column, test in (("from", self._begun), ("until", self._not_over)):
            if column in columns:
                told = moment(f'x."{column}"', columns[column], self._naive_zone)
                if told is None:
                    raise DataError(f"'{column}' is no time", where=f"consents · {column}", fix="write dates")
                tests.append(f'(x."{column}" IS NULL OR {test(told.date, told.instant)})')
        return f"EXISTS (SELECT 1 FROM consents x WHERE {' AND '.join(tests)})"

    def _midnight(self, date: str) -> str:
        """Return the UTC moment at which a local day begins."""
        return f"timezone('UTC', timezone({self._zone}, CAST({date} AS TIMESTAMP)))"

    def _begun(self, date: str, instant: str) -> str:
        start = f"coalesce({self._midnight('slot_times.date')}, slot_times.instant)"
        return f"coalesce({self._midnight(date)}, {instant}) <= {start}"

    def _not_over(self, date: str, instant: str) -> str:
        end = f"coalesce({self._midnight(f'({date} + 1)')}, {instant})"
        whole_day = f"{end} >= {self._midnight('(slot_times.date + 1)')}"
        return f"CASE WHEN slot_times.instant IS NULL THEN {whole_day} ELSE slot_times.instant < {end} END"
