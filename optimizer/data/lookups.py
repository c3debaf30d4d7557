"""Key tables: every key once, and every key that the candidates use."""

from __future__ import annotations

import zoneinfo

import duckdb

from optimizer.data.catalog import Catalog
from optimizer.data.faults import reading
from optimizer.data.findings import Findings
from optimizer.data.layout import CANDIDATES, KEY_TABLE, NUMBERS, family, literal, quote, spoken
from optimizer.data.places import list_rows
from optimizer.data.rows import SHOWN, Rows
from optimizer.data.times import moment
from optimizer.errors import cut, nearest

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
        places = [row.place for row in rows.wrong(table, wrong)]
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
        places = [row.place for row in rows.wrong(table, f"CAST({column} AS VARCHAR) = {literal(value)}")]
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
    spare = rows.wrong(CANDIDATES, f"{column} IN (SELECT {column} {lacking})", (f"CAST({column} AS VARCHAR)",))
    named = "" if key == SECRET else f"'{cut(spare[0].values[0])}': "
    found.error(
        f"{spare[0].place} · {key}",
        f"{named}{keys:,} {key}{'s' if keys > 1 else ''} of the candidates {'are' if keys > 1 else 'is'} not in "
        f"{rows.bound[table].label}"
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
                f"{rows.bound[table].label} · lead_days",
                f"is {spoken(kind)}, and days are whole numbers",
                "write numbers",
            )
        elif kind is not None and (early := rows.find(table, "lead_days < 0", ("lead_days", "count(*) OVER ()"))):
            found.error(
                f"{early[0].place} · lead_days = {early[0].values[0]}",
                "must not be negative: no contact arrives before it is sent",
                "leave out the minus",
                count=early[0].values[1],
            )


def check_zones(found: Findings, rows: Rows, catalog: Catalog, column: str) -> None:
    """Warn of names in the customers' column of time zones that are no zones."""
    if column not in catalog.columns.get("customers", {}):
        return  # told where the zones are looked at
    name = f"CAST({quote(column)} AS VARCHAR)"
    listed = ", ".join(literal(zone) for zone in sorted(zoneinfo.available_timezones()))
    odd = rows.find("customers", f"{name} IS NOT NULL AND {name} NOT IN ({listed})", (name, "count(*) OVER ()"))
    if odd:
        written, count = odd[0].values
        near = nearest(written, zoneinfo.available_timezones())
        found.warn(
            f"{odd[0].place} · {column} = '{cut(written)}'",
            "is no time zone: the rules hold for such a customer in every zone that occurs",
            f"you meant '{near}'" if near else "an IANA name such as Europe/Lisbon",
            count=count,
        )


def check_consents(found: Findings, rows: Rows, catalog: Catalog, zone: str) -> None:
    """Warn of consents that end before they begin: they cover nothing."""
    columns = catalog.columns.get("consents", {})
    first, last = (moment(quote(name), columns[name], zone) if name in columns else None for name in ("from", "until"))
    if first is None or last is None:
        return
    backwards = f"{last.date} < {first.date} OR {last.instant} < {first.instant}"
    wrong = rows.find("consents", backwards, ("count(*) OVER ()",), limit=1)
    if wrong:
        what = "the consent ends before it begins, and so covers nothing"
        found.warn(f"{wrong[0].place} · until", what, "the two are swapped", count=wrong[0].values[0])


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
