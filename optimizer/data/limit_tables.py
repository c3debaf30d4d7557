"""Limits tables: a small file that gives a limit per group."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from optimizer.data.key_tables import named_slots
from optimizer.data.layout import CANDIDATES, family
from optimizer.data.small import read_small
from optimizer.errors import DataError, Finding, cut, nearest

if TYPE_CHECKING:
    from optimizer.data.tables import Tables

Key = tuple[str | None, ...]


def read_limits(path: Path, keys: tuple[str, ...], column: str, tables: Tables | None = None) -> dict[Key, Decimal]:
    """Read the limit of each group.

    Parameters
    ----------
    path : Path
        CSV or Parquet.
    keys : tuple of str
        The ``for_each`` columns; a table's qualifier (``offers.family``) may be left out in the file.
    column : str
        The column that holds the limit.
    tables : Tables, optional
        Whose columns the keys are: the same value, written otherwise, is spelled as there.

    Raises
    ------
    DataError
        A missing file or column, a repeated key, or something that is no number.
    """
    header, rows = read_table(path)
    places = []
    for name in (*keys, column):
        plain = name if name in header else name.rpartition(".")[2]
        if plain not in header:
            near = nearest(plain, header)
            raise DataError(
                f"no column '{plain}'; it has {', '.join(header)}",
                where=path.name,
                fix=f"you meant '{near}'" if near else "add it, or name another one",
            )
        places.append(header.index(plain))
    if tables is not None:
        for name, place in zip(keys, places[:-1], strict=True):
            ours = _spelled(tables, name, {row[place] for row in rows if row[place] is not None}, path.name)
            for row in rows:
                row[place] = ours.get(row[place], row[place])
    found: dict[Key, tuple[int, Decimal]] = {}
    wrong: list[Finding] = []
    for number, row in enumerate(rows, start=1):
        where = f"{path.name} · row {number:,}"
        key = tuple(row[p] for p in places[:-1])
        try:
            limit = Decimal(str(row[places[-1]]))
            if not limit.is_finite():
                raise InvalidOperation
        except InvalidOperation:
            wrong.append(
                Finding("data", f"{where} · {column} = {_shown(row[places[-1]])}", "is no number", "write one")
            )
            continue
        if key in found:
            first = found[key][0]
            what = f"repeats the key of row {first:,}"
            wrong.append(Finding("data", f"{where} · {', '.join(keys)}", what, "remove one of them"))
        found[key] = (number, limit)
    if wrong:
        raise DataError(wrong)
    return {key: limit for key, (_, limit) in found.items()}


def _spelled(tables: Tables, name: str, texts: set[str | None], file: str) -> dict[str | None, str | None]:
    """Return how a column of the tables spells values that a limits table has as text; of those that it could have.

    Slots compare as times.

    Raises
    ------
    DataError
        Whole numbers with leading zeros: text like 007 is no number 7.
    """
    column = tables.catalog.column(name)
    kind = tables.columns[column.table or CANDIDATES][column.name]
    if family(kind) == "integer" and (padded := sorted(t for t in texts if t and re.fullmatch(r"[-+]?0\d+", t))):
        what = f"is no whole number as {column.table} writes it"
        raise DataError([Finding("data", f"{file} · {name} = '{cut(padded[0])}'", what, "write it alike", len(padded))])
    if family(kind) == "unknown":
        return {}
    tables.con.register("@texts", pa.table({"text": pa.array(sorted(filter(None, texts)), pa.string())}))
    if column.name == "slot":
        query = f'SELECT text, CAST(s.slot AS VARCHAR) FROM "@texts" JOIN {named_slots(tables, "text", "VARCHAR")}'
    else:
        exact = f"TRY_CAST(text AS DOUBLE) = TRY_CAST(text AS {kind})" if family(kind) == "integer" else "true"
        query = (
            f'SELECT text, CAST(TRY_CAST(text AS {kind}) AS VARCHAR) AS ours FROM "@texts" '
            f"WHERE ours IS NOT NULL AND {exact}"
        )
    found = dict(tables.con.execute(query).fetchall())
    tables.con.unregister("@texts")
    return found


def _shown(value: str | None) -> str:
    return f"'{cut(value)}'" if value else "NULL"


def read_table(path: Path) -> tuple[list[str], list[list[str | None]]]:
    """Return the header and the rows of a small table, as text.

    Raises
    ------
    DataError
        A missing, empty or unreadable file.
    """
    table = read_small(path)
    columns = [[None if v is None else str(v) for v in c.to_pylist()] for c in table.columns]
    return table.column_names, [list(row) for row in zip(*columns, strict=True)]
