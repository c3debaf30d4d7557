"""Limits tables: a small file that gives a limit per group."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from pathlib import Path

from optimizer.data.small import read_small
from optimizer.errors import DataError, Finding, cut, nearest

Key = tuple[str | None, ...]


def read_limits(path: Path, keys: tuple[str, ...], column: str) -> dict[Key, Decimal]:
    """Read the limit of each group.

    Parameters
    ----------
    path : Path
        CSV or Parquet.
    keys : tuple of str
        The ``for_each`` columns; a table's qualifier (``offers.family``) may be left out in the file.
    column : str
        The column that holds the limit.

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
