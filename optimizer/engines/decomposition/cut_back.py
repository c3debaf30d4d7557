"""A plan when there is no time left to look for one: the units' answers, less what the limits have no room for."""

from __future__ import annotations

import numpy as np

from optimizer.engines.decomposition.compiled import Units
from optimizer.engines.decomposition.marks import Marks, places
from optimizer.engines.decomposition.primal import Polish
from optimizer.engines.decomposition.rows import Floats
from optimizer.engines.exact.effort import wasted_effort
from optimizer.problem.evaluate import evaluate
from optimizer.problem.primitives import BoolArray, IntArray, Rows
from optimizer.problem.problem import Problem
from optimizer.problem.removals import removable
from optimizer.problem.shortfalls import has_best_effort
from optimizer.problem.usage import entries, row_use

SOON = 0.4
"""Seconds that a first look at all units may take when the time is over."""
EACH, TIED = 1e-8, 1e-4
"""Seconds that a candidate takes in it, and one of a unit that is not packed."""


def offer_cut(polish: Polish, mark: Marks, prices: Floats) -> None:
    """Offer what is left of the units' answers when contacts go until the limits hold, if units may do without them."""
    units = polish.ascent.units
    problem, general = units.problem, units.rules.general
    chosen = cut_back(units, places(mark), prices)
    if general.most_ties:
        wasted = has_best_effort(problem) and wasted_effort(problem, chosen, general.effort).any()
        if wasted or not evaluate(problem, chosen).ok:
            return
    polish.offer(chosen)


def offer_last(polish: Polish) -> None:
    """Do so at the best prices, when the time is over and there is no plan; at none where no pass was made yet."""
    ascent, units = polish.ascent, polish.ascent.units
    if ascent.best is not None:
        offer_cut(polish, ascent.best.mark, ascent.best.prices)
    elif EACH * units.problem.candidates + TIED * len(units.rules.general.helps) < SOON:
        mark, prices = np.zeros(units.problem.candidates, np.uint8), np.zeros(units.table.count)
        found = units.solve(units.prices(prices), mark=mark)
        if not found.infeasible and not found.unknown:
            ascent.keep(prices, found, mark)
            offer_cut(polish, mark, prices)


def cut_back(units: Units, chosen: IntArray, prices: Floats) -> IntArray:
    """Let contacts go until no hard upper limit is broken, those first that are worth least at the prices.

    What is left may break minimums, or what contacts need of each other: nothing is added.

    Parameters
    ----------
    units : Units
    chosen : int array
        Answers of all units, ascending.
    prices : (rows,) float array

    Returns
    -------
    int array
        Those that are left, ascending.
    """
    problem = units.problem
    margin = _margins(problem, chosen, units.table.split(prices))
    free = removable(problem, chosen) if problem.floors or problem.prerequisites else np.ones(len(chosen), bool)
    if problem.required is not None:
        free &= ~np.isin(chosen, problem.required)
    kept = np.ones(len(chosen), bool)
    for rows in problem.rows:
        if rows.penalty is None:
            there = np.flatnonzero(kept)
            kept[there[_let_go(problem, rows, chosen[there], np.where(free, margin, np.inf)[there])]] = False
    return chosen[kept]


def _margins(problem: Problem, chosen: IntArray, prices: dict[str, Floats]) -> Floats:
    """Return what contacts are worth beyond what the rows charge them. Shape (chosen,)."""
    margin = np.asarray(problem.value)[chosen].astype(float)
    for rows in problem.rows:
        price = prices[rows.name]
        if price.any():
            for who, row, amount in entries(problem, rows, chosen):
                margin[who] -= price[row] * amount
    return margin


def _let_go(problem: Problem, rows: Rows, chosen: IntArray, margin: Floats) -> BoolArray:
    """Say which contacts leave so that no row of a block has more than it may; infinite margins stay."""
    over = row_use(problem, rows, chosen) - rows.upper
    go = np.zeros(len(chosen), bool)
    if not np.any(over > 0):
        return go
    parts = []
    for who, row, amount in entries(problem, rows, chosen):
        relieves = (over[row] > 0) & (amount > 0) & np.isfinite(margin[who])
        parts.append((who[relieves], row[relieves], amount[relieves]))
    if not parts:  # a limit below 0 that nobody brings about
        return go
    who, row, amount = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    order = np.lexsort((margin[who], row))
    who, row, amount = who[order], row[order], amount[order]
    gone = np.cumsum(amount) - amount  # before each, in its row and the rows before
    first = np.searchsorted(row, row, "left")
    go[who[gone - gone[first] < over[row]]] = True
    return go
