"""Customers, numbered in the order of their keys' seeded hashes: never by position, never by low id."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa

from optimizer.compile.sight import joins, quoted
from optimizer.data.layout import literal
from optimizer.data.tables import Tables
from optimizer.language.expressions import ColumnName
from optimizer.problem.pairs import running
from optimizer.problem.primitives import BoolArray, IntArray


def hashed(seed: int, *columns: str) -> str:
    """Return SQL for the seeded SHA-256 of some keys, as text."""
    parts = ", ".join(f"coalesce(CAST({c} AS VARCHAR), chr(0))" for c in columns)
    return f"sha256(concat_ws(chr(31), '{int(seed)}', {parts}))"


@dataclass(frozen=True, slots=True, eq=False)
class Customers:
    """Where everybody's candidates, as read, and each decision unit begin.

    Parameters
    ----------
    start : (customers + 1,) int array
        Candidates ``start[c] … start[c+1]`` are customer ``c``'s.
    unit : (units + 1,) int array
        Customers ``unit[u] … unit[u+1]`` are decided together.
    """

    start: IntArray
    unit: IntArray

    def __len__(self) -> int:
        return len(self.start) - 1

    @property
    def unit_of_each(self) -> IntArray:
        """Unit of each customer. Shape (customers,)."""
        return np.repeat(np.arange(len(self.unit) - 1, dtype=np.int64), np.diff(self.unit))


WIDEST = 50
"""Most customers whom policies tie into one unit, unless only one unit can say what they mean.

Households and small offices stay below it, branches do not. A unit is searched candidate by candidate, in time that
grows steeply with its size; a row across units costs one price.
"""


def number_customers(
    tables: Tables, seed: int, needed: Sequence[ColumnName] = (), shared: Sequence[ColumnName] = ()
) -> Customers:
    """Create ``"@customers" (customer, ordinal, candidates)`` and return where candidates and decision units begin.

    Customers who share a value of any of the columns are decided together: units are the connected components, in the
    order of their first customer's hash. A NULL shares nothing. Where that would tie more than ``WIDEST`` customers
    together, values of a column that does not need it tie nobody.

    Parameters
    ----------
    needed, shared : sequence of ColumnName
        Columns of the customers table that policies are shared by: those that need one unit, and the others.
    """
    columns = [*needed, *shared]
    codes = "".join(
        f", CASE WHEN {quoted(c)} IS NOT NULL THEN dense_rank() OVER (ORDER BY {quoted(c)}) END AS code{i}"
        for i, c in enumerate(columns)
    )
    used = frozenset(c.table or "" for c in columns)
    tables.con.execute(
        f'CREATE OR REPLACE TEMP TABLE "@customers" AS '
        f"SELECT candidates.customer, row_number() OVER (ORDER BY {hashed(seed, 'candidates.customer')}, "
        f"candidates.customer) - 1 AS ordinal, candidates.n AS candidates{codes} "
        f"FROM (SELECT customer, count(*) AS n FROM candidates WHERE customer IS NOT NULL GROUP BY customer) "
        f"candidates{joins(used)}"
    )
    found = tables.con.execute('SELECT * EXCLUDE (customer, ordinal) FROM "@customers" ORDER BY ordinal').fetchnumpy()
    many = np.asarray(found["candidates"], np.int64)
    count = len(many)
    if not columns:
        return Customers(running(many), np.arange(count + 1, dtype=np.int64))
    codes_of = [np.ma.asarray(found[f"code{i}"]) for i in range(len(columns))]
    unit = components([np.ma.arange(count), *codes_of[: len(needed)]])
    for code in codes_of[len(needed) :]:
        joined = components([unit, code])
        tied = np.bincount(joined, minlength=count)[joined] <= WIDEST
        unit = components([unit, np.ma.masked_where(~tied, code)])
    order = np.argsort(unit, kind="stable")
    rank = np.empty(count, np.int64)
    rank[order] = np.arange(count)
    tables.con.register("@rank", pa.table({"old": np.arange(count), "new": rank}))
    tables.con.execute(
        'CREATE OR REPLACE TEMP TABLE "@customers" AS SELECT customer, r.new AS ordinal, candidates '
        'FROM "@customers" c JOIN "@rank" r ON r.old = c.ordinal'
    )
    tables.con.unregister("@rank")
    edges = np.flatnonzero(np.diff(unit[order])) + 1
    return Customers(running(many[order]), np.concatenate([[0], edges, [count]]).astype(np.int64))


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
