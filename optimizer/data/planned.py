"""What is planned already: the ledger's contacts among tonight's candidates, known by their keys.

A slot whose name tells a time is one slot in every table. Another name may come back ("monday" of each week): it is the
same slot where its local date is the contact's.
"""

from __future__ import annotations

import duckdb

from optimizer.data.bound import Bound
from optimizer.data.layout import KEYS, literal, quote
from optimizer.data.times import NEVER, canonical, local_day, moment

PLANNED = '"@already planned"'
"""Relation of the keys, in the candidates' own types and spellings."""
ALREADY = "already planned"
"""Why such a candidate is refused."""


def create_planned(con: duckdb.DuckDBPyConnection, candidates: Bound, ledger: Bound | None, zone: str) -> None:
    """Create :data:`PLANNED` from what the ledger holds beside the plan's own contacts; ``slot_times`` is there.

    Parameters
    ----------
    candidates : Bound
    ledger : Bound, optional
        With its ``slot``; keys in the candidates' types.
    zone : str
        Of times without an offset.
    """
    listed = ", ".join(f"c.{quote(key)}" for key in KEYS)
    if ledger is None:
        con.execute(f"CREATE TEMP TABLE {PLANNED} AS SELECT {listed} FROM ({candidates.select()}) c LIMIT 0")
        return
    kind = candidates.columns.get("slot", "DATE")
    ours, theirs, sent = (
        moment(column, type_, zone) or NEVER
        for column, type_ in (("slot", kind), ("l.slot", "VARCHAR"), ('l."at"', "VARCHAR"))
    )
    slots = (
        f"SELECT slot, {canonical(ours.date, ours.instant, 'CAST(slot AS VARCHAR)')} AS same, "
        f"coalesce({ours.date} IS NOT NULL OR {ours.instant} IS NOT NULL, false) AS told, "
        f"{local_day('date', 'instant', literal(zone))} AS day FROM slot_times"
    )
    con.execute(
        f"CREATE TEMP TABLE {PLANNED} AS SELECT DISTINCT l.customer, l.offer, l.channel, s.slot "
        f"FROM ({ledger.select()}) l JOIN ({slots}) s "
        f"ON s.same = {canonical(theirs.date, theirs.instant, 'l.slot')} "
        f"AND (s.told OR s.day = {local_day(sent.date, sent.instant, literal(zone))})"
    )


def planned(contacts: str) -> str:
    """Return SQL for the rows of a relation that are planned already."""
    same = " AND ".join(f"p.{quote(key)} IS NOT DISTINCT FROM c.{quote(key)}" for key in KEYS)
    return f"SELECT c.* FROM {contacts} c SEMI JOIN {PLANNED} p ON {same}"
