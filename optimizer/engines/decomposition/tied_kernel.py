"""A loop over units with ties: their best answers, and their good ones."""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

from optimizer.engines.decomposition.general_search import search
from optimizer.engines.decomposition.pattern_kernel import offer
from optimizer.engines.decomposition.unit_branches import decide_first, prepare, solve_general
from optimizer.engines.decomposition.unit_prices import bound_of
from optimizer.engines.jit import bare_kernel


@bare_kernel
def tied_answers(
    units, places, start, margin, general, nodes, fewer, reach, outcome, regret, mark, count, contact, desk
):
    """List each tied unit's best answer and those that change the decisions which cost its bound least.

    Parameters
    ----------
    units : (n,) int64 array
    places : (n,) int64 array
        Those of the units that are looked at.
    start : (n + 1,) int64 array
        Margins ``start[i] … start[i + 1]`` are those of ``units[places[i]]``.
    margin : (candidates of the units,) int64 array
    general : General
    nodes, fewer : int
        Node limits of a unit, and of one with one candidate forced.
    reach, outcome, regret, mark, count, contact
        As for packed units; with one answer a unit, only its best is looked for. The size in ``outcome`` is
        ``INFEASIBLE`` or ``UNKNOWN`` where there is no answer.
    desk : Desk
    """
    most = regret.shape[1]
    for i in range(len(places)):
        at, n, mine = places[i], start[i + 1] - start[i], margin[start[i] : start[i + 1]]
        unit = units[at]
        top, bound, chosen = solve_general(unit, mine, n, 0 if most == 1 else -reach - 1, nodes, general, desk)
        outcome[at, 0], outcome[at, 1], outcome[at, 2] = top, bound, chosen
        found = offer(at, 0, desk.best, max(chosen, 0), 0, regret, mark, count, contact)
        if most > 1 and chosen >= 0:
            for j in range(n):
                desk.inside[j] = 0
            for p in range(chosen):
                desk.inside[desk.best[p]] = 1
            size, must = prepare(unit, mine, general, desk)
            highest = bound_of(unit, size, general, desk)
            near = min(size - must, 2 * most)
            for p in range(near):
                desk.tried[p] = desk.order[size - 1 - p]
            for turn in range(near):
                j = desk.tried[turn]
                floor = top - (regret[at, most - 1] if found == most else reach + 1)
                if highest - abs(desk.rest[j]) <= floor:
                    break
                decide_first(j, size, must, desk)
                value, _, picked = search(unit, size, must, 1 - desk.inside[j], fewer, floor, mine, general, desk)
                if picked >= 0:
                    found = offer(at, top - value, desk.best, picked, found, regret, mark, count, contact)
        for p in range(found, most):
            regret[at, p] = -1
