"""Random tiny nights: a scenario of the conformance makers, its plan, and a decider of that plan."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import optimizer as opt
from optimizer.compile.build import Compiled
from optimizer.decide.stored import StoredPrices
from optimizer.errors import OptimizerError
from optimizer.problem.problem import Problem
from optimizer.problem.usage import entries
from tests import oracle
from tests.conformance.cases import MAKERS, Rules, write
from tests.conformance.product import compiled


@dataclass
class Night:
    scenario: dict[str, Any]
    tables: dict[str, pd.DataFrame]
    path: Path
    plan: opt.Plan
    decider: opt.Decider


def night(folder: Path, maker: str, rules: Rules, seed: int) -> Night:
    """Solve a random case and load its decider; cases without a plan, or without prices, are skipped."""
    scenario, tables = MAKERS[maker](seed, rules)
    path = write(folder, scenario, tables)
    try:
        plan = opt.solve(opt.Scenario.load(path), engine="exact")
        return Night(scenario, tables, path, plan, opt.Decider.load(plan))
    except (oracle.Refused, OptimizerError) as error:
        pytest.skip(str(error)[:100])


def table_of(case: Night) -> pa.Table:
    """Return the candidates as the run read them."""
    con = compiled(case.path).tables.con
    columns = ", ".join(f'"{c}"' for c in case.decider._schema.names)
    return con.sql(f"SELECT {columns} FROM candidates").to_arrow_table()


def rows_of(case: Night) -> list[dict[str, Any]]:
    """Return the candidates as dicts."""
    return table_of(case).to_pylist()


def priced(build: Compiled, stored: StoredPrices) -> Problem:
    """Return the whole night without its rows, every value less what it pays: its optimum is that of its units."""
    gain = build.contribution if build.maximises else -build.contribution
    value = [int(v) << stored.shift for v in stored.quanta(gain)]
    numerators = stored.numerators(build.problem)
    everyone = np.arange(build.problem.candidates)
    for block in build.problem.rows:
        for who, row, amount in entries(build.problem, block, everyone):
            for j, r, a in zip(who.tolist(), row.tolist(), amount.tolist(), strict=True):
                value[j] -= numerators[block.name][r] * a
    ten = Fraction(10) ** (stored.value_decimals - build.problem.value_decimals)
    floors = tuple(
        f if f.penalty is None else replace(f, penalty=f.penalty * ten * 2**stored.shift) for f in build.problem.floors
    )
    return replace(build.problem, value=np.array(value, object), rows=(), switches=(), floors=floors)


__all__ = ["Night", "compiled", "night", "priced", "rows_of", "table_of"]
