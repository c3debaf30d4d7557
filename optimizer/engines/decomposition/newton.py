"""Newton's method with a trust region on the smoothed dual, while the temperature falls.

Textbook: smoothing (Nesterov 2005), projected Newton for simple bounds (Bertsekas 1982), trust regions (Conn, Gould
and Toint 2000), continuation in the temperature as in interior-point methods.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from optimizer.engines.decomposition.box_kernel import box_newton
from optimizer.engines.decomposition.rows import Floats
from optimizer.engines.decomposition.smooth import Curvature, Point, Sample

SWEEPS = 40, 8
"""Over the prices for a step, at most: where a sweep costs little, and where rows are many, as others follow anyway."""
STEPS = 8
"""Newton steps at one temperature at most."""
SETTLED, STILL = 0.02, 0.001
"""A temperature is done with when a step promises less than this share of what smoothing adds; and where the sample
does not hear every row: what is left at rows that few units use takes many passes to mend."""
BLUNT = 0.02
"""It is done with, too, when a step that promises less than this share keeps nothing of it: the rest is noise of the
answers that are left out."""


@dataclass(slots=True)
class Newton:
    """Prices on their way down the smoothed dual of a sample.

    Parameters
    ----------
    sample : Sample
    prices : (rows,) float array
    radius : float
        Trust region: how many temperatures a price may take from a contact in one step.
    """

    sample: Sample
    prices: Floats
    radius: float = 1.0

    def promise(self, heat: float) -> float:
        """Return what the next step promises, as a share of the value."""
        here = self.sample.at(self.prices, heat)
        return self.step(here.use, here.bends, heat)[1] / max(abs(here.exact), 1.0)

    def settle(self, heat: float, steps: int = STEPS, settled: float | None = None, enough: float = 0.0) -> Point:
        """Minimise at one temperature, until a step promises less than a share of the smoothing, or ``enough``."""
        if settled is None:
            settled = SETTLED if self.sample.heard.all() else STILL
        here = self.sample.at(self.prices, heat)
        for _ in range(steps):
            step, promised = self.step(here.use, here.bends, heat)
            if promised <= max(settled * (here.value - here.exact), enough, 0.0):
                break
            there = self.sample.at(self.prices + step, heat)
            kept = (here.value - there.value) / promised
            self.trust(kept)
            if kept <= 0 and promised <= BLUNT * (here.value - here.exact):
                break
            if kept > 0:
                self.prices, here = self.prices + step, there
        self.radius = max(self.radius, 1.0)
        return here

    def trust(self, kept: float) -> None:
        """Learn how far steps may go from what share of its promise the last one kept."""
        if kept < 0.25:
            self.radius *= 0.3
        elif kept > 0.6:
            self.radius = min((4 if kept > 0.9 else 2) * self.radius, 100.0)

    def step(self, use: Floats, bends: Curvature, heat: float) -> tuple[Floats, float]:
        """Return a step within the trust region and the price ranges, and the decrease that it promises.

        Parameters
        ----------
        use : (rows,) float array
            Of all rows at the prices, which makes the slope.
        bends : Curvature
        heat : float
        """
        sample = self.sample
        slope, least, most = sample.slope(self.prices, use)
        own = bends.diagonal(len(slope)) / sample.typical**2
        extra = sample.typical**2 * max(1e-6 * float(own.max(initial=0)), 1e-12)
        reach = np.where(sample.heard, self.radius * heat / sample.typical, 0.0)
        least, most = np.maximum(least - self.prices, -reach), np.minimum(most - self.prices, reach)
        step = np.zeros(len(slope))
        promised = box_newton(*bends, extra, slope, least, most, *SWEEPS, step)
        return step, float(promised)
