"""Irreducible sets of rules that clash: for some customers by themselves, or over the whole plan."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np

from optimizer.analysis.opened import Opened
from optimizer.analysis.system import LEAST, Budget, OutOfTimeError, eased, obeyed, reaches, search, system_of
from optimizer.engines.exact.answer import Claim
from optimizer.engines.exact.effort import has_best_effort
from optimizer.errors import NoPlanError
from optimizer.problem.pairs import floor_pairs, floor_use, units_of_groups
from optimizer.problem.parts import of_rules, of_units
from optimizer.problem.primitives import UNLIMITED, BoolArray, IntArray, Shortfall
from optimizer.problem.problem import Problem

MOST = 5
"""Clashes that are looked for; more are rarely read."""


@dataclass(frozen=True, slots=True)
class Clash:
    """Rules that no plan obeys together.

    Parameters
    ----------
    rules : tuple of str
        Eligibility rules last.
    irreducible : bool
        Every one of them is needed for the clash; False when time ran out before that was known.
    units : int array, optional
        Units (customers, or households that share a policy) for whom the rules clash; None when they clash over the
        whole plan.
    """

    rules: tuple[str, ...]
    irreducible: bool
    units: IntArray | None = None


def irreducible(
    obey: Callable[[frozenset[str]], bool], members: Sequence[str], background: Collection[str] = ()
) -> tuple[tuple[str, ...], bool]:
    """Return members that clash with the background, each of them needed, preferring early ones.

    QuickXplain (Junker, 2004): about ``k log(n / k)`` questions for ``k`` of ``n`` members. That a set clashes is
    known before; whoever asks has asked.

    Parameters
    ----------
    obey : callable
        Whether some plan obeys a set of rules.

    Returns
    -------
    rules : tuple of str
    irreducible : bool
        False when time ran out: the smallest set that is known to clash.
    """
    smallest = tuple(members)

    def clashing(rules: Sequence[str]) -> bool:
        nonlocal smallest
        if obey(frozenset(rules) | frozenset(background)):
            return False
        if len(rules) < len(smallest):
            smallest = tuple(rules)
        return True

    def explain(held: Sequence[str], grown: bool, rest: Sequence[str]) -> list[str]:
        if grown and clashing(held):
            return []
        if len(rest) == 1:
            return list(rest)
        first, second = rest[: len(rest) // 2], rest[len(rest) // 2 :]
        late = explain([*held, *first], bool(first), second)
        early = explain([*held, *late], bool(late), first)
        return [*early, *late]

    try:
        return tuple(explain([], bool(background), members)), True
    except OutOfTimeError:
        return smallest, False


def failing(problem: Problem, chosen: IntArray) -> BoolArray:
    """Return the units in which a plan misses a required minimum, or a pin. Shape (units,)."""
    found = np.zeros(problem.units, bool)
    for floor in problem.floors:
        if floor.reaction is Shortfall.REQUIRED:
            pairs, need = floor_pairs(problem, floor, chosen)
            short = floor_use(problem, floor, pairs) < need
            found[units_of_groups(problem, floor.partition)[pairs.group[short]]] = True
    if problem.required is not None:
        missing = np.setdiff1d(problem.required, chosen)
        found[np.searchsorted(problem.unit_start, missing, side="right") - 1] = True
    return found


def hopeless(problem: Problem, budget: Budget) -> BoolArray:
    """Return the units that cannot meet all their required minimums and pins beside their other rules. Shape (units,).

    Raises
    ------
    OutOfTimeError
        If that is not known in time.
    """
    alone = replace(problem, rows=(), switches=())
    needy = failing(alone, np.zeros(0, np.int64))
    if not needy.any():
        return needy
    part, _ = of_units(alone, needy)
    if part.candidates >= LEAST and not has_best_effort(part):
        return _hopeless_by_pass(part)
    linear = system_of(part, budget)
    least, _ = reaches(linear)
    row = np.flatnonzero((linear.lower > -UNLIMITED) & (linear.upper >= UNLIMITED))
    one, room = np.ones(len(row), np.int64), np.maximum(linear.lower - least, 0)[row]
    answer = search(eased(linear, row, np.arange(len(row)), one, cost=one, upper=room), budget)
    if answer.claim is not Claim.OPTIMAL or answer.chosen is None:
        raise OutOfTimeError
    return failing(part, answer.chosen[answer.chosen < part.candidates])


def _hopeless_by_pass(problem: Problem) -> BoolArray:
    from optimizer.engines.decomposition.proof import hopeless_units

    try:
        return hopeless_units(problem)
    except NoPlanError:
        raise OutOfTimeError from None


def unit_clashes(problem: Problem, policies: Sequence[str], budget: Budget) -> list[Clash]:
    """Find which policies clash within units, and in which ones; all of them, up to :data:`MOST` different sets.

    Raises
    ------
    OutOfTimeError
        If not even the units are known in time.
    """
    open_units = hopeless(problem, budget)
    found: list[Clash] = []
    while open_units.any() and len(found) < MOST:
        first = np.zeros_like(open_units)
        first[int(np.flatnonzero(open_units)[0])] = True
        one, _ = of_units(replace(problem, rows=(), switches=()), first)
        linear = system_of(one, budget)
        rules, proven = irreducible(lambda names: obeyed(linear, names, budget), policies)  # noqa: B023
        mine = first | (open_units & hopeless(of_rules(of_units(problem, open_units)[0], rules), budget))
        found.append(Clash(rules, proven, np.flatnonzero(mine)))
        open_units = open_units & ~mine
    return found


def with_eligibility(clash: Clash, opened: Opened, budget: Budget) -> Clash:
    """Add the eligibility rules without which the others, no best effort among them, would not clash.

    The others stay needed: what some plan of eligible candidates obeys, a plan of more candidates obeys too.
    """
    whole = of_rules(opened.problem, clash.rules)
    if clash.units is not None:
        first = np.zeros(whole.units, bool)
        first[clash.units[0]] = True
        whole, inside = of_units(replace(whole, rows=(), switches=()), first)
    else:
        inside = np.arange(whole.candidates)
    if not opened.refused:
        return clash

    def obey(names: frozenset[str]) -> bool:
        barred = np.flatnonzero(np.isin(inside, opened.barred(names)))
        return obeyed(linear, clash.rules, budget, barred)

    try:
        linear = system_of(whole, budget)
        if not obey(frozenset()):
            return clash
        rules, proven = irreducible(obey, list(opened.refused))
    except OutOfTimeError:
        return replace(clash, irreducible=False)
    return replace(clash, rules=(*clash.rules, *rules), irreducible=clash.irreducible and proven)
