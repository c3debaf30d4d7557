"""Irreducible sets of rules that clash: for some customers by themselves, or over the whole plan."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np

from optimizer.analysis.opened import Opened
from optimizer.analysis.system import LEAST, Budget, OutOfTimeError, eased, obeyed, reaches, search, system_of
from optimizer.engines.exact.answer import Claim
from optimizer.errors import NoPlanError
from optimizer.problem.pairs import floor_pairs, floor_use, units_of_groups
from optimizer.problem.parts import of_candidates, of_rules, of_units
from optimizer.problem.primitives import UNLIMITED, BoolArray, IntArray, Shortfall
from optimizer.problem.problem import Problem
from optimizer.problem.shortfalls import has_best_effort

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

    A set in which fewer rules clash for somebody else is not told: that smaller set is.

    Raises
    ------
    OutOfTimeError
        If not even the units are known in time.
    """
    every = hopeless(problem, budget)
    alone = replace(problem, rows=(), switches=())
    theirs, _ = of_units(alone, every)

    def whom(rules: Sequence[str]) -> BoolArray:
        return every & hopeless(of_rules(theirs, rules), budget)

    def of_first(units: BoolArray, among: Sequence[str]) -> tuple[tuple[str, ...], bool]:
        linear = system_of(of_units(alone, _first(units))[0], budget)
        return irreducible(lambda names: obeyed(linear, names, budget), among)

    left, found = every.copy(), list[Clash]()
    while left.any() and len(found) < MOST:
        rules, proven = _smallest(left, policies, of_first, whom, found)
        mine = whom(rules)
        if not _known(rules, found):
            found.append(Clash(rules, proven, np.flatnonzero(mine)))
        left &= ~mine
    return found


def _first(units: BoolArray) -> BoolArray:
    """Return the first of some units alone."""
    alone = np.zeros_like(units)
    alone[int(np.flatnonzero(units)[0])] = True
    return alone


def _smallest(
    units: BoolArray,
    among: Sequence[str],
    of_first: Callable[[BoolArray, Sequence[str]], tuple[tuple[str, ...], bool]],
    whom: Callable[[Sequence[str]], BoolArray],
    found: Sequence[Clash] = (),
) -> tuple[tuple[str, ...], bool]:
    """Return rules that clash for some unit, while fewer of them clash for nobody, or are known to.

    Parameters
    ----------
    of_first : callable
        The irreducible set among some rules for the first of some units, and whether it is known to be one.
    whom : callable
        For whom some rules clash.
    """
    rules, proven = of_first(units, among)
    for out in rules if proven and len(rules) > 1 else ():
        rest = [name for name in rules if name != out]
        if not _known(rest, found) and (theirs := whom(rest)).any():
            return _smallest(theirs, rest, of_first, whom, found)
    return rules, proven


def _known(rules: Collection[str], found: Sequence[Clash]) -> bool:
    return any(set(clash.rules) <= set(rules) for clash in found)


def with_eligibility(clash: Clash, opened: Opened, budget: Budget) -> Clash:
    """Add the eligibility rules without which the others, no best effort among them, would not clash.

    The others stay needed: what some plan of eligible candidates obeys, a plan of more candidates obeys too.
    """
    if not opened.refused:
        return clash
    whole = of_rules(opened.problem, clash.rules)
    alone = replace(whole, rows=(), switches=())

    def among(part: Problem, inside: IntArray, rules: Sequence[str]) -> tuple[tuple[str, ...], bool]:
        linear = system_of(part, budget)

        def obey(names: Collection[str]) -> bool:
            barred = np.flatnonzero(np.isin(inside, opened.barred(names)))
            return obeyed(linear, clash.rules, budget, barred)

        return irreducible(obey, rules) if obey(()) else ((), True)

    def of_first(units: BoolArray, rules: Sequence[str]) -> tuple[tuple[str, ...], bool]:
        return among(*of_units(alone, _first(units)), rules)

    def whom(rules: Sequence[str]) -> BoolArray:
        barred = opened.barred(rules)
        left = of_candidates(alone, np.setdiff1d(np.arange(alone.candidates), barred))
        pinned = np.zeros(0, np.int64) if alone.required is None else np.intersect1d(alone.required, barred)
        found = hopeless(of_units(left, theirs)[0], budget)
        found[np.searchsorted(alone.unit_start, pinned, side="right") - 1] = True
        return found & theirs

    try:
        if clash.units is None:
            rules, proven = among(whole, np.arange(whole.candidates), list(opened.refused))
        else:
            theirs = np.isin(np.arange(whole.units), clash.units)
            if whom(()).any():
                return clash
            rules, proven = _smallest(theirs, list(opened.refused), of_first, whom)
    except OutOfTimeError:
        return replace(clash, irreducible=False)
    return replace(clash, rules=(*clash.rules, *rules), irreducible=clash.irreducible and proven)
