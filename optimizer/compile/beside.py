"""Compile a changed scenario over tables in which another compilation still names its customers and kinds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import duckdb

from optimizer.compile.build import Compiled, compile_scenario
from optimizer.problem.problem import Problem

RELATIONS = ("@customers", "@kinds")
"""What a compilation leaves in the tables, to say later who a position of its problem is."""


def compile_beside(compiled: Compiled, changes: Mapping[str, Any]) -> Problem:
    """Return the problem of the scenario with some changes; the compiled one goes on naming its own candidates.

    Parameters
    ----------
    compiled : Compiled
        Never changed.
    changes : mapping of path to value
        For ``Scenario.replace``.

    Raises
    ------
    InfeasibleError, DataError, ScenarioError
        As :func:`~optimizer.compile.build.compile_scenario`.
    """
    with _put_aside(compiled.tables.con):
        return compile_scenario(compiled.scenario.replace(changes), compiled.tables).problem


@contextmanager
def _put_aside(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    for name in RELATIONS:
        con.execute(f'ALTER TABLE "{name}" RENAME TO "{name} aside"')
    try:
        yield
    finally:
        for name in RELATIONS:
            con.execute(f'DROP TABLE IF EXISTS "{name}"')
            con.execute(f'ALTER TABLE "{name} aside" RENAME TO "{name}"')
