"""Every table of the scenario, found and bound; all that is missing or unreadable is told together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from optimizer.data.bound import Bound
from optimizer.data.csv import bind_csv
from optimizer.data.databases import InputQuery, bind_databases
from optimizer.data.files import Files, InputFile, find_files
from optimizer.data.frames import bind_frame
from optimizer.data.layout import CANDIDATES, LEDGER, REQUIRED, TABLES
from optimizer.data.ledger import Ledger
from optimizer.data.parquet import bind_parquet
from optimizer.errors import DataError, Finding, OptimizerError, ScenarioError, UsageError, nearest
from optimizer.scenario.sections import Database

if TYPE_CHECKING:
    from optimizer.scenario import Scenario


@dataclass(frozen=True, slots=True)
class Sources:
    """Where the tables are that no frame overrides.

    Parameters
    ----------
    files : mapping of table to Files
    databases : mapping of table to Database
    base : Path
        Folder of the scenario.
    ledger : Ledger, optional
    """

    files: Mapping[str, Files]
    databases: Mapping[str, Database]
    base: Path
    ledger: Ledger | None = None

    @property
    def opened(self) -> tuple[InputFile, ...]:
        """Every file."""
        return tuple(file for group in self.files.values() for file in group.files)


def find_sources(scenario: Scenario, frames: Mapping[str, Any]) -> Sources:
    """Find the source of every table that no frame overrides.

    Raises
    ------
    UsageError
        A frame for a table that does not exist.
    ScenarioError
        There are no candidates.
    DataError, MachineError
        Files that are missing, empty, of another format, or may not be read.
    """
    for name in frames:
        if name not in TABLES:
            near = nearest(name, TABLES)
            raise UsageError(f"there is no table '{name}'", fix=f"'{near}'" if near else f"one of {', '.join(TABLES)}")
    given = {name: source for name, source in scenario.data.sources().items() if name not in frames}
    if CANDIDATES not in given and CANDIDATES not in frames:
        raise ScenarioError(
            "there are no candidates", where=scenario.where("data"), fix="add data.candidates, or hand over a frame"
        )
    files: dict[str, Files] = {}
    databases: dict[str, Database] = {}
    errors: list[OptimizerError] = []
    for name, source in given.items():
        if isinstance(source, Database):
            databases[name] = source
            continue
        try:
            files[name] = find_files(name, source.path, scenario.base, columns=source.columns)
        except OptimizerError as error:
            errors.append(error)
    _raise_together(errors)
    return Sources(files, databases, scenario.base, Ledger.of(scenario))


def bind_all(
    con: duckdb.DuckDBPyConnection, sources: Sources, frames: Mapping[str, Any]
) -> tuple[dict[str, Bound], tuple[InputQuery, ...]]:
    """Bind every table, in the order of the interface; and say what was read from databases.

    Raises
    ------
    DataError, MachineError, UsageError
        Whatever cannot be read, and missing columns, of all tables together.
    """
    bound, queries = bind_databases(con, sources.databases, sources.base, sources.ledger)
    errors: list[OptimizerError] = []
    for name in TABLES:
        try:
            if name in frames:
                bound[name] = bind_frame(con, name, frames[name])
            elif name in sources.files:
                files = sources.files[name]
                bound[name] = bind_csv(con, files) if files.is_csv else bind_parquet(con, files)
            if name in bound:
                _refuse_missing(bound[name])
        except OptimizerError as error:
            errors.append(error)
    _raise_together(errors)
    return {name: bound[name] for name in (*TABLES, LEDGER) if name in bound}, queries


def _refuse_missing(table: Bound) -> None:
    missing = [name for name in REQUIRED[table.name] if name not in table.columns]
    if not missing:
        return
    findings = []
    for name in missing:
        near = nearest(name, table.columns)
        fix = f"'{near}' is what is meant: rename it" if near else "the file is another one, or has no header"
        listed = ", ".join(list(table.columns)[:12]) + (", …" if len(table.columns) > 12 else "")
        findings.append(Finding("data", table.label, f"there is no column '{name}'; found {listed}", fix))
    raise DataError(findings)


def _raise_together(errors: list[OptimizerError]) -> None:
    if errors:
        raise type(errors[0])([finding for error in errors for finding in error.findings])
