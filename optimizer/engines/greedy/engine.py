"""The greedy engine: one walk, checked, and walked again without the lots that it could not fill."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from types import SimpleNamespace
from typing import Any

import numpy as np

from optimizer.engines.greedy.board import CELL, Board, make_board, reordered
from optimizer.engines.greedy.orders import ORDERS, order_of
from optimizer.errors import Finding, NoPlanError, UsageError
from optimizer.problem.evaluate import evaluate
from optimizer.problem.primitives import IntArray, Shortfall
from optimizer.problem.problem import Problem
from optimizer.problem.shortfalls import has_best_effort, shortfall
from optimizer.problem.solution import Limit, Reason, Request, Solution

SMALL = 20_000
"""Candidates up to which plain Python is faster than loading numba."""
COLD = 500_000
"""The same on a machine that has not compiled the walk yet: that takes some seconds, plain Python 12 µs a candidate."""
EACH, COLD_EACH = 3e-6, 12e-6
"""Seconds that a candidate takes in a walk, compiled and in plain Python."""
AT_ONCE = 0.6
"""Seconds that walks may take when there is no time left."""
EXACT = "use the exact engine"
ROUNDS = 50
"""Walks with ever more lots given up: enough to halve a million of them away, and some that come up later."""


class Greedy:
    """Take candidates in an order, whatever breaks nothing; minimums first.

    Parameters
    ----------
    order : str
        One of ``ORDERS``.
    ranks : mapping of str to (candidates,) int array, optional
        What the orders ``priority`` and ``first_come`` go by, low first.
    board : Board, optional
        The problem's, in any order, where somebody has made it already.
    """

    automatic = False

    def __init__(
        self, order: str = "value", ranks: Mapping[str, IntArray] | None = None, board: Board | None = None
    ) -> None:
        self.order, self.ranks, self.board = order, ranks, board
        self.name = "greedy" if order == "value" else f"greedy:{order}"

    def supports(self, problem: Problem) -> str | None:
        """Return why the problem is refused, None if it is not."""
        return None

    def estimate(self, problem: Problem) -> tuple[float, int]:
        """Return expected seconds and bytes."""
        return 0.2 + EACH * problem.candidates, 200_000_000 + 600 * problem.candidates

    def solve(self, problem: Problem, request: Request) -> Solution:
        """Walk.

        Raises
        ------
        NoPlanError
            If a minimum cannot be met this way; it names the rules.
        UsageError
            If the order is not known.
        """
        try:
            order = order_of(problem, self.order, self.ranks)
        except KeyError:
            raise UsageError(
                f"the greedy order {self.order!r} has no ranks", fix="use value or value_per_cost"
            ) from None
        first = greedy_plan(problem, order, hurry=isfinite(request.deadline), board=self.board)
        chosen = self._best_effort(problem, request, order, first)
        objective = check(problem, chosen, self.name)
        return Solution(
            chosen=chosen,
            objective=objective,
            bound=None,
            bound_by=None,
            reason=Reason.FEASIBLE,
            limit=Limit.EXHAUSTED,
            engine=self.name,
            detail=f"Candidates taken by {self.order.replace('_', ' ')}, whatever breaks no rule; nothing is proven.",
        )

    def _best_effort(self, problem: Problem, request: Request, order: IntArray, chosen: IntArray) -> IntArray:
        """Return a plan that falls no further short of best-effort floors than it must, beginning with ``chosen``.

        Units that fall short at all are compared with their least; if some could do better, the walk is repeated with
        the contacts that show it first.
        """
        from optimizer.engines.exact.effort import least_shortfall

        if not has_best_effort(problem):
            return chosen
        short = shortfall(problem, chosen) > 0
        if not np.any(short):
            return chosen
        least, better = least_shortfall(problem, request, short)
        if np.any(shortfall(problem, chosen)[short] > least[short]):
            later = np.ones(problem.candidates, np.int64)
            later[better] = 0
            chosen = greedy_plan(problem, order[np.argsort(later[order], kind="stable")], board=self.board)
            if np.any(shortfall(problem, chosen) > least):  # units that did not fall short at first may do so now
                raise NoPlanError(
                    [
                        Finding("solve", f.rule, f"{self.name} falls further short than it must", EXACT, rule=f.rule)
                        for f in problem.floors
                        if f.reaction is Shortfall.BEST_EFFORT
                    ]
                )
        return chosen


def walks_in_time(problem: Problem, request: Request) -> int:
    """Return how many walks, which nothing stops, are done in the time that is left, or nearly at once."""
    left = 0.0 if request.stopped() else request.seconds_left()
    if not isfinite(left):
        return len(ORDERS)
    each = (EACH if problem.candidates > SMALL and is_warm() else COLD_EACH) * max(problem.candidates, 1)
    return int(min(max(left, AT_ONCE) / each, len(ORDERS)))


def check(problem: Problem, chosen: IntArray, name: str) -> int:
    """Return the objective of a greedy plan.

    Raises
    ------
    NoPlanError
        If it breaks a rule; it names all that it breaks.
    """
    evaluation = evaluate(problem, chosen)
    findings = [
        Finding(f.stage, f.where, f"{name} found no plan: {f.what}", EXACT, f.count, f.rule)
        for f in evaluation.findings()
    ]
    if findings:
        raise NoPlanError(findings)
    return evaluation.objective


def greedy_plan(problem: Problem, order: IntArray, *, hurry: bool = False, board: Board | None = None) -> IntArray:
    """Walk in the given order and return what was chosen, legal or not.

    In a hurry it is not compiled where plain Python would be done before. The choice is the same.

    Of the cells (minimum lots, all-or-nothing minimums) that end up begun but not filled, the emptier half is closed,
    and the walk is repeated without them.
    """
    board = make_board(problem, order) if board is None else reordered(board, order)
    state: IntArray = board.state
    for _ in range(ROUNDS):
        after, chosen = _walk(board, state, hurry)
        broken = _begun_only(board, after)
        if not len(broken):
            break
        if state is board.state:
            state = state.copy()
        state[broken] = 1
    return np.flatnonzero(chosen)


def _walk(board: Board, state: IntArray, hurry: bool) -> tuple[IntArray, IntArray]:
    """Walk on a copy of the state; return it and the 0/1 choice."""
    if board.candidates > SMALL and not (hurry and board.candidates <= COLD and not is_warm()):
        from optimizer.engines.greedy.compiled import compiled_walk

        after, chosen = state.copy(), np.zeros(board.candidates, np.int64)
        compiled_walk()(board, after, chosen, np.zeros(board.widest + 1, np.int64))
        return after, chosen
    from optimizer.engines.greedy.kernel import walk

    lists: Any = SimpleNamespace(
        **{k: v.tolist() if isinstance(v, np.ndarray) else v for k, v in board._asdict().items()}
    )
    used, picked = state.tolist(), [0] * board.candidates
    walk(lists, used, picked, [0] * (board.widest + 1))
    return np.array(used, np.int64), np.array(picked, np.int64)


def is_warm() -> bool:
    """Say whether the walk has been compiled before."""
    from optimizer.engines.greedy.compiled import compiled_walk
    from optimizer.engines.jit import is_compiled

    return is_compiled(compiled_walk())


def _begun_only(board: Board, state: IntArray) -> IntArray:
    """Return the positions of the *closed* marks of the emptier half of the cells that hold some, but not their lot."""
    places, shares = [np.zeros(0, np.int64)], [np.zeros(0)]
    for part in np.flatnonzero(board.op == CELL):
        base, size = int(board.base[part]), int(board.size[part])
        used, lot = state[base : base + size], state[base + 2 * size : base + 3 * size]
        begun = np.flatnonzero((used != 0) & (used < lot))
        places.append(base + size + begun)
        shares.append(used[begun] / lot[begun])
    place, share = np.concatenate(places), np.concatenate(shares)
    return place[np.argsort(share, kind="stable")][: (len(place) + 1) // 2]
