"""The best plan and the best bound so far, each checked before it is believed."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from optimizer.engines.exact.effort import wasted_effort
from optimizer.engines.greedy.engine import greedy_plan
from optimizer.problem.evaluate import Evaluation, evaluate
from optimizer.problem.linear import Linear
from optimizer.problem.primitives import IntArray
from optimizer.problem.problem import Problem
from optimizer.problem.solution import Progress, Request

SLIGHT = 1e-6
"""A relative excess up to which a broken row is a float solver's tolerance, and its bound still stands."""


@dataclass(slots=True)
class Record:
    """What is known so far.

    Parameters
    ----------
    problem, linear, request
    least_shortfall : (units,) int array, optional
        See :func:`~optimizer.engines.exact.effort.least_shortfall`.
    """

    problem: Problem
    linear: Linear
    request: Request
    least_shortfall: IntArray | None = None
    chosen: IntArray | None = None
    objective: int | None = None
    bound: int | None = None
    step: str = ""
    told: int | None = None
    notes: list[str] = field(default_factory=list)

    def offer(self, chosen: IntArray) -> bool:
        """Weigh a plan and keep it if it is legal and better; say whether it is legal, or was so but for a hair.

        A plan that breaks a row by no more than a tolerance is repaired: its own contacts first, as far as they fit,
        then whatever else does.
        """
        evaluation = self._weigh(chosen)
        if evaluation is None:
            return False
        if evaluation.ok:
            self._keep(chosen, evaluation.objective)
            return True
        repaired = greedy_plan(self.problem, self._first(chosen))
        again = self._weigh(repaired)
        if again is not None and again.ok:
            self._keep(repaired, again.objective)
        return all(abs(v.used - v.limit) <= SLIGHT * abs(v.limit) for v in evaluation.violations)

    def lower(self, bound: int | None) -> bool:
        """Take a bound on the linear objective unless it lies below the checked plan; say whether it holds."""
        if bound is not None:
            quanta = self.linear.quanta_above(bound)
            if self.objective is not None and quanta < self.objective:
                return False
            if self.bound is None or quanta < self.bound:
                self.bound = quanta
                self._report()
        return True

    @property
    def gap(self) -> float:
        """Relative distance between bound and plan; infinite while one is missing."""
        if self.bound is None or self.objective is None:
            return float("inf")
        return max(0, self.bound - self.objective) / max(abs(self.objective), 1)

    def begin(self, step: str) -> None:
        """Forget what the last solver told: another one starts."""
        self.step, self.told = step, None

    def tell(self, chosen: IntArray | None, bound: int | None) -> None:
        """Hear of a plan or a bound while a search runs; the bound is kept apart until the search ends."""
        if chosen is not None:
            self.offer(chosen)
        if bound is not None and (self.told is None or bound < self.told):
            self.told = bound
            self.request.report(Progress(self.step, self.objective, self.linear.quanta_above(bound)))

    def _weigh(self, chosen: IntArray) -> Evaluation | None:
        """Weigh a plan; None for a set of positions that no plan can be, or for best efforts that were not made."""
        try:
            evaluation = evaluate(self.problem, chosen)
        except ValueError:
            return None
        if self.least_shortfall is not None and np.any(wasted_effort(self.problem, chosen, self.least_shortfall)):
            return None
        return evaluation

    def _keep(self, chosen: IntArray, objective: int) -> None:
        if self.objective is None or objective > self.objective:
            self.chosen, self.objective = chosen, objective
            self._report()

    def _first(self, chosen: IntArray) -> IntArray:
        """Return an order with the chosen ones first, then by value."""
        later = np.ones(self.problem.candidates, np.int64)
        later[chosen] = 0
        return np.lexsort((-np.asarray(self.problem.value), later))

    def _report(self) -> None:
        self.request.report(Progress(self.step, self.objective, self.bound))
