"""The LP relaxation: prices of rows, and a bound that follows from them by weak duality."""

from __future__ import annotations

import math

import numpy as np

from optimizer.engines.exact import math_opt
from optimizer.engines.exact.answer import Answer, Claim, FloatArray, Task
from optimizer.problem.linear import Linear
from optimizer.problem.primitives import UNLIMITED
from optimizer.problem.problem import Problem

GLOP_SIZE = 3_000
"""Columns up to which GLOP is the LP solver; beyond, HiGHS is twice as fast, but it prints and starts threads."""


def relax(linear: Linear, task: Task) -> Answer:
    """Solve the LP relaxation and return its duals and their bound."""
    from ortools.math_opt import result_pb2

    solver = "GLOP" if linear.columns <= GLOP_SIZE else "HIGHS"
    result = math_opt.run(math_opt.build(linear, whole=False), solver, math_opt.limits(task.seconds, task.seed))
    solved = result.termination.reason == result_pb2.TERMINATION_REASON_OPTIMAL and result.solutions
    if not solved or not result.solutions[0].HasField("dual_solution"):
        return Answer(Claim.NOTHING, note="the LP relaxation was not solved")
    duals = np.zeros(linear.rows)
    values = result.solutions[0].dual_solution.dual_values
    duals[np.array(values.ids, np.int64)] = values.values
    duals = _signed(linear, duals * math_opt.objective_unit(linear) / math_opt.row_units(linear))
    return Answer(Claim.NOTHING, bound=dual_bound(linear, duals), duals=duals)


def _signed(linear: Linear, duals: FloatArray) -> FloatArray:
    """Set to 0 what a solver's tolerance left on the wrong side: only an upper limit has a price above 0."""
    duals = np.where((duals > 0) & (linear.upper >= UNLIMITED), 0.0, duals)
    return np.where((duals < 0) & (linear.lower <= -UNLIMITED), 0.0, duals)


def dual_bound(linear: Linear, duals: FloatArray) -> int:
    """Bound the linear objective by any duals of the right signs: Σ dual · limit + Σ what columns may still gain.

    Valid for all duals, optimal or not (weak duality). The floats' rounding errors are below 1e-9 of the sum of
    magnitudes, which is added.
    """
    limit = np.where(duals > 0, linear.upper, np.where(duals < 0, linear.lower, 0)).astype(np.float64)
    row = np.repeat(np.arange(linear.rows), np.diff(linear.start))
    terms = duals[row] * linear.coefficient
    charge = np.bincount(linear.column, weights=terms, minlength=linear.columns)
    size = np.bincount(linear.column, weights=np.abs(terms), minlength=linear.columns)
    margin = linear.objective - charge
    best = np.where(margin > 0, margin * linear.column_upper, margin * linear.column_lower)
    magnitude = np.abs(duals * limit).sum() + ((np.abs(linear.objective) + size) * linear.column_upper).sum()
    return math.ceil(float((duals * limit).sum() + best.sum() + 1e-9 * magnitude))


def row_prices(problem: Problem, linear: Linear, duals: FloatArray | None) -> dict[str, FloatArray]:
    """Return the price of each row of ``Problem.rows``, by ``Rows.name``, in value quanta per quantum of the row.

    The change of the objective when the limit rises by one: ≥ 0 for an upper limit, ≤ 0 for a lower one, and 0 for
    rows that cannot bind.
    """
    prices: dict[str, FloatArray] = {}
    for block, rows in enumerate(problem.rows):
        mine = linear.block == block
        price = np.zeros(rows.size)
        if duals is not None:
            price[linear.block_row[mine]] = duals[mine] / linear.scale
        if rows.penalty is not None:  # a row that is off as far as it can be would have any price
            price = np.clip(price, -float(rows.penalty), float(rows.penalty))
        prices[rows.name] = np.where(np.abs(price) < 1e-9, 0.0, price)
    return prices
