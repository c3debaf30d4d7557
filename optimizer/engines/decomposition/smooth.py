"""The dual function of a sample of units, smoothed: value, slope and curvature at given prices.

The dual function D(p) = Σ_u max_x (value − p·a)(x) + p·limit is convex and piecewise linear. Entropic smoothing puts
heat · log Σ exp(· / heat) over a unit's good answers in the place of the maximum: then second derivatives exist, as
sums of small covariances over the units, and Newton's method applies.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from optimizer.engines.decomposition.compiled import Units
from optimizer.engines.decomposition.crew import aside
from optimizer.engines.decomposition.free_kernel import slope_of
from optimizer.engines.decomposition.patterns import Patterns, patterns
from optimizer.engines.decomposition.rows import Floats
from optimizer.engines.decomposition.sampling import Drawn
from optimizer.engines.decomposition.smooth_kernel import add_diagonal, deviations, heard, weigh
from optimizer.problem.pairs import running
from optimizer.problem.primitives import UNLIMITED, IntArray

FAR = 5.0
"""Answers that lose more than so many temperatures are left out of the smoothing."""
BLUR, MOST_LEARNT = 10.0, 2.0
"""Contacts that a row's use may change by chance; and how many times more or less a unit bends after one step."""


class Curvature(NamedTuple):
    """The second derivatives Σ factor · z zᵀ, by sparse vectors z: the entries ``start[i] … start[i+1]`` are of one."""

    start: IntArray
    row: IntArray
    value: Floats
    factor: Floats

    @classmethod
    def joined(cls, parts: Sequence[Curvature]) -> Curvature:
        """Add the second derivatives up."""
        start, *others = zip(*parts, strict=True)
        counts = np.concatenate([np.diff(each) for each in start])
        return cls(running(counts), *(np.concatenate(each) for each in others))

    def diagonal(self, rows: int) -> Floats:
        """Return the second derivative by each price."""
        second: Floats = np.zeros(rows)
        add_diagonal(*self, second)
        return second

    def times(self, step: Floats) -> Floats:
        """Return what the step changes: the second derivatives times it. Shape (rows,)."""
        nothing = np.zeros(len(step))
        changed: Floats = slope_of(*self, nothing, nothing, step)
        return changed

    def learnt(self, step: Floats, change: Floats, typical: Floats) -> Curvature:
        """Return what bends each unit more where a step changed more than these foretold, and less where it did less.

        A few units tell little of a row that few use; a step of all of them tells more. Each unit's vectors are scaled
        together, by the rarest row of each: then all still bend upwards.

        Parameters
        ----------
        step : (rows,) float array
        change : (rows,) float array
            By which it lowered the use of every row.
        typical : (rows,) float array
            Coefficient of a contact.
        """
        told = self.times(step)
        changed, told = np.maximum(change * np.sign(told), 0.0) / typical, np.abs(told) / typical
        more = np.log(np.clip((changed + BLUR) / (told + BLUR), 1 / MOST_LEARNT, MOST_LEARNT))
        some = np.flatnonzero(np.diff(self.start))
        seldom = np.bincount(self.row, minlength=len(step)) * len(step) + np.arange(len(step))
        rarest = np.minimum.reduceat(seldom[self.row], self.start[some]) % len(step)
        last = self.factor < 0  # of a unit: the mean of the others
        unit: IntArray = running(last)[:-1]
        weight = np.maximum(self.factor[some], 0.0)
        total, of_all = (
            np.bincount(unit[some], part, unit.max(initial=0) + 1) for part in (weight * more[rarest], weight)
        )
        return self._replace(factor=self.factor * np.exp(total / np.where(of_all > 0, of_all, 1.0))[unit])


@dataclass(frozen=True, slots=True, eq=False)
class Point:
    """The smoothed dual at some prices: value, expected row use, curvature; and the value without smoothing."""

    value: float
    use: Floats
    bends: Curvature
    exact: float


