"""What a ledger refuses to record: a contact twice, and a slot's name for two days."""

from __future__ import annotations

from optimizer.data.ledger import TABLE
from optimizer.errors import DataError, Finding
from optimizer.ledger.store import STAGED, Store
from optimizer.ledger.table import SAME_CONTACT

NAMED = "s.slot NOT LIKE '____-__-__%'"
"""SQL that is true where a slot's name tells no time: only then it could stand for another one."""


def refuse_planned_meanwhile(store: Store) -> None:
    """Refuse staged contacts that stand in the ledger by another run; those of the run's own night are gone by now.

    Raises
    ------
    DataError
        For each night that has some, since this one was solved.
    """
    found = store.rows(
        f"SELECT t.scenario, t.business_date, count(*) FROM {TABLE} t JOIN {STAGED} s ON {SAME_CONTACT} "
        "WHERE t.state = 'committed' GROUP BY 1, 2 ORDER BY 2, 1"
    )
    if found:
        raise DataError(
            [
                Finding(
                    "data",
                    "ledger",
                    f"contacts of this plan were committed meanwhile, by '{scenario}' of {day}",
                    "run this night again: what the ledger holds is not planned twice",
                    int(count),
                )
                for scenario, day, count in found
            ]
        )


def refuse_other_day(store: Store, rows: str, same: str) -> None:
    """Refuse staged contacts of a slot whose name stood for another day: contacts are told apart by their slot.

    Parameters
    ----------
    rows : str
        SQL that is true for the rows ``t`` of the ledger that count.
    same : str
        SQL that is true where ``t`` and a staged row ``s`` must be of one day.

    Raises
    ------
    DataError
        Each name.
    """
    found = store.rows(
        f"SELECT s.slot, min(left(t.at, 10)), min(left(s.at, 10)), count(*) FROM {STAGED} s JOIN {TABLE} t "
        f"ON {same} AND left(t.at, 10) <> left(s.at, 10) WHERE {NAMED} AND {rows} GROUP BY 1 ORDER BY 1"
    )
    if found:
        raise DataError(
            [
                Finding(
                    "data",
                    "ledger · slot",
                    f"'{slot}' is of {theirs} in the ledger, and of {ours} here",
                    "put the date into the slot's name: the ledger tells contacts apart by it",
                    int(count),
                )
                for slot, theirs, ours, count in found
            ]
        )
