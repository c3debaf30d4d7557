"""What a changed scenario comes to: its optimum, or the bytes of its run folder."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import count, islice
from pathlib import Path
from typing import Any

import optimizer
from optimizer.errors import DataError, InfeasibleError, UsageError
from optimizer.scenario import Scenario as Written
from tests.conformance.cases import MAKERS, Rules, Scenario, Tables, write

STABLE = (
    "contacts.parquet",
    "constraints.csv",
    "policies.csv",
    "prices.json",
    "audit.json",
    "rows.parquet",
    "marginal.parquet",
    "fates.parquet",
    "kinds.parquet",
    "report.html",
)
"""Files that are the same bytes on a repeat."""

NONE = Fraction(-(10**9))
"""Worse than any plan: what no plan is worth."""

Case = tuple[Scenario, Tables]


def optimum(folder: Path, scenario: Scenario, tables: Tables) -> Fraction:
    """Return the optimum, the higher the better, or ``NONE``."""
    try:
        plan = optimizer.solve(Written.load(write(folder, scenario, tables)), engine="exact", gap=0.0)
    except InfeasibleError:
        return NONE
    assert plan.gap == 0.0
    worth = Fraction(plan.audit.objective)
    return worth if "maximize" in scenario["objective"] else -worth


def published(folder: Path, scenario: Scenario, tables: Tables, **settings: Any) -> dict[str, bytes]:
    """Solve, publish, and return the files that must be stable."""
    plan = optimizer.solve(Written.load(write(folder / "scenario", scenario, tables)), engine="exact", **settings)
    run = plan.save(folder / "run")
    return {name: (run / name).read_bytes() for name in STABLE}


def feasible(
    folder: Path, rules: Rules, wanted: int, *, without: tuple[str, ...] = ()
) -> Iterator[tuple[Case, Fraction]]:
    """Yield random cases of both makers that have a plan, with their optimum.

    Parameters
    ----------
    without : tuple of str
        Words that the scenario must not contain.
    """
    return islice(_feasible(folder, rules, without), wanted)


def _feasible(folder: Path, rules: Rules, without: tuple[str, ...]) -> Iterator[tuple[Case, Fraction]]:
    for seed in count():
        scenario, tables = MAKERS[("random", "tiny")[seed % 2]](seed, rules)
        if any(word in str(scenario) for word in without):
            continue
        try:
            value = optimum(folder / f"original-{seed}", scenario, tables)
        except (UsageError, DataError):
            continue
        if value != NONE:
            yield (scenario, tables), value
