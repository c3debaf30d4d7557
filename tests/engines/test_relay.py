"""``auto`` is a relay: the next engine goes on where the first one stops short, and nothing proven is lost."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest

from optimizer.engines.relay import PATIENCE, Relay
from optimizer.errors import NoPlanError
from optimizer.problem.problem import Problem
from optimizer.problem.solution import Limit, Reason, Request, Solution
from tests.engines.small import random_problem


@dataclass
class Scripted:
    """An engine that answers what it is told to."""

    name: str
    answer: Solution | None
    seconds: float = 1.0
    asked: int = 0
    automatic: bool = True

    def supports(self, problem: Problem) -> str | None:
        return None

    def estimate(self, problem: Problem) -> tuple[float, int]:
        return self.seconds, 0

    def solve(self, problem: Problem, request: Request) -> Solution:
        self.asked += 1
        if self.answer is None:
            raise NoPlanError("nothing found")
        return self.answer


def solution(objective: int, bound: int | None, *, by: str = "search") -> Solution:
    done = bound == objective
    return Solution(
        chosen=np.array([objective]),
        objective=objective,
        bound=bound,
        bound_by=None if bound is None else by,
        reason=Reason.OPTIMAL if done else Reason.FEASIBLE,
        limit=None if done else Limit.EXHAUSTED,
        engine=f"scripted {objective}",
    )


def test_the_next_engine_goes_on_where_the_gap_was_not_reached() -> None:
    first, second = Scripted("a", solution(90, 120, by="prices")), Scripted("b", solution(100, 130))
    found = Relay([first, second]).solve(random_problem(0), Request(gap=0.01))
    assert (found.objective, found.bound, found.bound_by) == (100, 120, "prices")
    assert found.reason is Reason.FEASIBLE


def test_a_plan_as_good_as_another_engines_bound_is_optimal() -> None:
    first, second = Scripted("a", solution(90, 100, by="prices")), Scripted("b", solution(100, 130))
    found = Relay([first, second]).solve(random_problem(0), Request(gap=0.0))
    assert found.reason is Reason.OPTIMAL
    assert found.limit is None


def test_a_proof_within_a_solvers_tolerance_stays_a_proof() -> None:
    proven = replace(solution(100, 101), reason=Reason.OPTIMAL, limit=None)
    found = Relay([Scripted("a", solution(90, 130)), Scripted("b", proven)]).solve(random_problem(0), Request(gap=0.0))
    assert (found.reason, found.limit, found.bound) == (Reason.OPTIMAL, None, 101)


def test_nobody_goes_on_when_the_gap_is_reached() -> None:
    first, second = Scripted("a", solution(100, 100)), Scripted("b", solution(100, 100))
    Relay([first, second]).solve(random_problem(0), Request(gap=0.0))
    assert second.asked == 0


def test_an_engine_that_would_take_too_long_is_not_tried() -> None:
    first, second = Scripted("a", solution(90, 120)), Scripted("b", solution(100, 100), seconds=PATIENCE + 1)
    assert Relay([first, second]).solve(random_problem(0), Request(gap=0.0)).objective == 90
    assert second.asked == 0


def test_nobody_goes_on_after_a_stop_or_the_deadline() -> None:
    for request in (Request(gap=0.0, stopped=lambda: True), Request(gap=0.0, deadline=0.0)):
        second = Scripted("b", solution(100, 100))
        Relay([Scripted("a", solution(90, 120)), second]).solve(random_problem(0), request)
        assert second.asked == 0


def test_where_nobody_finds_a_plan_that_is_said() -> None:
    with pytest.raises(NoPlanError, match="nothing found"):
        Relay([Scripted("a", None), Scripted("b", None)]).solve(random_problem(0), Request())


def test_a_plan_that_only_the_second_finds_is_returned() -> None:
    assert (
        Relay([Scripted("a", None), Scripted("b", solution(7, None))]).solve(random_problem(0), Request()).bound is None
    )
