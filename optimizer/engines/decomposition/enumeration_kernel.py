"""A loop over units that lists *every* answer that loses little, so that a search over them is a proof."""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

import numpy as np

from optimizer.engines.decomposition.general_kernel import least_cost, legal, move
from optimizer.engines.decomposition.unit_branches import prepare, solve_general
from optimizer.engines.decomposition.unit_prices import bound_of, hold, loss
from optimizer.engines.jit import bare_kernel, part

TOO_MANY = -1
"""Patterns of a unit that has more of them than there is room for, or whose search met the node limit."""


@part
def _list_all(unit, at, size, must, top, reach, nodes, margin, rules, desk, regret, count, contact):
    """Write every legal set worth ``top − reach`` or more; return how many there are, or ``TOO_MANY``."""
    base, first_tie = rules.first[unit], rules.tie_start[unit]
    first, ties = rules.entry_start[base], rules.tie_start[unit + 1] - first_tie
    floor = top - reach - 1
    value, bound, found, opened, i = np.int64(0), bound_of(unit, size, rules, desk), 0, 0, 0
    phase = desk.phase
    phase[0] = 0
    while i >= 0:
        if i < size and phase[i] < 2:
            j = desk.order[i]
            chosen = phase[i] == 0
            phase[i] += 1
            if (not chosen and i < must) or bound - loss(j, chosen, desk) <= floor:
                continue
            opened += 1
            if opened > nodes:
                return TOO_MANY
            desk.before[i] = bound
            fine = move(j, 1, chosen, base, first_tie, rules, desk.number, desk.seen)
            bound += hold(j, 1, chosen, base, first, rules, desk) - max(desk.rest[j], 0)
            if chosen:
                bound += margin[j]
                value += margin[j]
            if fine and bound > floor and least_cost(unit, first_tie, ties, rules, desk.number) >= 0:
                i += 1
                phase[i] = 0
                continue
        else:
            if i == size:
                cost = least_cost(unit, first_tie, ties, rules, desk.number)
                if cost >= 0 and value - cost > floor and legal(first_tie, ties, rules, desk.number):
                    if found == regret.shape[1]:
                        return TOO_MANY
                    regret[at, found], count[at, found] = top - value + cost, 0
                    for p in range(size):
                        if phase[p] == 1:
                            contact[at, found, count[at, found]] = desk.order[p]
                            count[at, found] += 1
                    found += 1
            i -= 1
        if i >= 0:  # open the candidate at this place again
            j = desk.order[i]
            chosen = phase[i] == 1
            move(j, -1, chosen, base, first_tie, rules, desk.number, desk.seen)
            hold(j, -1, chosen, base, first, rules, desk)
            if chosen:
                value -= margin[j]
            bound = desk.before[i]
    return found


@bare_kernel
def list_answers(units, start, margin, general, nodes, reach, optimum, number, regret, count, contact, desk):
    """List each unit's answers that lose at most ``reach``: all of them, in the order of the search.

    Parameters
    ----------
    units : (n,) int64 array
        All of them tied.
    start : (n + 1,) int64 array
        Margins ``start[i] … start[i + 1]`` are those of ``units[i]``.
    margin : (candidates of the units,) int64 array
    general : General
    nodes : int
        Nodes of one unit at most.
    reach : int
        Most regret, in the prices' scale.
    optimum : (n,) int64 array
        Receives the best answer's priced value.
    number : (n,) int64 array
        Receives how many answers there are, or ``TOO_MANY``.
    regret : (n, answers) int64 array
        Receives what each answer loses against the best.
    count : (n, answers) int32 array
    contact : (n, answers, most contacts) int32 array
        Receives each answer's contacts, as places within the unit.
    desk : Desk
    """
    for at in range(len(units)):
        unit, n, mine = units[at], start[at + 1] - start[at], margin[start[at] : start[at + 1]]
        top, bound, chosen = solve_general(unit, mine, n, -reach - 1, nodes, general, desk)
        number[at], optimum[at] = TOO_MANY, top
        if chosen >= 0 and bound <= top:
            size, must = prepare(unit, mine, general, desk)
            number[at] = _list_all(unit, at, size, must, top, reach, nodes, mine, general, desk, regret, count, contact)
