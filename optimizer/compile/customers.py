"""Customers, numbered in the order of their keys' seeded hashes: never by position, never by low id."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa

from optimizer.compile.sight import joins, quoted
from optimizer.data.layout import literal
from optimizer.data.tables import Tables
from optimizer.language.expressions import ColumnName
from optimizer.problem.primitives import BoolArray, IntArray


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
