"""The master problem: one pattern for each of some units, against what the other units leave of the limits.

Its LP relaxation is Dantzig and Wolfe's (1960), one convexity row per unit; its duals are row prices. Solved in whole
numbers it is the restricted master heuristic. The unit's first pattern has no column: it is what is there when no
other is chosen, so that columns hold differences and convexity rows are ≤ 1.

The relaxation is *elastic*: a hard row may be broken at a high price, so that it always has an answer. What it breaks
says how far the patterns are from a plan, and its duals say which patterns are missing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np

from optimizer.engines.decomposition.patterns import Patterns
from optimizer.engines.decomposition.rows import Floats, RowTable
from optimizer.engines.exact.math_opt import build, limits, objective_unit, row_units, run
from optimizer.problem.linear import Form, Linear
from optimizer.problem.pairs import ranges
from optimizer.problem.primitives import UNLIMITED, IntArray

NODE_LIMIT = 200
"""Nodes of the whole master: counted work, so that the answer does not depend on the clock."""
BROKEN = 1e-3
"""What broken rows may cost the relaxation, in times of the dearest column, and still count as kept."""


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
    short : bool
        Whether a hard row is broken.
    """

    share: Floats
    gain: float
    prices: Floats | None
    short: bool = False

    def largest(self, good: Patterns) -> IntArray:
        """Return the most used pattern of each unit: at a vertex only some units, fewer than rows, use several."""
        first, unit = good.unit_start[:-1], good.unit
        at = np.flatnonzero(self.share == np.maximum.reduceat(self.share, first)[unit])
        largest: IntArray = at[np.diff(unit[at], prepend=-1) > 0]
        return largest


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
    elastic : int array
        Columns that break hard rows.
    """

    good: Patterns
    column: IntArray
    linear: Linear
    table: RowTable
    elastic: IntArray

    @classmethod
    def of(cls, table: RowTable, good: Patterns, use: IntArray, dear: Floats) -> Master:
        """Write the master.

        Parameters
        ----------
        use : (rows,) int64 array
            What all units use when each of these has its first pattern.
        dear : (rows,) float array
            What breaking a hard row costs in the relaxation, in value quanta per row quantum.
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
        elastic = _add_rows(form, table, _differences(good, column), use, dear)
        value = (good.value - good.value[first][unit])[moving]
        return cls(good, column, form.finish(value, None), table, elastic)

    def relaxed(self, seconds: float, stopped: Callable[[], bool] | None = None) -> Answer | None:
        """Solve the LP relaxation; None when there is no optimum to be had."""
        result = run(build(self.linear, whole=False), "GLOP", limits(seconds), None, stopped)
        if not result.solutions or not result.solutions[0].HasField("dual_solution"):
            return None
        solution = result.solutions[0]
        x = self._read(solution.primal_solution)
        if x is None:
            return None
        dual = np.zeros(self.linear.rows)
        dual[np.array(solution.dual_solution.dual_values.ids, np.int64)] = solution.dual_solution.dual_values.values
        dual *= objective_unit(self.linear) / self.linear.scale / row_units(self.linear)
        mine = self.linear.block >= 0
        prices = np.zeros(self.table.count)
        prices[self.linear.block_row[mine]] = dual[mine]
        dearest = np.abs(self.linear.objective[: self.linear.candidates]).max(initial=1)
        short = bool(-(self.linear.objective[self.elastic] @ x[self.elastic]) > BROKEN * dearest)
        return Answer(self._shares(x), self._gain(x), prices, short)

    def whole(
        self, tolerance: float, seconds: float, seed: int, stopped: Callable[[], bool] | None = None
    ) -> Answer | None:
        """Solve in whole numbers to an absolute tolerance (value quanta); None when no answer was found."""
        parameters = limits(seconds, seed)
        parameters.absolute_gap_tolerance = max(tolerance, 0.5) * self.linear.scale / objective_unit(self.linear)
        parameters.relative_gap_tolerance = 0.0
        parameters.node_limit = NODE_LIMIT
        result = run(build(self.strict), "GSCIP", parameters, None, stopped)
        if not result.solutions or not result.solutions[0].HasField("primal_solution"):
            return None
        x = self._read(result.solutions[0].primal_solution)
        if x is None or np.any(np.abs(x - np.rint(x)) > 1e-5):
            return None
        return Answer(self._shares(np.rint(x)), self._gain(x), None)

    @property
    def strict(self) -> Linear:
        """The master in which no hard row is broken."""
        upper = self.linear.column_upper.copy()
        upper[self.elastic] = 0
        return replace(self.linear, column_upper=upper)

    def _read(self, primal: Any) -> Floats | None:
        """Return the columns of an answer, None where they are no numbers."""
        x = np.zeros(self.linear.columns)
        x[np.array(primal.variable_values.ids, np.int64)] = primal.variable_values.values
        return x if np.all(np.isfinite(x)) else None

    def _shares(self, x: Floats) -> Floats:
        """Return how much of each pattern is used."""
        share = np.where(self.column >= 0, x[self.column] if self.linear.candidates else 0.0, 0.0)
        first = self.good.unit_start[:-1]
        share[first] = 1.0 - np.add.reduceat(np.append(share, 0.0), first) if len(first) else 0.0
        return share

    def _gain(self, x: Floats) -> float:
        return float(self.linear.objective @ x) / self.linear.scale


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
    form: Form, table: RowTable, entries: tuple[IntArray, IntArray, IntArray], use: IntArray, dear: Floats
) -> IntArray:
    """Add every row that a pattern touches or that is broken, with what is left of its limits.

    Returns the columns that break hard rows.
    """
    row, column, coefficient = entries
    touched = np.zeros(table.count, bool)
    touched[row] = True
    upper = np.where(table.upper < UNLIMITED, table.upper - use, UNLIMITED)
    lower = np.where(table.lower > -UNLIMITED, table.lower - use, -UNLIMITED)
    kept = np.flatnonzero(touched | (upper < 0) | (lower > 0))
    number = np.full(table.count, -1)
    number[kept] = np.arange(len(kept))
    most, least = np.zeros(table.count, np.int64), np.zeros(table.count, np.int64)
    np.add.at(most, row, coefficient.clip(0))
    np.add.at(least, row, coefficient.clip(max=0))
    extra_row, extra_column, extra_sign, elastic = [], [], [], []
    for r in kept.tolist():
        penalty, hard = table.penalty[r], table.penalty[r] is None
        for sign, worst in ((-1, int(most[r]) - int(upper[r])), (1, int(lower[r]) - int(least[r]))):
            if worst > 0:
                price = Fraction(max(1, round(dear[r]))) if hard else penalty
                extra_column.append(int(form.add_columns("elastic" if hard else "soft", worst, price)[0]))
                extra_row.append(int(number[r]))
                extra_sign.append(sign)
                elastic += extra_column[-1:] * hard
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
    return np.array(elastic, np.int64)
