"""The plan's contacts by what the customers and offers tables say: by segment and offer, by family and offer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from optimizer.compile.sight import joins
from optimizer.data.layout import KEYS, family, quote
from optimizer.data.tables import Tables
from optimizer.plan.audit.books import canonical

if TYPE_CHECKING:
    import pandas as pd

DESCRIBING = ("customers", "offers")
MOST_VALUES = 24
"""A column with more different values than these names customers rather than groups of them."""
COLUMNS_TOLD = 5


def breakdown_frame(tables: Tables, contacts: pa.Table) -> pd.DataFrame:
    """Count the contacts by each describing column and offer.

    A column of the customers or offers table describes if it is text or boolean, no key, and has few values.

    Parameters
    ----------
    tables : Tables
    contacts : pyarrow.Table
        The chosen rows, with their keys.

    Returns
    -------
    pandas.DataFrame
        ``group, contacts``: the group is canonical JSON of one column and the offer.
    """
    import pandas as pd

    columns = _columns(tables)
    rows = []
    if columns:
        listed = [f"CAST({table}.{quote(name)} AS VARCHAR) AS d{i}" for i, (table, name) in enumerate(columns)]
        sets = ", ".join(f"(d{i}, offer)" for i in range(len(columns)))
        bits = ", ".join(f"d{i}" for i in range(len(columns)))
        tables.con.register("@told", contacts)
        found = tables.con.execute(
            f"SELECT grouping({bits}), {bits}, offer, count(*) FROM (SELECT CAST(c.offer AS VARCHAR) AS offer, "
            f'{", ".join(listed)} FROM "@told" c{joins(frozenset(table for table, _ in columns), "c")}) '
            f"GROUP BY GROUPING SETS ({sets}) ORDER BY ALL NULLS LAST"
        ).fetchall()
        tables.con.unregister("@told")
        for left_out, *values, offer, count in found:
            # grouping() has a 1 for each column that a set leaves out, the first column's the highest.
            (at,) = (i for i in range(len(columns)) if not left_out >> (len(columns) - 1 - i) & 1)
            rows.append((at, canonical({columns[at][1]: values[at], "offer": offer}), count))
    rows.sort(key=lambda row: row[0])
    return pd.DataFrame([row[1:] for row in rows], columns=["group", "contacts"])


def _columns(tables: Tables) -> list[tuple[str, str]]:
    """Return table and name of the describing columns: what is called a segment first, then by name."""
    found: dict[str, tuple[str, str]] = {}
    for table in DESCRIBING:
        names = [
            name
            for name in sorted(tables.original[table] if tables.has(table) else ())
            if name not in KEYS and family(tables.columns[table][name]) in ("text", "boolean")
        ]
        if names:
            counts = ", ".join(f"approx_count_distinct({quote(name)})" for name in names)
            several = tables.con.execute(f"SELECT {counts} FROM {table}").fetchall()[0]
            for name, values in zip(names, several, strict=True):
                if 1 < values <= MOST_VALUES:
                    found.setdefault(name, (table, name))
    return sorted(found.values(), key=lambda one: one[1] != "segment")[:COLUMNS_TOLD]
