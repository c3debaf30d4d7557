"""The ledger's one table: made when it is first written, with a column for each measure that contacts bring."""

from __future__ import annotations

from collections.abc import Mapping

from optimizer.data.layout import KEYS, family, quote
from optimizer.data.ledger import BOOKKEEPING, COLUMNS_SQL, CONTACT, TABLE
from optimizer.errors import DataError, Finding
from optimizer.ledger.store import Store

NUMBER, TEXT = "DOUBLE PRECISION", "TEXT"
_KINDS = {"integer": NUMBER, "decimal": NUMBER, "float": NUMBER, "boolean": "BOOLEAN", "date": "DATE"}
_SAME = {"DOUBLE": NUMBER, "VARCHAR": TEXT, "CHARACTER VARYING": TEXT}
_SPOKEN = {NUMBER: "a number", "BOOLEAN": "true or false", "DATE": "a date", TEXT: "text"}

SAME_CONTACT = " AND ".join(f"t.{quote(key)} = s.{quote(key)}" for key in KEYS)
"""SQL that is true where ``t`` and ``s`` are one contact."""


def kind_of(duckdb_type: str) -> str:
    """Return the SQL type in which the ledger keeps a measure of a DuckDB type; all else is kept as text."""
    return _KINDS.get(family(duckdb_type), TEXT)


def listed(names: tuple[str, ...] | list[str], table: str = "") -> str:
    """Return columns as SQL."""
    return ", ".join(f"{table}.{quote(name)}" if table else quote(name) for name in names)


def prepare(store: Store, measures: Mapping[str, str]) -> list[str]:
    """Make the table, and add the columns that it lacks.

    Parameters
    ----------
    store : Store
    measures : mapping of column to SQL type

    Returns
    -------
    list of str
        All measures that the ledger has.

    Raises
    ------
    DataError
        A measure that has another type in the ledger. All at once.
    """
    own = (*BOOKKEEPING, *CONTACT)
    store.execute(f"CREATE TABLE IF NOT EXISTS {TABLE} ({', '.join(f'{quote(name)} {TEXT}' for name in own)})")
    found = {str(name): _SAME.get(str(kind).upper(), str(kind).upper()) for name, kind in store.rows(COLUMNS_SQL)}
    wrong = [
        Finding(
            "data",
            f"ledger · {name}",
            f"is {_SPOKEN[kind]} in these contacts and {_SPOKEN.get(found[name], found[name])} in the ledger",
            "rename the column in one of them",
        )
        for name, kind in measures.items()
        if found.get(name, kind) != kind
    ]
    if wrong:
        raise DataError(wrong)
    for name, kind in measures.items():
        if name not in found:
            store.execute(f"ALTER TABLE {TABLE} ADD COLUMN {quote(name)} {kind}")
    return [*(name for name in found if name not in own), *(name for name in measures if name not in found)]
