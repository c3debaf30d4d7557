"""Where changing one contact of a few customers mends nothing, answers are generated until the rows are kept."""

from dataclasses import replace

import numpy as np
import pytest

from optimizer.engines.decomposition import make
from optimizer.engines.decomposition.columns import united
from optimizer.engines.decomposition.compiled import Units
from optimizer.engines.decomposition.patterns import joined, patterns
from optimizer.problem.evaluate import evaluate
from optimizer.problem.primitives import UNLIMITED, Incidence, Rows
from optimizer.problem.solution import Request
from tests.engines.decomposition.test_wide import DAY, DAYS, EVERY, KINDS, OFFER, OFFERS, wide
from tests.engines.weekly import weekly_problem


def coupled(units=40):
    """Draw wide customers whose days and offers are scarce together, one offer with a minimum."""
    draw = np.random.default_rng(7)
    least = np.full(OFFERS, -UNLIMITED)
    least[3] = units // 2
    days = Incidence.of(EVERY, DAY, 1, kinds=KINDS, instances=DAYS)
    offers = Incidence.of(EVERY, OFFER, 1, kinds=KINDS, instances=OFFERS)
    rows = (
        Rows("day", days, np.full(DAYS, -UNLIMITED), draw.integers(units // 4, units // 2, DAYS)),
        Rows("offer", offers, least, draw.integers(units // 2, units, OFFERS)),
    )
    return wide(units, 1, 120, seed=3, rows=rows)


def test_few_different_scores_under_many_scarce_rows_still_get_a_plan_near_the_bound():
    problem = coupled()
    problem = replace(problem, value=np.asarray(problem.value) // 200 * 100 + 100)
    solution = make(None).solve(problem, Request(gap=1e-4))
    assert solution.engine == "decomposition"
    assert evaluate(problem, solution.chosen).ok
    assert (solution.bound - solution.objective) / solution.objective < 2e-4


@pytest.fixture(scope="module")
def units():
    return Units(weekly_problem(60))


def found(units, price, listed, most=6):
    return joined(patterns(units, units.prices(np.full(units.table.count, price)), listed, 2.0**30, most))


def test_answers_put_together_are_there_once_with_what_they_are_worth(units):
    every = np.arange(60)
    here, there = found(units, 40.0, every), found(units, 90.0, every[20:30])
    both = united([here, there, here])

    def listed(part):
        return {
            (int(part.units[u]), frozenset(part.contacts(np.array([p])).tolist())): int(part.value[p])
            for p, u in enumerate(part.unit.tolist())
        }

    assert listed(both) == {**listed(here), **listed(there)}
    assert both.count == len(listed(both))
    first = both.unit_start[:-1]
    assert [sorted(both.contacts(first[i : i + 1])) for i in range(60)] == [
        sorted(here.contacts(here.unit_start[i : i + 1])) for i in range(60)
    ]
    value = np.asarray(units.problem.value)
    assert all(both.value[p] == value[both.contacts(np.array([p]))].sum() for p in range(both.count))


def test_a_plan_with_other_patterns_for_some_units_keeps_the_rest(units):
    good = found(units, 40.0, np.array([5, 9]))
    mark = np.zeros(units.problem.candidates, np.uint8)
    mark[::7] = 1
    start = np.asarray(units.problem.unit_start)
    last = good.unit_start[1:] - 1
    chosen = np.flatnonzero(good.put(mark, last, start))
    inside = [j for u in (5, 9) for j in range(start[u], start[u + 1])]
    expected = set(np.flatnonzero(mark).tolist()) - set(inside) | set(good.contacts(last).tolist())
    assert set(chosen.tolist()) == expected
