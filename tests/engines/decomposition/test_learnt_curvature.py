"""The curvature of a few units, corrected by what a step of all units changed."""

import numpy as np
import pytest

from optimizer.engines.decomposition.compiled import Units
from optimizer.engines.decomposition.sampling import evenly
from optimizer.engines.decomposition.smooth import MOST_LEARNT, Curvature, Sample
from tests.engines.weekly import weekly_problem


@pytest.fixture(scope="module")
def bends():
    units = Units(weekly_problem(400))
    prices = np.full(units.table.count, 20.0)
    return Sample(units, evenly(400, 400), lambda: None).at(prices, 40.0).bends


def written(bends, rows):
    """Write the matrix down."""
    out = np.zeros((rows, rows))
    for i in range(len(bends.factor)):
        entries = slice(bends.start[i], bends.start[i + 1])
        z = np.zeros(rows)
        np.add.at(z, bends.row[entries], bends.value[entries])
        out += bends.factor[i] * np.outer(z, z)
    return out


def rows_of(bends):
    return int(bends.row.max()) + 1


def test_what_a_step_is_told_to_change_is_the_matrix_times_it(bends):
    step = np.random.default_rng(0).normal(size=rows_of(bends))
    assert bends.times(step) == pytest.approx(written(bends, len(step)) @ step)


def test_nothing_is_learnt_where_what_was_told_came_true(bends):
    step = np.random.default_rng(1).normal(size=rows_of(bends))
    same = bends.learnt(step, bends.times(step), np.ones(len(step)))
    assert same.factor == pytest.approx(bends.factor)


@pytest.mark.parametrize("times", [0.6, 1.7, 9.0])
def test_a_step_that_changed_more_or_less_is_told_to_do_so_next_time(bends, times):
    step = np.random.default_rng(2).normal(size=rows_of(bends)) * 1e9  # chance is next to nothing
    change = times * bends.times(step)
    learnt = bends.learnt(step, change, np.ones(len(step)))
    assert learnt.times(step) == pytest.approx(min(times, MOST_LEARNT) * bends.times(step), rel=1e-4)


@pytest.mark.parametrize("seed", range(5))
def test_what_was_learnt_still_bends_upwards_everywhere(bends, seed):
    draw = np.random.default_rng(seed)
    rows = rows_of(bends)
    change = draw.normal(size=rows) * 1e3
    learnt = bends.learnt(draw.normal(size=rows), change, np.ones(rows))
    assert not np.allclose(learnt.factor, bends.factor)
    assert np.linalg.eigvalsh(written(learnt, rows)).min() > -1e-9 * np.abs(learnt.factor).sum()


def test_vectors_without_any_row_are_no_hindrance():
    bends = Curvature(np.array([0, 0, 1, 2]), np.array([0, 0], np.int32), np.array([1.0, 0.5]), np.array([1.0, 2, -1]))
    learnt = bends.learnt(np.array([1e9]), 2 * bends.times(np.array([1e9])), np.ones(1))
    assert learnt.factor == pytest.approx(2 * bends.factor, rel=1e-6)
