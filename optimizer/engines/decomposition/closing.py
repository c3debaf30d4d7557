"""The proof: a search over every answer that a better plan could use.

At prices whose bound is D, a plan x is worth at most D less the regrets of its units' answers, one for each unit. So a
plan better than P uses in no unit an answer that loses more than D − P there. Where all of those can be listed, the
best of them is the optimum: a small MIP, as the listed answers of nearly all units are one. Textbook: reduced-cost
fixing (Dantzig, Fulkerson and Johnson 1954), with whole answers of units in the place of variables.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite

import numpy as np

from optimizer.engines.decomposition.enumeration import every_pattern
from optimizer.engines.decomposition.enumeration_kernel import list_answers
from optimizer.engines.decomposition.marks import places
from optimizer.engines.decomposition.master import Master
from optimizer.engines.decomposition.patterns import Patterns
from optimizer.engines.decomposition.primal import Polish
from optimizer.engines.decomposition.warm import warm_in_time
from optimizer.engines.exact.answer import Claim, Task
from optimizer.engines.exact.child import left_for_child, search_in_child
from optimizer.engines.exact.solvers import CP_SAT, HIGHS, WORK, search, tolerance
from optimizer.engines.jit import is_compiled
from optimizer.problem.primitives import IntArray
from optimizer.problem.solution import Progress

LARGEST = 1_000_000
"""Candidates up to which it is tried: what is left to list grows with the units, for one and the same gap."""
COLUMNS = 50_000
"""Answers up to which a search is worth its start."""
MOST = 128
"""Answers of one unit at most."""
FEW = 60
"""Columns up to which CP-SAT is done before another process has started."""


@dataclass(frozen=True, slots=True)
class Closed:
    """What the search proved.

    Parameters
    ----------
    bound : int
        In value quanta, no lower than the plan.
    loose : int
        How far above the plan it may lie when the plan is the best: the solver's tolerance.
    """

    bound: int
    loose: int


def close(polish: Polish) -> Closed | None:
    """Look for better plans among all that there can be, and offer them.

    None where too much would have to be listed, or where no bound came of it in time.
    """
    ascent, plan = polish.ascent, polish.plan
    base, units, check = ascent.best, ascent.units, ascent.clock.check
    if base is None or plan is None or units.problem.candidates > LARGEST:
        return None
    if isfinite(ascent.clock.request.deadline) and not (is_compiled(list_answers) or warm_in_time(ascent.clock, True)):
        return None
    prices = base.found.prices
    room = base.found.optima + units.limits(prices) - (plan.objective << prices.shift)
    good = every_pattern(units, prices, room, MOST, check)
    if good is None or good.count - len(good.units) > COLUMNS:
        return None
    return _search(polish, good)


def _search(polish: Polish, good: Patterns) -> Closed | None:
    """Solve the master over all answers, in a process that can be ended at any moment."""
    assert polish.plan is not None
    units, clock = polish.ascent.units, polish.ascent.clock
    request, plan, first = clock.request, polish.plan.objective, good.unit_start[:-1]
    worth = int(good.value[first].sum())
    master = Master.of(units.table, good, _use(good, first, units.table.count), np.ones(units.table.count))
    linear, listed = master.strict, np.flatnonzero(master.column >= 0)
    told: list[int] = []

    def tell(chosen: IntArray | None, bound: int | None) -> None:
        if chosen is not None:
            pattern = first.copy()
            pattern[good.unit[listed[chosen]]] = listed[chosen]
            mark = good.put(np.zeros(units.problem.candidates, np.uint8), pattern, np.asarray(units.problem.unit_start))
            polish.offer(places(mark))
        if bound is not None:
            told.append(worth + linear.quanta_above(bound))
            request.report(Progress("proof", None if polish.plan is None else polish.plan.objective, min(told)))

    if not linear.columns:
        return Closed(max(worth, plan), 0)
    if linear.columns <= FEW:
        answer = search(CP_SAT, linear, Task(0.0, clock.seconds(), request.seed, WORK), tell)
        if answer.claim is Claim.OPTIMAL and answer.chosen is not None:
            tell(answer.chosen, answer.bound)
            return Closed(max(min(told), polish.plan.objective), 0)
    answer = search_in_child(
        HIGHS,
        linear,
        Task(
            request.gap * abs(plan) / max(abs(plan - worth), 1),
            clock.seconds_to_end(),
            request.seed,
        ),
        tell,
        deadline=request.deadline,
        stopped=request.stopped,
        memory=left_for_child(request.memory),
    )
    clock.stopped()
    tell(answer.chosen, answer.bound)
    loose = tolerance(linear, answer.bound)
    best = polish.plan.objective
    if not told or min(told) < best - loose:  # below a plan that is legal: nothing of it can be believed
        return None
    return Closed(max(min(told), best), loose)


def _use(good: Patterns, listed: IntArray, rows: int) -> IntArray:
    """Return what some patterns use of every row."""
    mine = np.zeros(good.count, bool)
    mine[listed] = True
    entry = np.repeat(mine, np.diff(good.row_start))
    use = np.zeros(rows, np.int64)
    np.add.at(use, good.row[entry], good.coefficient[entry])
    return use
