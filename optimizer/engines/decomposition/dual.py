"""Prices by dual ascent: small samples first and hot, then larger and cooler, then all units.

On the way the sample carries the curvature and the larger sets of units correct its slope (its limits are moved until
both agree), so that a pass over all units is needed only a few times.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from optimizer.engines.decomposition.clock import Clock
from optimizer.engines.decomposition.compiled import Pass, Units
from optimizer.engines.decomposition.marks import Marks
from optimizer.engines.decomposition.newton import STEPS, Newton
from optimizer.engines.decomposition.proof import Proof
from optimizer.engines.decomposition.rows import Floats
from optimizer.engines.decomposition.sampling import Drawn, evenly, grouped, spread
from optimizer.engines.decomposition.smooth import Sample
from optimizer.errors import InfeasibleError

SMALL, MIDDLE, LARGE = 20_000, 80_000, 200_000
"""Candidates of the first, second and last sample; where twice the last is all units, these are the last."""
LEAST = 200
"""Units of a sample at least."""
TELLING, WIDEST = 10_000, 4_000_000
"""Units of the last sample at least, as long as they have no more than so many candidates."""
SLOWER = 12
"""How many times the work a candidate of a unit that is not packed takes."""
HOT, WARM, COOL = (0.5, 0.15, 0.05), (0.05, 0.02, 0.01), (0.01, 0.003, 0.001)
"""Temperatures, in values of a typical contact."""
STRANGE = 0.05
"""Prices to start from are another problem's when a step from them promises more than this share of the value."""
HEARD = 200
"""Candidates that use a row in the first samples, so that these say something of its price."""
CORRECTION = 0.02
"""Temperature at which a sample follows the slope of more units."""
FOLLOWED = 1e-6
"""Share of what smoothing adds below which a correction is not worth a step."""
PASSES = 6
ENOUGH, FINE = 0.01, 1e-5
"""Prices are good when the next step is likely to lower the bound by less than this share of the asked gap, or of this
one where more is asked: a pass is cheap, and what is left to mend falls with the square of what rows are off."""
SLACK = 0.08
"""The same, where rows are many and steps are dear."""
MEMBERS, MOST_MEMBERS, EVENLY = 5, 20, 40_000
"""Where rows are many: units of each group of customers in the first sample that hears all rows, and in the last, which
has so many units beside. Rows of groups no larger are heard in full; of larger ones the passes tell the rest."""
STRIDES, STRIDING, FEWER = 3, 20, 2
"""Newton steps at one temperature where passes correct what is left; passes that do where rows are many; and steps of
the last sample there, as its curvature costs more than a pass."""
DOUBTING = 4
"""One in so many of them asks whether its prices prove that there is no plan."""
WARY = 16.0
"""The trust region of the first of these is no larger: what a sample trusts far goes wrong with all units."""


@dataclass(slots=True, eq=False)
class Priced:
    """Prices and the full pass that was made at them.

    Parameters
    ----------
    prices : (rows,) float array
    found : Pass
    bound : int
        In value quanta.
    mark : (candidates,) uint8 array
        The units' answers.
    """

    prices: Floats
    found: Pass
    bound: int
    mark: Marks


