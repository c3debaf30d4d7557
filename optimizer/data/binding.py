"""Every table of the scenario, found and bound; all that is missing or unreadable is told together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import duckdb

from optimizer.data.bound import Bound
from optimizer.data.csv import bind_csv
from optimizer.data.files import Files, find_files
from optimizer.data.frames import bind_frame
from optimizer.data.layout import CANDIDATES, REQUIRED, TABLES
from optimizer.data.parquet import bind_parquet
from optimizer.errors import DataError, Finding, OptimizerError, ScenarioError, UnsupportedError, UsageError, nearest

if TYPE_CHECKING:
    from optimizer.scenario import Scenario


def find_sources(scenario: Scenario, frames: Mapping[str, Any]) -> dict[str, Files]:
    """Find the files of every table that no frame overrides.

    Raises
    ------
    UsageError
        A frame for a table that does not exist.
    UnsupportedError
        A database.
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
    sources = {name: source for name, source in given.items() if isinstance(source, str | tuple)}
    databases = [name for name in given if name not in sources]
    if databases:
        raise UnsupportedError(
            [
                Finding(
                    "scenario",
                    scenario.where(f"data.{name}"),
                    f"data.{name}: a table read from a database is not supported yet",
                    "export it to Parquet",
                )
                for name in databases
            ]
        )
    if CANDIDATES not in sources and CANDIDATES not in frames:
        raise ScenarioError(
            "there are no candidates", where=scenario.where("data"), fix="add data.candidates, or hand over a frame"
        )
    found: dict[str, Files] = {}
    errors: list[OptimizerError] = []
    for name, source in sources.items():
        try:
            found[name] = find_files(name, source, scenario.base)
        except OptimizerError as error:
            errors.append(error)
    _raise_together(errors)
    return found


def bind_all(con: duckdb.DuckDBPyConnection, files: Mapping[str, Files], frames: Mapping[str, Any]) -> dict[str, Bound]:
    """Bind every table, in the order of the interface.

    Raises
    ------
    DataError, MachineError, UsageError
        Whatever cannot be read, and missing columns, of all tables together.
    """
    bound: dict[str, Bound] = {}
    errors: list[OptimizerError] = []
    for name in TABLES:
        if name not in files and name not in frames:
            continue
        try:
            bound[name] = _bind(con, name, files, frames)
            _refuse_missing(bound[name])
        except OptimizerError as error:
            errors.append(error)
    _raise_together(errors)
    return bound


def _bind(con: duckdb.DuckDBPyConnection, name: str, files: Mapping[str, Files], frames: Mapping[str, Any]) -> Bound:
    if name in frames:
        return bind_frame(con, name, frames[name])
    return bind_csv(con, files[name]) if files[name].is_csv else bind_parquet(con, files[name])


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
