"""Which contacts of an earlier plan may still be sent, told from the raw tables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from optimizer.data.key_tables import previous_keys, read_keys
from optimizer.data.layout import KEYS
from optimizer.plan.audit.side import Side
from optimizer.plan.audit.standing import refused_anyway
from optimizer.rules.eligibility import EligibilityRule

if TYPE_CHECKING:
    import pyarrow as pa

    from optimizer.plan.audit.books import SqlBooks

EARLIER = '"@earlier"'


def earlier_contacts(books: SqlBooks, run: str) -> tuple[int, int]:
    """Return how many contacts of an earlier plan are in the audited one, and how many may still be sent."""
    tables = books.tables
    same = _known_as(books, previous_keys(tables, books.scenario.base / run))
    tables.con.execute(
        f'CREATE OR REPLACE TEMP TABLE {EARLIER} AS SELECT row_number() OVER () AS "@contact", * FROM '
        f'(SELECT DISTINCT c.* FROM {tables.valid} c SEMI JOIN "@keys of old" k ON {same})'
    )
    for _, refused in standing(books.over(EARLIER)):
        tables.con.execute(f'DELETE FROM {EARLIER} WHERE "@contact" IN ({refused})')
    ((possible,),) = books.query(f"SELECT count(*) FROM {EARLIER}")
    keys = [k for k in KEYS if k in tables.columns["candidates"]]
    both = " AND ".join(f'e."{k}" IS NOT DISTINCT FROM c."{k}"' for k in keys)
    ((kept,),) = books.query(f"SELECT count(*) FROM {EARLIER} e SEMI JOIN {books.contacts} c ON {both}")
    return int(kept), int(possible)


def _known_as(books: SqlBooks, keys: pa.Table) -> str:
    """Put keys down as a table, and return the condition under which a row of ``c`` has one of them."""
    con = books.tables.con
    con.register("@old", keys)
    con.execute('CREATE OR REPLACE TEMP TABLE "@keys of old" AS SELECT * FROM "@old"')
    con.unregister("@old")
    return " AND ".join(f'k."{name}" IS NOT DISTINCT FROM c."{name}"' for name in keys.column_names)


def pinned(books: SqlBooks, source: str) -> str:
    """Return SQL for the numbers of the contacts that a table of pins names."""
    same = _known_as(books, read_keys(books.tables, books.scenario.base / source, what=source))
    return f'SELECT c."@contact" FROM {books.contacts} c SEMI JOIN "@keys of old" k ON {same}'


def standing(books: SqlBooks) -> Iterator[tuple[str, str]]:
    """Yield what refuses contacts for what they are (their slot, a holdout, a pin, eligibility), and SQL for which."""
    scenario = books.scenario
    side = Side(books, planned=True)
    held_out = side.held_out()  # before the source, which joins what was spelled
    yield "holdout", f"SELECT {side.contact} FROM {side.source()} WHERE {held_out}"
    if scenario.pins is not None and scenario.pins.forbid is not None:
        yield "pins", pinned(books, scenario.pins.forbid)
    for zone in books.clockwork.assumptions:
        books.clockwork.assume(zone)
        yield from refused_anyway(books)
        yield from ((rule.name, rule.refused(books)) for rule in scenario.rules() if isinstance(rule, EligibilityRule))
