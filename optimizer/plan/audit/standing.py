"""What refuses a contact whatever the rules say: when its slot is, and that it is planned already."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import TYPE_CHECKING

from optimizer.data.planned import ALREADY, planned
from optimizer.plan.audit.side import Side

if TYPE_CHECKING:
    from optimizer.plan.audit.books import SqlBooks


def refused_anyway(books: SqlBooks) -> Iterator[tuple[str, str]]:
    """Yield a reason, and SQL for the numbers of the planned contacts that it refuses."""
    side = Side(books, planned=True)
    horizon = books.scenario.horizon
    first = f"DATE '{horizon.start.isoformat()}'"
    day = side.day("sending")
    now = books.scenario.now
    moment = f"TIMESTAMP '{now.astimezone(dt.UTC):%Y-%m-%d %H:%M:%S.%f}'"
    today = f"CAST(({moment} AT TIME ZONE 'UTC') AT TIME ZONE {side.zone} AS DATE)"
    instant = side.instant("sending")
    tests = {
        "outside horizon": f"NOT ({day} >= {first} AND {day} < {first} + {horizon.days})",
        "past": f"CASE WHEN {instant} IS NULL THEN {day} < {today} ELSE {instant} < {moment} END",
    }
    for name, test in tests.items():
        yield name, f"SELECT {side.contact} AS contact FROM {side.source()} WHERE coalesce({test}, true)"
    if books.scenario.data.ledger is not None:
        yield ALREADY, f'SELECT "@contact" FROM ({planned(books.contacts)})'
