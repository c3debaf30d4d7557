"""What the tables are called, which columns make their keys, and which of them tell times."""

from __future__ import annotations

from collections.abc import Iterable

CANDIDATES = "candidates"
HISTORY = "history"
LEDGER = "ledger"
"""What a ledger holds; it becomes part of history before anything else looks at it."""
SLOTS = "slots"

TABLES = (CANDIDATES, "customers", "offers", "channels", SLOTS, HISTORY, "consents")

KEYS = ("customer", "offer", "channel", "slot")
"""Columns that are one and the same thing in every table that has them."""

KEY_TABLE = {"customer": "customers", "offer": "offers", "channel": "channels", "slot": SLOTS}
"""The table in which a key is unique."""

REQUIRED: dict[str, tuple[str, ...]] = {
    CANDIDATES: ("customer", "offer"),
    "customers": ("customer",),
    "offers": ("offer",),
    "channels": ("channel",),
    SLOTS: ("slot",),
    HISTORY: ("customer", "offer", "at"),
    "consents": ("customer", "channel"),
}

KEYS_OF: dict[str, tuple[str, ...]] = {
    CANDIDATES: KEYS,
    "customers": ("customer",),
    "offers": ("offer",),
    "channels": ("channel",),
    SLOTS: ("slot",),
    HISTORY: ("customer", "offer", "channel"),
    LEDGER: ("customer", "offer", "channel"),
    "consents": ("customer", "channel"),
}

TIMES_OF: dict[str, tuple[str, ...]] = {
    CANDIDATES: ("slot",),
    SLOTS: ("slot", "start", "end"),
    HISTORY: ("at", "response_at", "arrived_at"),
    "consents": ("from", "until"),
}

OWN = "@"
"""What the names of columns and relations begin with that are added to those of the tables."""

VISIBLE = (CANDIDATES, "offers", "channels", SLOTS, "customers")
"""Tables whose columns an expression sees, in the order in which they are searched."""

VISIBLE_IN_HISTORY = (HISTORY, "offers", "channels", "customers")
"""The same for a condition on history rows."""


def quote(name: str) -> str:
    """Return an identifier as SQL."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Return a text value as SQL."""
    return "'" + text.replace("'", "''") + "'"


def numbering(columns: Iterable[str]) -> str:
    """Return SQL of the number of a table's row, from 0: DuckDB's own, which a column of that name would hide."""
    hidden = any(name.lower() == "rowid" for name in columns)
    return "(row_number() OVER () - 1)" if hidden else "rowid"


def not_finite(number: str) -> str:
    """Return SQL that is true for NaN and infinity in a column of doubles, and false for NULL.

    A plain ``isnan`` or ``NOT isfinite`` is wrong over Parquet: statistics leave NaN out, and DuckDB answers from them
    where the condition filters rows or the column looks constant. It does not look into CASE.
    """
    return f"CASE WHEN {number} IS NULL OR isfinite({number}) THEN false ELSE true END"


def family(duckdb_type: str) -> str:
    """Return the sort of a DuckDB type: ``integer, decimal, float, text, date, time, boolean, unknown`` or its name."""
    head = duckdb_type.split("(")[0].upper()
    if head in {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT"} or head.startswith(("UTINY", "USMALL", "UINT")):
        return "integer"
    if head in {"UBIGINT", "UHUGEINT"}:
        return "integer"
    if head in {"FLOAT", "DOUBLE"}:
        return "float"
    if head == "VARCHAR" or head == "ENUM":
        return "text"
    if head.startswith("TIMESTAMP"):
        return "time"
    return {"DECIMAL": "decimal", "DATE": "date", "BOOLEAN": "boolean", UNTYPED: "unknown"}.get(head, head.lower())


def spoken(duckdb_type: str) -> str:
    """Return what people call values of a DuckDB type."""
    return _SPOKEN.get(family(duckdb_type), duckdb_type.lower())


_SPOKEN = {
    "integer": "whole numbers",
    "decimal": "decimal numbers",
    "float": "floating-point numbers",
    "text": "text",
    "date": "dates",
    "time": "timestamps",
    "boolean": "true or false",
    "unknown": "empty",
}

UNTYPED = '"NULL"'
"""DuckDB's type of a column that holds nothing but NULL."""

NUMBERS = frozenset({"integer", "decimal", "float"})
