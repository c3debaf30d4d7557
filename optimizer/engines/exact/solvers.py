"""The solvers by name, and which of them a problem is given to."""

from __future__ import annotations

import numpy as np

from optimizer.engines.exact import through_pulp
from optimizer.engines.exact.answer import Answer, Task, Tell, silent
from optimizer.problem.linear import Linear

CP_SAT, HIGHS, LP = "cp-sat", "highs", "lp"
TITLES = {CP_SAT: "CP-SAT", HIGHS: "HiGHS", LP: "the LP relaxation"}

SMALL = 3_000
"""Columns up to which CP-SAT is tried in this process first: some hundredths of a second against 0.6 s for a child."""
MEDIUM = 20_000
"""Columns up to which CP-SAT finds good plans when floating point cannot be trusted with the amounts."""
TRUSTED = 2.0**50
"""Sums of a row beyond which doubles no longer tell a quantum apart."""
WORK = 1.0
"""CP-SAT's counted work in this process, about a second, so that the caller's wish to stop is heard in time."""
HUGE, HUGE_WORK = 2.0**40, 0.1
"""Sums of a row beyond which a tenth of that work takes as long, and often comes to nothing."""


def choose_order(linear: Linear) -> tuple[tuple[str, ...], str]:
    """Choose the solvers that are tried in a child process, in their order, and say why the first comes first.

    Measured on the weekly structure (59 rows across customers at 35 to 110 % of free demand), time to a gap of 1e-4 on
    one core. HiGHS: 0.45 s, 6 s, 169 s at 500, 2,000, 10,000 customers × 20 candidates. CP-SAT with eight strategies
    taking turns: 7 s, 17 s, and no plan worth having; with one or two strategies none at any of the sizes. SCIP: 1.1 s,
    9 s. Without the rows, or with the budget or the counts alone, HiGHS leads too. CP-SAT wins below some thousand
    columns, where it answers before another process has started, in whole numbers.
    """
    activity = largest_activity(linear)
    if linear.columns <= MEDIUM and activity > TRUSTED:
        return (CP_SAT, HIGHS), f"amounts add up to {activity:.1e} quanta, too many for floating point"
    return (HIGHS, CP_SAT), f"{linear.columns:,} columns, where it leads CP-SAT; its bound includes its tolerance"


def as_asked(linear: Linear, solver: str) -> tuple[tuple[str, ...], str]:
    """Return the one solver that was asked for, and that as the reason."""
    return (solver,), f"as asked, for {linear.columns:,} columns; its bound includes its tolerance"


def tolerance(linear: Linear, bound: int | None) -> int:
    """Return how far from its bound HiGHS may call a plan optimal, in value quanta."""
    from optimizer.engines.exact import math_opt

    unit = math_opt.objective_unit(linear)
    return int(2 * math_opt.tolerance(linear, (bound or 0) * linear.scale / unit) / linear.scale)


def largest_activity(linear: Linear) -> float:
    """Return the largest Σ |coefficient| · upper of a row."""
    reach = np.abs(linear.coefficient) * linear.column_upper[linear.column].astype(np.float64)
    filled = np.flatnonzero(np.diff(linear.start))
    return float(np.add.reduceat(reach, linear.start[filled]).max()) if len(filled) else 0.0


def title(solver: str | None) -> str:
    """Return a solver's name for people."""
    return "greedy" if solver is None else TITLES.get(solver, solver)


def search(solver: str, linear: Linear, task: Task, tell: Tell = silent) -> Answer:
    """Search with the named solver, in this process; ``LP`` solves the relaxation."""
    if solver == CP_SAT:
        from optimizer.engines.exact import cp_sat

        return cp_sat.solve(linear, task, tell)
    if solver.startswith(through_pulp.PREFIX):
        return through_pulp.solve(solver.removeprefix(through_pulp.PREFIX), linear, task)
    from optimizer.engines.exact import math_opt, relaxation

    if solver == LP:
        return relaxation.relax(linear, task)
    return math_opt.solve(linear, task, tell)
