"""The failpoint loop over the ledger: every statement and every commit, in a DuckDB file or in PostgreSQL.

``python -m tests.faults.recording STEP EVERY TWICE`` prints what broke its promise, as JSON. ``$LEDGER`` is the address
of a PostgreSQL; without it, the ledger is a file.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import optimizer
from optimizer.data.ledger import TABLE
from optimizer.ledger import Place, commit
from optimizer.ledger.deliveries import import_history
from optimizer.ledger.sink import hand_over
from optimizer.plan.plan import Plan
from tests.faults.publishing import Effort, World, loop, main, scenario
from tests.faults.turns import DONE, in_child

COLUMNS = 'scenario, business_date, run_id, state, customer, offer, channel, slot, "at", response'
SENT = "customer,offer,channel,slot,at,response\nC1,card,email,2026-11-23,2026-11-23T09:00,yes\n"


class InFile(World):
    """A ledger in a DuckDB file."""

    @property
    def place(self) -> Place:
        return Place("ledger.duckdb", self.here)


class InPostgres(World):
    """A ledger in PostgreSQL: copied back from a table beside it for every turn."""

    place = Place("${LEDGER}", Path())

    def __init__(self, root: Path, before: Callable[[Path], Any], state: Callable[[Path], str], table: str) -> None:
        self._table = table
        _ask(f"DROP TABLE IF EXISTS {table}", "DROP TABLE IF EXISTS model")
        super().__init__(root, before, state)
        _ask(f"CREATE TABLE model AS SELECT * FROM {table}")

    def again(self) -> Path:
        _ask(f"DROP TABLE IF EXISTS {self._table}", f"CREATE TABLE {self._table} AS SELECT * FROM model")
        shutil.rmtree(self.here, ignore_errors=True)
        shutil.copytree(self.model, self.here)
        return self.here


def _ask(*statements: str) -> None:
    """Run statements in a process of their own, so that no connection is forked."""

    def work() -> None:
        from adbc_driver_postgresql import dbapi

        address = os.environ["LEDGER"]
        with closing(dbapi.connect(address, autocommit=True)) as connection, closing(connection.cursor()) as cursor:
            for statement in statements:
                cursor.execute(statement)

    ending, said = in_child(work)
    assert ending == DONE, said


def held(place: Place, columns: str = COLUMNS, table: str = TABLE) -> str:
    """Return all that a ledger holds, sorted, as text; a contact that stands there twice is refused."""

    def work() -> list[Any]:
        with place.transaction() as store:
            return sorted(list(map(str, row)) for row in store.rows(f"SELECT {columns} FROM {table}"))

    ending, rows = in_child(work)
    assert ending == DONE, rows
    keys = [tuple(row[4:8]) for row in rows]
    assert len(set(keys)) == len(keys), f"a contact stands in it twice: {rows}"
    return json.dumps(rows)


def plans(root: Path) -> tuple[Plan, Plan]:
    """Return the plan of an earlier run of the night, and tonight's."""
    return tuple(optimizer.solve(scenario(root, most)) for most in (1, 2))  # type: ignore[return-value]


def world(
    root: Path, before: Callable[[Place], Any], columns: str = COLUMNS, table: str = TABLE
) -> InFile | InPostgres:
    """Return a database with what an earlier run left in it."""
    in_postgres = "LEDGER" in os.environ

    def place(here: Path) -> Place:
        return InPostgres.place if in_postgres else Place("ledger.duckdb", here)

    def begin(here: Path) -> None:
        ending, said = in_child(lambda: before(place(here)) and None)
        assert ending == DONE, said

    def state(here: Path) -> str:
        return held(place(here), columns, table)

    return InPostgres(root, begin, state, table) if in_postgres else InFile(root, begin, state)


def committing(root: Path, effort: Effort) -> Iterator[str]:
    """A plan takes the place of an earlier one of its date."""
    earlier, plan = plans(root)
    ledger = world(root, lambda place: commit(earlier, place))
    yield from loop(ledger, lambda: commit(plan, ledger.place).to_dict(), effort)


def importing(root: Path, effort: Effort) -> Iterator[str]:
    """Deliveries and responses are recorded."""
    earlier, _ = plans(root)
    (root / "sent.csv").write_text(SENT)
    ledger = world(root, lambda place: commit(earlier, place))
    yield from loop(ledger, lambda: import_history(root / "sent.csv", ledger.place).rows, effort)


def handing_over(root: Path, effort: Effort) -> Iterator[str]:
    """Contacts are handed over in a table of somebody else, in place of those of an earlier run of the night."""
    earlier, plan = plans(root)
    columns = "scenario, business_date, run_id, 'sent', customer, offer, channel, slot"
    sink = world(root, lambda place: hand_over(earlier, place, "crm"), columns, "crm")
    yield from loop(sink, lambda: hand_over(plan, sink.place, "crm").to_dict(), effort)


STEPS = {step.__name__: step for step in (committing, importing, handing_over)}

if __name__ == "__main__":
    main(STEPS)
