"""Customers and kinds, numbered in the order of their keys' seeded hashes: never by position, never by low id."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa

from optimizer.compile.sight import Level, joins, level, level_of_column, quoted
from optimizer.data.layout import literal
from optimizer.data.tables import Tables
from optimizer.errors import DataError
from optimizer.language.expressions import ColumnName, Expression
from optimizer.problem.primitives import BoolArray, IntArray

BITS = 60
"""Conditions per column of bits: a BIGINT stays positive."""


def hashed(seed: int, *columns: str) -> str:
    """Return SQL for the seeded SHA-256 of some keys, as text."""
    parts = ", ".join(f"coalesce(CAST({c} AS VARCHAR), chr(0))" for c in columns)
    return f"sha256(concat_ws(chr(31), '{int(seed)}', {parts}))"


def number_customers(tables: Tables, seed: int, shared: Sequence[ColumnName]) -> IntArray:
    """Create ``"@customers" (customer, ordinal)`` and return where each decision unit begins.

    Customers who share a value of any of the columns are decided together: units are the connected components, in the
    order of their first customer's hash. A NULL shares nothing.

    Parameters
    ----------
    shared : sequence of ColumnName
        Columns of the customers table that policies are shared by.

    Returns
    -------
    (units + 1,) int array
    """
    codes = "".join(
        f", CASE WHEN {quoted(c)} IS NOT NULL THEN dense_rank() OVER (ORDER BY {quoted(c)}) END AS code{i}"
        for i, c in enumerate(shared)
    )
    used = frozenset(c.table or "" for c in shared)
    tables.con.execute(
        f'CREATE OR REPLACE TEMP TABLE "@customers" AS '
        f"SELECT candidates.customer, row_number() OVER (ORDER BY {hashed(seed, 'candidates.customer')}, "
        f"candidates.customer) - 1 AS ordinal{codes} "
        f"FROM (SELECT DISTINCT customer FROM candidates) candidates{joins(used)}"
    )
    ((count,),) = tables.con.execute('SELECT count(*) FROM "@customers"').fetchall()
    if not shared:
        return np.arange(int(count) + 1, dtype=np.int64)
    listed = ", ".join(f"code{i}" for i in range(len(shared)))
    found = tables.con.execute(f'SELECT {listed} FROM "@customers" ORDER BY ordinal').fetchnumpy()
    unit = components([np.ma.asarray(found[f"code{i}"]) for i in range(len(shared))])
    order = np.argsort(unit, kind="stable")
    rank = np.empty(count, np.int64)
    rank[order] = np.arange(count)
    tables.con.register("@rank", pa.table({"old": np.arange(count), "new": rank}))
    tables.con.execute(
        'CREATE OR REPLACE TEMP TABLE "@customers" AS SELECT customer, r.new AS ordinal '
        'FROM "@customers" c JOIN "@rank" r ON r.old = c.ordinal'
    )
    tables.con.unregister("@rank")
    edges = np.flatnonzero(np.diff(unit[order])) + 1
    return np.concatenate([[0], edges, [count]]).astype(np.int64)


def components(codes: Sequence[Any]) -> IntArray:
    """Return each member's component, named by its first member; members with a common code are connected.

    Parameters
    ----------
    codes : sequence of masked int arrays
        A masked entry shares nothing.
    """
    lowest = np.arange(len(codes[0]), dtype=np.int64)
    while True:
        before = lowest
        for code in codes:
            known = ~np.ma.getmaskarray(code)
            mine = np.ma.getdata(code)[known].astype(np.int64)
            least = np.full(int(mine.max(initial=0)) + 1, len(lowest), np.int64)
            np.minimum.at(least, mine, lowest[known])
            lowest = lowest.copy()
            lowest[known] = least[mine]
        if np.array_equal(before, lowest):
            return lowest


@dataclass(frozen=True, slots=True, eq=False)
class Kinds:
    """The kinds of candidates, in relation ``"@kinds"`` under their keys.

    Parameters
    ----------
    count : int
    slot_key : (kinds,) int array
        The same number for kinds with the same offer, channel and slot.
    day, arrival : (kinds,) int arrays
        Local day of sending and of arrival, as proleptic ordinals.
    instant : (kinds,) float array
        Microseconds since 1970 (UTC) of sending; NaN where the slot is a date.
    columns : tuple of ColumnName
        Candidate columns that are part of the kind, because rules group by them.
    tested : tuple of Expression
        Conditions that only a candidate can tell; bit i of the kind's bits is the i-th.
    """

    count: int
    slot_key: IntArray
    day: IntArray
    arrival: IntArray
    instant: np.ndarray[tuple[int], np.dtype[np.float64]]
    columns: tuple[ColumnName, ...]
    tested: tuple[Expression, ...]

    @property
    def bit_columns(self) -> int:
        """Number of columns of bits."""
        return -(-len(self.tested) // BITS)

    def match(self) -> str:
        """Return the condition that joins candidates (with all joins that tests need) to ``"@kinds"`` ``k``."""
        same = [f'k.{n} IS NOT DISTINCT FROM candidates."{n}"' for n in ("offer", "channel", "slot")]
        same += [f'k."@label{i}" IS NOT DISTINCT FROM {quoted(c)}' for i, c in enumerate(self.columns)]
        same += [f'k."@bits{i}" = ({_bits(self.tested, i)})' for i in range(self.bit_columns)]
        return " AND ".join(same)


def _bits(tested: Sequence[Expression], column: int) -> str:
    part = tested[column * BITS : (column + 1) * BITS]
    return " + ".join(f"CASE WHEN {e.sql(quoted)} THEN {1 << i} ELSE 0 END" for i, e in enumerate(part))


def number_kinds(
    tables: Tables, seed: int, labels: Sequence[ColumnName], conditions: Sequence[Expression], zone: str
) -> Kinds:
    """Create ``"@kinds"`` and return what is known of each kind.

    Parameters
    ----------
    labels : sequence of ColumnName
        Qualified columns that rules group by.
    conditions : sequence of Expression
        Qualified conditions that rules use.
    zone : str
        SQL of the time zone.
    """
    columns = tuple(dict.fromkeys(c for c in labels if level_of_column(c) is Level.CANDIDATE))
    tested = tuple(dict.fromkeys(e for e in conditions if level(e) is not Level.KIND))
    used = frozenset(c.table or "" for e in tested for c in e.columns)
    parts = ['candidates."offer"', 'candidates."channel"', 'candidates."slot"']
    parts += [f'{quoted(c)} AS "@label{i}"' for i, c in enumerate(columns)]
    parts += [f'{_bits(tested, i)} AS "@bits{i}"' for i in range(-(-len(tested) // BITS))]
    extra = [f'"@label{i}"' for i in range(len(columns))]
    extra += [f'"@bits{i}"' for i in range(-(-len(tested) // BITS))]
    order = ", ".join([hashed(seed, "offer", "channel", "slot"), "offer", "channel", "slot", *extra])
    tables.con.execute(
        f'CREATE OR REPLACE TEMP TABLE "@kinds" AS SELECT row_number() OVER (ORDER BY {order}) - 1 AS kind, '
        f"dense_rank() OVER (ORDER BY offer, channel, slot) - 1 AS slot_key, * "
        f"FROM (SELECT DISTINCT {', '.join(parts)} FROM candidates{joins(used)})"
    )
    return Kinds(*_times(tables, zone), columns=columns, tested=tested)


def _times(tables: Tables, zone: str) -> tuple[int, IntArray, IntArray, IntArray, np.ndarray]:
    lead = "0"
    used = []
    for table in ("offers", "channels"):
        if "lead_days" in tables.columns.get(table, {}):
            lead += f' + coalesce({table}."lead_days", 0)'
            used.append(table)
    found = tables.con.execute(
        f"SELECT slot_key, {local_day('t.date', 't.instant', zone)} - DATE '1970-01-01', {lead}, "
        f'epoch_us(t.instant) FROM "@kinds" candidates LEFT JOIN slot_times t ON t.slot = candidates.slot'
        f"{joins(frozenset(used))} ORDER BY candidates.kind"
    ).fetchall()
    rows = np.array([[k, d if d is not None else -1, w] for k, d, w, _ in found], np.float64).reshape(-1, 3)
    if any(day is None for _, day, _, _ in found):
        raise DataError("a slot has no time", where="candidates · slot", fix="add it to the slots table with a start")
    if np.any(rows[:, 2] != np.rint(rows[:, 2])):
        raise DataError("lead_days must be whole days", where="offers, channels · lead_days", fix="round them")
    epoch = 719163  # the proleptic ordinal of 1970-01-01
    day = rows[:, 1].astype(np.int64) + epoch
    instant = np.array([np.nan if i is None else float(i) for *_, i in found])
    return len(found), rows[:, 0].astype(np.int64), day, day + rows[:, 2].astype(np.int64), instant


def local_day(date: str, instant: str, zone: str) -> str:
    """Return SQL for the local date of a time that is either a date or a UTC instant; ``zone`` is SQL too."""
    return f"coalesce({date}, CAST(timezone({zone}, {instant} AT TIME ZONE 'UTC') AS DATE))"


def hold_out(tables: Tables, share: Decimal, by: ColumnName, salt: str) -> BoolArray:
    """Return whether each customer, by ordinal, is held out: its salted hash lies below the share.

    The first eight bytes (big-endian) of SHA-256(salt, unit separator, id as text), over 2**64. A NULL id is the
    customer's own.

    Parameters
    ----------
    by : ColumnName
        The customer, or a customers column whose values are held out whole.
    """
    threshold = -((-share * 2**64) // 1)
    id_text = f"coalesce(CAST({quoted(by)} AS VARCHAR), CAST(candidates.customer AS VARCHAR))"
    test = "true" if threshold >= 2**64 else f"hash < '{int(threshold):016x}'"
    found = tables.con.execute(
        f"SELECT {test} AS held FROM (SELECT ordinal, substr(sha256({literal(salt)} || chr(31) || {id_text}), 1, 16) "
        f'AS hash FROM "@customers" candidates{joins(frozenset({by.table or ""}))}) ORDER BY ordinal'
    ).fetchnumpy()["held"]
    return np.asarray(found, bool)
