"""Thousands of rows: samples that know every group, steps without a matrix, plans by one change at a time."""

from dataclasses import replace

import numba
import numpy as np
import pytest

from optimizer.engines.decomposition import dual, make
from optimizer.engines.decomposition.box_kernel import box_newton
from optimizer.engines.decomposition.compiled import Units
from optimizer.engines.decomposition.patterns import assemble, joined, patterns
from optimizer.engines.decomposition.repair import repaired
from optimizer.engines.decomposition.sampling import grouped
from optimizer.problem.evaluate import evaluate
from optimizer.problem.primitives import UNLIMITED, Incidence, Partition, Rows
from optimizer.problem.solution import Request
from tests.engines.weekly import KINDS, weekly_problem

CUSTOMERS, BRANCHES = 2_000, 40


@pytest.fixture(scope="module")
def problem():
    """The weekly structure, and for each branch a most and a least number of contacts; some branches are tiny."""
    weekly = weekly_problem(CUSTOMERS)
    branch = np.minimum(np.random.default_rng(1).geometric(0.1, CUSTOMERS) - 1, BRANCHES - 1)
    members = np.bincount(branch, minlength=BRANCHES)
    every = Incidence.of(np.arange(KINDS), np.zeros(KINDS), 1, kinds=KINDS, instances=1)
    most = np.maximum(members * np.random.default_rng(2).uniform(0.6, 2.0, BRANCHES), 1).astype(np.int64)
    rows = Rows("branch", every, most // 3, most, partition=len(weekly.partitions))
    return replace(
        weekly,
        partitions=(*weekly.partitions, Partition("branch", branch.astype(np.int32), BRANCHES)),
        rows=(*weekly.rows, rows),
    )


@pytest.fixture
def small_samples(monkeypatch):
    """Make 40,000 candidates so many that samples are needed, and that they do not know every branch."""
    for name, size in {"SMALL": 4_000, "MIDDLE": 8_000, "WHOLE": 10_000, "MEMBERS": 5}.items():
        monkeypatch.setattr(dual, name, size)


def test_a_sample_by_groups_has_some_of_each_and_stands_for_all(problem):
    units = Units(problem)
    drawn = grouped(units, 200, 8)
    branch = problem.partitions[-1].group
    members, seen = np.bincount(branch, minlength=BRANCHES), np.bincount(branch[drawn.listed], minlength=BRANCHES)
    assert np.all(seen >= np.minimum(members, 7))
    assert len(drawn) < CUSTOMERS / 2
    stood = np.bincount(branch[drawn.listed], drawn.weight, BRANCHES)
    small = members < 80  # larger groups have their 8 among the even ones
    assert stood[small] == pytest.approx(members[small])
    assert drawn.weight.sum() == pytest.approx(CUSTOMERS)


def test_rows_that_few_units_use_are_priced_as_by_all_units(problem, small_samples, monkeypatch):
    sampled = make(None).solve(problem, Request(gap=1e-3))
    monkeypatch.setattr(dual, "WHOLE", 10**9)
    by_all = make(None).solve(problem, Request(gap=1e-3))
    assert evaluate(problem, sampled.chosen).ok
    assert sampled.bound - sampled.objective <= 1e-3 * sampled.objective
    assert sampled.bound == pytest.approx(by_all.bound, rel=4e-4)


@pytest.mark.skipif(numba.config.NUMBA_NUM_THREADS < 2, reason="one core")
def test_one_thread_or_two_give_the_same_bytes(problem, small_samples):
    one, two = (make(None).solve(problem, Request(gap=1e-3, threads=threads)) for threads in (1, 2))
    assert np.array_equal(one.chosen, two.chosen)
    assert (one.bound, one.extra) == (two.bound, two.extra)


@pytest.mark.parametrize("rows", [6, 100], ids=["with the matrix", "without"])
def test_a_step_is_the_best_within_its_box(rows):
    draw = np.random.default_rng(3)
    vectors = 5 * rows
    z = draw.normal(size=(vectors, rows)) * (draw.random((vectors, rows)) < 3 / rows)
    factor = draw.uniform(0.1, 1.0, vectors)
    extra, gradient = np.full(rows, 1e-3), draw.normal(size=rows)
    least, most, step = np.full(rows, -0.2), np.full(rows, 0.1), np.zeros(rows)
    start = np.concatenate([[0], np.cumsum((z != 0).sum(axis=1))])
    row = np.nonzero(z)[1].astype(np.int32)
    decrease = box_newton(start, row, z[z != 0], factor, extra, gradient, least, most, 1_000, 1_000, step)
    hessian = (z.T * factor) @ z + np.diag(extra)
    slope = gradient + hessian @ step
    inside = (step > least) & (step < most)
    assert inside.any()
    assert not inside.all()
    assert slope[inside] == pytest.approx(0, abs=1e-2)
    assert np.all(slope[step == least] >= 0)
    assert np.all(slope[step == most] <= 0)
    assert decrease == pytest.approx(-(gradient @ step + 0.5 * step @ hessian @ step))


def test_a_step_goes_along_ways_that_bend_next_to_nothing():
    # Each contact uses a row of two groups: to raise the prices of one and lower the other's changes no answer.
    pairs = [(offer, 4 + channel) for offer in range(4) for channel in range(4)] * 3
    row = np.array(pairs, np.int32).ravel()
    start, factor = np.arange(len(pairs) + 1) * 2, np.full(len(pairs), 1_000.0)
    gradient = np.repeat([-1.0, 0.5], 4)
    extra, least, most, step = np.full(8, 1e-3), np.full(8, -700.0), np.full(8, 1e6), np.zeros(8)
    box_newton(start, row, np.ones(len(row)), factor, extra, gradient, least, most, 40, 8, step)
    assert step[4:] == pytest.approx(-700.0)
    assert step[:4] == pytest.approx(700.0, rel=1e-3)


def test_a_repaired_plan_keeps_every_row(problem):
    units = Units(problem)
    table, everyone = units.table, np.arange(problem.units)
    prices = make(None).solve(problem, Request(gap=1e-2)).prices
    good = joined(patterns(units, units.prices(table.join(prices)), everyone, 2.0**40))
    first = np.sort(good.contacts(good.unit_start[:-1]))
    before = units.use_of(first)
    assert np.any(before > table.upper)
    value = 1_000.0
    worth = np.full(table.count, value)
    used = repaired(table, good, good.unit_start[:-1], before, table.join(prices), worth, lambda: None)
    assert used is not None
    use = units.use_of(np.sort(good.contacts(used)))
    assert np.all(use <= table.upper)
    assert np.all((use >= table.lower) | (table.lower == -UNLIMITED))


def test_only_candidates_that_use_a_row_may_use_it(problem):
    units = Units(problem)
    candidate = np.arange(problem.candidates)
    number = np.arange(problem.candidates + 1)
    used = assemble(units, candidate, number, np.zeros(len(candidate)), number, candidate, units_of(problem))
    group = units.candidates.group[:, problem.customer_of(candidate)]
    owner = np.repeat(candidate, np.diff(used.row_start))
    for rows in (np.array([0]), np.arange(2), np.arange(units.table.count - 3, units.table.count)):
        told = units.table.may_use(rows, problem.kind, group)
        assert set(np.flatnonzero(told)) == set(owner[np.isin(used.row, rows)])


def units_of(problem):
    return np.repeat(np.arange(problem.units), np.diff(problem.unit_start))
