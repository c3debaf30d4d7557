"""CP-SAT from sparse arrays: whole numbers from end to end, so that its answers and bounds need no tolerance."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from optimizer.engines.exact.answer import Answer, Claim, Task, Tell, silent
from optimizer.problem.linear import Linear
from optimizer.problem.primitives import UNLIMITED, IntArray

NO_LIMIT = 2**63 - 1
PORTFOLIO = 8
"""Search strategies that take turns in a fixed order, so that no clock decides; fewer find far worse plans."""


def build(linear: Linear) -> Any:
    """Write the linear form as a CP-SAT model that minimises the negative objective.

    Returns
    -------
    CpModelProto
        The wrapper's own type: python protobuf messages are not accepted by the solver.
    """
    from ortools.sat.python import cp_model_helper

    model = cp_model_helper.CpModelProto()
    _columns(model, cp_model_helper.IntegerVariableProto, linear)
    start, column, coefficient = linear.start.tolist(), linear.column.tolist(), linear.coefficient.tolist()
    lower = np.where(linear.lower <= -UNLIMITED, -NO_LIMIT - 1, linear.lower).tolist()
    upper = np.where(linear.upper >= UNLIMITED, NO_LIMIT, linear.upper).tolist()
    for row in range(linear.rows):
        first, last = start[row], start[row + 1]
        expression = model.constraints.add().linear
        expression.vars.extend(column[first:last])
        expression.coeffs.extend(coefficient[first:last])
        expression.domain.extend((lower[row], upper[row]))
    priced = np.flatnonzero(linear.objective)
    model.objective.vars.extend(priced.tolist())
    model.objective.coeffs.extend((-linear.objective[priced]).tolist())
    return model


def _columns(model: Any, variable: Any, linear: Linear) -> None:
    """Add the columns; equal neighbours share one message, as nearly all of them are 0 or 1."""
    limits = np.stack([linear.column_lower, linear.column_upper])
    change = np.flatnonzero(np.any(limits[:, 1:] != limits[:, :-1], axis=0)) + 1
    for first, last in zip([0, *change.tolist()], [*change.tolist(), linear.columns], strict=True):
        if last > first:
            one = variable()
            one.domain.extend(limits[:, first].tolist())
            model.variables.extend([one] * (last - first))


def solve(linear: Linear, task: Task, tell: Tell = silent) -> Answer:
    """Search with CP-SAT.

    Raises
    ------
    RuntimeError
        If the solver refuses the model, for example because sums leave 64 bits.
    """
    from ortools.sat.python import cp_model_helper

    model = build(linear)
    solver: Any = cp_model_helper.SolveWrapper()
    solver.set_parameters(_parameters(cp_model_helper.SatParameters(), task))

    class Listener(cp_model_helper.SolutionCallback):
        def OnSolutionCallback(self) -> None:  # noqa: N802
            chosen = [j for j in range(linear.candidates) if self.SolutionBooleanValue(j)]
            tell(np.array(chosen, np.int64), None)

    if tell is not silent:
        listener = Listener()  # the solver does not keep it alive
        solver.add_solution_callback(listener)
        solver.add_best_bound_callback(lambda bound: tell(None, math.floor(-bound)))
    response = solver.solve(model)
    status = response.status
    names = cp_model_helper.CpSolverStatus
    if status == names.INFEASIBLE:
        return Answer(Claim.INFEASIBLE)
    if status == names.MODEL_INVALID:
        raise RuntimeError("CP-SAT refuses the model")
    bound = -int(response.inner_objective_lower_bound)
    if status not in (names.OPTIMAL, names.FEASIBLE):
        return Answer(Claim.NOTHING, note="CP-SAT found no plan in its time")
    claim = Claim.OPTIMAL if status == names.OPTIMAL else Claim.FEASIBLE
    return Answer(claim, _ones(np.array(response.solution, np.int64)[: linear.candidates]), bound)


def _ones(x: IntArray) -> IntArray:
    return np.flatnonzero(x)


def _parameters(parameters: Any, task: Task) -> Any:
    parameters.relative_gap_limit = task.gap
    # Interrupts are the caller's: the solver would take its handler away, and with it the plan in hand.
    parameters.catch_sigint_signal = False
    parameters.random_seed = task.seed % 2**31
    if task.work is None:
        parameters.num_workers = PORTFOLIO
        parameters.interleave_search = True
    else:
        parameters.num_workers = 1
        parameters.max_deterministic_time = task.work
    if math.isfinite(task.seconds):
        parameters.max_time_in_seconds = task.seconds
    return parameters
