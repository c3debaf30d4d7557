"""A limit that comes early: the answers that there are, less what the rows have no room for."""

import time
from dataclasses import replace

import numpy as np
import pytest

from optimizer.engines.decomposition import engine
from optimizer.engines.decomposition.clock import Clock
from optimizer.engines.decomposition.compiled import Units
from optimizer.engines.decomposition.cut_back import cut_back, offer_cut
from optimizer.engines.decomposition.dual import Ascent
from optimizer.engines.decomposition.engine import Decomposition
from optimizer.engines.decomposition.primal import Polish
from optimizer.engines.decomposition.warm import warm_up
from optimizer.errors import InfeasibleError, NoPlanError
from optimizer.problem.evaluate import evaluate
from optimizer.problem.primitives import UNLIMITED, Floor, Incidence, Rows, Shortfall
from optimizer.problem.solution import Limit, Request
from tests.engines.brute import brute_force
from tests.engines.simple import make_problem, uses
from tests.engines.small import random_problem
from tests.engines.weekly import weekly_problem

CUSTOMERS = 2_000


@pytest.fixture(scope="module")
def weekly():
    return weekly_problem(CUSTOMERS)


def freely(problem):
    """Every customer's best answer when nothing across customers is scarce."""
    units, mark = Units(problem), np.zeros(problem.candidates, np.uint8)
    units.solve(mark=mark)
    return units, np.flatnonzero(mark)


def test_nobody_goes_but_from_rows_that_have_too_many_and_these_hold_afterwards(weekly):
    units, chosen = freely(weekly)
    over = units.use_of(chosen) > units.table.upper
    left = cut_back(units, chosen, np.zeros(units.table.count))
    assert over.any()
    assert evaluate(weekly, left).ok
    gone = np.setdiff1d(chosen, left)
    assert np.isin(left, chosen).all()
    assert all(over[units.use_of(np.array([one])) > 0].any() for one in gone[:200])


def test_those_go_first_that_are_worth_least_at_the_prices(weekly):
    caps = next(rows for rows in weekly.rows if rows.name == "offer-cap")
    problem = replace(weekly, rows=(caps,))
    units, chosen = freely(problem)
    left, offer = cut_back(units, chosen, np.zeros(units.table.count)), caps.uses.instance[problem.kind]
    for row, most in enumerate(caps.upper.tolist()):
        worth = np.sort(problem.value[chosen[offer[chosen] == row]])[::-1]
        assert np.sort(problem.value[left[offer[left] == row]])[::-1].tolist() == worth[:most].tolist()


def test_a_pin_stays_where_dearer_contacts_go(weekly):
    units, chosen = freely(weekly)
    cheapest = chosen[np.argsort(weekly.value[chosen])][:20]
    units.problem = replace(weekly, required=np.sort(cheapest))
    assert np.isin(cheapest, cut_back(units, chosen, np.zeros(units.table.count))).all()
    assert not np.isin(cheapest, cut_back(Units(weekly), chosen, np.zeros(units.table.count))).all()


def test_a_limit_that_has_passed_leaves_a_plan_and_a_true_bound(weekly):
    best = Decomposition().solve(weekly, Request(gap=1e-4))
    found = Decomposition().solve(weekly, Request(deadline=time.monotonic()))
    assert (found.engine, found.limit, found.reproducible) == ("decomposition", Limit.TIME, False)
    assert evaluate(weekly, found.chosen).objective == found.objective
    assert 0.8 * best.objective < found.objective
    assert best.objective <= found.bound


def test_a_limit_between_prices_and_plan_leaves_a_plan_nearly_as_good(weekly):
    seen = []
    found = Decomposition().solve(
        weekly, Request(gap=1e-9, stopped=lambda: "polish" in seen, report=lambda progress: seen.append(progress.step))
    )
    assert found.limit is Limit.INTERRUPTED
    assert evaluate(weekly, found.chosen).objective == found.objective
    assert found.bound - found.objective < 0.01 * found.objective


def test_whatever_the_rules_a_plan_that_has_to_be_made_at_once_breaks_none(monkeypatch):
    monkeypatch.setattr(engine, "SMALL", -1)  # where exact would be asked
    monkeypatch.setattr(engine, "_greedy", lambda problem, clock: None)
    warm_up()
    problems = [problem for problem in map(random_problem, range(80)) if Decomposition().supports(problem) is None]
    plans = 0
    for problem in problems:
        try:
            found = Decomposition().solve(problem, Request(deadline=time.monotonic()))
        except (InfeasibleError, NoPlanError):
            continue
        plans += 1
        assert evaluate(problem, found.chosen).ok
        assert found.objective <= brute_force(problem).best <= found.bound
    assert plans > len(problems) / 3


def test_a_best_effort_that_would_be_wasted_is_no_plan():
    # Both contacts of the only customer would go, each being free to as long as the other stays.
    effort = Floor("some", 0, uses(2, (0, 1), (1, 1)), np.array([1]), Shortfall.BEST_EFFORT)
    full = Rows("full", uses(2, (0, 1), (1, 1)), np.array([-UNLIMITED]), np.array([0]))
    problem = make_problem([3, 2], customers=[0, 0], floors=(effort,), rows=(full,))
    ascent = Ascent(Units(problem, np.zeros(1, np.int64)), Clock(Request(gap=0.0)), 0.0)
    polish = Polish(ascent)
    offer_cut(polish, np.ones(2, np.uint8), np.zeros(1))
    assert polish.plan is None


def test_a_limit_below_zero_that_no_contact_brings_about_lets_nobody_go(weekly):
    nobody = Incidence.of([], [], [], kinds=weekly.kinds, instances=1)
    never = Rows("never", nobody, np.array([-UNLIMITED]), np.array([-1]))
    units, chosen = freely(replace(weekly, rows=(never,)))
    assert cut_back(units, chosen, np.zeros(1)).tolist() == chosen.tolist()
