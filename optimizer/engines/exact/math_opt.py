"""HiGHS and LP solvers of OR-Tools through MathOpt's column-wise model: filled from arrays, without scipy.

Floats from here on, so answers are claims within tolerances: whole numbers are checked, bounds are rounded up by more
than the tolerance, and every plan is weighed again in exact arithmetic by the caller.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Any

import numpy as np

from optimizer.engines.exact.answer import Answer, Claim, FloatArray, Task, Tell, silent
from optimizer.engines.watchdog import leave
from optimizer.problem.linear import Linear
from optimizer.problem.primitives import UNLIMITED, IntArray

WHOLE = 1e-5
"""How far from a whole number a column of an answer may lie; further is a lie."""
TOLERANCE = 1e-6
"""HiGHS stops within this of its bound, in units of the scaled objective; bounds are loosened by it."""
LOOK = 0.05
"""Seconds between two looks whether the caller wishes to stop."""
LARGE = 2.0**16
"""Coefficients beyond this are scaled down by a power of two: tolerances are absolute, and made for such numbers."""


def scale_down(largest: float) -> float:
    """Return the power of two that brings ``largest`` to ``LARGE`` or below, 1 if it is there already."""
    return 1.0 if largest <= LARGE else 2.0 ** math.ceil(math.log2(largest / LARGE))


def objective_unit(linear: Linear) -> float:
    """Return how many units of ``linear.objective`` one unit of the model's objective is."""
    return scale_down(float(np.abs(linear.objective).max(initial=0)))


def row_units(linear: Linear) -> FloatArray:
    """Return what each row is divided by, a power of two. Shape (rows,)."""
    largest = np.ones(linear.rows)
    filled = np.flatnonzero(np.diff(linear.start))
    if len(filled):
        largest[filled] = np.maximum.reduceat(np.abs(linear.coefficient), linear.start[filled])
    return np.exp2(np.ceil(np.log2(np.maximum(largest / LARGE, 1.0))))


def build(linear: Linear, *, whole: bool = True) -> Any:
    """Write the linear form as a MathOpt model; ``whole=False`` gives its LP relaxation.

    Returns
    -------
    ModelProto
        Its objective counts in :func:`objective_unit`, its rows in :func:`row_units`.
    """
    from ortools.math_opt import model_pb2

    model = model_pb2.ModelProto()
    columns, rows, matrix = model.variables, model.linear_constraints, model.linear_constraint_matrix
    columns.ids.extend(range(linear.columns))
    columns.lower_bounds.extend(linear.column_lower.tolist())
    columns.upper_bounds.extend(linear.column_upper.tolist())
    columns.integers.extend([whole] * linear.columns)
    priced = np.flatnonzero(linear.objective)
    model.objective.maximize = True
    model.objective.linear_coefficients.ids.extend(priced.tolist())
    model.objective.linear_coefficients.values.extend((linear.objective[priced] / objective_unit(linear)).tolist())
    unit = row_units(linear)
    rows.ids.extend(range(linear.rows))
    rows.lower_bounds.extend(np.where(linear.lower <= -UNLIMITED, -math.inf, linear.lower / unit).tolist())
    rows.upper_bounds.extend(np.where(linear.upper >= UNLIMITED, math.inf, linear.upper / unit).tolist())
    row = np.repeat(np.arange(linear.rows), np.diff(linear.start))
    order = np.lexsort((linear.column, row))
    matrix.row_ids.extend(row[order].tolist())
    matrix.column_ids.extend(linear.column[order].tolist())
    matrix.coefficients.extend((linear.coefficient[order] / unit[row[order]]).tolist())
    return model


def run(model: Any, solver: str, parameters: Any, listen: Any = None, stopped: Callable[[], bool] | None = None) -> Any:
    """Solve a MathOpt model; the one place that touches MathOpt's core.

    Parameters
    ----------
    stopped : callable, optional
        Asked now and then; when it says so, :class:`Abandoned` is raised at once, and the solver ends when it hears of
        it, in a thread that nobody waits for: it may be deep in an LP.
    """
    from ortools.math_opt import callback_pb2, model_parameters_pb2, parameters_pb2
    from ortools.math_opt.core.python import solver as core
    from ortools.util.python.pybind_solve_interrupter import PySolveInterrupter

    interrupter, answer = PySolveInterrupter(), Future[Any]()

    def work() -> None:
        try:
            found = core.solve(
                model,
                getattr(parameters_pb2, f"SOLVER_TYPE_{solver}"),
                parameters_pb2.SolverInitializerProto(),
                parameters,
                model_parameters_pb2.ModelSolveParametersProto(),
                listen,
                callback_pb2.CallbackRegistrationProto(),
                None,
                None if solver == "GSCIP" else interrupter,  # SCIP hears it late, and complains of it on stderr
            )
        except BaseException as failure:  # the caller's to deal with
            answer.set_exception(failure)
        else:
            answer.set_result(found)

    if stopped is None:
        work()
        return answer.result()
    thread = Thread(target=work, name=solver, daemon=True)
    thread.start()
    while True:
        try:
            return answer.result(timeout=LOOK)
        except TimeoutError:
            if stopped():
                interrupter.interrupt()
                leave(thread)
                raise Abandoned from None


