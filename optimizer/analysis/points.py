"""The points of a sweep, solved one after the other over the same tables, each from its neighbour's prices."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from optimizer.analysis.infeasibility import explain
from optimizer.analysis.neighbours import Neighbours
from optimizer.compile.again import with_limits
from optimizer.compile.build import Compiled
from optimizer.engines import choose, watched
from optimizer.engines.relay import reached
from optimizer.errors import AuditError, InfeasibleError, NoPlanError, OptimizerError
from optimizer.plan.accounts import row_prices
from optimizer.plan.assemble import certificate
from optimizer.plan.progress import Observer, Silent
from optimizer.problem.evaluate import evaluate
from optimizer.problem.solution import Progress, Request, Solution
from optimizer.scenario import Scenario
from optimizer.solve import Stopwatch, build, grace_of, request_for

LIMITS = ("at_most", "at_least", "exactly")
PATIENCE = 10.0
"""Seconds for the reason why a point has no plan."""


@dataclass(frozen=True, slots=True)
class Point:
    """One point of a sweep.

    Parameters
    ----------
    values : tuple
        Of the varied paths.
    status : {"optimal", "feasible", "infeasible", "no plan", "error"}
        *Infeasible* and *optimal* are said only with a proof.
    objective, bound, gap : float, optional
    contacts : int, optional
    prices : tuple of float or None
        For each varied path: what one more unit of that limit is worth, by the engine's prices. None for what is no
        limit of a constraint, or when the engine gave no prices.
    reason : str, optional
        Why there is no plan.
    seconds : float
    by : {"search", "neighbours"}
        Whether the point was solved, or its plan and bound come from solved neighbours: proven to be within the asked
        gap all the same.
    """

    values: tuple[Any, ...]
    status: str
    objective: float | None
    bound: float | None
    gap: float | None
    contacts: int | None
    prices: tuple[float | None, ...]
    reason: str | None
    seconds: float
    by: str = "search"

    def stopped_before(self, gap: float) -> bool:
        """Say whether a limit came before a plan within this gap, or any; what is infeasible was not stopped."""
        return self.status == "no plan" or (self.status == "feasible" and (self.gap is None or self.gap > gap))


def without_plan(values: tuple[Any, ...], status: str, reason: str, seconds: float) -> Point:
    """Return a point that has no plan, and why."""
    return Point(values, status, None, None, None, None, (None,) * len(values), reason, seconds)


class Bench:
    """Holds what neighbouring points share: the tables, the compiled problem, and the last prices.

    Parameters
    ----------
    scenario : Scenario
        Of the first point; resolved.
    frames : mapping of table to frame
    observer : Observer
        Is told about reading and compiling, once.
    """

    def __init__(self, scenario: Scenario, frames: Mapping[str, Any], observer: Observer) -> None:
        self._frames, self._observer = frames, observer
        self._compiled = build(scenario, frames, observer=observer, keep_world=True)
        self._neighbours = Neighbours()
        self._prices: Mapping[str, npt.NDArray[np.float64]] | None = None

    def solve(
        self, values: tuple[Any, ...], scenario: Scenario, paths: Sequence[str], report: Callable[[Progress], None]
    ) -> Point:
        """Solve one point.

        Raises
        ------
        AuditError
            The engine's plan breaks a compiled rule.
        OptimizerError
            The scenario or its data, where they need compiling again.
        """
        watch = Stopwatch()

        def failed(status: str, reason: str) -> Point:
            return without_plan(values, status, reason, _since(watch))

        request = replace(request_for(scenario, self._observer, watch), report=report, prices=self._prices)
        try:
            self._compile(scenario)
            solution, searched = self._solution(scenario, request)
        except InfeasibleError as error:
            return failed("infeasible", self._why(error, request))
        except NoPlanError as error:
            return failed("no plan", error.findings[0].what)
        compiled = self._compiled
        objective = compiled.value(solution.objective)
        bound, gap = certificate(compiled, solution, objective)
        return Point(
            values=values,
            status=solution.reason.value,
            objective=float(objective),
            bound=bound,
            gap=gap,
            contacts=len(solution.chosen),
            prices=tuple(_price(compiled, solution, path) for path in paths),
            reason=None,
            seconds=_since(watch),
            by="search" if searched else "neighbours",
        )

    def _solution(self, scenario: Scenario, request: Request) -> tuple[Solution, bool]:
        """Return a checked plan, and whether it took a search: a neighbour's is taken if proven to be good enough."""
        problem = self._compiled.problem
        known = self._neighbours.improved(problem, None, request.gap)
        if known is not None and reached(known, request.gap):
            return known, False
        start = self._neighbours.prices(problem)
        request = request if start is None else replace(request, prices=start)
        found = watched(
            choose(problem, scenario.solve.engine)[0], problem, request, grace_of(scenario, problem.candidates)
        )
        if not evaluate(problem, found.chosen).ok:
            raise AuditError("the engine's plan breaks a rule", where="sweep", fix="choose another solve.engine")
        best = self._neighbours.improved(problem, found) or found
        self._neighbours.add(problem, found, best)
        self._prices = found.prices if found.prices is not None else self._prices
        return best, True

    def _compile(self, scenario: Scenario) -> None:
        if scenario.scenario_hash == self._compiled.scenario.scenario_hash:
            return
        found = with_limits(self._compiled, scenario)
        if found is None:
            found = build(scenario, self._frames, observer=_Stops(self._observer), keep_world=True)
            self._compiled.tables.close()
        self._compiled = found

    def _why(self, error: InfeasibleError, request: Request) -> str:
        """Say in one sentence why no plan exists."""
        soon = replace(request, deadline=min(request.deadline, time.monotonic() + PATIENCE))
        try:
            told: OptimizerError = explain(self._compiled, error, soon)
        except OptimizerError:
            told = error
        return told.findings[0].what


class _Stops(Silent):
    """Says nothing, and stops when somebody else is told to."""

    def __init__(self, observer: Observer) -> None:
        self.stopped = observer.stopped  # type: ignore[method-assign]


def _since(watch: Stopwatch) -> float:
    return round(time.monotonic() - watch.began, 3)


def _price(compiled: Compiled, solution: Solution, path: str) -> float | None:
    """Return what one more unit of a limit is worth: for a limit per group, one more for each group."""
    section, _, rest = path.partition(".")
    name, _, key = rest.rpartition(".")
    rows = row_prices(compiled, solution)
    if section != "constraints" or key not in LIMITS or rows is None:
        return None
    return sum((row["price"] for row in rows if row["name"] == name), 0.0)
