"""From prices to a plan: each unit's best answer, then the least regret that makes the rows hold.

At a vertex of the master at most one unit per tight row is mixed, whatever the number of units. So a few thousand units
whose second-best answers lose little are enough to repair the rows and to spend what is left; all others keep their
best answer.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil

import numpy as np

from optimizer.engines.decomposition.columns import united
from optimizer.engines.decomposition.compiled import Units
from optimizer.engines.decomposition.dual import Ascent, Priced
from optimizer.engines.decomposition.marks import Marks, places
from optimizer.engines.decomposition.master import Master
from optimizer.engines.decomposition.patterns import Patterns, assemble, joined, patterns
from optimizer.engines.decomposition.plan import Plan
from optimizer.engines.decomposition.pool import Near
from optimizer.engines.decomposition.repair import repaired
from optimizer.engines.decomposition.rows import Floats, RowTable
from optimizer.engines.decomposition.sampling import spread
from optimizer.problem.pairs import in_order
from optimizer.problem.primitives import UNLIMITED, IntArray
from optimizer.problem.solution import Progress

LEAST, SPARE = 2_000, 4.0
"""Units that may change their answer: at least so many, and for each row so many times what its use is off at first."""
COLUMNS = 30_000
"""Columns beyond which the pool is not widened any more."""
FIRST_REACH, WIDEN = 0.01, 3.0
"""Most regret of a pattern, in values of a typical contact, at first; how it and the spare grow by the round."""
MENDERS, AMONG = 100_000, 200_000
"""For mending by single changes: at least so many units are looked at; of more than so many, those that lose less are
enough."""
TRIES = ((10, 0.05, (6.0,)), (5, 0.05, (6.0,)), (1, 0.05, (6.0,)), (1, 0.1, (12.0, 24.0)))
MANY_TRIES = ((2, 0.05, (8.0, 24.0)), (1, 0.1, (8.0, 24.0)))
"""One unit in how many is looked at; most regret, in values of a typical contact; and units for each contact that a row
is off: until these suffice. Where rows are many, more units are looked at."""
FEW = 300
"""Rows beyond which the first reach is wider, and mending looks at more: of a small group, the nearest may be far."""
ROUNDS, WIDENED = 40, 9
"""Rounds at most, and those of them in which the prices stay and the patterns are widened."""
MOST = 12
"""Patterns of a unit at one and the same prices."""
MOVED = 30_000
"""Units whose answers at other prices are kept at most."""
FIRST_STEP = 0.3
"""How far from the best prices to the master's the answers are generated: its duals swing (Wentges 1997)."""
DEAR = 10.0
"""What breaking a row by a typical contact costs, in values of such a contact."""
EXACT_PART, MISSING = 0.2, 0.1
"""Share of the asked gap to which the whole master is solved; and it is not where it could gain less than this share of
what lies between its relaxation and the bound: then answers are missing."""


def judged(units: Units, chosen: IntArray) -> Plan | None:
    """Return the plan when it keeps every row, None otherwise; its units are legal by construction."""
    penalties = charged(units.table, units.use_of(chosen))
    if penalties is None:
        return None
    penalties += units.floor_penalties(chosen)
    value = int(np.asarray(units.problem.value)[chosen].sum(dtype=np.int64))
    return Plan(chosen, value - ceil(penalties))


def charged(table: RowTable, use: IntArray) -> Fraction | None:
    """Return what a use of the rows costs in penalties; None where it breaks a hard one."""
    over = np.where(table.upper < UNLIMITED, np.maximum(use - table.upper, 0), 0)
    under = np.where(table.lower > -UNLIMITED, np.maximum(table.lower - use, 0), 0)
    broken = over + under
    penalties = Fraction(0)
    for row in np.flatnonzero(broken).tolist():
        penalty = table.penalty[row]
        if penalty is None:
            return None
        penalties += penalty * int(broken[row])
    return penalties


