"""A plan from the units' best answers by changing one unit at a time: soon done, however many rows there are.

A descent on what the plan lies below the bound: the regrets, and what idle parts of priced limits are worth; plus a
penalty for each unit of a broken limit (exact penalties: Eremin 1966, Zangwill 1967). Row by row, the best change
first. Regrets count many times at first, so that the cheapest changes come before those that mend more at once. Where
the descent ends with rows still broken, they become dearer than others (breakout: Morris 1993): what they have too many
of goes to rows that more units can mend.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from optimizer.engines.decomposition.patterns import Patterns
from optimizer.engines.decomposition.repair_kernel import earn, mend
from optimizer.engines.decomposition.rows import Floats, RowTable
from optimizer.problem.primitives import UNLIMITED, IntArray

LOTH = (300.0, 100.0, 30.0, 10.0, 3.0)
"""How many times a regret counts at first."""
DEARER, TURNS = 4.0, 8
"""A contact too many or too few costs what a typical one is worth: so many times more by the turn, where it stays."""
NEVER = 1e30


def repaired(
    table: RowTable,
    good: Patterns,
    used: IntArray,
    use: IntArray,
    prices: Floats,
    contact: Floats,
    check: Callable[[], None],
) -> IntArray | None:
    """Return a pattern for each unit so that the hard rows hold, None where that was not reached.

    Parameters
    ----------
    table : RowTable
    good : Patterns
    used : (units,) int64 array
        The pattern that each of the patterns' units begins with.
    use : (rows,) int64 array
        What all units use at first.
    prices : (rows,) float array
    contact : (rows,) float array
        What a typical contact is worth, for each row by the amount that it uses of it.
    check : callable
        Asked now and then; may raise to give up.
    """
    over = np.where(table.upper < UNLIMITED, table.upper - use, UNLIMITED)
    under = np.where(table.lower > -UNLIMITED, use - table.lower, UNLIMITED)
    penalty = np.array([np.nan if p is None else float(p) for p in table.penalty])
    used, first = used.copy(), good.unit_start[:-1]
    sparse = (good.row_start, good.row, good.coefficient)
    unit = good.unit
    owner = np.repeat(np.arange(good.count), np.diff(good.row_start))
    worth = good.value - np.bincount(owner, prices[good.row] * good.coefficient, good.count)
    regret = (np.maximum.reduceat(worth, first) if len(first) else worth)[unit] - worth
    pairs = np.unique(good.row * len(good.units) + np.repeat(unit, np.diff(good.row_start)))
    start = np.searchsorted(pairs, np.arange(table.count + 1) * len(good.units))
    owners = pairs % max(len(good.units), 1)
    times = np.ones(table.count)
    for loth in (*LOTH, *[1.0] * TURNS):
        check()
        dear = np.where(np.isnan(penalty), np.maximum(times * contact, 2 * np.abs(prices)), penalty)
        left = mend(good.unit_start, loth * regret, *sparse, start, owners, over, under, dear, prices, used)
        if loth == 1.0:
            if not left:
                break
            times[(over < 0) | (under < 0)] *= DEARER
    dear = np.where(np.isnan(penalty), NEVER, penalty)
    if np.any(np.isnan(penalty) & ((over < 0) | (under < 0))):
        return None
    earn(np.argsort(regret, kind="stable"), unit, good.value, *sparse, over, under, dear, np.zeros(table.count), used)
    return used
