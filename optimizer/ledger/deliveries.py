"""Importing what really happened: deliveries, which replace commitments, and responses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from optimizer.data.bound import FILE, ROW, Bound
from optimizer.data.connection import connect
from optimizer.data.csv import bind_csv
from optimizer.data.faults import reading
from optimizer.data.files import find_files
from optimizer.data.layout import HISTORY, KEYS, quote
from optimizer.data.ledger import BOOKKEEPING, CONTACT, TABLE
from optimizer.data.parquet import bind_parquet
from optimizer.data.places import Place as Row
from optimizer.data.times import moment
from optimizer.errors import DataError, Finding, nearest
from optimizer.ledger.contacts import key_of_slot, measure, refuse_inexact, stamp
from optimizer.ledger.guard import refuse_other_day
from optimizer.ledger.store import STAGED, Place
from optimizer.ledger.table import SAME_CONTACT, kind_of, listed, prepare

if TYPE_CHECKING:
    import pyarrow as pa

TIMES = ("at", "arrived_at", "response_at")
ANSWERS = ("response", "response_at")


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did.

    Parameters
    ----------
    ledger : str
        Its address, as written.
    rows : int
        Of the file, equal ones counted once.
    deliveries : int
        Rows with a time of sending.
    matched : int
        Deliveries of contacts that the ledger knew: they take their place.
    added : int
        Deliveries that nobody had committed.
    beside : int
        Of these, those beside which a commitment of the same message on the same day stands: both count.
    responses : int
        Rows with nothing but a response, to a contact that the ledger knows.
    unmatched : int
        Responses to contacts that it does not know: nothing was recorded for them.
    """

    ledger: str
    rows: int
    deliveries: int
    matched: int
    added: int
    beside: int
    responses: int
    unmatched: int

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain JSON values."""
        return asdict(self)


def import_history(path: Path, place: Place, *, zone: str = "UTC") -> Imported:
    """Record deliveries and responses in a ledger. Importing a file again changes nothing.

    Parameters
    ----------
    path : Path
        Parquet or CSV: ``customer, offer [, channel] [, slot] [, at] [, response, response_at] [, arrived_at]`` and
        measures. A row with ``at`` is a delivery, one without is a response to it. Without ``slot``, the slot is the
        date of ``at`` as written.
    place : Place
    zone : str
        Of times without an offset.

    Raises
    ------
    DataError
        Columns or values are missing, rows of one contact contradict each other, or the name of a slot stood for
        another day: nothing was recorded.
    MachineError
        The ledger cannot be written; it is as it was.
    """
    rows, measures = _read(path, zone)
    known = f"EXISTS (SELECT 1 FROM {TABLE} t WHERE {SAME_CONTACT})"
    with place.transaction() as store:
        everything = prepare(store, measures)
        store.stage(rows)
        refuse_other_day(store, "t.state = 'delivered'", SAME_CONTACT)
        ((total, deliveries, matched),) = store.rows(
            f"SELECT count(*), count(s.at), count(CASE WHEN s.at IS NOT NULL AND {known} THEN 1 END) FROM {STAGED} s"
        )
        ((beside,),) = store.rows(
            f"SELECT count(*) FROM {STAGED} s WHERE s.at IS NOT NULL AND NOT {known} AND EXISTS (SELECT 1 "
            f"FROM {TABLE} t WHERE t.state = 'committed' AND t.customer = s.customer AND t.offer = s.offer "
            "AND t.channel = s.channel AND left(t.slot, 10) = left(s.at, 10))"
        )
        columns = [*KEYS, *(name for name in CONTACT if name not in KEYS), *everything]
        order = f"{listed(KEYS)}, business_date DESC, scenario"
        values = [f"s.{quote(name)}" for name in (*KEYS, "at")]
        values += [_newer(name, rows.column_names) for name in columns[len(values) :]]
        store.execute(
            f"CREATE TEMP TABLE contactopt_delivered AS SELECT coalesce(t.scenario, '') AS scenario, "
            f"coalesce(t.business_date, '') AS business_date, coalesce(t.run_id, '') AS run_id, "
            f"{', '.join(f'{v} AS {quote(n)}' for v, n in zip(values, columns, strict=True))} FROM {STAGED} s "
            f"LEFT JOIN (SELECT DISTINCT ON ({listed(KEYS)}) * FROM {TABLE} ORDER BY {order}) t ON {SAME_CONTACT} "
            "WHERE s.at IS NOT NULL"
        )
        store.execute(
            f"DELETE FROM {TABLE} AS t WHERE EXISTS (SELECT 1 FROM contactopt_delivered s WHERE {SAME_CONTACT})"
        )
        store.execute(
            f"INSERT INTO {TABLE} (state, scenario, business_date, run_id, {listed(columns)}) "
            f"SELECT 'delivered', scenario, business_date, run_id, {listed(columns)} FROM contactopt_delivered"
        )
        ((answered,),) = store.rows(f"SELECT count(*) FROM {STAGED} s WHERE s.at IS NULL AND {known}")
        store.execute(
            f"UPDATE {TABLE} AS t SET response = coalesce(s.response, t.response), "
            f"response_at = coalesce(s.response_at, t.response_at) "
            f"FROM {STAGED} s WHERE s.at IS NULL AND {SAME_CONTACT}"
        )
    return Imported(
        ledger=place.written,
        rows=int(total),
        deliveries=int(deliveries),
        matched=int(matched),
        added=int(deliveries - matched),
        beside=int(beside),
        responses=int(answered),
        unmatched=int(total - deliveries - answered),
    )


def _newer(name: str, given: list[str]) -> str:
    """Return the SQL of what the file says of a contact, else what the ledger knew."""
    return f"coalesce(s.{quote(name)}, t.{quote(name)})" if name in given else f"t.{quote(name)}"


def _read(path: Path, zone: str) -> tuple[pa.Table, dict[str, str]]:
    """Return the file's rows as the ledger keeps them, and the types of its measures."""
    files = find_files(HISTORY, (path.name,), path.absolute().parent, columns={})
    with connect([file.path for file in files.files], threads=None, memory_limit=None) as con:
        table = bind_csv(con, files) if files.is_csv else bind_parquet(con, files)
        findings = list(_missing_columns(table)) or list(_wrong_values(con, table, zone))
        if findings:
            raise DataError(findings)
        measures = {
            quote(name): (name, kind)
            for name, kind in table.columns.items()
            if name not in (*KEYS, *CONTACT, *BOOKKEEPING)
        }
        refuse_inexact(con, table.source, measures, table.label)
        columns = [
            *_contact(table, zone),
            *(measure(sql, name, kind) for sql, (name, kind) in measures.items()),
        ]
        with reading(table.label):
            query = f"SELECT DISTINCT {', '.join(columns)} FROM {table.source}"
            groups = f'{listed(KEYS)}, "at" IS NULL'
            ((twice,),) = con.execute(
                f"SELECT count(*) FROM (SELECT 1 FROM ({query}) GROUP BY {groups} HAVING count(*) > 1)"
            ).fetchall()
            if twice:
                what = "rows of the same customer, offer, channel and slot say different things"
                raise DataError([Finding("data", table.label, what, "keep the last of each", count=int(twice))])
            return con.sql(f"{query} ORDER BY ALL").to_arrow_table(), {n: kind_of(k) for n, k in measures.values()}


