"""Prices that prove that no plan exists.

Take all value away and let p be prices of the hard rows, ≥ 0 for upper and ≤ 0 for lower limits. A plan x that keeps
every rule would be worth 0 ≤ Σ over units of max (−p · a)(x) + Σ p · limit, as each p · use is at most p · limit. Where
the right side is below 0 there is no such plan: p is a ray of Farkas (1902), and the dual ascent runs off along one
when it can. All is added in whole numbers, so that the proof stands however the prices were found or rounded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from optimizer.engines.decomposition.compiled import Units
from optimizer.engines.decomposition.passes import Prices
from optimizer.engines.decomposition.rows import Floats
from optimizer.errors import NoPlanError
from optimizer.problem.primitives import BoolArray, IntArray
from optimizer.problem.problem import Problem

FINE = 2.0**20
"""To what the dearest price is scaled before prices are rounded."""


class Proof:
    """Asks of prices whether they prove that no plan exists.

    Parameters
    ----------
    units : Units
    check : callable
        Asked now and then; may raise to give up.
    """

    def __init__(self, units: Units, check: Callable[[], None]) -> None:
        table = units.table
        self._units, self._check = units, check
        self._worthless: Units | None = None
        self._hard = np.array([penalty is None for penalty in table.penalty], bool)
        self._demands = bool(np.any(self._hard & ((table.lower > 0) | (table.upper < 0))))

    def by(self, prices: Floats, sample: IntArray) -> bool:
        """Say whether no plan exists, by some prices; a sample of units is asked first, as most prices prove nothing.

        Parameters
        ----------
        prices : (rows,) float array
        sample : int array
            Some units, evenly drawn.
        """
        dearest = float(np.abs(prices).max(initial=0.0, where=self._hard))
        if not self._demands or dearest <= 0:
            return False
        if self._worthless is None:
            self._worthless = self._units.worthless()
        units = self._worthless
        ray = units.prices(np.where(self._hard, prices * (FINE / dearest), 0.0))
        asked = units.solve(ray, sample, check=self._check)
        expected = Fraction(asked.optima * units.problem.units, max(len(sample), 1)) + units.limits(ray)
        return expected < 0 and self._proven(units, ray)

    def _proven(self, units: Units, ray: Prices) -> bool:
        found = units.solve(ray, check=self._check)
        return found.optima + units.limits(ray) < 0


def proven(problem: Problem, prices: Mapping[str, npt.ArrayLike]) -> bool:
    """Say whether prices, by block name, prove that a problem has no plan; blocks without any have the price 0."""
    units = Units(problem)
    ray = units.table.join({name: np.asarray(part, float) for name, part in prices.items()})
    return Proof(units, lambda: None).by(ray, np.arange(problem.units))


def hopeless_units(problem: Problem) -> BoolArray:
    """Return the units whose own rules clash. Shape (units,).

    Raises
    ------
    NoPlanError
        If that is not known of some unit at the node limit.
    """
    units = Units(problem).worthless()
    hopeless = np.zeros(problem.units, bool)
    open_sets = [np.arange(problem.units)]
    while open_sets:
        listed = open_sets.pop()
        found = units.solve(units=listed)
        if found.unknown:
            raise NoPlanError("it takes too long to know which customers' rules clash", fix="use solve.engine: exact")
        if found.infeasible == len(listed):
            hopeless[listed] = True
        elif found.infeasible:
            open_sets += np.array_split(listed, 2)
    return hopeless