class Abandoned(Exception):
    """The caller wished to stop before the solver was done."""


def limits(seconds: float, seed: int = 0) -> Any:
    """Return solve parameters with a time limit and a seed."""
    from ortools.math_opt import parameters_pb2

    parameters = parameters_pb2.SolveParametersProto(random_seed=seed % 2**31)
    if math.isfinite(seconds):
        parameters.time_limit.FromMilliseconds(max(1, int(seconds * 1000)))
    return parameters


def solve(linear: Linear, task: Task, tell: Tell = silent) -> Answer:
    """Search with HiGHS.

    HiGHS cannot be handed a plan to begin with here, and cannot be interrupted; its improving plans are read from the
    file that it writes them to.

    Raises
    ------
    RuntimeError
        If the answer is not what a solver may answer: no numbers, or fractions.
    """
    from ortools.math_opt import result_pb2

    parameters = limits(task.seconds, task.seed)
    parameters.relative_gap_tolerance = task.gap
    with TemporaryDirectory(prefix="contactopt-") as folder:
        file = Path(folder) / "plans"
        parameters.highs.bool_options["mip_improving_solution_save"] = True
        parameters.highs.string_options["mip_improving_solution_file"] = str(file)
        result = run(build(linear), "HIGHS", parameters, None if tell is silent else Listener(linear, file, tell))
    reason = result.termination.reason
    if reason in (
        result_pb2.TERMINATION_REASON_INFEASIBLE,
        result_pb2.TERMINATION_REASON_INFEASIBLE_OR_UNBOUNDED,
    ):
        return Answer(Claim.INFEASIBLE)
    bound = round_up(linear, result.termination.objective_bounds.dual_bound)
    if not result.solutions or not result.solutions[0].HasField("primal_solution"):
        return Answer(Claim.NOTHING, None, bound, note="HiGHS found no plan in its time")
    x = np.zeros(linear.columns)
    values = result.solutions[0].primal_solution.variable_values
    x[np.array(values.ids, np.int64)] = values.values
    claim = Claim.OPTIMAL if reason == result_pb2.TERMINATION_REASON_OPTIMAL else Claim.FEASIBLE
    return Answer(claim, ones(x[: linear.candidates]), bound)


def ones(x: FloatArray) -> IntArray:
    """Return the positions that are 1 in a nearly whole 0/1 array; fractions and NaN raise RuntimeError."""
    if not np.all(np.abs(x - np.rint(x)) <= WHOLE):
        raise RuntimeError("the answer holds fractions")
    chosen: IntArray = np.flatnonzero(np.rint(x))
    return chosen


def tolerance(linear: Linear, bound: float) -> float:
    """Return by how much a float bound is loosened, in units of ``linear.objective``."""
    return objective_unit(linear) * (TOLERANCE + 1e-9 * abs(bound))


def round_up(linear: Linear, bound: float) -> int | None:
    """Turn a float bound into a whole one that holds whatever the solver's tolerances; None if it says nothing."""
    if not math.isfinite(bound):
        return None
    return math.floor(bound * objective_unit(linear) + tolerance(linear, bound))


class Listener:
    """Reads HiGHS's log for bounds and its file of improving plans, and tells of both."""

    def __init__(self, linear: Linear, file: Path, tell: Tell) -> None:
        self.linear, self.file, self.tell = linear, file, tell
        self.read = 0

    def __call__(self, lines: Sequence[str]) -> None:
        """Hear some lines of the log."""
        for line in lines:
            bound = log_bound(line)
            if bound is not None:
                self.tell(None, round_up(self.linear, bound))
        if self.file.exists() and self.file.stat().st_size > self.read:
            self._plans()

    def _plans(self) -> None:
        """Tell the newest plan that is whole in the file; the last block may still be cut."""
        with self.file.open() as stream:
            stream.seek(self.read)
            blocks = stream.read().split("Objective ")
        self.read += sum(len("Objective ") + len(block) for block in blocks[1:-1])
        for block in reversed(blocks[1:]):
            lines = block.split("\n", self.linear.columns + 2)
            if len(lines) == self.linear.columns + 3:
                x = np.array(lines[2 : 2 + self.linear.candidates], float)
                self.tell(ones(x), None)
                return


def log_bound(line: str) -> float | None:
    """Read the *BestBound* of a line of HiGHS's search table; None for other lines.

    The table prints ten digits or more, which :func:`tolerance` covers.
    """
    fields = line.split()
    if fields and fields[0].isalpha() and len(fields[0]) == 1:
        fields = fields[1:]
    # processed, in queue, leaves, explored %, bound, solution, gap, cuts, in LP, conflicts, iterations, time
    if len(fields) != 12 or not fields[3].endswith("%") or not fields[11].endswith("s"):
        return None
    try:
        bound = float(fields[4])
    except ValueError:
        return None
    return bound if math.isfinite(bound) else None
