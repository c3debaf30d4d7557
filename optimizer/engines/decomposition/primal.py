"""From prices to a plan: each unit's best answer, then the least regret that makes the rows hold.

At a vertex of the master at most one unit per tight row is mixed, whatever the number of units. So a few thousand units
whose second-best answers lose little are enough to repair the rows and to spend what is left; all others keep their
best answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import ceil

import numpy as np

from optimizer.engines.decomposition.compiled import Units
from optimizer.engines.decomposition.dual import Ascent, Priced
from optimizer.engines.decomposition.master import Answer, Master
from optimizer.engines.decomposition.patterns import Patterns, patterns
from optimizer.engines.decomposition.plan import Plan
from optimizer.engines.decomposition.pool import Near
from optimizer.engines.decomposition.rows import Floats
from optimizer.problem.primitives import UNLIMITED, IntArray
from optimizer.problem.solution import Progress

LEAST, SPARE = 2_000, 4.0
"""Units that may change their answer: at least so many, and for each row so many times what its use is off at first."""
COLUMNS = 30_000
"""Columns beyond which the pool is not widened any more."""
FIRST_REACH, WIDEN = 0.01, 3.0
"""Most regret of a pattern, in values of a typical contact, at first; how it and the spare grow by the round."""
ROUNDS = 9
EXACT_PART = 0.2
"""Share of the asked gap to which the whole master is solved."""


def judged(units: Units, chosen: IntArray) -> Plan | None:
    """Return the plan when it keeps every row, None otherwise; its units are legal by construction."""
    problem, table = units.problem, units.table
    use = units.use_of(chosen)
    over = np.where(table.upper < UNLIMITED, np.maximum(use - table.upper, 0), 0)
    under = np.where(table.lower > -UNLIMITED, np.maximum(table.lower - use, 0), 0)
    broken = over + under
    penalties = Fraction(0)
    for row in np.flatnonzero(broken).tolist():
        penalty = table.penalty[row]
        if penalty is None:
            return None
        penalties += penalty * int(broken[row])
    penalties += units.floor_penalties(chosen)
    value = int(np.asarray(problem.value)[chosen].sum(dtype=np.int64))
    return Plan(chosen, value - ceil(penalties))


@dataclass(slots=True, eq=False)
class Polish:
    """Find a plan near the bound.

    Parameters
    ----------
    ascent : Ascent
        Its bound may get better on the way, by the master's duals.
    plan : Plan, optional
        The best so far.
    """

    ascent: Ascent
    plan: Plan | None = None

    def run(self) -> None:
        """Widen the patterns until the asked gap is met, nothing is left to try, or it is time to stop."""
        ascent, units = self.ascent, self.ascent.units
        if ascent.best is None:
            return
        self._offer(np.flatnonzero(ascent.best.mark))
        reach, times = FIRST_REACH * ascent.value, SPARE
        for _ in range(ROUNDS):
            if self._done() or ascent.clock.stopped():
                return
            base, before = ascent.best, self.plan
            near = Near.find(units, base.found.prices, reach, ascent.clock.check)
            pool, farthest = near.pick(LEAST, times * self._off(base))
            good = patterns(units, base.found.prices, pool, farthest, 12, ascent.clock.check)
            if good.count > len(pool):
                better = self._round(base, good)
                if better is not None and not ascent.clock.stopped():
                    ascent.look(better)
            if good.count - len(pool) > COLUMNS:
                return
            if ascent.best is not base:  # better prices: the same again from there
                continue
            if len(pool) < len(near.unit):
                times *= WIDEN
            elif self.plan is None:
                reach *= WIDEN
            else:  # no pattern of a better plan loses more than lies between this one and the bound
                room = float(base.bound - self.plan.objective)
                if reach >= room and self.plan is before:
                    return
                reach = min(WIDEN * reach, max(room, reach))

    def _off(self, base: Priced) -> Floats:
        """Return how many contacts the use of each row is off the limit that it should meet. Shape (rows,)."""
        table, use = self.ascent.units.table, base.found.use
        over = np.where(table.upper < UNLIMITED, use - table.upper, -UNLIMITED).astype(float)
        under = np.where(table.lower > -UNLIMITED, table.lower - use, -UNLIMITED).astype(float)
        off = np.maximum(np.maximum(over, under), 0.0)
        off = np.where(base.prices > 0, np.abs(over), np.where(base.prices < 0, np.abs(under), off))
        contacts: Floats = off / self.ascent.typical
        return contacts

    def _round(self, base: Priced, good: Patterns) -> Floats | None:
        """Solve the master over some patterns; offer its plan, and return its prices if they may be better."""
        ascent = self.ascent
        master = Master.of(ascent.units.table, good, base.found.use)
        relaxed = master.relaxed(ascent.clock.seconds())
        if relaxed is None:
            return None
        asked = max(ascent.gap, 1e-7) * abs(base.bound)
        worth = self.ascent.units.worth(base.found) + relaxed.gain
        if self.plan is None or worth > self.plan.objective + EXACT_PART * asked:
            answer = master.whole(EXACT_PART * asked, ascent.clock.seconds(), ascent.clock.request.seed)
            if answer is not None:
                self._offer(self._chosen(base, good, answer))
        return relaxed.prices if base.bound - worth > EXACT_PART * asked else None

    def _chosen(self, base: Priced, good: Patterns, answer: Answer) -> IntArray:
        """Put the master's patterns in the place of the units' best answers."""
        mark = base.mark.copy()
        used = answer.share > 0.5
        best = np.zeros(good.count, bool)
        best[good.unit_start[:-1]] = True
        mark[good.contacts(np.flatnonzero(best & ~used))] = 0
        mark[good.contacts(np.flatnonzero(used & ~best))] = 1
        return np.flatnonzero(mark)

    def _offer(self, chosen: IntArray) -> None:
        plan = judged(self.ascent.units, chosen)
        if plan is not None and (self.plan is None or plan.objective > self.plan.objective):
            self.plan = plan
        best = self.ascent.best
        self.ascent.clock.request.report(
            Progress(
                "polish",
                None if self.plan is None else float(self.plan.objective),
                None if best is None else float(best.bound),
            )
        )

    def _done(self) -> bool:
        best = self.ascent.best
        if self.plan is None or best is None:
            return False
        return best.bound - self.plan.objective <= self.ascent.gap * abs(self.plan.objective)
