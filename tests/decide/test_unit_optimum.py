"""Deciding a night's customers with its own inputs and prices gives the optimum of every unit at these prices."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.conformance.cases import MAKERS, Rules
from tests.conformance.product import names
from tests.decide.kit import compiled, night, priced, table_of
from tests.engines.brute import brute_force


def held_against_every_plan(folder: Path, maker: str, rules: Rules, seed: int) -> None:
    case = night(folder, maker, rules, seed)
    build = compiled(case.path)
    stored = case.decider._stored
    truth = brute_force(priced(build, stored))
    batch = case.decider.decide_many(table_of(case))
    keys = [k for k in ("customer", "offer", "channel", "slot") if k in build.tables.original["candidates"]]
    chosen = {tuple(map(str, row)) for row in batch.contacts.select(keys).to_pandas().itertuples(index=False)}
    known = names(build)
    positions = np.array([j for j, key in enumerate(known) if key in chosen])
    assert len(positions) == len(chosen)
    closed = {line.rule for line in stored.lines if line.closed}
    legal, objective = truth.of(positions)
    assert legal
    if not closed:
        assert objective == truth.best


@pytest.mark.parametrize("maker", MAKERS)
@pytest.mark.parametrize("seed", range(2_000, 2_012))
def test_first_rules(maker: str, seed: int, tmp_path: Path) -> None:
    held_against_every_plan(tmp_path, maker, "first", seed)


@pytest.mark.parametrize("maker", MAKERS)
@pytest.mark.parametrize("seed", range(2_000, 2_015))
def test_all_rules(maker: str, seed: int, tmp_path: Path) -> None:
    held_against_every_plan(tmp_path, maker, "all", seed)


@pytest.mark.slow
@pytest.mark.parametrize("maker", MAKERS)
@pytest.mark.parametrize("rules", ["first", "all"])
@pytest.mark.parametrize("seed", range(2_015, 2_115))
def test_hundreds_more(maker: str, rules: Rules, seed: int, tmp_path: Path) -> None:
    held_against_every_plan(tmp_path, maker, rules, seed)
