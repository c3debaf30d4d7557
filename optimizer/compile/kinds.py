"""Kinds: what the rules can see of a candidate, collapsed to one number, in the order of the keys' seeded hashes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from optimizer.compile.customers import hashed
from optimizer.compile.quanta import filled
from optimizer.compile.sight import Level, joins, level, level_of_column, quoted
from optimizer.compile.zones import Zones
from optimizer.data.tables import Tables
from optimizer.data.times import local_day
from optimizer.errors import DataError
from optimizer.language.expressions import ColumnName, Expression
from optimizer.problem.primitives import BoolArray, IntArray
from optimizer.rules.pairs import Times

BITS = 60
"""Conditions per column of bits: a BIGINT stays positive."""
EPOCH = dt.date(1970, 1, 1).toordinal()


@dataclass(frozen=True, slots=True, eq=False)
class Kinds:
    """The kinds of candidates, in relation ``"@kinds"`` under their keys.

    Parameters
    ----------
    count : int
    slot_key : (kinds,) int array
        The same number for kinds with the same offer, channel and slot.
    unknown : (kinds,) bool array
        Kinds of customers whose time zone is unknown.
    sending, arrival : tuple of Times
        When contacts of each kind are sent and arrive, under each choice of the unknown zones.
    today : tuple of (kinds,) int arrays
        The local date of "now", under each choice.
    constraint : Times
        When they are sent, as constraints see it: in the default zone where the customer's is unknown.
    zones : Zones
    columns : tuple of ColumnName
        Candidate columns that are part of the kind, because rules group by them.
    tested : tuple of Expression
        Conditions that only a candidate can tell; bit i of the kind's bits is the i-th.
    """

    count: int
    slot_key: IntArray
    unknown: BoolArray
    sending: tuple[Times, ...]
    arrival: tuple[Times, ...]
    today: tuple[IntArray, ...]
    constraint: Times
    zones: Zones
    columns: tuple[ColumnName, ...]
    tested: tuple[Expression, ...]

    @property
    def tables(self) -> frozenset[str]:
        """Tables that must be joined to candidates before :meth:`match` can be asked."""
        seen = {c.table or "" for e in self.tested for c in e.columns} | {c.table or "" for c in self.columns}
        return frozenset(seen) | self.zones.tables

    def match(self) -> str:
        """Return the condition that joins candidates (with :attr:`tables` beside them) to ``"@kinds"`` ``k``."""
        same = [f'k.{n} IS NOT DISTINCT FROM candidates."{n}"' for n in ("offer", "channel", "slot")]
        same += [
            f'k."{name}" IS NOT DISTINCT FROM {sql}' for name, sql in _parts(self.columns, self.tested, self.zones)
        ]
        return " AND ".join(same)


def _parts(columns: Sequence[ColumnName], tested: Sequence[Expression], zones: Zones) -> list[tuple[str, str]]:
    """Return what makes a kind beside its keys, as (name, SQL)."""
    parts = [(f"@label{i}", quoted(c)) for i, c in enumerate(columns)]
    for number, first in enumerate(range(0, len(tested), BITS)):
        bits = enumerate(tested[first : first + BITS])
        parts.append(
            (f"@bits{number}", " + ".join(f"CASE WHEN {e.sql(quoted)} THEN {1 << i} ELSE 0 END" for i, e in bits))
        )
    if zones.column is not None:
        parts.append(("@zone", zones.known()))
    return parts


def number_kinds(
    tables: Tables,
    seed: int,
    *,
    labels: Sequence[ColumnName],
    conditions: Sequence[Expression],
    zones: Zones,
    now: dt.datetime,
) -> Kinds:
    """Create ``"@kinds"`` and return what is known of each kind.

    Parameters
    ----------
    labels : sequence of ColumnName
        Qualified columns that rules group by.
    conditions : sequence of Expression
        Qualified conditions that rules use.
    """
    columns = tuple(dict.fromkeys(c for c in labels if level_of_column(c) is Level.CANDIDATE))
    tested = tuple(dict.fromkeys(e for e in conditions if level(e) is not Level.KIND))
    used = frozenset(c.table or "" for e in tested for c in e.columns) | zones.tables
    keys = ["offer", "channel", "slot"]
    extra = _parts(columns, tested, zones)
    listed = [f'candidates."{k}"' for k in keys] + [f'{sql} AS "{name}"' for name, sql in extra]
    order = ", ".join([hashed(seed, *keys), *keys, *(f'"{name}"' for name, _ in extra)])
    tables.con.execute(
        f'CREATE OR REPLACE TEMP TABLE "@kinds" AS SELECT row_number() OVER (ORDER BY {order}) - 1 AS kind, '
        f"dense_rank() OVER (ORDER BY offer, channel, slot) - 1 AS slot_key, * "
        f"FROM (SELECT DISTINCT {', '.join(listed)} FROM candidates{joins(used)})"
    )
    unknown = '"@zone" IS NULL' if zones.column is not None else "false"
    found = tables.con.execute(f'SELECT slot_key, {unknown} AS unknown FROM "@kinds" ORDER BY kind').fetchnumpy()
    each = [times_of(tables, zones, choice, now) for choice in range(len(zones.choices))]
    return Kinds(
        count=len(found["slot_key"]),
        slot_key=np.asarray(found["slot_key"], np.int64),
        unknown=np.asarray(found["unknown"], bool),
        sending=tuple(sending for sending, _, _ in each),
        arrival=tuple(arrival for _, arrival, _ in each),
        today=tuple(today for _, _, today in each),
        constraint=times_of(tables, zones, None, now)[0],
        zones=zones,
        columns=columns,
        tested=tested,
    )


def times_of(tables: Tables, zones: Zones, choice: int | None, now: dt.datetime) -> tuple[Times, Times, IntArray]:
    """Return when contacts are sent and arrive, and the local date of now, under a choice of unknown zones."""
    own = "NULL" if zones.column is None else 'candidates."@zone"'
    zone = f"coalesce({own}, {zones.other(choice)})"
    used = [t for t in ("offers", "channels") if "lead_days" in tables.columns.get(t, {})]
    lead = " + ".join(["0", *(f'coalesce({table}."lead_days", 0)' for table in used)])
    whole = f"CAST({lead} AS INTEGER)"
    local = f"timezone({zone}, t.instant AT TIME ZONE 'UTC')"
    later = f"timezone('UTC', timezone({zone}, {local} + to_days({whole})))"
    found = tables.con.execute(
        f"SELECT {local_day('t.date', 't.instant', zone)} - DATE '1970-01-01' AS day, {lead} AS lead, "
        f"CAST(epoch_us(t.instant) AS DOUBLE) AS instant, "
        f"CAST(epoch_us(CASE WHEN {lead} = 0 THEN t.instant ELSE {later} END) AS DOUBLE) AS arrives, "
        f"CAST(timezone({zone}, TIMESTAMPTZ '{now.astimezone(dt.UTC):%Y-%m-%d %H:%M:%S.%f}+00') AS DATE) "
        f"- DATE '1970-01-01' AS today "
        f'FROM "@kinds" candidates LEFT JOIN slot_times t ON t.slot = candidates.slot{joins(frozenset(used))} '
        f"ORDER BY candidates.kind"
    ).fetchnumpy()
    day, leads = filled(found["day"]), filled(found["lead"])
    if np.isnan(day).any():
        raise DataError("a slot has no time", where="candidates · slot", fix="add it to the slots table with a start")
    if not np.array_equal(leads, np.rint(leads)):
        raise DataError("lead_days must be whole days", where="offers, channels · lead_days", fix="round them")
    first = day.astype(np.int64) + EPOCH
    sending = Times(first, filled(found["instant"]))
    arrival = Times(first + leads.astype(np.int64), filled(found["arrives"]))
    return sending, arrival, filled(found["today"]).astype(np.int64) + EPOCH
