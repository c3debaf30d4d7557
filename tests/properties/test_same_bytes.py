"""Same inputs, same bytes: whatever the order of rows, files and rules, the process, or the number of threads."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conformance.cases import Scenario, Tables
from tests.properties.runs import STABLE, Case, feasible, published
from tests.slow import slowly

CASES = pytest.mark.parametrize("cases", [7, *slowly([30])])
LISTS = ("eligibility", "contact_policies", "constraints")


def as_it_is(scenario: Scenario, tables: Tables) -> Case:
    return scenario, tables


def rows_backwards(scenario: Scenario, tables: Tables) -> Case:
    return scenario, {name: table.iloc[::-1].reset_index(drop=True) for name, table in tables.items()}


def rows_shuffled(scenario: Scenario, tables: Tables) -> Case:
    return scenario, {
        name: t.sample(frac=1, random_state=len(name)).reset_index(drop=True) for name, t in tables.items()
    }


def files_backwards(scenario: Scenario, tables: Tables) -> Case:
    turned = scenario | {"data": dict(reversed(scenario["data"].items()))}
    return dict(reversed(turned.items())), dict(reversed(tables.items()))


def rules_backwards(scenario: Scenario, tables: Tables) -> Case:
    return scenario | {name: scenario[name][::-1] for name in LISTS if name in scenario}, tables


def columns_backwards(scenario: Scenario, tables: Tables) -> Case:
    return scenario, {
        name: table if name == "candidates" else table[table.columns[::-1]] for name, table in tables.items()
    }


CHANGES = (as_it_is, rows_backwards, rows_shuffled, files_backwards, rules_backwards, columns_backwards)


@pytest.mark.parametrize("change", CHANGES, ids=lambda f: f.__name__)
@CASES
def test_no_order_changes_a_byte(change: Callable[[Scenario, Tables], Case], cases: int, tmp_path: Path) -> None:
    for number, (case, _) in enumerate(feasible(tmp_path, "all", cases)):
        first = published(tmp_path / f"one-{number}", *case)
        other = published(tmp_path / f"other-{number}", *change(*case))
        assert {name: first[name] == other[name] for name in STABLE} == dict.fromkeys(STABLE, True), case[0]


def test_the_number_of_threads_changes_no_byte(tmp_path: Path) -> None:
    for number, (case, _) in enumerate(feasible(tmp_path, "all", 3)):
        runs = [published(tmp_path / f"{number}-{threads}", *case, threads=threads) for threads in (1, 2)]
        assert runs[0] == runs[1], case[0]


ONE_RUN = """
import sys
import optimizer
scenario = optimizer.Scenario.load("scenarios/quickstart/scenario.yaml")
optimizer.solve(scenario, engine="greedy:value").save(sys.argv[1])
"""


def test_two_processes_write_the_same_bytes(tmp_path: Path) -> None:
    """Hash seeds differ: nothing may hang on the order of a set."""
    for seed in ("1", "2"):
        command = [sys.executable, "-c", ONE_RUN, str(tmp_path / seed)]
        subprocess.run(command, check=True, env=os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": "."})
    for name in STABLE:
        assert (tmp_path / "1" / name).read_bytes() == (tmp_path / "2" / name).read_bytes(), name
