"""Key tables: every key once, and every key that the candidates use."""

from __future__ import annotations

import duckdb

from optimizer.data.catalog import Catalog
from optimizer.data.faults import reading
from optimizer.data.findings import Findings
from optimizer.data.layout import CANDIDATES, KEY_TABLE, NUMBERS, family, literal, quote
from optimizer.data.places import list_rows
from optimizer.data.rows import SHOWN, Rows
from optimizer.errors import cut

SECRET = "customer"
"""The key whose values stay out of messages; rows say where to look."""


def check_key_tables(con: duckdb.DuckDBPyConnection, found: Findings, rows: Rows) -> None:
    """Check that keys are there, unique, and cover the candidates."""
    for key, table in KEY_TABLE.items():
        if table in rows.bound:
            with reading(rows.bound[table].label):
                _missing(con, found, rows, table, key)
                _repeated(con, found, rows, table, key)
                _uncovered(con, found, rows, table, key)


def _missing(con: duckdb.DuckDBPyConnection, found: Findings, rows: Rows, table: str, key: str) -> None:
    wrong = f"{quote(key)} IS NULL"
    ((count,),) = con.execute(f"SELECT count_if({wrong}) FROM {quote(table)}").fetchall()
    if count:
        places = [row.place for row in rows.find(table, wrong)]
        found.error(f"{places[0]} · {key}", "a key is missing", "drop the row, or fill it", count=count)


def _repeated(con: duckdb.DuckDBPyConnection, found: Findings, rows: Rows, table: str, key: str) -> None:
    column = quote(key)
    repeated = f"SELECT {column} FROM {quote(table)} WHERE {column} IS NOT NULL GROUP BY 1 HAVING count(*) > 1"
    ((count,),) = con.execute(f"SELECT count(*) FROM ({repeated})").fetchall()
    if not count:
        return
    for (value,) in con.execute(
        f"SELECT CAST({column} AS VARCHAR) FROM ({repeated}) ORDER BY 1 LIMIT {SHOWN}"
    ).fetchall():
        places = [row.place for row in rows.find(table, f"CAST({column} AS VARCHAR) = {literal(value)}")]
        what = f"the same {key}" + ("" if key == SECRET else f" '{cut(value)}'") + f" stands in {list_rows(places)}"
        found.error(
            f"{places[0]} · {key}",
            f"{what}; {table} has one row per {key}" + (f", {count:,} of them repeat" if count > 1 else ""),
            "remove the row that is out of date",
        )


def _uncovered(con: duckdb.DuckDBPyConnection, found: Findings, rows: Rows, table: str, key: str) -> None:
    column = quote(key)
    used = f"(SELECT {column}, count(*) AS n FROM {CANDIDATES} WHERE {column} IS NOT NULL GROUP BY {column})"
    lacking = f"FROM {used} u ANTI JOIN {quote(table)} t USING ({column})"
    ((keys, candidates),) = con.execute(f"SELECT count(*), sum(n) {lacking}").fetchall()
    if not keys:
        return
    spare = rows.find(CANDIDATES, f"{column} IN (SELECT {column} {lacking})", (f"CAST({column} AS VARCHAR)",))
    named = "" if key == SECRET else f"'{cut(spare[0].values[0])}': "
    found.error(
        f"{spare[0].place} · {key}",
        f"{named}{keys:,} {key}{'s' if keys > 1 else ''} of the candidates not in {rows.bound[table].label}"
        f" ({list_rows(row.place for row in spare)})",
        f"export {table} again, or drop these candidates",
        count=int(candidates),
    )


def check_lead_days(found: Findings, rows: Rows, catalog: Catalog) -> None:
    """Check that days between sending and arrival are numbers."""
    for table in ("offers", "channels"):
        kind = catalog.columns.get(table, {}).get("lead_days")
        if kind is not None and family(kind) not in NUMBERS | {"unknown"}:
            found.error(
                f"{rows.bound[table].label} · lead_days", f"is {kind}, and days are whole numbers", "write numbers"
            )


def check_history_keys(con: duckdb.DuckDBPyConnection, found: Findings, rows: Rows) -> None:
    """Check that history speaks of customers whom somebody knows."""
    known = f"(SELECT DISTINCT customer FROM {CANDIDATES}"
    known += " UNION SELECT customer FROM customers)" if "customers" in rows.bound else ")"
    label = rows.bound["history"].label
    with reading(label):
        ((total, matched),) = con.execute(
            f"SELECT count(*), count(*) FILTER (customer IN (SELECT customer FROM {known})) FROM history"
        ).fetchall()
        if matched >= total / 2:
            return
        ((theirs, ours),) = con.execute(
            "SELECT (SELECT count(DISTINCT customer) FROM history), "
            f"(SELECT count(DISTINCT customer) FROM {CANDIDATES})"
        ).fetchall()
    what = f"{matched:,} of {total:,} history keys match a customer"
    fix = "the history writes customers differently, or is of other customers"
    # One customer alone may well be new.
    if matched == 0 and theirs > 1 and ours > 1:
        found.error(f"{label} · customer", what, fix)
    else:
        found.warn(f"{label} · customer", what, fix)
