"""One exact run: solvers are tried in order until one is believed. Nothing that a solver says goes unchecked."""

from __future__ import annotations

import math
import time

from optimizer.engines.exact.answer import Answer, Claim, FloatArray, Task
from optimizer.engines.exact.child import left_for_child, search_in_child
from optimizer.engines.exact.record import Record
from optimizer.engines.exact.relaxation import row_prices
from optimizer.engines.exact.solvers import (
    CP_SAT,
    HUGE,
    HUGE_WORK,
    LP,
    SMALL,
    WORK,
    as_asked,
    choose_order,
    largest_activity,
    search,
    title,
    tolerance,
)
from optimizer.engines.exact.through_pulp import PREFIX
from optimizer.errors import InfeasibleError, NoPlanError
from optimizer.problem.solution import Limit, Reason, Solution

SHARE = 0.9
"""Of its time a solver is told; the rest is for stopping, as solvers overrun."""
LP_SHARE = 0.3
"""Of the time left that the prices may take before the search."""


class Run:
    """The search for one problem.

    Parameters
    ----------
    record : Record
        With a greedy plan, if there is one: the answer if the solvers find nothing better.
    name : str
        The engine's: ``exact``, or ``pulp:`` and a solver that is tried alone.
    """

    def __init__(self, record: Record, name: str = "exact") -> None:
        self.record = record
        self.name = name
        self.solver: str | None = None
        self.limit: Limit | None = None
        self.clocked = False
        self.unconfirmed = False
        self.first, self.why = "", ""
        self.duals: FloatArray | None = None

    def solution(self) -> Solution:
        """Search, and say what was found and how well it is proven.

        Raises
        ------
        InfeasibleError
            On CP-SAT's word, which is in whole numbers.
        NoPlanError
            If a limit came before any plan, or no solver could be believed.
        """
        linear = self.record.linear
        through_pulp = self.name.startswith(PREFIX)
        if linear.columns <= SMALL and not through_pulp:
            self._ask(CP_SAT, f"{linear.columns:,} columns, few enough to be proven in whole numbers")
            huge = largest_activity(linear) > HUGE  # its work takes far longer then, and often comes to nothing
            if huge:
                self._price(self._here(LP))
            self._take(CP_SAT, self._here(CP_SAT, work=HUGE_WORK if huge else WORK))
            if self._reached():
                if not huge:
                    self._price(self._here(LP))
                return self._solution()
        order, why = as_asked(linear, self.name) if through_pulp else choose_order(linear)
        self._ask(order[0], why)
        if self.record.problem.rows and self.duals is None:
            self._price(self._away(LP, LP_SHARE))
        for solver in order:
            if self.limit is None and not self._reached():
                self._take(solver, self._away(solver))
        if self.unconfirmed and CP_SAT not in order and self.record.chosen is None and self.limit is None:
            self._take(CP_SAT, self._away(CP_SAT))
        return self._solution()

    def _ask(self, first: str, why: str) -> None:
        self.first, self.why = first, why

    def _reached(self) -> bool:
        return self.record.gap <= self.record.request.gap

    def _here(self, solver: str, work: float | None = None) -> Answer | None:
        """Search in this process: for what takes a second at most, and to the end."""
        request = self.record.request
        try:
            return search(solver, self.record.linear, Task(0.0, request.seconds_left(), request.seed, work))
        except RuntimeError as failure:
            self._doubt(solver, str(failure))
            return None

    def _away(self, solver: str, share: float = 1.0) -> Answer | None:
        """Search in a child process, for a share of the time that is left."""
        request = self.record.request
        left = request.seconds_left()
        self.record.begin(title(solver))
        try:
            return search_in_child(
                solver,
                self.record.linear,
                Task(request.gap, SHARE * share * left, request.seed),
                self.record.tell,
                deadline=time.monotonic() + share * left,
                stopped=request.stopped,
                memory=left_for_child(request.memory),
            )
        except RuntimeError as failure:
            self._doubt(solver, str(failure))
            return None
        finally:
            if request.stopped():
                self.limit = Limit.INTERRUPTED
            elif request.seconds_left() <= (1.01 - SHARE) * left < math.inf:
                self.limit = Limit.TIME

    def _take(self, solver: str, answer: Answer | None) -> None:
        """Hold an answer against the evaluator and against what is known, and keep what stands."""
        record = self.record
        if answer is None:
            return
        if answer.claim is Claim.INFEASIBLE:
            self._infeasible(solver)
        elif answer.chosen is not None and not record.offer(answer.chosen):
            self._doubt(solver, "its plan breaks rules")
        elif not record.lower(record.told if answer.bound is None else answer.bound):
            self._doubt(solver, "its bound lies below a legal plan")
        else:
            self.solver = solver

    def _infeasible(self, solver: str) -> None:
        if self.record.chosen is not None:
            self._doubt(solver, "it says that no plan exists, but one does")
        elif solver != CP_SAT:
            self.unconfirmed = True
            self._doubt(solver, "it says that no plan exists, which takes CP-SAT's word")
        else:
            raise InfeasibleError("no plan obeys every rule", fix="lower a minimum, or raise a limit")

    def _price(self, answer: Answer | None) -> None:
        """Keep prices, and the bound that follows from them: it stands whatever happens to the search."""
        if answer is not None and answer.duals is not None and self.record.lower(answer.bound):
            self.duals = answer.duals
        else:
            self.clocked |= math.isfinite(self.record.request.deadline)

    def _doubt(self, solver: str, why: str) -> None:
        self.record.notes.append(f"{title(solver)} was not believed: {why}.")

    def _solution(self) -> Solution:
        record = self.record
        if record.chosen is None or record.objective is None:
            raise NoPlanError(_nothing(self.limit, record.notes), fix="give more time, or lower a minimum")
        loose = 0 if self.solver in (None, CP_SAT) else tolerance(record.linear, record.bound)
        proven = record.bound is not None and record.bound - record.objective <= loose
        limit = None if proven else Limit.GAP if self._reached() else self.limit or Limit.EXHAUSTED
        return Solution(
            chosen=record.chosen,
            objective=record.objective,
            bound=record.bound,
            bound_by=None if record.bound is None else "search",
            reason=Reason.OPTIMAL if proven else Reason.FEASIBLE,
            limit=limit,
            engine=f"exact ({title(self.solver)})",
            detail=" ".join([self._choice(), *record.notes]),
            prices=self._prices(),
            reproducible=not self.clocked and (self.limit is None or proven),
            extra={} if record.least_shortfall is None else {"least_shortfall": record.least_shortfall},
        )

    def _choice(self) -> str:
        """Say which solver's answer it is, and why that one was asked."""
        if self.solver is None:
            return "The plan by greedy choice: no solver had a better one."
        if self.solver == self.first:
            return f"{title(self.solver)}: {self.why}."
        return f"{title(self.solver)}, after {title(self.first)}."

    def _prices(self) -> dict[str, FloatArray] | None:
        if self.duals is None and self.record.problem.rows:
            return None
        return row_prices(self.record.problem, self.record.linear, self.duals)


def _nothing(limit: Limit | None, notes: list[str]) -> str:
    """Say why there is no plan."""
    why: dict[Limit | None, str] = {
        Limit.TIME: "the time limit came before any plan was found",
        Limit.INTERRUPTED: "the run was interrupted before any plan was found",
    }
    return " ".join([why.get(limit, "no solver found a plan that can be believed"), *notes]).rstrip(".")
