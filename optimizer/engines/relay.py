"""Engines one after the other: where the first stops short of the asked gap, the next goes on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from optimizer.engines.protocol import Engine
from optimizer.errors import NoPlanError, OptimizerError, cut
from optimizer.problem.problem import Problem
from optimizer.problem.solution import Limit, Progress, Reason, Request, Solution

PATIENCE = 600.0
"""Expected seconds beyond which a further engine is not tried."""
FAILED = "report this: it is a defect of contactopt; another engine may find a plan (solve.engine)"


class Relay:
    """What ``auto`` is: engines in the order in which they expect to be done.

    Parameters
    ----------
    engines : sequence of Engine
        At least one; each supports the problem.
    """

    automatic = False

    def __init__(self, engines: Sequence[Engine]) -> None:
        self._engines = tuple(engines)

    @property
    def name(self) -> str:
        """Name of the engine that begins."""
        return self._engines[0].name

    def supports(self, problem: Problem) -> str | None:
        """Return None: every engine of the relay supports the problem."""
        return None

    def estimate(self, problem: Problem) -> tuple[float, int]:
        """Return what the engine that begins expects."""
        return self._engines[0].estimate(problem)

    def solve(self, problem: Problem, request: Request) -> Solution:
        """Return the best plan and the tightest bound that were found.

        Raises
        ------
        InfeasibleError
            No plan exists, and that is proven.
        NoPlanError
            No engine found a plan.
        """
        best: Solution | None = None
        refusal: NoPlanError | None = None
        failures: list[str] = []
        for engine in self._engines:
            if (best or refusal) and engine.estimate(problem)[0] > PATIENCE:
                break
            if best is not None:
                request.report(Progress(f"{engine.name} goes on", best.objective, best.bound))
            try:
                found = engine.solve(problem, request)
            except NoPlanError as error:
                refusal = error
            except (OptimizerError, MemoryError):
                raise
            except Exception as failure:  # a defect of one engine: another one may have none
                what = str(failure).partition("\n")[0]
                refusal = NoPlanError(f"{engine.name} failed ({type(failure).__name__}: {cut(what)})", fix=FAILED)
                failures.append(f"{refusal.findings[0].what}.")
            else:
                best = found if best is None else better_of(best, found)
            if request.stopped() or request.seconds_left() <= 0 or (best and reached(best, request.gap)):
                break
        if best is None:
            assert refusal is not None
            raise refusal
        return replace(best, detail=" ".join([best.detail, *failures])) if failures else best


def reached(solution: Solution, gap: float) -> bool:
    """Say whether a solution is proven to be within a relative gap."""
    if solution.reason is Reason.OPTIMAL:
        return True
    return solution.bound is not None and solution.bound - solution.objective <= gap * abs(solution.objective)


def better_of(first: Solution, second: Solution) -> Solution:
    """Unite two solutions of one problem: the better plan, the tighter bound, and prices where one has them."""
    plan = second if second.objective > first.objective else first
    proofs = [s for s in (first, second) if s.bound is not None]
    proof = min(proofs, key=lambda s: s.bound or 0) if proofs else plan
    priced = proof if proof.prices is not None else first if first.prices is not None else second
    proven = [s for s in (first, second) if s.reason is Reason.OPTIMAL]
    optimal = bool(proven) or (proof.bound is not None and proof.bound <= plan.objective)
    return replace(
        plan,
        bound=proof.bound,
        bound_by=proof.bound_by,
        reason=Reason.OPTIMAL if optimal else Reason.FEASIBLE,
        limit=None if optimal else second.limit or Limit.EXHAUSTED,
        engine=plan.engine if plan is proof else f"{plan.engine}, bound by {proof.engine}",
        detail=f"{first.detail} {second.detail}".strip(),
        prices=priced.prices,
        reproducible=first.reproducible and second.reproducible,
        extra={**plan.extra, **proof.extra},
    )
