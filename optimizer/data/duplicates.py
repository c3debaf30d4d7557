"""Candidates that stand in the input more than once."""

from __future__ import annotations

from dataclasses import dataclass

from optimizer.data.faults import reading
from optimizer.data.findings import Findings
from optimizer.data.layout import CANDIDATES, KEYS, quote
from optimizer.data.rows import Rows
from optimizer.errors import FINDINGS_SHOWN, cut

_LISTED = 3
"""Differing columns named for each conflict."""


@dataclass(frozen=True, slots=True)
class DuplicateReport:
    """Identical rows, which count once.

    Parameters
    ----------
    collapsed : int
        Rows beyond the first of each key.
    keys : int
        Keys that stand in more than one row.
    """

    collapsed: int
    keys: int


def find_duplicates(rows: Rows, invalid: str | None) -> DuplicateReport:
    """Look at candidates with equal keys.

    Parameters
    ----------
    rows : Rows
    invalid : str, optional
        SQL that is true for candidates that are dropped, and so conflict with nothing.

    Raises
    ------
    DataError
        Rows have the same key and other values. All such keys are counted, and the first ones listed.
    """
    keys = ", ".join(map(quote, KEYS))
    valid = "true" if invalid is None else f"NOT coalesce({invalid}, false)"
    same = " AND ".join(f"r.{quote(key)} IS NOT DISTINCT FROM c.{quote(key)}" for key in KEYS)
    bound = rows.bound[CANDIDATES]
    with reading(bound.label):
        rows.con.execute(
            f'CREATE OR REPLACE TEMP TABLE "@repeated" AS SELECT {keys}, count(*) AS n FROM {CANDIDATES} '
            f"WHERE {valid} GROUP BY {keys} HAVING count(*) > 1"
        )
        rows.con.execute(
            f'CREATE OR REPLACE TEMP TABLE "@conflicts" AS SELECT {keys} FROM (SELECT DISTINCT c.* FROM '
            f'(SELECT * FROM {CANDIDATES} WHERE {valid}) c SEMI JOIN "@repeated" r ON {same}) '
            f"GROUP BY {keys} HAVING count(*) > 1"
        )
        ((conflicts,),) = rows.con.execute('SELECT count(*) FROM "@conflicts"').fetchall()
        ((collapsed, repeated),) = rows.con.execute(
            'SELECT coalesce(sum(n - 1), 0), count(*) FROM "@repeated"'
        ).fetchall()
    if conflicts:
        _refuse(rows, int(conflicts), valid)
    return DuplicateReport(int(collapsed), int(repeated))


def _refuse(rows: Rows, conflicts: int, valid: str) -> None:
    """Raise with both rows of each conflict and what differs between them."""
    found = Findings()
    values = [quote(name) for name in rows.bound[CANDIDATES].columns if name not in KEYS]
    listed = f'SELECT * FROM "@conflicts" ORDER BY ALL LIMIT {FINDINGS_SHOWN}'
    for position in range(min(conflicts, FINDINGS_SHOWN)):
        one = f"(SELECT * FROM ({listed}) LIMIT 1 OFFSET {position})"
        same = " AND ".join(
            f"{CANDIDATES}.{quote(key)} IS NOT DISTINCT FROM (SELECT {quote(key)} FROM {one})" for key in KEYS
        )
        alike = rows.wrong(CANDIDATES, f"{valid} AND {same}", tuple(values), limit=_LISTED * FINDINGS_SHOWN)
        first = alike[0]
        other = next((row for row in alike if row.values != first.values), alike[-1])
        differing = [
            f"{name} ({cut(a)} and {cut(b)})"
            for name, a, b in zip(values, first.values, other.values, strict=True)
            if a != b
        ]
        found.error(
            str(first.place),
            f"has the same customer, offer, channel and slot as {other.place}, and another "
            f"{', '.join(differing[:_LISTED])}".replace('"', ""),
            "one of the two is out of date: keep one row per candidate",
        )
    if conflicts > FINDINGS_SHOWN:
        found.error(rows.bound[CANDIDATES].label, f"{conflicts:,} candidates conflict with another row of the same key")
    found.raise_errors()
