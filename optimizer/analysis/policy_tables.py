"""The tables of a policy test: what the case says, and sensible values for the columns that it leaves out.

Left out, a number is the median of the first thousand of the scenario's own table (1 where that is not there), and a
truth is true; other columns are NULL. Keys: the customer is ``somebody`` (or 1), offer and channel are the first of
their tables, the slot is the horizon's first day, and history was sent the day before it.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import duckdb
import pyarrow as pa

from optimizer.analysis.policy_cases import Case, Row
from optimizer.data.binding import bind_all, find_sources
from optimizer.data.connection import connect
from optimizer.data.layout import quote
from optimizer.errors import DataError, OptimizerError
from optimizer.scenario import Scenario

_NUMBERS = re.compile(r"(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|FLOAT|DOUBLE|DECIMAL.*)")
_USUAL = {"BOOLEAN": "true"}
_HEAD = 1_000
"""Rows that are looked at."""
_EMPTY = '"NULL"'
"""Type of a column that holds nothing: any type will do."""
_KEYS = ("customer", "offer", "channel", "slot")


@dataclass(frozen=True, slots=True)
class Known:
    """What the scenario's own tables tell.

    Parameters
    ----------
    columns : mapping of table to mapping of column to DuckDB type
        ``''`` where any type will do.
    usual : mapping of table to mapping of column to text
        Medians of numbers.
    first : mapping of key to text
        The first offer and channel.
    """

    columns: Mapping[str, Mapping[str, str]]
    usual: Mapping[str, Mapping[str, str]]
    first: Mapping[str, str]


def known_of(scenario: Scenario) -> Known:
    """Look at the heads of the scenario's tables; where they cannot be read, nothing is known."""
    try:
        sources = find_sources(scenario, {})
        con = connect([file.path for file in sources.opened], threads=1, memory_limit=None)
        bound, _ = bind_all(con, sources, {})
    except OptimizerError:
        return Known({}, {}, {})
    columns = {name: {c: "" if kind == _EMPTY else kind for c, kind in t.columns.items()} for name, t in bound.items()}
    first: dict[str, str] = {}
    for table, key in (
        ("candidates", "offer"),
        ("candidates", "channel"),
        ("offers", "offer"),
        ("channels", "channel"),
    ):
        if key in columns.get(table, {}):
            row = con.execute(f"SELECT CAST({quote(key)} AS VARCHAR) FROM {bound[table].source} LIMIT 1").fetchone()
            first |= {} if row is None else {key: str(row[0])}
    if _NUMBERS.fullmatch(columns.get("candidates", {}).get("customer", "")):
        first["customer"] = "1"
    usual = {name: _medians(con, table.source, columns[name]) for name, table in bound.items()}
    return Known(columns, usual, first)


def _medians(con: duckdb.DuckDBPyConnection, source: str, columns: Mapping[str, str]) -> dict[str, str]:
    names = [name for name, kind in columns.items() if _NUMBERS.fullmatch(kind) and name not in _KEYS]
    if not names:
        return {}
    listed = ", ".join(f"CAST(quantile_disc({quote(name)}, 0.5) AS VARCHAR)" for name in names)
    row = con.execute(f"SELECT {listed} FROM (SELECT * FROM {source} LIMIT {_HEAD})").fetchone()
    return {name: text for name, text in zip(names, row or (), strict=False) if text is not None}


def frames_of(case: Case, scenario: Scenario, known: Known) -> dict[str, pa.Table]:
    """Return the tables of a case, in place of the scenario's.

    Raises
    ------
    DataError
        A value does not have the type of its column.
    """
    yesterday = scenario.horizon.start - dt.timedelta(days=1)
    keys = {"customer": "somebody", "offer": "any", "channel": "any", "slot": scenario.horizon.start.isoformat()}
    keys |= known.first
    candidates = [_keyed(row, keys, known, "candidates") for row in case.candidates]
    history = [{"at": yesterday.isoformat()} | _keyed(row, keys, known, "history") for row in case.history]
    found = {"candidates": candidates}
    if history or scenario.data.history is not None:
        found["history"] = history
    everybody = list(dict.fromkeys(row["customer"] for row in (*candidates, *history)))
    if case.customers or scenario.data.customers is not None:
        given = {row.get("customer", keys["customer"]): row for row in case.customers}
        found["customers"] = [{"customer": who} | given.get(who, {}) for who in dict.fromkeys([*everybody, *given])]
    if case.consents is not None or scenario.data.consents is not None:
        found["consents"] = _everybody(candidates, scenario) if case.consents is None else case.consents
    for name in ("offers", "channels", "slots"):
        rows = getattr(case, name)
        if rows is not None:
            found[name] = rows
    return {name: _typed(name, rows, known, case.name) for name, rows in found.items()}


def _keyed(row: Row, keys: Mapping[str, str], known: Known, table: str) -> Row:
    """Return a row with the keys that its table has."""
    columns = known.columns.get(table)
    wanted = [key for key in _KEYS if key in ("customer", "offer") or (columns is not None and key in columns)]
    return {key: keys[key] for key in wanted} | row


def _everybody(candidates: list[Row], scenario: Scenario) -> list[Row]:
    """Return a consent of every customer for every channel and purpose that matters."""
    terms = [rule.consent for rule in scenario.eligibility if hasattr(rule, "consent")]
    purposes = list(dict.fromkeys(term.purpose for term in terms if term.purpose is not None)) or ["any"]
    who = dict.fromkeys((row["customer"], row.get("channel", "")) for row in candidates)
    return [{"customer": a, "channel": b, "purpose": purpose} for a, b in who for purpose in purposes]


def _typed(table: str, rows: list[Row], known: Known, case: str) -> pa.Table:
    """Return rows as a table with the types of the scenario's own, and with all of its columns."""
    columns, usual = known.columns.get(table, {}), known.usual.get(table, {})
    names = list(dict.fromkeys([*columns, *(name for row in rows for name in row)]))
    types = {name: columns.get(name) or _guessed([row[name] for row in rows if name in row], name) for name in names}
    left_out = {} if table == "consents" else {name: usual.get(name, _USUAL.get(types[name])) for name in names}
    left_out |= {name: "1" for name in names if left_out.get(name) is None and _NUMBERS.fullmatch(types[name])}
    filled = {name: [row.get(name, left_out.get(name)) for row in rows] for name in names}
    con = duckdb.connect(":memory:")
    con.register("@example rows", pa.table({name: pa.array(cells, pa.string()) for name, cells in filled.items()}))
    listed = ", ".join(f"CAST({quote(name)} AS {types[name]}) AS {quote(name)}" for name in names)
    try:
        found: Any = con.sql(f'SELECT {listed} FROM "@example rows"').to_arrow_table()
    except duckdb.Error as error:
        what = str(error).splitlines()[0]
        raise DataError(
            what, where=f"case '{case}' · {table}", fix="write it as the scenario's own table does"
        ) from None
    return found


def _guessed(cells: list[str], name: str) -> str:
    if name in _KEYS or not cells:
        return "VARCHAR"
    if all(cell in ("true", "false") for cell in cells):
        return "BOOLEAN"
    return "DOUBLE" if all(re.fullmatch(r"[-+]?\d+(\.\d+)?(e[-+]?\d+)?", cell) for cell in cells) else "VARCHAR"