def _contact(table: Bound, zone: str) -> Iterator[str]:
    """Yield the SQL of the columns that every contact has."""
    known = {name: _time(table, name, zone) for name in TIMES}
    yield from (f"CAST({quote(name)} AS VARCHAR) AS {quote(name)}" for name in ("customer", "offer"))
    yield "CAST(channel AS VARCHAR) AS channel" if "channel" in table.columns else "'' AS channel"
    slot = key_of_slot("CAST(slot AS VARCHAR)", zone) if "slot" in table.columns else 'left(CAST("at" AS VARCHAR), 10)'
    yield f"{slot} AS slot"
    yield from (f"{sql} AS {quote(name)}" for name, sql in known.items())
    yield (
        "CAST(response AS VARCHAR) AS response" if "response" in table.columns else "CAST(NULL AS VARCHAR) AS response"
    )


def _time(table: Bound, name: str, zone: str) -> str:
    told = moment(quote(name), table.columns[name], zone) if name in table.columns else None
    return "CAST(NULL AS VARCHAR)" if told is None else stamp(told.date, told.instant)


def _missing_columns(table: Bound) -> Iterator[Finding]:
    needed = ["customer", "offer"]
    if "response" not in table.columns:
        needed.append("at")
    elif "at" not in table.columns:
        needed.append("slot")
    for name in needed:
        if name not in table.columns:
            near = nearest(name, table.columns)
            found = ", ".join(list(table.columns)[:12])
            fix = f"'{near}' is what is meant: rename it" if near else "the file is another one, or has no header"
            yield Finding("data", table.label, f"there is no column '{name}'; found {found}", fix)


def _wrong_values(con: duckdb.DuckDBPyConnection, table: Bound, zone: str) -> Iterator[Finding]:
    """Find keys that are missing, and times that tell none."""
    tests = {name: (f"{quote(name)} IS NULL", "is missing", "drop the row, or fill it") for name in KEYS}
    if not {"slot", "response"} <= table.columns.keys():
        tests["at"] = ('"at" IS NULL', "is missing", "drop the row, or fill it")
    for name, (test, what, fix) in tests.items():
        if name in table.columns:
            yield from _first(con, table, name, test, what, fix)
    for name in TIMES:
        if name in table.columns:
            told = moment(quote(name), table.columns[name], zone)
            empty = "true" if told is None else f"{told.date} IS NULL AND {told.instant} IS NULL"
            test, fix = f"{quote(name)} IS NOT NULL AND {empty}", "write it like 2026-11-23 or 2026-11-23T09:00"
            yield from _first(con, table, name, test, "is neither a date nor a timestamp", fix)


def _first(
    con: duckdb.DuckDBPyConnection, table: Bound, name: str, test: str, what: str, fix: str
) -> Iterator[Finding]:
    with reading(table.label):
        found = con.execute(
            f"SELECT {quote(FILE)}, {quote(ROW)}, count(*) OVER () FROM {table.placed} WHERE {test} LIMIT 1"
        ).fetchone()
    if found is not None:
        yield Finding("data", f"{Row(found[0], found[1])} · {name}", what, fix, count=int(found[2]))
