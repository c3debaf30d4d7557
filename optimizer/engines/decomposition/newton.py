"""Newton's method with a trust region on the smoothed dual, while the temperature falls.

Textbook: smoothing (Nesterov 2005), projected Newton for simple bounds (Bertsekas 1982), trust regions (Conn, Gould
and Toint 2000), continuation in the temperature as in interior-point methods.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from optimizer.engines.decomposition.rows import Floats
from optimizer.engines.decomposition.smooth import Point, Sample
from optimizer.engines.decomposition.smooth_kernel import box_newton

SWEEPS = 200
STEPS = 12
"""Newton steps at one temperature at most."""
SETTLED = 0.001
"""A temperature is done with when a step promises less than this share of what smoothing adds."""


@dataclass(slots=True)
class Newton:
    """Prices on their way down the smoothed dual of a sample.

    Parameters
    ----------
    sample : Sample
    prices : (rows,) float array
    unit_of_row : (rows,) float array
        Typical coefficient of each row, to measure prices by what they take from a contact.
    radius : float
        Trust region: how many temperatures a price may take from a contact in one step.
    """

    sample: Sample
    prices: Floats
    unit_of_row: Floats
    radius: float = 1.0

    def settle(self, heat: float, steps: int = STEPS, settled: float = SETTLED) -> Point:
        """Minimise at one temperature, until a step promises less than a share of what smoothing adds."""
        here = self.sample.at(self.prices, heat)
        for _ in range(steps):
            step, promised = self._step(here, heat)
            if promised <= settled * max(here.value - here.exact, 0.0):
                break
            there = self.sample.at(self.prices + step, heat)
            kept = (here.value - there.value) / promised
            if there.value < here.value:
                self.prices, here = self.prices + step, there
            if kept < 0.25:
                self.radius *= 0.3
            elif kept > 0.6:
                self.radius = min(2 * self.radius, 100.0)
        self.radius = max(self.radius, 1.0)
        return here

    def _step(self, here: Point, heat: float) -> tuple[Floats, float]:
        """Return a step within the trust region and the price ranges, and the decrease that it promises."""
        rows = self.unit_of_row
        slope, least, most = self.sample.slope(self.prices, here.use)
        hessian = here.hessian.copy()
        diagonal = np.diagonal(hessian)
        hessian[np.diag_indices(len(rows))] += rows**2 * max(1e-6 * float((diagonal / rows**2).max(initial=0)), 1e-12)
        reach = self.radius * heat / rows
        least, most = np.maximum(least - self.prices, -reach), np.minimum(most - self.prices, reach)
        step = np.zeros(len(rows))
        box_newton(hessian, slope, least, most, SWEEPS, step)
        return step, float(-(slope @ step + 0.5 * step @ here.hessian @ step))
