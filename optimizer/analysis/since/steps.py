"""From an earlier plan's contacts to tonight's, step by step: each contact is in one step, and their values add up."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import duckdb
import pyarrow as pa

from optimizer.data.layout import literal
from optimizer.data.tables import Tables
from optimizer.data.times import NEVER, canonical, local_day, moment

Block = dict[str, Any]
Days = dict[str | None, dt.date | None]

OVER = "over"
STEPS = (OVER, "kept", "other slot", "other channel", "other offer", "dropped", "new day", "added")
"""In the order in which they are told: ``over`` are contacts on days that are no longer planned, ``new day`` those on
days that the earlier plan did not reach."""


def slot_days(tables: Tables, contacts: pa.Table, first: dt.date) -> Days:
    """Return the local date of each slot of some contacts, by the slot's text; None where that is not known.

    Parameters
    ----------
    tables : Tables
        Tonight's: they know the times of slots by name.
    contacts : pyarrow.Table
    first : date
        Where the contacts have no slots: their day.
    """
    if "slot" not in contacts.column_names:
        return {None: first}
    con = tables.con
    con.register("@slots of contacts", contacts.select(["slot"]))
    ((_, theirs, *_),) = con.execute('DESCRIBE SELECT slot FROM "@slots of contacts"').fetchall()
    ((_, ours, *_),) = con.execute("DESCRIBE SELECT slot FROM slot_times").fetchall()
    mine, known = moment("slot", theirs, tables.zone) or NEVER, moment("slot", ours, tables.zone) or NEVER
    text, zone = "CAST(slot AS VARCHAR)", literal(tables.zone)
    rows = con.execute(
        f"WITH seen AS (SELECT DISTINCT {text} AS text, {canonical(mine.date, mine.instant, text)} AS same, "
        f'{local_day(mine.date, mine.instant, zone)} AS day FROM "@slots of contacts"), '
        f"known AS (SELECT {canonical(known.date, known.instant, text)} AS same, "
        f"min({local_day('date', 'instant', zone)}) AS day FROM slot_times GROUP BY 1) "
        "SELECT seen.text, coalesce(known.day, seen.day) FROM seen LEFT JOIN known USING (same)"
    ).fetchall()
    con.unregister("@slots of contacts")
    return dict(rows)


def on_days(contacts: pa.Table, slots: set[str | None]) -> pa.Table:
    """Return the contacts in some slots, which are named by their text."""
    if "slot" not in contacts.column_names:
        return contacts if None in slots else contacts.slice(0, 0)
    with duckdb.connect() as con:
        con.register("contacts", contacts)
        con.register("wanted", pa.table({"slot": pa.array(list(slots), pa.string())}))
        return con.sql(
            "SELECT * FROM contacts SEMI JOIN wanted w ON CAST(contacts.slot AS VARCHAR) IS NOT DISTINCT FROM w.slot"
        ).to_arrow_table()


def steps(gone: pa.Table, pairs: pa.Table, later: set[str | None]) -> list[Block]:
    """Return contacts and their value, before and after, of each step that has any.

    Parameters
    ----------
    gone : pyarrow.Table
        Earlier contacts on days that are no longer planned.
    pairs : pyarrow.Table
        Of :class:`~optimizer.analysis.moves.Moves`: the other earlier contacts, and tonight's.
    later : set of str
        Tonight's slots on days that the earlier plan did not reach.
    """
    with duckdb.connect() as con:
        con.register("gone", gone)
        con.register("pairs", pairs)
        con.register("later", pa.table({"slot": pa.array([slot or "" for slot in later], pa.string())}))
        step = "CASE WHEN kind = 'added' AND slot_after IN (SELECT slot FROM later) THEN 'new day' ELSE kind END"
        rows = con.sql(
            f"SELECT {step} AS step, count(*), coalesce(fsum(value_before ORDER BY value_before), 0), "
            "coalesce(fsum(value_after ORDER BY value_after), 0), "
            "count_if(coalesce(value_after > value_before, false)), "
            "count_if(coalesce(value_after < value_before, false)) FROM pairs GROUP BY 1 "
            f"UNION ALL SELECT '{OVER}', count(*), "
            "coalesce(fsum(CAST(contribution AS DOUBLE) ORDER BY contribution), 0), 0, 0, 0 FROM gone"
        ).fetchall()
    names = ("contacts", "value_before", "value_after", "rose", "fell")
    found: Mapping[str, Block] = {kind: dict(zip(names, rest, strict=True)) for kind, *rest in rows}
    return [{"step": name, **found[name]} for name in STEPS if name in found and found[name]["contacts"]]


def by_offer(gone: pa.Table, pairs: pa.Table) -> list[Block]:
    """Return how the contacts of each offer and channel changed, those that changed most first.

    ``before = over + kept + moved + left`` and ``after = kept + moved + came``.
    """
    channel = "coalesce(CAST(channel AS VARCHAR), '')" if "channel" in gone.column_names else "''"
    with duckdb.connect() as con:
        con.register("gone", gone)
        con.register("pairs", pairs)
        same = "(offer_before = offer_after AND channel_before = channel_after)"
        rows = con.sql(
            "SELECT offer, channel, CAST(sum(over) AS BIGINT), count_if(kind = 'kept' AND side), "
            f"count_if(kind <> 'kept' AND same AND side), count_if(NOT same AND side AND NOT after), "
            "count_if(NOT same AND after) FROM ("
            f"SELECT offer_before AS offer, channel_before AS channel, kind, coalesce({same}, false) AS same, "
            "true AS side, false AS after, 0 AS over FROM pairs WHERE offer_before IS NOT NULL "
            f"UNION ALL SELECT offer_after, channel_after, kind, coalesce({same}, false), false, true, 0 "
            "FROM pairs WHERE offer_after IS NOT NULL "
            f"UNION ALL SELECT CAST(offer AS VARCHAR), {channel}, 'over', true, false, false, count(*) "
            "FROM gone GROUP BY ALL) GROUP BY offer, channel"
        ).fetchall()
    names = ("offer", "channel", "over", "kept", "moved", "left", "came")
    found = [dict(zip(names, row, strict=True)) for row in rows]
    for one in found:
        one["before"] = one["over"] + one["kept"] + one["moved"] + one["left"]
        one["after"] = one["kept"] + one["moved"] + one["came"]
    return sorted(found, key=lambda one: (-(one["left"] + one["came"]), one["offer"], one["channel"]))
