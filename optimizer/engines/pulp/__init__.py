"""Any solver that PuLP drives, under the exact engine's checks: ``pulp:CBC``, ``pulp:HiGHS_CMD``, ``pulp:SCIP_CMD``."""

from __future__ import annotations

from optimizer.engines.exact.engine import Exact
from optimizer.engines.exact.through_pulp import CBC, PREFIX
from optimizer.problem.problem import Problem


class Pulp(Exact):
    """The exact engine with a solver of PuLP's, run as a sub-process.

    Parameters
    ----------
    solver : str
        A name of ``pulp.listSolvers()`` that ends in ``_CMD``, or ``CBC`` for the bundled one.
    """

    automatic = False

    def __init__(self, solver: str = CBC) -> None:
        super().__init__(f"{PREFIX}{solver}")
        self.solver = solver

    def supports(self, problem: Problem) -> str | None:
        """Return why the problem is refused: when the solver is not to be had."""
        from optimizer.engines.exact.through_pulp import find_solver

        if find_solver(self.solver) is None:
            return f"PuLP has no solver {self.solver} here that runs as a sub-process"
        return None


def make(variant: str | None = None) -> Pulp:
    """Return the engine for a solver, the bundled CBC by default."""
    return Pulp(variant or CBC)


__all__ = ["Pulp", "make"]
