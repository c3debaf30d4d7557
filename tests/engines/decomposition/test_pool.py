"""The units that may change their answer are those that lose the least, and every row finds some that move it."""

from dataclasses import fields

import numpy as np
import pytest

from optimizer.engines.decomposition.compiled import Units
from optimizer.engines.decomposition.patterns import joined, patterns
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
    good = joined(patterns(units, prices, np.arange(units.problem.units), EVERYTHING, most=40))
    second = good.unit_start[:-1][near.unit] + 1
    assert len(near.unit) == units.problem.units
    assert near.loss == pytest.approx(good.regret[second], abs=1e-3)
    assert np.all(np.diff(near.loss) >= 0)


def test_answers_found_by_part_are_those_found_at_once(units, prices, monkeypatch):
    everyone = np.arange(units.problem.units)
    (at_once,) = patterns(units, prices, everyone, EVERYTHING)
    monkeypatch.setattr("optimizer.engines.decomposition.patterns.BLOCK", 7 * units.widest)
    parts = patterns(units, prices, everyone, EVERYTHING)
    assert len(parts) > 1
    by_part = joined(parts)
    for field in fields(at_once):
        assert np.array_equal(getattr(at_once, field.name), getattr(by_part, field.name)), field.name


def test_a_row_that_is_off_gets_the_nearest_units_that_move_it(units, near):
    row = int(near.row[near.start[len(near.unit) // 2]])
    need = np.zeros(units.table.count)
    need[row] = 3
    moved = [u for i, u in enumerate(near.unit) if row in near.row[near.start[i] : near.start[i + 1]]]
    picked, reach = near.pick(5, need)
    assert sorted(picked) == sorted({*near.unit[:5], *moved[:3]})
    assert reach == near.loss[np.isin(near.unit, picked)].max()
