"""The exact engine: linear form in, proven plan out."""

from __future__ import annotations

from optimizer.engines.exact.effort import least_shortfall
from optimizer.engines.exact.record import Record
from optimizer.engines.exact.run import Run
from optimizer.engines.greedy.engine import greedy_plan
from optimizer.engines.greedy.orders import order_of
from optimizer.problem.linearize import linearize
from optimizer.problem.problem import Problem
from optimizer.problem.shortfalls import has_best_effort
from optimizer.problem.solution import Progress, Request, Solution

SMALL, AWAY = 5_000, 1.5
"""Candidates beyond which solvers in other processes do the work, and the seconds that starting them takes."""


class Exact:
    """The whole problem as a MIP through OR-Tools: CP-SAT where it is small, HiGHS beyond.

    ``Request.threads`` is not used: CP-SAT's strategies take turns and HiGHS runs alone, so that the answer does not
    depend on the number of cores.

    Parameters
    ----------
    name : str
        ``exact``, or ``pulp:`` and a solver of PuLP's that takes the place of HiGHS and CP-SAT.
    """

    automatic = True

    def __init__(self, name: str = "exact") -> None:
        self.name = name

    def supports(self, problem: Problem) -> str | None:
        """Return why the problem is refused, None if it is not."""
        return None

    def estimate(self, problem: Problem) -> tuple[float, int]:
        """Return expected seconds and bytes, from the weekly structure: time grows with the square of the size.

        Each row that measures its contacts is a knapsack, and makes the search as much longer again. Above a small
        size, other processes are started for prices and for the search.
        """
        started = AWAY if problem.candidates > SMALL else 0.0
        knapsacks = sum(rows.size for rows in problem.rows if rows.measure is not None)
        seconds = 0.05 + started + 1.1e-8 * problem.candidates**2 * (1 + knapsacks)
        return seconds, 250_000_000 + 8_000 * problem.candidates

    def solve(self, problem: Problem, request: Request) -> Solution:
        """Search until the asked gap, a limit, or the proof.

        Small problems are proven to the end whatever gap is asked.

        Raises
        ------
        InfeasibleError
            If no plan exists, proven by CP-SAT in whole numbers.
        NoPlanError
            If a limit came before any plan, or no solver could be believed.
        """
        least = least_shortfall(problem, request)[0] if has_best_effort(problem) else None
        request.report(Progress("build"))
        record = Record(problem, linearize(problem, least), request, least, step="greedy")
        for order in ("value", "value_per_cost"):
            if record.chosen is None:
                record.offer(greedy_plan(problem, order_of(problem, order)))
        return Run(record, self.name).solution()
