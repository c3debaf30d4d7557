"""What every engine is."""

from __future__ import annotations

from typing import Protocol

from optimizer.problem.problem import Problem
from optimizer.problem.solution import Request, Solution


class Engine(Protocol):
    """A problem in, a solution out.

    An engine is a folder of this package whose ``make(variant)`` returns one; ``variant`` is what follows the colon
    in names like ``greedy:value_per_cost``, else None. A folder may have a ``warm_up()`` too, to compile its kernels,
    and a ``load()`` that fetches compiled ones.
    """

    @property
    def name(self) -> str:
        """Name by which it is asked for."""
        ...

    @property
    def automatic(self) -> bool:
        """Whether ``auto`` may choose it: engines that prove how good their plans are."""
        ...

    def supports(self, problem: Problem) -> str | None:
        """Return why the problem is refused, None if it is not."""
        ...

    def estimate(self, problem: Problem) -> tuple[float, int]:
        """Return the expected seconds and bytes of memory, roughly."""
        ...

    def solve(self, problem: Problem, request: Request) -> Solution:
        """Return a plan that breaks no rule.

        Raises
        ------
        InfeasibleError
            No plan exists, and that is proven.
        NoPlanError
            A limit came, or nothing was left to try, before any plan.
        """
        ...
