"""The oracle against a second brute force, against itself, and against SQL."""

from __future__ import annotations

import math
import re
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import pandas as pd
import pytest
from ruamel.yaml import YAML

from tests import oracle
from tests.oracle.expressions import evaluate
from tests.oracle.naive import UNIT, Naive
from tests.oracle.random_cases import random_case, write
from tests.oracle.world import records

SEEDS = range(200)


@pytest.fixture(scope="module")
def first() -> list[tuple[dict[str, Any], dict[str, pd.DataFrame], Fraction | None]]:
    cases = [random_case(seed) for seed in SEEDS]
    return [(scenario, tables, oracle.best(scenario, tables)[0]) for scenario, tables in cases]


def test_a_differently_written_enumeration_finds_the_same_optimum(first: list[Any]) -> None:
    db = duckdb.connect(config={"threads": 1})
    for scenario, tables, value in first:
        other = Naive(db, scenario, tables).best()
        assert value == (None if other is None else Fraction(other, UNIT)), scenario["name"]


def test_random_rules_bind_and_mostly_leave_a_plan(first: list[Any]) -> None:
    feasible = [value for _, _, value in first if value is not None]
    assert 0.7 <= len(feasible) / len(first) <= 0.9
    binding = 0
    for scenario, tables, value in first:
        free = scenario | {"contact_policies": [], "constraints": []}
        binding += value != oracle.best(free, tables)[0]
    assert binding >= 0.6 * len(first)


def test_same_seed_same_case() -> None:
    one, other = random_case(7, "all"), random_case(7, "all")
    assert one[0] == other[0]
    assert all(table.equals(other[1][name]) for name, table in one[1].items())


def test_a_written_random_case_has_the_same_optimum(tmp_path: Path) -> None:
    for seed in SEEDS[:20]:
        scenario, tables = random_case(seed, "all")
        written = YAML(typ="safe", pure=True).load(write(tmp_path, scenario, tables))
        files = {name: written["data"].get(name, name) for name in tables}
        again = {name: pd.read_csv(tmp_path / file) for name, file in files.items()}
        assert oracle.best(written, again) == oracle.best(scenario, tables)


@pytest.mark.parametrize("rules", ["first", "all"])
def test_best_plan_breaks_nothing_and_has_its_objective(rules: Any) -> None:
    for seed in SEEDS[:60]:
        scenario, tables = random_case(seed, rules)
        value, plan = oracle.best(scenario, tables)
        if plan is not None:
            assert oracle.violations(scenario, tables, plan) == []
            assert oracle.objective(scenario, tables, plan) == value


def test_any_legal_plan_is_at_most_as_good_as_the_best() -> None:
    legal = 0
    for seed in SEEDS[:60]:
        scenario, tables = random_case(seed, "all")
        value, _ = oracle.best(scenario, tables)
        rng = Random(seed)
        every = [contact.key for contact in oracle.eligible(scenario, tables)]
        plan = [key for key in every if rng.random() < 0.3]
        if not oracle.violations(scenario, tables, plan):
            legal += 1
            assert value is not None
            assert oracle.objective(scenario, tables, plan) <= value
    assert legal > 15


def test_reordering_rows_and_rules_leaves_the_optimum() -> None:
    for seed in SEEDS[:60]:
        scenario, tables = random_case(seed, "all")
        turned = {name: rule[::-1] if isinstance(rule, list) else rule for name, rule in scenario.items()}
        backwards = {name: table.iloc[::-1].reset_index(drop=True) for name, table in tables.items()}
        assert oracle.best(scenario, tables)[0] == oracle.best(turned, backwards)[0], seed


def test_removing_a_rule_never_lowers_the_optimum() -> None:
    removed = 0
    for seed in SEEDS[:60]:
        scenario, tables = random_case(seed, "all")
        # Not where effort is asked: with a rule less, a customer can do more, and must.
        if "best_effort" in str(scenario):
            continue
        value, _ = oracle.best(scenario, tables)
        for section in ("contact_policies", "constraints"):
            for rule in scenario[section]:
                without = scenario | {section: [r for r in scenario[section] if r is not rule]}
                more, _ = oracle.best(without, tables)
                removed += 1
                assert value is None or (more is not None and more >= value), (seed, rule)
    assert removed > 60


ROWS = pd.DataFrame(
    {
        "x": [1.5, -2.5, None, 0.0, 2.0],
        "n": [3, 0, 7, None, 2],
        "s": ["email", None, "sms", "e_mail", "EMAIL"],
        "b": [True, False, None, True, False],
    },
    dtype=object,
)
EXPRESSIONS = """
x + n * 2 - 1 | -x / 2 | n / 2 | abs(x) | round(x) | round(x * 1.05, 1) | greatest(x, n) | least(x, n, 1)
x > n | x <> n | NOT x > n | x > n OR b | x > n AND b | NOT b | b | b AND NULL | b OR NULL | x IS NULL | s IS NOT NULL
s = 'email' | s IN ('email', 'sms') | s NOT IN ('email') | s LIKE 'e%' | s LIKE 'e_mail' | s ILIKE 'EM%'
n IN (3, NULL)
x BETWEEN -2.5 AND 1.5 | n NOT BETWEEN 1 AND 3 | coalesce(x, n, 9) | CASE WHEN b THEN x ELSE n END
CASE WHEN x > 0 THEN 1 WHEN x < 0 THEN 2 END | CASE s WHEN 'sms' THEN 1 ELSE 0 END | n % 2 | TRUE | x * 0.1 > 0.1
"""


@pytest.mark.parametrize("text", [part.strip() for part in re.split(r"[|\n]", EXPRESSIONS) if part.strip()])
def test_expressions_mean_what_they_mean_in_sql(text: str) -> None:
    rows = records(ROWS)
    with duckdb.connect() as db:
        db.execute("CREATE TABLE rows (x DOUBLE, n DOUBLE, s VARCHAR, b BOOLEAN)")
        db.executemany("INSERT INTO rows VALUES (?, ?, ?, ?)", [list(row.values()) for row in rows])
        expected = [value for (value,) in db.execute(f"SELECT {text} FROM rows").fetchall()]
    for row, value in zip(rows, expected, strict=True):
        mine = evaluate(text, row)
        assert (mine is None) == (value is None), row
        assert value is None or math.isclose(mine, value, rel_tol=1e-15), row
