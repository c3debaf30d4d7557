"""Any solver that PuLP runs as a sub-process."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

from optimizer.engines.exact.answer import Answer, Claim, Task
from optimizer.engines.exact.math_opt import ones
from optimizer.problem.export import load_pulp, to_pulp
from optimizer.problem.linear import Linear

PREFIX = "pulp:"
CBC = "CBC"
BUNDLED = ("PULP_CBC_CMD", "COIN_CMD")
"""What *CBC* means: the one bundled with PuLP 3, or the one installed beside PuLP 4."""


def find_solver(name: str, **options: Any) -> Any | None:
    """Return PuLP's solver of a name, None if it is not installed or would run in this process.

    Only sub-processes (``…_CMD``) are taken: other interfaces load libraries that clash with OR-Tools'.
    """
    pulp = load_pulp()
    for known in BUNDLED if name == CBC else (name,):
        if known.endswith("_CMD") and known in pulp.listSolvers():
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)
                solver = pulp.getSolver(known, msg=False, **options)
            if solver.available():
                return solver
    return None


def solve(name: str, linear: Linear, task: Task) -> Answer:
    """Search with a solver of PuLP.

    PuLP tells no bound and calls plans optimal that a time limit cut short (``LpStatus``), so only ``sol_status`` is
    looked at: an optimal solution there is claimed to be within the asked gap.

    Raises
    ------
    RuntimeError
        If the solver is missing, fails, or answers with fractions.
    """
    pulp = load_pulp()
    seconds = {"timeLimit": max(1, math.floor(task.seconds))} if math.isfinite(task.seconds) else {}
    solver = find_solver(name, gapRel=task.gap / 2, **seconds)  # half, as solvers divide by different things
    if solver is None:
        raise RuntimeError(f"PuLP has no sub-process solver {name} here")
    model, columns = to_pulp(linear, 0)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model.solve(solver)
    except pulp.PulpSolverError as failure:
        raise RuntimeError(str(failure)) from failure
    if model.sol_status == pulp.LpSolutionInfeasible:
        return Answer(Claim.INFEASIBLE)
    if model.sol_status not in (pulp.LpSolutionOptimal, pulp.LpSolutionIntegerFeasible):
        return Answer(Claim.NOTHING, note=f"{name} found no plan in its time")
    x = np.array([0.0 if c.varValue is None else c.varValue for c in columns])
    chosen = ones(x[: linear.candidates])
    if model.sol_status != pulp.LpSolutionOptimal:
        return Answer(Claim.FEASIBLE, chosen)
    reached = int(np.dot(linear.objective, np.rint(x).astype(np.int64)))
    return Answer(Claim.OPTIMAL, chosen, reached + math.floor(abs(reached) * task.gap))
