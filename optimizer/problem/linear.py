"""The problem as one integer linear programme: what MIP solvers and model files understand.

Columns are the candidates first, then auxiliary columns; all are whole numbers ≥ their lower bound. Every row says
which rule it comes from, so that a clash can be told in the scenario's words.

Money stays exact: the objective is kept in ``1 / scale`` value quanta, where ``scale`` makes every penalty whole.
If no such scale fits 62 bits, penalties are rounded *down* (``exact_penalties`` is False): the linear objective then
never undercuts the true one, so that its bounds remain bounds of the true one.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from optimizer.problem.primitives import UNLIMITED, IntArray

MOST = 2**61
"""No sum of |objective| terms goes beyond this, so that 64-bit solvers cannot overflow."""
COARSE = 2**26
"""Quanta of a row that are priced together where a price per quantum would lose too much in rounding."""


@dataclass(frozen=True, slots=True, eq=False)
class Linear:
    """Maximise ``objective · x / scale`` with ``lower ≤ A x ≤ upper``, ``column_lower ≤ x ≤ column_upper``, x whole.

    Parameters
    ----------
    candidates : int
        The first columns are the problem's candidates, in its order; the rest are auxiliary.
    objective : (columns,) int array
        In ``1 / scale`` value quanta.
    scale : int
    exact_penalties : bool
        False when penalties had to be rounded down to fit.
    column_lower, column_upper : (columns,) int arrays
    column_rule : (columns,) int array
        Index into ``rules`` of each auxiliary column; −1 for candidates.
    start : (rows + 1,) int array
        Entries ``start[r] … start[r+1]`` belong to row ``r``.
    column, coefficient : (entries,) int arrays
    lower, upper : (rows,) int arrays
        ``∓UNLIMITED`` where there is none.
    rules : tuple of str
    rule : (rows,) int array
        Index into ``rules`` of each row.
    block, block_row : (rows,) int arrays
        For rows that are rows of ``Problem.rows``: which block, and which row of it; else −1.
    """

    candidates: int
    objective: IntArray
    scale: int
    exact_penalties: bool
    column_lower: IntArray
    column_upper: IntArray
    column_rule: IntArray
    start: IntArray
    column: IntArray
    coefficient: IntArray
    lower: IntArray
    upper: IntArray
    rules: tuple[str, ...]
    rule: IntArray
    block: IntArray
    block_row: IntArray

    @property
    def columns(self) -> int:
        """Number of columns."""
        return len(self.objective)

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(self.lower)

    def quanta_above(self, scaled: int) -> int:
        """Turn a bound on the linear objective into one on ``Solution.objective``: both are whole, so round down."""
        return scaled // self.scale


@dataclass(slots=True)
class Form:
    """A linear form being written down, one primitive at a time."""

    candidates: int
    _rules: dict[str, int] = field(default_factory=dict)
    _columns: int = 0
    _column_blocks: list[tuple[int, IntArray, Fraction]] = field(default_factory=list)
    _row_blocks: list[tuple[IntArray, IntArray, IntArray, IntArray, IntArray, int, int, IntArray]] = field(
        default_factory=list
    )

    def __post_init__(self) -> None:
        self._columns = self.candidates

    def _rule(self, name: str) -> int:
        return self._rules.setdefault(name, len(self._rules))

    def add_columns(self, rule: str, upper: npt.ArrayLike, penalty: Fraction | None = None) -> IntArray:
        """Add columns ``0 ≤ y ≤ upper`` that cost ``penalty`` value quanta each; return their positions."""
        upper = np.atleast_1d(np.asarray(upper, np.int64))
        self._column_blocks.append((self._rule(rule), upper, penalty or Fraction(0)))
        first, self._columns = self._columns, self._columns + len(upper)
        return np.arange(first, self._columns, dtype=np.int64)

    def add_violations(self, rule: str, reach: IntArray, penalty: Fraction) -> Iterator[tuple[IntArray, int]]:
        """Add columns for what rows may be off; yield the columns of all these rows, and how many quanta each counts.

        A price in parts of a quantum is rounded down, and by much where it is a small part: of rows that may be off
        by many quanta, another column counts many at once.

        Parameters
        ----------
        reach : (rows,) int array
            Most quanta that each can be off by.
        penalty : Fraction
            Value quanta per quantum of a row.
        """
        if penalty.denominator == 1 or reach.max(initial=0) < COARSE:
            yield self.add_columns(rule, reach, penalty), 1
            return
        yield self.add_columns(rule, np.minimum(reach, COARSE - 1), penalty), 1
        yield self.add_columns(rule, -(-reach // COARSE), penalty * COARSE), COARSE

    def add_rows(
        self,
        rule: str,
        row: IntArray,
        column: IntArray,
        coefficient: npt.ArrayLike,
        *,
        lower: npt.ArrayLike = -UNLIMITED,
        upper: npt.ArrayLike = UNLIMITED,
        rows: int,
        block: int = -1,
        block_row: IntArray | None = None,
    ) -> None:
        """Add ``rows`` rows given as (row, column, coefficient) triples in any order; limits may be single numbers."""
        coefficient = np.broadcast_to(np.asarray(coefficient, np.int64), column.shape)
        if np.any(row[1:] < row[:-1]):
            order = np.argsort(row, kind="stable")
            row, column, coefficient = row[order], column[order], coefficient[order]
        self._row_blocks.append(
            (
                np.bincount(row, minlength=rows),
                column,
                coefficient,
                np.broadcast_to(np.asarray(lower, np.int64), (rows,)),
                np.broadcast_to(np.asarray(upper, np.int64), (rows,)),
                self._rule(rule),
                block,
                np.full(rows, -1, np.int64) if block_row is None else block_row,
            )
        )

    def add_links(self, rule: str, column: IntArray, switch: IntArray) -> None:
        """Add ``x[column] ≤ x[switch]`` for each position of the two parallel arrays."""
        row = np.arange(len(column), dtype=np.int64)
        self.add_rows(
            rule,
            np.concatenate([row, row]),
            np.concatenate([column, switch]),
            np.repeat(np.array([1, -1]), len(column)),
            upper=0,
            rows=len(column),
        )

    def finish(self, value: IntArray, required: IntArray | None) -> Linear:
        """Freeze what was written; ``value`` is the candidates' objective in quanta, ``required`` are fixed to 1."""
        column_upper = np.concatenate([np.ones(self.candidates, np.int64), *(b[1] for b in self._column_blocks)])
        column_lower = np.zeros(self._columns, np.int64)
        if required is not None:
            column_lower[required] = 1
        scale, exact = self._scale(value)
        objective = [np.asarray(value, np.int64) * scale]
        objective += [np.full(len(upper), -int(cost * scale // 1)) for _, upper, cost in self._column_blocks]
        counts = [b[0] for b in self._row_blocks]
        start = np.zeros(sum(len(c) for c in counts) + 1, np.int64)
        np.cumsum(_join(counts), out=start[1:])
        return Linear(
            candidates=self.candidates,
            objective=np.concatenate(objective),
            scale=scale,
            exact_penalties=exact,
            column_lower=column_lower,
            column_upper=column_upper,
            column_rule=np.concatenate(
                [np.full(self.candidates, -1), *(np.full(len(b[1]), b[0]) for b in self._column_blocks)]
            ),
            start=start,
            column=_join([b[1] for b in self._row_blocks]),
            coefficient=_join([b[2] for b in self._row_blocks]),
            lower=_join([b[3] for b in self._row_blocks]),
            upper=_join([b[4] for b in self._row_blocks]),
            rules=tuple(self._rules),
            rule=_join([np.full(len(b[3]), b[5]) for b in self._row_blocks]),
            block=_join([np.full(len(b[3]), b[6]) for b in self._row_blocks]),
            block_row=_join([b[7] for b in self._row_blocks]),
        )

    def _scale(self, value: IntArray) -> tuple[int, bool]:
        """Choose how many parts a value quantum is cut into, and say whether all penalties come out whole."""
        priced = [(cost, sum(upper.tolist())) for _, upper, cost in self._column_blocks if cost and len(upper)]
        whole = math.lcm(*(cost.denominator for cost, _ in priced))
        most = int(np.abs(value).sum()) + sum(math.ceil(cost * reach) for cost, reach in priced)
        if whole * max(most, 1) <= MOST:
            return whole, True
        room = max(1, MOST // max(most, 1))
        return 1 << (room.bit_length() - 1), False


def _join(parts: list[IntArray]) -> IntArray:
    return np.concatenate([np.zeros(0, np.int64), *parts])