class Sample:
    """A sample of units, each weighed by how many of all it stands for.

    Parameters
    ----------
    units : Units
    drawn : Drawn
    check : callable
        Asked now and then; may raise to give up.
    least : int
        Prices of rows that fewer candidates of the sample use are left alone.
    """

    def __init__(self, units: Units, drawn: Drawn, check: Callable[[], None], least: int = 0) -> None:
        table = units.table
        self.units, self.drawn, self.check = units, drawn, check
        self.shift(np.zeros(table.count))
        self._good: list[Patterns] = []
        self._center, self._reach = np.zeros(0), -1.0
        self._told: tuple[float, float, Floats, Curvature] | None = None
        self._heat = 0.0
        number, total = np.zeros(table.count, np.int64), np.zeros(table.count)
        uses = (table.start, table.row, table.weight, table.terms)
        heard(drawn.listed, units.candidates, *uses, number, total)
        self.typical: Floats = np.where(number > 0, total / np.maximum(number, 1), 1.0)
        """Each row's typical coefficient. Shape (rows,)."""
        self.heard = (number >= least) | self.whole
        """Rows whose prices this sample can tell. Shape (rows,)."""

    @property
    def whole(self) -> bool:
        """Whether these are all units."""
        return len(self.drawn) == self.units.problem.units

    def at(self, prices: Floats, heat: float) -> Point:
        """Evaluate the smoothed dual of all units, as far as the sample tells it, in value quanta.

        The patterns that are known are used again at the prices at which they were found.
        """
        if FAR * heat > self._reach or not np.array_equal(prices, self._center):
            self.find(prices, FAR * heat)
        if self._told is None or self._heat != heat:
            self._told, self._heat = self._weigh(heat), heat
        exact, smoothing, use, bends = self._told
        value = exact + self.cost(prices)
        return Point(value + smoothing, use, bends, value)

    def _weigh(self, heat: float) -> tuple[float, float, Floats, Curvature]:
        """Return what all units of the sample add to the value, to the smoothing, to the use and to the curvature."""
        edges = np.cumsum([0, *(len(part.units) for part in self._good)]).tolist()
        told = [
            aside(self.units.threads, self._weighed, part, self.drawn.weight[first:last], heat)
            for part, first, last in zip(self._good, edges[:-1], edges[1:], strict=True)
        ]
        exact, smoothing, use, bends = zip(*(part.result() for part in told), strict=True)
        return sum(exact), sum(smoothing), np.sum(use, axis=0), Curvature.joined(bends)

    def _weighed(self, good: Patterns, weight: Floats, heat: float) -> tuple[float, float, Floats, Curvature]:
        """Return what some units add to the value, to the smoothing, to the use and to the curvature."""
        rows = self.units.table.count
        share, use = np.zeros(good.count), np.zeros(rows)
        sparse = (good.row_start, good.row, good.coefficient)
        smoothing = weigh(good.unit_start, good.regret, weight, *sparse, heat, share, use)
        bends = Curvature(*deviations(good.unit_start, weight, *sparse, share, heat, rows))
        return float((weight * good.optimum).sum()), smoothing, use, bends

    def find(self, prices: Floats, reach: float) -> None:
        """Find the patterns that lose no more than ``reach`` at some prices."""
        found = self.units.prices(prices)
        self._good = patterns(self.units, found, self.drawn.listed, reach, check=self.check, valued=False)
        self._center, self._reach, self._told = prices.copy(), reach, None

    def cost(self, prices: Floats) -> float:
        """Return Σ price · limit."""
        high, low = prices > 0, prices < 0
        return float((prices[high] * self.upper[high]).sum() + (prices[low] * self.lower[low]).sum())

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

    def shift(self, by: Floats) -> None:
        """Put the limits so far from the true ones. Shape (rows,).

        Shifted by what this sample expects to be used at some prices, less what more units use there, the slope at the
        prices is that of these.
        """
        table = self.units.table
        self.upper = np.where(table.upper < UNLIMITED, table.upper + by, np.inf)
        self.lower = np.where(table.lower > -UNLIMITED, table.lower + by, -np.inf)
