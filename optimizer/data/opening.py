"""From what the scenario names to checked tables: find, bind, agree on keys and times, know the names, check."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import duckdb

from optimizer.data.binding import bind_all, find_sources
from optimizer.data.bound import Bound
from optimizer.data.catalog import Catalog
from optimizer.data.connection import connect
from optimizer.data.contracts import Contracts
from optimizer.data.expected import Expected, expected_ranges
from optimizer.data.faults import reading
from optimizer.data.few import Few
from optimizer.data.files import beside
from optimizer.data.findings import Findings
from optimizer.data.history import bind_history, refuse_old, without_channel
from optimizer.data.keys import agree, keys_agree
from optimizer.data.layout import CANDIDATES, HISTORY, KEYS, LEDGER, OWN, SLOTS, quote
from optimizer.data.ledger import with_ledger
from optimizer.data.lookups import check_consents, check_history_keys, check_key_tables, check_lead_days, check_zones
from optimizer.data.measures import Fault, computed_faults, key_faults, numbers
from optimizer.data.names import bind_uses
from optimizer.data.parquet import naming_damaged
from optimizer.data.planned import create_planned
from optimizer.data.rows import Rows
from optimizer.data.slots import settle_slots
from optimizer.data.tables import Input, Tables
from optimizer.data.types import Typed, try_types
from optimizer.data.unknowns import tell_unknowns
from optimizer.data.uses import Sort, uses
from optimizer.errors import ScenarioError

if TYPE_CHECKING:
    from optimizer.scenario import Scenario


def open_tables(
    scenario: Scenario,
    frames: Mapping[str, Any] | None = None,
    *,
    threads: int | None = None,
    memory_limit: int | None = None,
    few: Few | None = None,
) -> Tables:
    """Open and check every table of a scenario.

    Parameters
    ----------
    scenario : Scenario
    frames : mapping of table to frame, optional
        Tables that the caller has; each overrides the scenario's file. pandas, polars, Arrow, DuckDB relations.
    threads, memory_limit : int, optional
        Instead of the scenario's; the memory limit in bytes.
    few : Few, optional
        Read these customers alone.

    Raises
    ------
    ScenarioError
        An expression names an unknown column, or mixes types.
    DataError
        A table is missing, unreadable or wrong. Everything wrong that can be told at once is in it.
    MachineError
        Memory, disk or permission.
    """
    frames = {name: frame for name, frame in (frames or {}).items() if frame is not None}
    sources = find_sources(scenario, frames)
    con = connect(
        [file.path for file in sources.opened],
        threads=threads if threads is not None else scenario.solve.threads,
        memory_limit=memory_limit if memory_limit is not None else scenario.solve.memory_limit,
    )
    with naming_damaged(con, sources.files), reading("the tables"):
        bound, queries = bind_all(con, sources, frames)
        inputs: tuple[Input, ...] = (*sources.opened, *queries, *beside(scenario))
        if few is None:
            return _open(con, scenario, inputs, bound)
        return replace(_open(con, scenario, inputs, few.cut(con, bound, sources.files)), whole=False)


def _open(
    con: duckdb.DuckDBPyConnection, scenario: Scenario, inputs: tuple[Input, ...], read: Mapping[str, Bound]
) -> Tables:
    """Check what was bound."""
    found = Findings()
    timezone = scenario.horizon.timezone
    zone = timezone if isinstance(timezone, str) else timezone.default
    bound = _settle(con, found, read, scenario.horizon.start, zone, many=not isinstance(timezone, str))
    given = dict.fromkeys(HISTORY if name == LEDGER else name for name in read)
    rows = Rows(con, bound)
    catalog = Catalog(_create_relations(con, bound))
    known, wrong = bind_uses(scenario, catalog, uses(scenario))
    typed = try_types(con, found, catalog, rows, scenario, known)
    expected, unexpected = expected_ranges(scenario, catalog)
    contracts = _check(found, rows, scenario, catalog, typed, expected)
    invalid, rejected = contracts.rejected(scenario.data.max_reject_share)
    if mistakes := [*wrong, *typed.mistakes, *unexpected]:
        raise ScenarioError([*mistakes, *found.errors])
    found.raise_errors()
    return Tables(
        con=con,
        zone=zone,
        columns=catalog.columns,
        original={name: list(bound[name].columns if name == HISTORY else read[name].columns) for name in given},
        catalog=catalog,
        invalid=invalid,
        rejected=rejected,
        findings=tuple(found.warnings),
        files=inputs,
        rows=rows,
    )


def refuse_own_names(tables: Tables) -> None:
    """Refuse columns that are called as only ours are: one would stand for the other.

    Raises
    ------
    DataError
        All of them at once.
    """
    found = Findings()
    for table, columns in tables.original.items():
        own = [name for name in columns if name.startswith(OWN)]
        if own:
            listed = ", ".join(f"'{name}'" for name in own)
            found.error(table, f"names that begin with {OWN} are kept for contactopt: {listed}", "rename them")
    found.raise_errors()


def _settle(
    con: duckdb.DuckDBPyConnection,
    found: Findings,
    read: Mapping[str, Bound],
    first_day: dt.date,
    zone: str,
    *,
    many: bool,
) -> dict[str, Bound]:
    """Let all tables speak of keys and times alike."""
    bound = agree(con, found, read)
    candidates = bound[CANDIDATES]
    if "channel" not in candidates.columns:
        candidates = candidates.reading("channel", "''")
        if "channels" in bound:
            found.error(
                candidates.label,
                "there is a channels table, but the candidates have no column 'channel'",
                "add the column, or leave out data.channels",
            )
    candidates, slots = settle_slots(con, found, candidates, bound.get(SLOTS), first_day, zone, many=many)
    bound[CANDIDATES] = candidates
    if slots is not None:
        bound[SLOTS] = slots
    ledger = bound.pop(LEDGER, None)
    create_planned(con, candidates, ledger, zone)
    if ledger is not None:
        past = bound.get(HISTORY)
        if past is not None and "channel" not in past.columns:
            past = without_channel(found, past, candidates)
        bound[HISTORY] = with_ledger(con, past, ledger)
    bound[HISTORY] = bind_history(con, found, bound.get(HISTORY), candidates, zone)
    return bound


def _create_relations(con: duckdb.DuckDBPyConnection, bound: Mapping[str, Bound]) -> dict[str, dict[str, str]]:
    """Create a view per table and return the columns of each."""
    columns = {}
    for name, table in bound.items():
        with reading(table.label):
            con.execute(f"CREATE VIEW {quote(name)} AS {table.select()}")
            described = con.execute(f"DESCRIBE {quote(name)}").fetchall()
        columns[name] = {str(column): str(kind) for column, kind, *_ in described}
    return columns


def _check(
    found: Findings,
    rows: Rows,
    scenario: Scenario,
    catalog: Catalog,
    typed: Typed,
    expected: Expected,
) -> Contracts:
    """Check the contents; what joins tables is left out where their keys do not agree."""
    con = rows.con
    joinable = keys_agree(catalog)
    contracts = Contracts(con, found, rows, reject=scenario.data.on_invalid == "reject")
    looked_at = numbers([*typed.sound, *typed.spoiled], catalog, expected)
    in_conditions = {c for bound in typed.sound if bound.use.sort is Sort.CONDITION for c in bound.expression.columns}
    for table in rows.bound:
        if table == HISTORY or (table != CANDIDATES and not joinable):
            continue
        mine = [number for number in looked_at if number.column.table == table]
        faults: list[Fault] = []
        if table == CANDIDATES:
            given = [key for key in KEYS if key in rows.bound[table].columns]
            faults = [*key_faults(catalog, table, given), *computed_faults(typed.sound)]
        contracts.check(table, faults, mine, sorted(c.name for c in in_conditions if c.table == table))
    if not contracts.total[CANDIDATES]:
        label = rows.bound[CANDIDATES].label
        found.error(label, "there are no candidates in it: a header, but no rows", "run the job that writes it again")
    elif joinable:
        check_key_tables(con, found, rows)
        check_lead_days(found, rows, catalog)
        check_history(found, rows, scenario)
        zones = scenario.horizon.timezone
        check_consents(found, rows, catalog, zones if isinstance(zones, str) else zones.default)
        if not isinstance(zones, str):
            check_zones(found, rows, catalog, zones.column)
        tell_unknowns(con, found, rows, typed.sound, contracts.nulls, fail=scenario.data.on_null == "fail")
    return contracts


def check_history(found: Findings, rows: Rows, scenario: Scenario) -> None:
    """Check whom the history speaks of, and how old it is."""
    if rows.bound[HISTORY].label == HISTORY:
        return
    check_history_keys(rows.con, found, rows)
    oldest = scenario.data.history_max_age
    if oldest is not None:
        age = dt.timedelta(seconds=float(oldest.seconds))
        refuse_old(rows.con, found, rows.bound[HISTORY].label, scenario.now, age)