@dataclass(slots=True, eq=False)
class Ascent:
    """Dual ascent on one problem; ``best`` is the lowest bound that a full pass has proven.

    It ends with an error when it finds prices that prove that no plan exists.

    Parameters
    ----------
    units : Units
    clock : Clock
    gap : float
        Relative gap that is asked for.
    """

    units: Units
    clock: Clock
    gap: float
    best: Priced | None = None
    passes: int = 0
    value: float = 1.0
    """Value of a typical contact, in value quanta."""
    hears: bool = True
    """Whether samples of all customers tell of every row."""
    typical: Floats = field(init=False)
    """Each row's typical coefficient."""
    proof: Proof = field(init=False)

    def __post_init__(self) -> None:
        self.typical = np.ones(self.units.table.count)
        self.proof = Proof(self.units, self.clock.check)

    def look(self, prices: Floats) -> Priced:
        """Make a full pass at some prices, and :meth:`keep` it."""
        mark = np.zeros(self.units.problem.candidates, np.uint8)
        return self.keep(prices, self.units.solve(self.units.prices(prices), mark=mark, check=self.clock.check), mark)

    def keep(self, prices: Floats, found: Pass, mark: Marks) -> Priced:
        """Keep a full pass when it is the best yet."""
        self.passes += 1
        here = Priced(prices, found, self.units.bound(found), mark)
        if self.best is None or here.bound < self.best.bound:
            self.best = here
        return here

    def run(self, start: Floats | None = None) -> None:
        """Find good prices, from a start if there is one."""
        self.settle(self.approach(start))

    def approach(self, start: Floats | None = None) -> Newton | None:
        """Find prices by samples and make the first pass there; return who goes on, if that is of use."""
        units, problem = self.units, self.units.problem
        rows = units.table.count
        if not rows or not problem.candidates:
            self.look(np.zeros(rows))
            return None
        first = self._sample(SMALL if start is None else MIDDLE)
        newton = Newton(Sample(units, first, self.clock.check, HEARD), np.zeros(rows))
        self.value = self._scale(first)
        if start is not None:
            newton.prices = np.clip(start, units.table.least, units.table.most)
        if start is None or newton.promise(WARM[-1] * self.value) > STRANGE:
            self._cool(newton, HOT)
            self._widen(newton, self._sample(MIDDLE), HEARD)
            self._cool(newton, WARM)
        last = self._last_sample()
        self.hears = len(last) == problem.units or bool(newton.sample.heard.all())
        if len(last) == problem.units:
            self._widen(newton, last)
            self._cool(newton, COOL)
        elif self.hears:
            self._widen(newton, last)
            self._follow(newton)
        else:
            self._hear(newton)
        self.look(newton.prices)
        self.typical = newton.sample.typical
        return newton if len(last) < problem.units else None

    def settle(self, newton: Newton | None) -> None:
        """Go on from there by passes over all units."""
        if newton is None or self.best is None:
            return
        here = self.best if self.best.prices is newton.prices else self.look(newton.prices)
        if self.hears:
            self._correct(newton, CORRECTION * self.value, here)
        else:
            heat = WARM[-1] * self.value
            self._agree(newton, here.found.use.astype(float), heat, steps=FEWER)
            self._stride(newton, heat)

    def follow(self, start: Floats, heat: float) -> None:
        """Go on from good prices of a problem nearby, at one temperature, in values of a typical contact."""
        last = Sample(self.units, self._last_sample(), self.clock.check, HEARD)
        newton, heat = Newton(last, start), heat * self.value
        if last.heard.all():
            newton.settle(heat)
            self._correct(newton, heat)
        else:
            newton.sample = Sample(self.units, self._some_of_every_group(), self.clock.check)
            newton.settle(heat)
            self._widen(newton, self._every_group())
            newton.settle(heat, FEWER)
            self._stride(newton, heat)
        self.typical = newton.sample.typical

    def _sample(self, candidates: int, telling: int = 0) -> Drawn:
        """Return a sample of units that have about so many candidates, or of ``telling`` units, if these are more."""
        problem, general = self.units.problem, self.units.rules.general
        work = problem.candidates + (SLOWER - 1) * len(general.helps)
        sizes = LEAST, candidates * problem.units // work, min(telling, WIDEST * problem.units // work)
        return evenly(problem.units, max(sizes))

    def _last_sample(self) -> Drawn:
        """Return the last sample where rows are few: of all units, where these are not many."""
        twice = self._sample(2 * LARGE, 2 * TELLING)
        return twice if len(twice) == self.units.problem.units else self._sample(LARGE, TELLING)

    def _some_of_every_group(self) -> Drawn:
        """Return the first sample where rows are many that hears all of them."""
        return grouped(self.units, len(self._sample(MIDDLE)), MEMBERS)

    def _every_group(self) -> Drawn:
        """Return the last sample where rows are many: it hears all of them."""
        return grouped(self.units, min(self.units.problem.units, EVENLY), MOST_MEMBERS)

    def _widen(self, newton: Newton, drawn: Drawn, heard: int = 0) -> None:
        """Go on with another sample, if it is larger."""
        if len(drawn) > len(newton.sample.drawn):
            newton.sample = Sample(self.units, drawn, self.clock.check, heard)

    def _cool(self, newton: Newton, heats: tuple[float, ...], steps: int = STEPS) -> None:
        for heat in heats:
            newton.settle(heat * self.value, steps)
            self._refute(newton)

    def _refute(self, newton: Newton) -> None:
        """Raise when the prices prove that no plan exists: where there is none, they have no end to run to."""
        if self.proof.by(newton.prices, newton.sample.drawn.listed):
            prices = {name: part.tolist() for name, part in self.units.table.split(newton.prices).items()}
            raise InfeasibleError(
                "no plan obeys every rule: the prices of the constraints prove it",
                fix="lower a minimum, or raise a limit",
                diagnosis={"prices": prices},
            )

    def _follow(self, newton: Newton) -> None:
        """Follow the slope of a tenth of all units, where that is many more than the sample has."""
        units = self.units.problem.units
        listed = spread(units, units // 10)
        if len(listed) > 2 * len(newton.sample.drawn):
            use = self.units.solve(self.units.prices(newton.prices), listed, check=self.clock.check).use
            self._agree(newton, np.asarray(use * (units / len(listed)), np.float64), CORRECTION * self.value)

    def _correct(self, newton: Newton, heat: float, here: Priced | None = None) -> None:
        """Follow the slope of all units with the sample's curvature, at a temperature, from a pass made here."""
        promised, kept, before = 0.0, 1.0, None
        for number in range(PASSES):
            here = self.look(newton.prices) if number or here is None else here
            self._refute(newton)
            if before is not None and promised > 0:
                kept = min(max((before - here.bound) / promised, 0.0), 1.0)
            enough = ENOUGH * min(self.gap, FINE) * abs(here.bound) / max(kept, ENOUGH)
            promised, before = self._agree(newton, here.found.use.astype(float), heat, enough), here.bound
            if promised <= enough or self.clock.stopped():
                return
            if self.best is not here and self.best is not None:  # too far: half the way back
                newton.prices = 0.5 * (self.best.prices + here.prices)

    def _agree(self, newton: Newton, use: Floats, heat: float, enough: float = 0.0, steps: int = STRIDES) -> float:
        """Correct the sample by the use of more units and go on; return the decrease of the whole.

        No step is taken that promises no more than ``enough``.
        """
        before = newton.sample.at(newton.prices, heat)
        newton.sample.shift(before.use - use)
        start = newton.sample.at(newton.prices, heat)
        after = newton.settle(heat, steps=steps, settled=FOLLOWED, enough=enough)
        return start.value - after.value

    def _hear(self, newton: Newton) -> None:
        """Follow rows that only some units use, with samples of all groups of customers.

        What the others know of a row that few units use is noise.
        """
        self._widen(newton, self._some_of_every_group())
        self._cool(newton, WARM[1:2], STRIDES)
        self._widen(newton, self._every_group())

    def _stride(self, newton: Newton, heat: float) -> None:
        """Step by the slope of all units and the curvature that the sample has here: a step costs a pass, no more.

        What the step changed in truth corrects the curvature for the next one.
        """
        here = self.look(newton.prices)
        newton.radius = min(newton.radius, WARY)
        enough = SLACK * self.gap * abs(here.bound)
        newton.sample.shift(np.zeros(len(newton.prices)))
        bends = newton.sample.at(newton.prices, heat).bends
        for number in range(STRIDING):
            if number % DOUBTING == 0:
                self._refute(newton)
            step, promised = newton.step(here.found.use.astype(float), bends, heat)
            if promised <= enough or self.clock.stopped():
                return
            there = self.look(newton.prices + step)
            newton.trust(min((here.bound - there.bound) / promised, 0.9))  # no leap: the curvature grows old
            bends = bends.learnt(step, (here.found.use - there.found.use).astype(float), newton.sample.typical)
            if there.bound < here.bound:
                newton.prices, here = there.prices, there

    def _scale(self, drawn: Drawn) -> float:
        """Return the value of a typical contact."""
        units = self.units
        free = units.solve(units=drawn.listed)
        contacts = int(free.kinds_used.sum())
        if contacts and free.optima:
            value = float(np.ldexp(float(free.optima), -free.prices.shift)) / contacts
        else:
            value = float(np.abs(units.problem.value).mean())
        return max(value, 1.0)
