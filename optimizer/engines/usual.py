"""What usual practice reaches: beside every plan, in place of a worse one, and where an engine has none."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from optimizer.errors import AuditError, InfeasibleError, NoPlanError
from optimizer.problem.primitives import IntArray
from optimizer.problem.problem import Problem
from optimizer.problem.solution import Limit, Request, Solution

if TYPE_CHECKING:
    from optimizer.engines.greedy import Greedy

COMPARED = 1_000_000
"""Candidates up to which every order is walked through; beyond, that would take longer than the solve."""
Ranks = Mapping[str, IntArray]


def baselines(
    problem: Problem, ranks: Ranks | None = None, request: Request | None = None
) -> dict[str, Solution | None]:
    """Return the plan that each usual practice makes, None where it finds none.

    Parameters
    ----------
    ranks : mapping of str to (candidates,) int array, optional
        ``priority`` and ``first_come``: the rank of each candidate, low first. An order without ranks is left out.
    request : Request, optional
        Where its deadline leaves no time for all orders, only the first ones are gone through.
    """
    from optimizer.engines.greedy import ORDERS, RANKED, Greedy
    from optimizer.engines.greedy.board import make_board
    from optimizer.engines.greedy.compiled import compiled_walk
    from optimizer.engines.greedy.engine import SMALL, walks_in_time

    request = request or Request()
    orders = [order for order in ORDERS if order not in RANKED or order in (ranks or {})]
    orders = orders[: walks_in_time(problem, request)]
    if not orders:
        return {}
    board = make_board(problem, np.arange(problem.candidates))
    if problem.candidates > SMALL:
        compiled_walk()  # once, not in each thread
    with ThreadPoolExecutor(max(1, request.threads)) as pool:
        found = pool.map(lambda order: _walked(problem, Greedy(order, ranks, board), request), orders)
        return dict(zip(orders, found, strict=True))


def _walked(problem: Problem, greedy: Greedy, request: Request) -> Solution | None:
    try:
        return greedy.solve(problem, request)
    except (InfeasibleError, NoPlanError):
        return None


def never_worse(solution: Solution, practice: Mapping[str, Solution | None]) -> Solution:
    """Return the solution, with the plan of the best usual practice in it where a limit stopped the search too soon."""
    name, best = _best(practice)
    if best is None or best.objective <= solution.objective:
        return solution
    taken = f"The plan of usual practice, {name.replace('_', ' ')}: the search had none better when it stopped."
    return replace(solution, chosen=best.chosen, objective=best.objective, detail=taken)


def instead(problem: Problem, ranks: Ranks, request: Request, why: NoPlanError, *, late: bool = False) -> Solution:
    """Return the plan of usual practice in place of one that an engine does not have, as its time was over (``late``).

    Raises
    ------
    NoPlanError
        Usual practice has none either, or somebody asked the run to stop: ``why``.
    """
    from optimizer.engines.greedy import Greedy
    from optimizer.engines.greedy.engine import walks_in_time

    if request.stopped() or not walks_in_time(problem, request):
        raise why
    if late or problem.candidates > COMPARED:
        practice = {"value": _walked(problem, Greedy("value", ranks), request)}
    else:
        practice = baselines(problem, ranks, request)
    name, best = _best(practice)
    if best is None:
        raise why
    detail = f"The plan of usual practice, {name.replace('_', ' ')}: {why.findings[0].what.rstrip('.')}."
    return replace(best, detail=detail, limit=Limit.TIME if late else best.limit, reproducible=not late)


def _best(practice: Mapping[str, Solution | None]) -> tuple[str, Solution | None]:
    found = ((name, solution) for name, solution in practice.items() if solution)
    return max(found, key=lambda one: one[1].objective, default=("", None))


def refuse_refuted(problem: Problem, ranks: Ranks) -> None:
    """Refuse an engine's word that there is no plan, where usual practice makes one.

    Raises
    ------
    AuditError
    """
    for name, found in baselines(problem, ranks).items():
        if found is not None:
            what = f"the engine says that no plan obeys every rule, but {name.replace('_', ' ')} makes one"
            raise AuditError(what, where="solve.engine", fix="another engine finds a plan: set solve.engine")
