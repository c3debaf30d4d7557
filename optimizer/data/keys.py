"""Keys of one sort in every table: compared before anything is joined.

Typed tables must agree. CSV has no types: its keys are text, and take the type of the typed tables only if every value,
written back, is what was read. Ids are opaque: nothing is trimmed, padded or folded.
"""

from __future__ import annotations

from collections.abc import Mapping

import duckdb

from optimizer.data.bound import FILE, ROW, Bound
from optimizer.data.catalog import Catalog
from optimizer.data.faults import reading
from optimizer.data.findings import Findings
from optimizer.data.layout import CANDIDATES, KEYS, KEYS_OF, family, not_finite, quote, spoken
from optimizer.errors import Finding, cut

EXACT_FLOATS = 2**53
TYPED_KEYS = ("customer", "offer", "channel")
"""Keys compared by type; slots are compared as times, see :mod:`optimizer.data.slots`."""


def agree(con: duckdb.DuckDBPyConnection, found: Findings, tables: Mapping[str, Bound]) -> dict[str, Bound]:
    """Give every key one type in all tables that have it.

    Parameters
    ----------
    con : DuckDB connection
    found : Findings
        Takes the keys that cannot agree.
    tables : mapping of str to Bound

    Returns
    -------
    dict of str to Bound
        The tables, with CSV keys read in the type of the typed ones.
    """
    out = dict(tables)
    findings = found.errors
    for key in TYPED_KEYS:
        holders = [name for name in out if key in KEYS_OF[name] and key in out[name].columns]
        typed = [name for name in holders if out[name].typed]
        if not typed:
            continue
        model = CANDIDATES if CANDIDATES in typed else typed[0]
        kind = out[model].columns[key]
        for name in holders:
            if out[name].typed and not _same(kind, out[name].columns[key]):
                findings.append(_disagreement(con, key, out[model], out[name]))
            elif not out[name].typed and family(kind) != "text":
                wrong = _no_round_trip(con, key, kind, out[name], out[model])
                findings += wrong
                if not wrong:
                    out[name] = out[name].reading(key, f"CAST({quote(key)} AS {kind})")
    for name, table in out.items():
        for key in KEYS_OF[name]:
            if family(table.columns.get(key, "")) == "float":
                findings += _beyond_exact(con, key, table)
    return out


def keys_agree(catalog: Catalog) -> bool:
    """Whether every key can be compared between all tables that have it."""
    return all(
        _same(kind, columns[key])
        for key, kind in catalog.columns[CANDIDATES].items()
        if key in KEYS
        for name, columns in catalog.columns.items()
        if key in KEYS_OF[name] and key in columns
    )


def _same(one: str, other: str) -> bool:
    first, second = family(one), family(other)
    return first == second or "unknown" in (first, second)


def _disagreement(con: duckdb.DuckDBPyConnection, key: str, model: Bound, other: Bound) -> Finding:
    return Finding(
        "data",
        f"{other.label} · {key}",
        f"{key} is {spoken(other.columns[key])} here, for example {_example(con, key, other)}, but "
        f"{spoken(model.columns[key])} in {model.label}, for example {_example(con, key, model)}",
        "write it in one type in both; nothing is converted, for '007' is not 7",
    )


def _example(con: duckdb.DuckDBPyConnection, key: str, table: Bound) -> str:
    with reading(table.label):
        found = con.execute(
            f"SELECT CAST({quote(key)} AS VARCHAR) FROM {table.source} WHERE {quote(key)} IS NOT NULL LIMIT 1"
        ).fetchone()
    if found is None:
        return "(no value)"
    return f"'{cut(found[0])}'" if family(table.columns[key]) == "text" else cut(found[0])


def _no_round_trip(con: duckdb.DuckDBPyConnection, key: str, kind: str, table: Bound, model: Bound) -> list[Finding]:
    column = quote(key)
    wrong = f"{column} IS NOT NULL AND CAST(try_cast({column} AS {kind}) AS VARCHAR) IS DISTINCT FROM {column}"
    with reading(table.label):
        found = con.execute(
            f"SELECT {quote(FILE)}, {quote(ROW)}, {column}, count(*) OVER () FROM {table.placed} WHERE {wrong} LIMIT 1"
        ).fetchone()
    if found is None:
        return []
    file, row, value, count = found
    return [
        Finding(
            "data",
            f"{file} · row {row:,} · {key}",
            f"'{cut(value)}' is no such value: {key} is {spoken(kind)} in {model.label}, for example "
            f"{_example(con, key, model)}",
            f"write {key} as text in {model.label}, or as plain numbers here; '007' is not 7",
            count,
        )
    ]


def _beyond_exact(con: duckdb.DuckDBPyConnection, key: str, table: Bound) -> list[Finding]:
    column = quote(key)
    with reading(table.label):
        found = con.execute(
            f"SELECT {quote(FILE)}, {quote(ROW)}, count(*) OVER () FROM {table.placed} "
            f"WHERE {not_finite(column)} OR abs({column}) > {EXACT_FLOATS} LIMIT 1"
        ).fetchone()
    if found is None:
        return []
    file, row, count = found
    return [
        Finding(
            "data",
            f"{file} · row {row:,} · {key}",
            f"{key} is {spoken(table.columns[key])}, which beyond 2^53 lose their last digits",
            "write ids as whole numbers or as text",
            count,
        )
    ]
