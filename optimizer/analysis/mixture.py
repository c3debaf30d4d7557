"""A plan between two plans: some units keep what the first gives them, the others take what the second does.

Both plans obey every rule inside units, so any such mixture does; only the rows across units must be kept. Which units
change is a linear programme with one column per unit whose answers differ. Its basic solutions split no more units than
there are tight rows; these, and those next in worth, are settled in whole numbers against what the others leave.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from optimizer.engines.decomposition.rows import Floats
from optimizer.engines.exact.math_opt import build, limits, objective_unit, run
from optimizer.problem.linear import Form, Linear
from optimizer.problem.primitives import UNLIMITED, IntArray
from optimizer.problem.problem import Problem
from optimizer.problem.usage import entries, row_use

UNSETTLED = 400
"""Units that are settled in whole numbers."""
SPLIT = 1e-7
"""How far from a whole number a share of a unit is split."""
STEPS = 20_000
"""Of the simplex; some hundreds are usual. Where they do not suffice, the plan is searched for instead."""
NODES = 50
SECONDS = 60.0


@dataclass(frozen=True, slots=True, eq=False)
class _Choice:
    """Columns: units that change. Entries: what each then uses more of which row."""

    value: IntArray
    row: IntArray
    column: IntArray
    amount: IntArray
    lower: IntArray
    upper: IntArray

    def form(self, lower: IntArray, upper: IntArray, columns: IntArray) -> Linear:
        """Write the choice among some columns, with what is left of the rows."""
        place = np.full(len(self.value), -1)
        place[columns] = np.arange(len(columns))
        mine = place[self.column] >= 0
        form = Form(len(columns))
        form.add_rows(
            "rows",
            self.row[mine],
            place[self.column[mine]],
            self.amount[mine],
            lower=lower,
            upper=upper,
            rows=len(lower),
        )
        return form.finish(self.value[columns], None)

    def use(self, x: IntArray) -> IntArray:
        """Return what changing these units uses more of each row."""
        out = np.zeros(len(self.lower), np.int64)
        np.add.at(out, self.row, self.amount * x[self.column])
        return out


def mixed(problem: Problem, first: IntArray, second: IntArray, tolerance: float) -> IntArray | None:
    """Return the best mixture of two plans that was found to keep the problem's rows.

    Parameters
    ----------
    problem : Problem
    first, second : int array
        Chosen candidates, ascending; each obeys all but the rows' limits.
    tolerance : float
        Value quanta that the last, whole choice may give away.

    Returns
    -------
    int array or None
        Chosen candidates, ascending.
    """
    gone, come = np.setdiff1d(first, second, assume_unique=True), np.setdiff1d(second, first, assume_unique=True)
    owner_gone, owner_come = (np.searchsorted(problem.unit_start, one, "right") - 1 for one in (gone, come))
    units = np.union1d(owner_gone, owner_come)
    if not len(units):
        return first
    leaves, joins = np.searchsorted(units, owner_gone), np.searchsorted(units, owner_come)
    choice = _choice(problem, first, (gone, leaves), (come, joins), len(units))
    relaxed = _relaxed(choice)
    whole = None if relaxed is None else _settled(choice, *relaxed, tolerance)
    if whole is None:
        return None
    changes = whole.astype(bool)
    stay = np.setdiff1d(first, gone[changes[leaves]], assume_unique=True)
    return np.sort(np.concatenate([stay, come[changes[joins]]]))


def _choice(
    problem: Problem, first: IntArray, gone: tuple[IntArray, IntArray], come: tuple[IntArray, IntArray], units: int
) -> _Choice:
    value = np.zeros(units, np.int64)
    rows, columns, amounts, lower, upper = [], [], [], [], []
    for sign, (candidates, unit) in ((-1, gone), (1, come)):
        np.add.at(value, unit, sign * np.asarray(problem.value, np.int64)[candidates])
    begin = 0
    for block in problem.rows:
        for sign, (candidates, unit) in ((-1, gone), (1, come)):
            for who, row, amount in entries(problem, block, candidates):
                rows.append(row + begin)
                columns.append(unit[who])
                amounts.append(sign * amount)
        use = row_use(problem, block, first)
        hard = block.penalty is None  # a soft row's limit is weighed when the plan is
        lower.append(np.where(hard & (block.lower > -UNLIMITED), block.lower - use, -UNLIMITED))
        upper.append(np.where(hard & (block.upper < UNLIMITED), block.upper - use, UNLIMITED))
        begin += block.size
    row, column, amount = (np.concatenate([np.zeros(0, np.int64), *one]) for one in (rows, columns, amounts))
    order = np.lexsort((column, row))
    row, column, amount = row[order], column[order], amount[order]
    start = np.flatnonzero((np.diff(row, prepend=-1) != 0) | (np.diff(column, prepend=-1) != 0))
    amount = np.add.reduceat(amount, start) if len(start) else amount
    keep = amount != 0
    return _Choice(
        value,
        row[start][keep],
        column[start][keep],
        amount[keep],
        np.concatenate([np.zeros(0, np.int64), *lower]),
        np.concatenate([np.zeros(0, np.int64), *upper]),
    )


def _relaxed(choice: _Choice) -> tuple[Floats, Floats] | None:
    """Return how much of each unit changes, and what one more of it would bring at the rows' prices."""
    from ortools.math_opt import parameters_pb2

    linear = choice.form(choice.lower, choice.upper, np.arange(len(choice.value)))
    parameters = limits(SECONDS)
    # The primal simplex takes a step for every unit that changes, the dual one for every row that becomes tight.
    parameters.lp_algorithm = parameters_pb2.LP_ALGORITHM_DUAL_SIMPLEX
    parameters.iteration_limit = STEPS
    solution = _solved(linear, "GLOP", parameters, whole=False)
    if solution is None or not solution.HasField("dual_solution"):
        return None
    return _read(solution.primal_solution.variable_values, linear), _read(solution.dual_solution.reduced_costs, linear)


def _settled(choice: _Choice, share: Floats, reduced: Floats, tolerance: float) -> IntArray | None:
    """Round the clear ones, and settle the others in whole numbers against what those leave."""
    x = np.rint(share).astype(np.int64)
    free = np.sort(np.lexsort((np.abs(reduced), np.abs(share - x) < SPLIT))[:UNSETTLED])
    x[free] = 0
    use = choice.use(x)
    lower = np.where(choice.lower > -UNLIMITED, choice.lower - use, -UNLIMITED)
    upper = np.where(choice.upper < UNLIMITED, choice.upper - use, UNLIMITED)
    linear = choice.form(lower, upper, free)
    parameters = limits(SECONDS)
    parameters.absolute_gap_tolerance = max(tolerance, 0.5) * linear.scale / objective_unit(linear)
    parameters.relative_gap_tolerance = 0.0
    parameters.node_limit = NODES
    solution = _solved(linear, "GSCIP", parameters, whole=True)
    if solution is None:
        return None
    x[free] = np.rint(_read(solution.primal_solution.variable_values, linear)).astype(np.int64)
    return x


def _solved(linear: Linear, solver: str, parameters: Any, *, whole: bool) -> Any:
    """Return the first solution, None where there is none."""
    result = run(build(linear, whole=whole), solver, parameters)
    there = result.solutions and result.solutions[0].HasField("primal_solution")
    return result.solutions[0] if there else None


def _read(values: Any, linear: Linear) -> Floats:
    x = np.zeros(linear.columns)
    x[np.array(values.ids, np.int64)] = values.values
    return np.nan_to_num(x)
