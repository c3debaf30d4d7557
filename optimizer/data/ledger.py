"""The ledger as a source: what earlier runs committed, and what was delivered, read as history.

A plan never counts its own contacts: left out are the commitments of the same scenario and business date, and what was
delivered of them at or after the plan's "now".
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from optimizer.data.bound import FILE, ROW, Bound
from optimizer.data.databases import DUCKDB, POSTGRES, duckdb_file
from optimizer.data.layout import HISTORY, TIMES_OF, literal, quote
from optimizer.scenario.environment import expand
from optimizer.scenario.sections import Database

if TYPE_CHECKING:
    from optimizer.scenario import Scenario

TABLE = "contactopt_contacts"
BOOKKEEPING = ("scenario", "business_date", "run_id", "state", "slot")
"""Columns that say where a contact comes from and which slot it is of, and are no part of history."""
CONTACT = ("customer", "offer", "channel", "at", "arrived_at", "response", "response_at")
"""Columns of every contact; all others are measures."""
INSTANT = "%Y-%m-%dT%H:%M:%S.%fZ"
"""Moments in the ledger, in UTC; dates are ``%Y-%m-%d``. Both are text, which sorts and is exact in every database."""
COLUMNS_SQL = (
    "SELECT column_name, data_type FROM information_schema.columns "
    f"WHERE table_schema = current_schema() AND table_name = '{TABLE}' ORDER BY ordinal_position"
)


def address_of(written: str) -> str:
    """Return a ledger's address as databases have it: a plain path is a DuckDB file."""
    plain = not written.startswith("${") and "://" not in written and not written.startswith(DUCKDB)
    return DUCKDB + written if plain else written


@dataclass(frozen=True)
class Ledger:
    """Where a scenario's ledger is, and what of it is the scenario's history.

    Parameters
    ----------
    url : str
        Address, ``${…}`` unexpanded.
    scenario : str
        Name of the scenario.
    business_date : date
        Local date of the run's "now".
    now : datetime
        Aware.
    """

    url: str
    scenario: str
    business_date: dt.date
    now: dt.datetime

    @classmethod
    def of(cls, scenario: Scenario) -> Ledger | None:
        """Return the ledger that a scenario names."""
        if scenario.data.ledger is None:
            return None
        return cls(address_of(scenario.data.ledger), scenario.name, scenario.today, scenario.now)

    def exists(self, base: Path) -> bool:
        """Whether there is something to open: a DuckDB file is made by the first commit."""
        address = address_of(expand(self.url, where="data.ledger"))
        return address.startswith(POSTGRES) or duckdb_file(address, self.url, base).exists()

    def query(self, run: Callable[[str], Any]) -> Database | None:
        """Return what reads the history out of the ledger, None where it holds none.

        Columns without any value are left out, so that a column which somebody else's contacts brought changes
        nothing.
        """
        names = [str(row["column_name"]) for row in run(COLUMNS_SQL).read_all().to_pylist()]
        if not names:
            return None
        measures = [name for name in names if name not in (*BOOKKEEPING, *CONTACT)]
        counts = "".join(f", count({quote(name)}) AS n{number}" for number, name in enumerate(measures))
        rest = f"FROM {TABLE} WHERE NOT ({self._own()})"
        (found,) = run(f"SELECT count(*) AS rows{counts} {rest}").read_all().to_pylist()
        if not found["rows"]:
            return None
        known = [*CONTACT, "slot", *sorted(name for number, name in enumerate(measures) if found[f"n{number}"])]
        return Database(url=self.url, query=f"SELECT {', '.join(map(quote, known))} {rest}")

    def _own(self) -> str:
        """Return SQL that is true for contacts of the plan itself."""
        today = self.business_date.isoformat()
        now = self.now.astimezone(dt.UTC).strftime(INSTANT)
        later = f'"at" COLLATE "C" >= {literal(now)} OR (length("at") = 10 AND "at" COLLATE "C" >= {literal(today)})'
        mine = f"scenario = {literal(self.scenario)} AND business_date = {literal(today)}"
        return f"{mine} AND (state = 'committed' OR {later})"


def with_ledger(con: duckdb.DuckDBPyConnection, history: Bound | None, ledger: Bound) -> Bound:
    """Return history with the ledger's contacts; their keys are of one type already, their times become text."""
    ledger = replace(ledger, columns={name: kind for name, kind in ledger.columns.items() if name not in BOOKKEEPING})
    parts = []
    for table in (history, ledger):
        for name in TIMES_OF[HISTORY] if table is not None else ():
            if table is not None and name in table.columns:
                table = table.reading(name, f"CAST({table.column(name)} AS VARCHAR)")
        if table is not None:
            parts.append(table)
    united = f"({' UNION ALL BY NAME '.join(part.select(placed=True) for part in parts)})"
    described = con.execute(f"DESCRIBE SELECT * FROM {united}").fetchall()
    columns = {str(name): str(kind) for name, kind, *_ in described if name not in (FILE, ROW)}
    label = " and ".join(part.label for part in parts)
    return replace(
        ledger, name=HISTORY, label=label, source=united, placed=united, columns=columns, typed=True, reads={}
    )
