"""Which units may change their answer when the rows are repaired: those that lose the least by it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from optimizer.engines.decomposition.compiled import Units
from optimizer.engines.decomposition.passes import Prices
from optimizer.engines.decomposition.pattern_kernel import BASE_NODES, PATTERN_NODES
from optimizer.engines.decomposition.patterns import assemble, in_scale
from optimizer.engines.decomposition.rows import Floats
from optimizer.problem.pairs import in_order, running
from optimizer.problem.primitives import IntArray


@dataclass(frozen=True, slots=True, eq=False)
class Near:
    """The units whose answer changes at a small loss, the smallest first.

    Parameters
    ----------
    unit : (n,) int array
    loss : (n,) float array
        In value quanta.
    start : (n + 1,) int64 array
    row : (entries,) int64 array
        Rows that a candidate which comes, or one that goes, uses.
    """

    unit: IntArray
    loss: Floats
    start: IntArray
    row: IntArray

    @classmethod
    def find(cls, units: Units, listed: IntArray, prices: Prices, reach: float, check: Callable[[], None]) -> Near:
        """Look at the listed units.

        Parameters
        ----------
        listed : (n,) int64 array
            Ascending.
        reach : float
            Most loss, in value quanta.
        check : callable
            Asked after every so many units; may raise to give up.
        """
        scaled = in_scale(reach, prices)
        loss, changed = units.crew(prices, check).losses(listed, BASE_NODES, PATTERN_NODES, scaled)
        close = np.flatnonzero(loss <= scaled)
        close = close[np.argsort(loss[close], kind="stable")]
        unit, loss = listed[close], loss[close]
        moved = changed[close] >= 0
        contact = (np.asarray(units.problem.unit_start)[unit][:, None] + changed[close])[moved]
        number, contact_start = np.arange(len(unit) + 1), running(moved.sum(axis=1))
        owner = np.repeat(unit, np.diff(contact_start))
        used = assemble(units, unit, number, np.zeros(len(unit)), contact_start, contact, owner)
        return cls(unit, np.ldexp(loss.astype(float), -prices.shift), used.row_start, used.row)

    def lacking(self, need: Floats) -> IntArray:
        """Return the rows of which fewer than ``need`` units change the use."""
        return np.flatnonzero(np.bincount(self.row, minlength=len(need)) < need)

    def pick(self, least: int, need: Floats) -> tuple[IntArray, float]:
        """Pick the first ``least`` units, and for each row the first ``need`` ones that change its use.

        Returns
        -------
        units : (n,) int array
            Ascending.
        reach : float
            The largest of their losses.
        """
        picked = np.arange(len(self.unit)) < least
        owner = np.repeat(np.arange(len(self.unit)), np.diff(self.start))
        order = in_order(self.row, len(need))
        row = self.row[order]
        rank = np.arange(len(row)) - np.searchsorted(row, row)
        picked[owner[order[rank < need[row]]]] = True
        listed = np.flatnonzero(picked)
        return np.sort(self.unit[listed]), float(self.loss[listed].max(initial=0.0))
