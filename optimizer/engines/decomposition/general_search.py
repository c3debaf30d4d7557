"""Depth-first search of one unit's best set, at the prices of its ties.

Deciding a candidate against the sign of its rest costs the bound that rest, at once; so those whose rest is large are
decided first, and what is left to search is the core whose rest is almost 0.
"""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

import numpy as np

from optimizer.engines.decomposition.general_kernel import INFEASIBLE, UNKNOWN, least_cost, legal, move
from optimizer.engines.decomposition.unit_prices import bound_of, hold, loss
from optimizer.engines.jit import part

PATIENCE = 50
"""A unit without any answer at its node limit goes on to so many times as many nodes."""
NOTHING = -(2**62)
"""Less than any set is worth."""


@part
def search(unit, size, must, forced, nodes, floor, margin, rules, desk):
    """Search for the best set that is worth more than ``floor``.

    Parameters
    ----------
    unit : int
    size, must : int
        How many candidates are in ``desk.order``, and how many of them must be chosen.
    forced : int
        1 or 0 where the first candidate that is open to choice must or must not be chosen; else −1.
    nodes : int
        Nodes to open at most, beside the first way down.
    floor : int
    margin : (candidates,) int64 array
    rules : General
    desk : Desk
        ``desk.best`` receives the set.

    Returns
    -------
    value, bound : int
        Worth of the set, and an upper bound on all sets (equal, unless the node limit was met); the floor for both when
        there is none.
    count : int
        Its size; ``INFEASIBLE`` where there is none, ``UNKNOWN`` where none was found.
    """
    base, first_tie = rules.first[unit], rules.tie_start[unit]
    first, ties = rules.entry_start[base], rules.tie_start[unit + 1] - first_tie
    value, top, found = np.int64(0), np.int64(floor), INFEASIBLE
    bound, beyond = bound_of(unit, size, rules, desk), np.int64(NOTHING)
    phase, opened, i, cut = desk.phase, 0, 0, False
    nodes += size
    patience = nodes if forced >= 0 else PATIENCE * nodes
    phase[0] = 0
    while i >= 0:
        if i < size and phase[i] < 2 and not cut:
            j = desk.order[i]
            chosen = (desk.share[j] > 0.5) == (phase[i] == 0)
            barred = not chosen if i < must else i == must and forced >= 0 and chosen != (forced == 1)
            phase[i] += 1
            if barred or bound - loss(j, chosen, desk) <= top:
                continue
            opened += 1
            if opened > nodes and (found >= 0 or opened > patience):
                phase[i] -= 1
                cut = True
                continue
            desk.before[i] = bound
            fine = move(j, 1, chosen, base, first_tie, rules, desk.number, desk.seen)
            bound += hold(j, 1, chosen, base, first, rules, desk) - max(desk.rest[j], 0)
            if chosen:
                bound += margin[j]
                value += margin[j]
            if fine and bound > top and least_cost(unit, first_tie, ties, rules, desk.number) >= 0:
                i += 1
                phase[i] = 0
                continue
        else:
            if i == size:
                cost = least_cost(unit, first_tie, ties, rules, desk.number)
                if cost >= 0 and value - cost > top and legal(first_tie, ties, rules, desk.number):
                    top, found = value - cost, 0
                    for at in range(size):
                        j = desk.order[at]
                        if (desk.share[j] > 0.5) == (phase[at] == 1):
                            desk.best[found] = j
                            found += 1
            elif cut:  # the choices that are not tried any more
                for turn in range(phase[i], 2):
                    j = desk.order[i]
                    beyond = max(beyond, bound - loss(j, (desk.share[j] > 0.5) == (turn == 0), desk))
            i -= 1
        if i >= 0:  # open the candidate at this place again
            j = desk.order[i]
            chosen = (desk.share[j] > 0.5) == (phase[i] == 1)
            move(j, -1, chosen, base, first_tie, rules, desk.number, desk.seen)
            hold(j, -1, chosen, base, first, rules, desk)
            if chosen:
                value -= margin[j]
            bound = desk.before[i]
    if not cut:
        return top, top, found
    beyond = max(beyond, top)
    return (top, beyond, found) if found >= 0 else (beyond, beyond, UNKNOWN)
