"""Thousands of rows: samples that know every group, steps without a matrix, plans by one change at a time."""

from dataclasses import replace

import numba
import numpy as np
import pytest

from optimizer.engines.decomposition import dual, free_kernel, make
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
    for name, size in {"SMALL": 4_000, "MIDDLE": 8_000, "LARGE": 5_000, "TELLING": 200, "MEMBERS": 5}.items():
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
    monkeypatch.setattr(dual, "LARGE", 10**9)
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


def creeping(seed):
    """Customers of many branches use rows of two groups: coordinate descent creeps, as none of them may move alone."""
    draw = np.random.default_rng(seed)
    branches, offers, channels, vectors = 300, 12, 8, 4_000
    rows = branches + offers + channels
    of_offer = branches + draw.integers(0, offers, vectors)
    of_channel = branches + offers + draw.integers(0, channels, vectors)
    row = np.stack([draw.integers(0, branches, vectors), of_offer, of_channel], axis=1).astype(np.int32).ravel()
    value, factor = np.tile([0.1, 1.0, 1.0], vectors), draw.uniform(0.5, 2.0, vectors)
    start, gradient = np.arange(vectors + 1) * 3, draw.normal(0, 1, rows)
    return start, row, value, factor, np.full(rows, 1e-6), gradient, np.full(rows, -20.0), np.full(rows, 20.0)


@pytest.mark.parametrize("written_at_once", [True, False])
@pytest.mark.parametrize("seed", range(4))
def test_where_rows_are_many_the_lowest_point_within_the_box_is_found(seed, written_at_once):
    start, row, value, factor, extra, gradient, least, most = creeping(seed)
    if not written_at_once:  # as many rows again as can be written, which stay at an end of their range
        idle = free_kernel.MOST
        extra, gradient = np.append(extra, np.ones(idle)), np.append(gradient, np.ones(idle))
        least, most = np.append(least, np.zeros(idle)), np.append(most, np.ones(idle))
    step = np.zeros(len(gradient))
    given = start, row, value, factor, extra, gradient, least, most, step
    decrease = free_kernel.go_freely(*given)
    further = free_kernel.go_freely(*given)
    assert further < 2e-3 * decrease
    along = np.add.reduceat(value * step[row], start[:-1])
    slope = gradient + extra * step
    np.add.at(slope, row, np.repeat(factor * along, 3) * value)
    inside = (step > least) & (step < most)
    assert inside.sum() > 200
    assert np.abs(slope[inside]).max() < 1e-6
    assert np.all(slope[step == least] >= 0)
    assert np.all(slope[step == most] <= 0)
    assert decrease + further == pytest.approx(-(gradient @ step + 0.5 * (factor @ along**2 + extra @ step**2)))


def test_a_step_goes_there_where_coordinate_descent_creeps():
    given = creeping(2)
    assert len(given[-1]) ** 2 > len(given[1]), "written down at once otherwise"
    steps = np.zeros((2, len(given[-1])))
    assert box_newton(*given, 40, 8, steps[0]) == pytest.approx(free_kernel.go_freely(*given, steps[1]), rel=2e-3)


def test_the_few_rows_that_meet_others_are_left_to_the_end():
    draw = np.random.default_rng(3)
    apart, rest = 60, 10
    size = apart + rest
    meet = draw.normal(size=(apart, rest)) * (draw.random((apart, rest)) < 0.4)
    bend = np.zeros((size, size))
    bend[:apart, apart:], bend[apart:, :apart] = meet, meet.T
    bend[:apart, :apart] = np.diag(1 + (meet**2).sum(axis=1))
    bend[apart:, apart:] = meet.T @ meet + np.eye(rest)
    mixed = draw.permutation(size)
    bend = bend[np.ix_(mixed, mixed)]
    order, wanted = free_kernel.sparse_first(bend), draw.normal(size=size)
    assert sorted(order.tolist()) == list(range(size))
    first = order[:apart]
    assert np.count_nonzero(bend[np.ix_(first, first)]) <= apart + 2 * rest
    answer = wanted.copy()
    assert free_kernel.solve(bend, order, answer)
    assert bend @ answer == pytest.approx(wanted)
    assert not free_kernel.solve(-bend, order, wanted.copy())


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