@dataclass(slots=True, eq=False)
class Polish:
    """Find a plan near the bound.

    Parameters
    ----------
    ascent : Ascent
        Its bound may get better on the way, by the master's duals.
    plan : Plan, optional
        The best so far.
    generated : list of Patterns
        Answers at other prices than the best.
    """

    ascent: Ascent
    plan: Plan | None = None
    generated: list[Patterns] = field(default_factory=list)

    def mend(self) -> None:
        """Offer the units' best answers, and the plan that single changes of them lead to.

        That is soon done, and near the bound where units are many.
        """
        base, units = self.ascent.best, self.ascent.units
        if base is None:
            return
        if charged(units.table, base.found.use) is not None:
            self.offer(places(base.mark))
        if self.done or not units.table.count:
            return
        off, count = self._off(base), units.problem.units
        tries = MANY_TRIES if units.table.count > FEW else TRIES
        sizes = [(max(min(MENDERS, count), count // part), far, spares) for part, far, spares in tries]
        for size, far, spares in dict.fromkeys(sizes):  # few units: the first are one
            listed = spread(count, size)
            far *= min(AMONG * count / size**2, 1.0)
            near = Near.find(units, listed, base.found.prices, far * self.ascent.value, self.ascent.clock.check)
            if not self.generated:
                self._leave(base, near.lacking(spares[0] * off), spares[0] * off)
            for spare in spares:
                good = self._columns(base, *near.pick(LEAST, spare * off))
                mark, use, _ = self._start(base, good)
                if self._repair(good, mark, good.unit_start[:-1], use, base.prices):
                    return

    def run(self, patience: int = ROUNDS) -> None:
        """Widen the patterns until the asked gap is met, nothing is left to try, or it is time to stop.

        Parameters
        ----------
        patience : int
            Rounds without a better plan after which to stop.
        """
        ascent = self.ascent
        if ascent.best is None:
            return
        reach, times, widened, stale = FIRST_REACH * ascent.value, SPARE, 0, 0
        if ascent.units.table.count > FEW:
            reach *= WIDEN
        everyone = np.arange(ascent.units.problem.units, dtype=np.int64)
        for _ in range(ROUNDS):
            if self.done or ascent.clock.stopped():
                return
            base, before = ascent.best, self.plan
            near = Near.find(ascent.units, everyone, base.found.prices, reach, ascent.clock.check)
            pool, farthest = near.pick(LEAST, times * self._off(base))
            columns = self._round(base, pool, farthest)
            stale = stale + 1 if self.plan is not None and self.plan is before else 0
            if stale == patience:
                return
            if ascent.best is not base:  # better prices: the same again from there
                continue
            if widened == WIDENED or columns > COLUMNS:
                return
            widened += 1
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

    def _round(self, base: Priced, pool: IntArray, reach: float) -> int:
        """Solve the master over the answers of some units, and offer its plan; return how many columns it had.

        While its relaxation breaks rows or stays below the bound, answers are missing: they are generated at its
        prices, again and again in the first case, once in the second, as better prices call for another pool.
        """
        ascent, clock, ahead, before = self.ascent, self.ascent.clock, FIRST_STEP, -np.inf
        asked = max(ascent.gap, 1e-7) * abs(base.bound)
        while True:
            good = self._columns(base, pool, reach)
            mark, use, worth = self._start(base, good)
            if not np.isfinite(before) and self._repair(good, mark, good.unit_start[:-1], use, base.prices):
                break
            master = Master.of(ascent.units.table, good, use, self._dear(base))
            relaxed = master.relaxed(clock.seconds(), clock.stopped) if master.linear.columns else None
            if relaxed is None or relaxed.prices is None:
                break
            reached = worth + relaxed.gain
            if not relaxed.short:
                if self._follow(good, mark, relaxed.largest(good), relaxed.prices):
                    break
                missing = base.bound - reached
                if self.plan is None or reached - self.plan.objective > max(EXACT_PART * asked, MISSING * missing):
                    self._search(master, good, mark, EXACT_PART * asked)
                if missing <= EXACT_PART * asked:
                    break
            if clock.stopped():
                break
            self._generate(base, base.prices + ahead * (relaxed.prices - base.prices))
            if not relaxed.short:
                self._generate(base, relaxed.prices)
                break
            stuck = reached <= before + EXACT_PART * asked
            if stuck and ahead == 1.0:
                break
            ahead, before = 1.0 if stuck else FIRST_STEP, reached
        return good.count - len(good.units)

    def _repair(self, good: Patterns, mark: Marks, first: IntArray, use: IntArray, prices: Floats) -> bool:
        """Offer the plan that changes of single units lead to; return whether it is good enough.

        Parameters
        ----------
        first : (units,) int array
            The pattern that each unit begins with.
        use : (rows,) int array
            What all units use then.
        """
        ascent = self.ascent
        worth = ascent.value / ascent.typical
        used = repaired(ascent.units.table, good, first, use, prices, worth, ascent.clock.check)
        if used is not None:
            self.offer(places(good.put(mark, used, self._unit_start)))
        return self.done

    def _follow(self, good: Patterns, mark: Marks, first: IntArray, prices: Floats) -> bool:
        """Do the same from the plan nearest to the master's relaxation, at its prices."""
        use = self.ascent.units.use_of(places(good.put(mark, first, self._unit_start)))
        return self._repair(good, mark, first, use, prices)

    def _search(self, master: Master, good: Patterns, mark: Marks, tolerance: float) -> None:
        """Offer the plan of the whole master."""
        clock = self.ascent.clock
        answer = master.whole(tolerance, clock.seconds_to_end(), clock.request.seed, clock.stopped)
        if answer is not None:
            self.offer(places(good.put(mark, answer.largest(good), self._unit_start)))

    @property
    def _unit_start(self) -> IntArray:
        return np.asarray(self.ascent.units.problem.unit_start)

    def _columns(self, base: Priced, pool: IntArray, reach: float) -> Patterns:
        """Return the answers of the units in the pool, and those that were generated before."""
        listed = np.unique(np.concatenate([pool, *(part.units for part in self.generated)]))
        good = patterns(self.ascent.units, base.found.prices, listed, reach, MOST, self.ascent.clock.check)
        return united([joined(good), *self.generated])

    def _start(self, base: Priced, good: Patterns) -> tuple[Marks, IntArray, float]:
        """Give each listed unit the first of its patterns; return the plan, what it uses of the rows, and its worth.

        It is the answer that was found at the prices, or one as good.
        """
        units = self.ascent.units
        mark = good.put(base.mark, good.unit_start[:-1], self._unit_start)
        use = base.found.use if np.array_equal(mark, base.mark) else units.use_of(places(mark))
        return mark, use, units.worth(base.found, use)

    def _generate(self, base: Priced, prices: Floats) -> None:
        """Look at other prices, and keep the answers that change there."""
        ascent, units = self.ascent, self.ascent.units
        there = ascent.look(prices)
        moved = np.flatnonzero(there.mark != base.mark)
        listed = np.unique(np.searchsorted(units.problem.unit_start, moved, side="right") - 1)
        listed = listed[spread(len(listed), MOVED)]
        self.generated += patterns(units, there.found.prices, listed, 0.0, 1, ascent.clock.check)

    def _leave(self, base: Priced, rows: IntArray, need: Floats) -> None:
        """Keep answers without the rows that are over their limit, of as many of their units as are needed.

        The price of a row with few contacts may be far off, as samples hardly see it: nobody is near leaving it.

        Parameters
        ----------
        rows : int array
            Those looked at.
        need : (rows,) float array
            Units for each row.
        """
        units, table = self.ascent.units, self.ascent.units.table
        over = rows[base.found.use[rows] > table.upper[rows]]
        if not len(over):
            return
        contact = places(base.mark)
        group = units.candidates.group[:, units.problem.customer_of(contact)]
        contact = contact[table.may_use(over, units.problem.kind[contact], group)]
        number = np.arange(len(contact) + 1)
        owner = np.searchsorted(units.problem.unit_start, contact, side="right") - 1
        used = assemble(units, number[:-1], number, np.zeros(len(contact)), number, contact, owner)
        wanted, listed = np.zeros(table.count, bool), []
        wanted[over] = True
        order = np.flatnonzero(wanted[used.row])
        order = order[in_order(used.row[order], table.count)]
        owner = np.repeat(owner, np.diff(used.row_start))[order]
        edges = (np.searchsorted(used.row[order], over, side=side) for side in ("left", "right"))
        for row, first, last in zip(over.tolist(), *edges, strict=True):
            listed.append(owner[first:last][spread(last - first, ceil(need[row]))])
        prices = base.prices.copy()
        prices[over] += self._dear(base)[over]
        given = units.prices(prices), np.unique(np.concatenate(listed)), 0.0, 1, self.ascent.clock.check
        self.generated += patterns(units, *given)

    def _dear(self, base: Priced) -> Floats:
        """Return what breaking a row costs: more than what a contact that could mend it is worth."""
        dear: Floats = DEAR * (self.ascent.value / self.ascent.typical) + 2 * np.abs(base.prices)
        return dear

    def offer(self, chosen: IntArray) -> None:
        """Keep a plan if it keeps every row and is the best so far; its units are legal by construction."""
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

    @property
    def done(self) -> bool:
        """Whether the asked gap is met."""
        best = self.ascent.best
        if self.plan is None or best is None:
            return False
        return best.bound - self.plan.objective <= self.ascent.gap * abs(self.plan.objective)
