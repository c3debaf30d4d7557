"""Every answer of the units that loses little: what a proof needs, where a search makes do with the few best."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from optimizer.engines.decomposition.compiled import Units
from optimizer.engines.decomposition.enumeration_kernel import list_answers
from optimizer.engines.decomposition.passes import Prices, margins
from optimizer.engines.decomposition.patterns import CELLS, Patterns, finished, joined
from optimizer.engines.decomposition.tying import tie
from optimizer.engines.decomposition.unit_desk import desk_for

NODES = 20_000
"""Nodes of one unit's search at most."""
MOST_REACH = 2**60
"""Regrets beyond this do not fit the search's whole numbers."""


def every_pattern(units: Units, prices: Prices, reach: int, most: int, check: Callable[[], None]) -> Patterns | None:
    """List every answer of every unit that loses at most ``reach``, the best first.

    Parameters
    ----------
    units : Units
    prices : Prices
    reach : int
        Most regret, over ``2 ** prices.shift``.
    most : int
        Patterns of a unit at most.
    check : callable
        Asked after every so many units; may raise to give up.

    Returns
    -------
    Patterns or None
        None where a unit has more answers than ``most``, or
        more than a short search finds.
    """
    if not 0 <= reach < MOST_REACH:
        return None
    problem = units.problem
    general = units.at_shift(prices.shift).general
    effort = general.effort if len(general.effort) == problem.units else None
    rules = tie(problem, np.ones(problem.units, bool), effort)._replace(penalty=general.penalty)
    length = max(int(rules.room.max(initial=0)), 1)
    block = max(min(CELLS // (most * length), problem.units), 1)
    listed, optimum = np.arange(problem.units, dtype=np.int64), np.empty(problem.units, np.int64)
    start, desk = np.asarray(problem.unit_start, np.int64), desk_for(units.widest, rules)
    margin = np.empty(problem.candidates, np.int64)
    given = units.candidates, units.table.terms, prices
    margins(listed, start, *given, margin, np.empty(problem.candidates, np.int32))
    parts = []
    for first in range(0, problem.units, block):
        check()
        mine = listed[first : first + block]
        regret, number = np.empty((len(mine), most), np.int64), np.empty(len(mine), np.int64)
        count = np.zeros((len(mine), most), np.int32)
        contact = np.empty((len(mine), most, length), np.int32)
        room = optimum[first : first + block], number, regret, count, contact
        list_answers(mine, start[first : first + block + 1], margin, rules, NODES, reach, *room, desk)
        if np.any(number < 0):
            return None
        there = np.arange(most) < number[:, None]
        order = np.argsort(np.where(there, regret, 2**62), axis=1, kind="stable")
        regret = np.where(there, np.take_along_axis(regret, order, 1), -1)
        count, contact = np.take_along_axis(count, order, 1), np.take_along_axis(contact, order[:, :, None], 1)
        parts.append(finished(units, prices, mine, optimum[first : first + block], regret, count, contact))
    return joined(parts)
