"""The dual function of a sample of units, smoothed: value, slope and curvature at given prices.

The dual function D(p) = Σ_u max_x (value − p·a)(x) + p·limit is convex and piecewise linear. Entropic smoothing puts
heat · log Σ exp(· / heat) over a unit's good answers in the place of the maximum: then second derivatives exist, as
sums of small covariances over the units, and Newton's method applies.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from optimizer.engines.decomposition.compiled import Units
from optimizer.engines.decomposition.patterns import patterns
from optimizer.engines.decomposition.rows import Floats
from optimizer.engines.decomposition.smooth_kernel import curvature, weigh
from optimizer.problem.primitives import UNLIMITED, IntArray

FAR = 10.0
"""Answers that lose more than so many temperatures are left out of the smoothing."""


@dataclass(frozen=True, slots=True, eq=False)
class Point:
    """The smoothed dual at some prices: value, expected row use, curvature; and the value without smoothing."""

    value: float
    use: Floats
    hessian: Floats
    exact: float


class Sample:
    """A sample of units with its share of the limits.

    Parameters
    ----------
    units : Units
    listed : (n,) int array
    check : callable
        Asked now and then; may raise to give up.
    """

    def __init__(self, units: Units, listed: IntArray, check: Callable[[], None]) -> None:
        table = units.table
        self.units, self.listed, self.check = units, listed, check
        self.share = len(listed) / max(units.problem.units, 1)
        self.upper = np.where(table.upper < UNLIMITED, table.upper * self.share, np.inf)
        self.lower = np.where(table.lower > -UNLIMITED, table.lower * self.share, -np.inf)

    def at(self, prices: Floats, heat: float) -> Point:
        """Evaluate the smoothed dual, in value quanta of the sample."""
        good = patterns(self.units, self.units.prices(prices), self.listed, FAR * heat, check=self.check)
        rows = self.units.table.count
        share, use, hessian = np.zeros(good.count), np.zeros(rows), np.zeros((rows, rows))
        sparse = (good.row_start, good.row, good.coefficient)
        smoothing = weigh(good.unit_start, good.regret, *sparse, heat, share, use)
        curvature(good.unit_start, *sparse, share, heat, hessian)
        exact = float(good.optimum.sum()) + self.cost(prices)
        return Point(exact + smoothing, use, hessian, exact)

    def cost(self, prices: Floats) -> float:
        """Return Σ price · limit."""
        high, low = prices > 0, prices < 0
        return float(prices[high] @ self.upper[high] + prices[low] @ self.lower[low])

    def slope(self, prices: Floats, use: Floats) -> tuple[Floats, Floats, Floats]:
        """Return the dual function's slope, and the range of each price in which that slope holds.

        A positive price pays for the upper limit, a negative one for the lower. A row with two limits that is priced
        by neither and keeps both is left alone; one that breaks a limit moves to that side.
        """
        table = self.units.table
        over, under = self.upper - use, self.lower - use
        one_limit = self.upper == self.lower
        above = (prices > 0) | ((prices == 0) & ((over < 0) | np.isinf(self.lower)))
        above &= ~np.isinf(self.upper)
        below = ~above & ((prices < 0) | (under > 0) | np.isinf(self.upper))
        slope = np.where(above, over, np.where(below & ~np.isinf(self.lower), under, 0.0))
        least = np.where(one_limit | below, table.least, 0.0)
        most = np.where(one_limit | above, table.most, 0.0)
        return slope, least, most

    def agree(self, expected: Floats, measured: Floats) -> None:
        """Move the limits so that the slope at some prices becomes that of more units.

        Parameters
        ----------
        expected : (rows,) float array
            This sample's (smoothed) use at the prices.
        measured : (rows,) float array
            The use by more units at the same prices, scaled to this sample's size.
        """
        table = self.units.table
        self.upper = np.where(table.upper < UNLIMITED, table.upper * self.share + expected - measured, np.inf)
        self.lower = np.where(table.lower > -UNLIMITED, table.lower * self.share + expected - measured, -np.inf)
