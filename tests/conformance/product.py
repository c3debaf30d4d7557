"""The product under test, from files or frames: what it drops, what it allows, what its audit says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from optimizer.compile.build import Compiled, compile_scenario
from optimizer.data import open_tables
from optimizer.engines import make_engine
from optimizer.plan.audit import AuditReport, audit_contacts
from optimizer.problem.solution import Request, Solution
from optimizer.scenario import Scenario

Key = tuple[str, ...]
KEYS = ("customer", "offer", "channel", "slot")


def compiled(path: Path, frames: Mapping[str, Any] | None = None) -> Compiled:
    """Read and compile a scenario file, some of its tables from frames."""
    scenario = Scenario.load(path).resolved()
    return compile_scenario(scenario, open_tables(scenario, frames))


def names(build: Compiled) -> list[Key]:
    """Return the key, as text, of every eligible candidate, by position."""
    con = build.tables.con
    columns = [k for k in KEYS if k in build.tables.original["candidates"]]
    who = dict(con.execute('SELECT ordinal, CAST(customer AS VARCHAR) FROM "@customers"').fetchall())
    listed = ", ".join(f'CAST("{k}" AS VARCHAR)' for k in columns if k != "customer")
    what = {row[0]: row[1:] for row in con.execute(f'SELECT kind, {listed} FROM "@kinds"').fetchall()}
    problem = build.problem
    return [(who[int(c)], *what[int(k)]) for c, k in zip(problem.customer, problem.kind, strict=True)]


def positions(known: list[Key], plan: Iterable[Key]) -> np.ndarray:
    """Return the ascending positions of some keys."""
    place = {key: i for i, key in enumerate(known)}
    return np.array(sorted(place[key] for key in plan), np.int64)


def audited(build: Compiled, plan: Iterable[Key]) -> AuditReport:
    """Audit a set of keys."""
    columns = [k for k in KEYS if k in build.tables.original["candidates"]]
    rows = sorted(plan)
    table = pa.table({k: pa.array([row[i] for row in rows], pa.string()) for i, k in enumerate(columns)})
    return audit_contacts(build.scenario, build.tables, table)


def keys_of(frame: pd.DataFrame) -> frozenset[Key]:
    """Return the keys of a plan's contacts as text."""
    columns = [k for k in KEYS if k in frame]
    rows: Any = frame[columns].astype(str).itertuples(index=False, name=None)
    return frozenset(rows)


def solved(build: Compiled, engine: str) -> Solution:
    """Solve to the proof with one engine."""
    return make_engine(engine).solve(build.problem, Request(gap=0.0))


def chosen(build: Compiled, solution: Solution) -> frozenset[Key]:
    """Return the keys of a solution's contacts."""
    known = names(build)
    return frozenset(known[i] for i in solution.chosen)
