"""Every generated scenario is one that the product reads, and its tables are sound."""

from __future__ import annotations

from pathlib import Path

import pytest

from optimizer.compile.build import compile_scenario
from optimizer.data import open_tables
from optimizer.scenario import Scenario
from optimizer.synthetic import families, generate

ROWS = {"weekly": 59, "floors": 38, "household": 59, "direct-marketing": 8, "multiple-choice": 10}
"""Rows that couple the customers, of families that need nothing beyond the first kinds of rule."""


@pytest.mark.parametrize("family", [name for name in families() if name != "tiny"])
def test_the_file_is_valid(family: str, tmp_path: Path) -> None:
    scenario = Scenario.load(generate(family, customers=50, out=tmp_path / "made").scenario)
    assert scenario.name == family


@pytest.mark.parametrize("rules", ["first", "all"])
def test_every_tiny_file_is_valid(rules: str, tmp_path: Path) -> None:
    for seed in range(40):
        made = generate("tiny", customers=3, seed=seed, rules=rules, out=tmp_path / str(seed))
        assert Scenario.load(made.scenario).name == "tiny"


@pytest.mark.parametrize("family", ROWS)
def test_the_tables_compile_without_a_warning(family: str, tmp_path: Path) -> None:
    made = generate(family, customers=500, out=tmp_path / "made")
    scenario = Scenario.load(made.scenario)
    tables = open_tables(scenario, {})
    compiled = compile_scenario(scenario, tables)
    assert [str(finding) for finding in (*tables.findings, *compiled.findings)] == []
    assert compiled.problem.candidates == made.counts["candidates"]
    assert sum(rows.size for rows in compiled.problem.rows) == ROWS[family]
