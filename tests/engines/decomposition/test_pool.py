"""The units that may change their answer are those that lose the least, and every row finds some that move it."""

import numpy as np
import pytest

from optimizer.engines.decomposition.compiled import Units
from optimizer.engines.decomposition.patterns import patterns
from optimizer.engines.decomposition.pool import Near
from tests.engines.weekly import weekly_problem

EVERYTHING = 2.0**40


@pytest.fixture(scope="module")
def units():
    return Units(weekly_problem(80))


@pytest.fixture(scope="module")
def prices(units):
    return units.prices(np.full(units.table.count, 40.0))


@pytest.fixture(scope="module")
def near(units, prices):
    return Near.find(units, np.arange(units.problem.units), prices, EVERYTHING, lambda: None)


def test_the_least_loss_is_that_of_the_second_best_answer(units, prices, near):
    good = patterns(units, prices, np.arange(units.problem.units), EVERYTHING, most=40)
    second = good.unit_start[:-1][near.unit] + 1
    assert len(near.unit) == units.problem.units
    assert near.loss == pytest.approx(good.regret[second], abs=1e-3)
    assert np.all(np.diff(near.loss) >= 0)


def test_a_row_that_is_off_gets_the_nearest_units_that_move_it(units, near):
    row = int(near.row[near.start[len(near.unit) // 2]])
    need = np.zeros(units.table.count)
    need[row] = 3
    moved = [u for i, u in enumerate(near.unit) if row in near.row[near.start[i] : near.start[i + 1]]]
    picked, reach = near.pick(5, need)
    assert sorted(picked) == sorted({*near.unit[:5], *moved[:3]})
    assert reach == near.loss[np.isin(near.unit, picked)].max()
