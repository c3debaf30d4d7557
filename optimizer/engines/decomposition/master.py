"""The master problem: one pattern for each of some units, against what the other units leave of the limits.

Its LP relaxation is Dantzig and Wolfe's (1960), one convexity row per unit; its duals are row prices. Solved in whole
numbers it is the restricted master heuristic. The unit's first pattern has no column: it is what is there when no
other is chosen, so that columns hold differences and convexity rows are ≤ 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from optimizer.engines.decomposition.patterns import Patterns
from optimizer.engines.decomposition.rows import Floats, RowTable
from optimizer.engines.exact.math_opt import build, limits, objective_unit, row_units, run
from optimizer.problem.linear import Form, Linear
from optimizer.problem.pairs import ranges
from optimizer.problem.primitives import UNLIMITED, IntArray

NODE_LIMIT = 1_000
"""Nodes of the whole master: counted work, so that the answer does not depend on the clock."""


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """What the master found.

    Parameters
    ----------
    share : (patterns,) float array
        How much of each pattern is used; 0 or 1 after a whole solve.
    gain : float
        What is gained over everyone's first pattern, less the penalties of soft rows, in value quanta.
    prices : (rows,) float array, optional
        Row prices of the LP, in value quanta per row quantum.
    """

    share: Floats
    gain: float
    prices: Floats | None


@dataclass(frozen=True, slots=True, eq=False)
class Master:
    """The master as a linear form.

    Parameters
    ----------
    good : Patterns
    column : (patterns,) int array
        Column of each pattern, −1 for the first of a unit.
    linear : Linear
    table : RowTable
    """

    good: Patterns
    column: IntArray
    linear: Linear
    table: RowTable

    @classmethod
    def of(cls, table: RowTable, good: Patterns, use: IntArray) -> Master:
        """Write the master.

        Parameters
        ----------
        use : (rows,) int64 array
            What all units use when each of these has its first pattern.
        """
        first = good.unit_start[:-1]
        moving = np.ones(good.count, bool)
        moving[first] = False
        column = np.where(moving, np.cumsum(moving) - 1, -1)
        unit = good.unit
        form = Form(int(np.count_nonzero(moving)))
        several = np.diff(good.unit_start) > 2
        number = np.cumsum(several) - 1
        joint = moving & several[unit]
        form.add_rows("units", number[unit[joint]], column[joint], 1, upper=1, rows=int(np.count_nonzero(several)))
        _add_rows(form, table, *_differences(good, column), use)
        value = (good.value - good.value[first][unit])[moving]
        return cls(good, column, form.finish(value, None), table)

    def relaxed(self, seconds: float) -> Answer | None:
        """Solve the LP relaxation; None when there is no optimum to be had."""
        result = run(build(self.linear, whole=False), "GLOP", limits(seconds))
        if not result.solutions or not result.solutions[0].HasField("dual_solution"):
            return None
        solution = result.solutions[0]
        found = self._read(solution.primal_solution)
        if found is None:
            return None
        dual = np.zeros(self.linear.rows)
        dual[np.array(solution.dual_solution.dual_values.ids, np.int64)] = solution.dual_solution.dual_values.values
        dual *= objective_unit(self.linear) / self.linear.scale / row_units(self.linear)
        mine = self.linear.block >= 0
        prices = np.zeros(self.table.count)
        prices[self.linear.block_row[mine]] = dual[mine]
        return Answer(*found, prices)

    def whole(self, tolerance: float, seconds: float, seed: int) -> Answer | None:
        """Solve in whole numbers to an absolute tolerance (value quanta); None when no answer was found."""
        parameters = limits(seconds, seed)
        parameters.absolute_gap_tolerance = max(tolerance, 0.5) * self.linear.scale / objective_unit(self.linear)
        parameters.relative_gap_tolerance = 0.0
        parameters.node_limit = NODE_LIMIT
        result = run(build(self.linear), "GSCIP", parameters)
        if not result.solutions or not result.solutions[0].HasField("primal_solution"):
            return None
        found = self._read(result.solutions[0].primal_solution)
        if found is None or np.any(np.abs(found[0] - np.rint(found[0])) > 1e-5):
            return None
        return Answer(np.rint(found[0]), found[1], None)

    def _read(self, primal: Any) -> tuple[Floats, float] | None:
        """Return shares and gain, None where they are no numbers."""
        x = np.zeros(self.linear.columns)
        x[np.array(primal.variable_values.ids, np.int64)] = primal.variable_values.values
        if not np.all(np.isfinite(x)):
            return None
        share = np.where(self.column >= 0, x[self.column] if self.linear.candidates else 0.0, 0.0)
        first = self.good.unit_start[:-1]
        share[first] = 1.0 - np.add.reduceat(np.append(share, 0.0), first) if len(first) else 0.0
        return share, float(self.linear.objective @ x) / self.linear.scale


def _differences(good: Patterns, column: IntArray) -> tuple[IntArray, IntArray, IntArray]:
    """Return row, column and coefficient of every column's difference from its unit's first pattern (may repeat)."""
    count = np.diff(good.row_start)
    own = np.repeat(column, count)
    kept = own >= 0
    moving = np.flatnonzero(column >= 0)
    first = good.unit_start[:-1][good.unit[moving]]
    base = ranges(good.row_start[first], count[first])
    row = np.concatenate([good.row[kept], good.row[base]])
    where = np.concatenate([own[kept], np.repeat(column[moving], count[first])])
    coefficient = np.concatenate([good.coefficient[kept], -good.coefficient[base]])
    order = np.lexsort((where, row))
    row, where, coefficient = row[order], where[order], coefficient[order]
    start = np.flatnonzero((np.diff(row, prepend=-1) != 0) | (np.diff(where, prepend=-1) != 0))
    summed = np.add.reduceat(coefficient, start) if len(start) else coefficient
    filled = summed != 0
    return row[start][filled], where[start][filled], summed[filled]


def _add_rows(
    form: Form, table: RowTable, row: IntArray, column: IntArray, coefficient: IntArray, use: IntArray
) -> None:
    """Add every row that a pattern touches or that is broken, with what is left of its limits."""
    touched = np.zeros(table.count, bool)
    touched[row] = True
    upper = np.where(table.upper < UNLIMITED, table.upper - use, UNLIMITED)
    lower = np.where(table.lower > -UNLIMITED, table.lower - use, -UNLIMITED)
    kept = np.flatnonzero(touched | (upper < 0) | (lower > 0))
    number = np.full(table.count, -1)
    number[kept] = np.arange(len(kept))
    extra_row, extra_column, extra_sign = [], [], []
    for r in kept[[table.penalty[r] is not None for r in kept.tolist()]].tolist():
        mine = coefficient[row == r]
        for sign, worst in (
            (-1, int(mine.clip(0).sum()) - int(upper[r])),
            (1, int(lower[r]) - int(mine.clip(max=0).sum())),
        ):
            if worst > 0:
                extra_column.append(int(form.add_columns("soft", worst, table.penalty[r])[0]))
                extra_row.append(int(number[r]))
                extra_sign.append(sign)
    form.add_rows(
        "rows",
        np.concatenate([number[row], np.array(extra_row, np.int64)]),
        np.concatenate([column, np.array(extra_column, np.int64)]),
        np.concatenate([coefficient, np.array(extra_sign, np.int64)]),
        lower=lower[kept],
        upper=upper[kept],
        rows=len(kept),
        block=0,
        block_row=kept,
    )
