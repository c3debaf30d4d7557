"""Tables of candidate keys: pins, and anybody's plan; and what history calls what the candidates have."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa

from optimizer.data.layout import CANDIDATES, KEYS, family, quote
from optimizer.data.small import read_small
from optimizer.data.tables import Tables
from optimizer.data.times import NEVER, canonical, moment
from optimizer.errors import DataError, nearest
from optimizer.language.expressions import ColumnName


def read_keys(tables: Tables, source: Any, *, what: str, whole: bool = False, ordered: bool = False) -> pa.Table:
    """Read candidate keys, in the candidates' types.

    Parameters
    ----------
    tables : Tables
    source : path or frame
        Parquet, CSV, or any frame that DuckDB reads.
    what : str
        What messages call it.
    whole : bool
        Whether it must have every key that the candidates have; else ``customer`` and ``offer`` are enough.
    ordered : bool
        Whether the rows keep their order.

    Returns
    -------
    pyarrow.Table
        The key columns that it has; a value that no candidate key could have is NULL.

    Raises
    ------
    DataError
        Missing, unreadable, or without a key column.
    """
    given = read_small(Path(source)) if isinstance(source, str | Path) else source
    if not isinstance(given, pa.Table):
        tables.con.register("@keys", given)
        given = tables.con.sql('SELECT * FROM "@keys"').to_arrow_table()
        tables.con.unregister("@keys")
    keys = [k for k in KEYS if k in tables.original["candidates"]]
    for needed in keys if whole else keys[:2]:
        if needed not in given.column_names:
            near = nearest(needed, given.column_names)
            raise DataError(
                f"no column '{needed}'; it has {', '.join(given.column_names) or 'none'}",
                where=what,
                fix=f"'{near}' is meant: rename it" if near else "add it",
            )
    types = tables.columns["candidates"]
    names = [k for k in KEYS if k in given.column_names and k in tables.original["candidates"]]
    typed = {k: f"TRY_CAST(k.{quote(k)} AS {types[k]})" for k in names}
    tables.con.register("@keys", given)
    join = ""
    if "slot" in names:
        typed["slot"] = "s.slot"
        ((_, theirs, *_),) = tables.con.execute('DESCRIBE SELECT slot FROM "@keys"').fetchall()
        join = f" LEFT JOIN {named_slots(tables, 'k.slot', theirs)}"
    listed = ", ".join(f"{sql} AS {quote(k)}" for k, sql in typed.items())
    source, order = (
        ('(SELECT *, row_number() OVER () AS "@row" FROM "@keys")', ' ORDER BY "@row"') if ordered else ('"@keys"', "")
    )
    found = tables.con.sql(f"SELECT {listed} FROM {source} k{join}{order}").to_arrow_table()
    tables.con.unregister("@keys")
    return found


def named_slots(tables: Tables, column: str, kind: str) -> str:
    """Return what to join, as ``s``, to find the candidates' slot of each name: by its time, if the name tells one.

    Parameters
    ----------
    tables : Tables
    column, kind : str
        SQL of the name, and its DuckDB type.
    """
    known = _same("slot", tables.columns["candidates"]["slot"], tables.zone)
    slots = f"SELECT min(slot) AS slot, {known} AS same FROM slot_times GROUP BY 2"
    return f"({slots}) s ON s.same = {_same(column, kind, tables.zone)}"


def told_alike(tables: Tables, column: ColumnName, told: str) -> str:
    """Return SQL of a value of history as text, spelled as the candidates spell the same value.

    Parameters
    ----------
    tables : Tables
    column : ColumnName
        Qualified, as planned contacts have it.
    told : str
        SQL of the value.
    """
    text = f"CAST({told} AS VARCHAR)"
    own, theirs = tables.columns["history"].get(column.name), tables.columns[column.table or CANDIDATES][column.name]
    if column.table not in (CANDIDATES, "slots") or own is None or own == theirs:
        return text
    if column.name == "slot":
        found = f"(SELECT CAST(s.slot AS VARCHAR) FROM (SELECT 1) JOIN {named_slots(tables, told, own)})"
        return f"coalesce({found}, {text})"
    if {family(own), family(theirs)} <= {"integer", "decimal", "float"}:
        same = f"TRY_CAST({told} AS {theirs})"
        return f"CASE WHEN {same} = {told} THEN CAST({same} AS VARCHAR) ELSE {text} END"
    return text


def _same(column: str, kind: str, zone: str) -> str:
    told = moment(column, kind, zone) or NEVER
    return canonical(told.date, told.instant, f"CAST({column} AS VARCHAR)")


def previous_keys(tables: Tables, run: Path) -> pa.Table:
    """Read the keys of an earlier plan's contacts.

    Parameters
    ----------
    run : path
        Its run folder, or a table of candidate keys.

    Raises
    ------
    DataError
        There is no such run, or it cannot be read.
    """
    source = run / "contacts.parquet" if run.is_dir() else run
    if not source.exists():
        raise DataError(
            "no such run: nothing to stay close to",
            where=f"stability.previous · {run}",
            fix="leave stability out on the first night (--set stability.enabled=false), or name the last run's folder",
        )
    return read_keys(tables, source, what=str(source))
