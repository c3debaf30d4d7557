"""What a set of contacts is worth and which rules it breaks, straight from the primitives' definitions.

This is what catches a solver that lies, so it shares nothing with the linear form. Sums are whole numbers: exact.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from optimizer.errors import Finding
from optimizer.problem.pairs import bits, floor_pairs, floor_use, may_be_negative, new_keys, pairs_of
from optimizer.problem.primitives import (
    NEEDS,
    SERVES,
    SIDE_A,
    SIDE_B,
    BoolArray,
    Conflict,
    Counter,
    DistinctCounter,
    Floor,
    IntArray,
    Prerequisite,
    Rows,
    Shortfall,
    Switch,
)
from optimizer.problem.problem import Problem

PINS = "pins"
"""Rule name of a violation of ``Problem.required``."""


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken constraint.

    Parameters
    ----------
    rule : str
    group, instance : int
        The pair that is broken; −1 where the rule has none.
    used, limit : int
        What the plan uses and what it may (a maximum) or must (a minimum) use, in the rule's quanta. A conflict counts
        the contacts that meet, of which one may stand alone; a prerequisite counts contacts without a server, of
        which there may be none.
    """

    rule: str
    group: int
    instance: int
    used: int
    limit: int

    def __str__(self) -> str:
        place = "" if self.group < 0 else f" (group {self.group}, instance {self.instance})"
        return f"{self.rule}{place} uses {self.used:,} where the limit is {self.limit:,}"


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Worth and faults of a set of contacts.

    Parameters
    ----------
    value : int
        Σ value of the contacts, in value quanta.
    penalties : Fraction
        What soft rules cost, in value quanta, exact.
    objective : int
        Value less penalties, the penalties rounded up to whole quanta.
    violations : tuple of Violation
        Every hard constraint that is broken.
    """

    value: int
    penalties: Fraction
    objective: int
    violations: tuple[Violation, ...]

    @property
    def ok(self) -> bool:
        """Say that nothing is broken."""
        return not self.violations

    def findings(self) -> list[Finding]:
        """Tell the violations, one finding per rule, with the first of each and how many are like it."""
        first: dict[str, Violation] = {}
        count: dict[str, int] = {}
        for violation in self.violations:
            first.setdefault(violation.rule, violation)
            count[violation.rule] = count.get(violation.rule, 0) + 1
        return [
            Finding(
                "solve",
                name,
                f"comes to {v.used:,} where the limit is {v.limit:,}",
                "relax the rule, or its limit",
                count=count[name],
                rule=name,
            )
            for name, v in first.items()
        ]


def evaluate(problem: Problem, chosen: IntArray) -> Evaluation:
    """Weigh a set of contacts against every primitive.

    That best-effort floors fall short as little as possible is not checked (it takes a search); all else is.

    Parameters
    ----------
    problem : Problem
    chosen : int array
        Positions of the chosen candidates, ascending, none twice.

    Raises
    ------
    ValueError
        If the positions are not ascending positions of candidates.
    """
    chosen = np.asarray(chosen, np.int64)
    if len(chosen) and (chosen[0] < 0 or chosen[-1] >= problem.candidates or np.any(chosen[1:] <= chosen[:-1])):
        raise ValueError("chosen must be ascending positions of candidates, none twice")
    return Evaluation(*weigh(problem, chosen), tuple(_violations(problem, chosen)))


def weigh(problem: Problem, chosen: IntArray) -> tuple[int, Fraction, int]:
    """Return the value, penalties and objective of an :class:`Evaluation`, without a look at what is broken."""
    value = int(np.asarray(problem.value)[chosen].sum())
    penalties = sum((_floor_cost(problem, f, chosen) for f in problem.floors), Fraction(0))
    penalties += sum((_rows_cost(problem, r, chosen) for r in problem.rows), Fraction(0))
    return value, penalties, value - math.ceil(penalties)


def _violations(problem: Problem, chosen: IntArray) -> Iterator[Violation]:
    if problem.required is not None:
        for position in np.setdiff1d(problem.required, chosen).tolist():
            yield Violation(PINS, -1, position, 0, 1)
    for counter in problem.counters:
        yield from _counter(problem, counter, chosen)
    for distinct in problem.distincts:
        yield from _distinct(problem, distinct, chosen)
    for conflict in problem.conflicts:
        yield from _conflict(problem, conflict, chosen)
    for prerequisite in problem.prerequisites:
        yield from _prerequisite(problem, prerequisite, chosen)
    for floor in problem.floors:
        yield from _floor(problem, floor, chosen)
    for rows in problem.rows:
        yield from _rows(problem, rows, chosen)
    for switch in problem.switches:
        yield from _switch(problem, switch, chosen)


def _broken(
    rule: str, wrong: BoolArray, group: IntArray, instance: IntArray, used: IntArray, limit: IntArray
) -> Iterator[Violation]:
    columns = (group[wrong].tolist(), instance[wrong].tolist(), used[wrong].tolist(), limit[wrong].tolist())
    for g, i, u, most in zip(*columns, strict=True):
        yield Violation(rule, g, i, u, most)


def _counter(problem: Problem, counter: Counter, chosen: IntArray) -> Iterator[Violation]:
    every = may_be_negative(counter)
    pairs = pairs_of(problem, counter.uses, counter.partition, counter.measure, candidates=chosen, every=every)
    used, limit = pairs.sums(pairs.weight), counter.limits(pairs.group, pairs.instance)
    yield from _broken(counter.rule, used > limit, pairs.group, pairs.instance, used, limit)


def _distinct(problem: Problem, counter: DistinctCounter, chosen: IntArray) -> Iterator[Violation]:
    pairs = pairs_of(problem, counter.uses, counter.partition, candidates=chosen)
    _, pair = new_keys(problem, counter, pairs)
    used = np.bincount(pair, minlength=len(pairs))
    limit = counter.limits(pairs.group, pairs.instance)
    yield from _broken(counter.rule, used > limit, pairs.group, pairs.instance, used, limit)


def _conflict(problem: Problem, conflict: Conflict, chosen: IntArray) -> Iterator[Violation]:
    pairs = pairs_of(problem, conflict.uses, conflict.partition, candidates=chosen)
    on_a, on_b = (pairs.weight & SIDE_A) > 0, (pairs.weight & SIDE_B) > 0
    a, b, both = pairs.sums(on_a), pairs.sums(on_b), pairs.sums(on_a & on_b)
    there = bits(conflict.present, pairs.group, pairs.instance)
    past_a, past_b = (there & SIDE_A) > 0, (there & SIDE_B) > 0
    # a · b ordered meetings, of which `both` are a contact meeting itself
    wrong = (a * b > both) | (past_a & (b > 0)) | (past_b & (a > 0))
    used = a + b - both + past_a + past_b
    yield from _broken(conflict.rule, wrong, pairs.group, pairs.instance, used, np.ones_like(used))


def _prerequisite(problem: Problem, prerequisite: Prerequisite, chosen: IntArray) -> Iterator[Violation]:
    pairs = pairs_of(problem, prerequisite.uses, prerequisite.partition, candidates=chosen)
    needs, serves = (pairs.weight & NEEDS) > 0, (pairs.weight & SERVES) > 0
    others = pairs.sums(serves)[pairs.pair] - serves
    served = bits(prerequisite.served, pairs.group, pairs.instance) > 0
    used = np.where(served, 0, pairs.sums(needs & (others == 0)))
    yield from _broken(prerequisite.rule, used > 0, pairs.group, pairs.instance, used, np.zeros_like(used))


def _floor(problem: Problem, floor: Floor, chosen: IntArray) -> Iterator[Violation]:
    if floor.reaction in (Shortfall.PENALTY, Shortfall.BEST_EFFORT):
        return
    pairs, need = floor_pairs(problem, floor, chosen)
    used = floor_use(problem, floor, pairs)
    wrong = used < need
    if floor.reaction is Shortfall.ALL_OR_NOTHING:
        wrong &= used != 0
    yield from _broken(floor.rule, wrong, pairs.group, pairs.instance, used, need)


def _floor_cost(problem: Problem, floor: Floor, chosen: IntArray) -> Fraction:
    if floor.reaction is not Shortfall.PENALTY or floor.penalty is None:
        return Fraction(0)
    pairs, need = floor_pairs(problem, floor, chosen)
    return floor.penalty * int(np.maximum(need - floor_use(problem, floor, pairs), 0).sum())


def _row_use(problem: Problem, rows: Rows, chosen: IntArray) -> tuple[IntArray, IntArray, IntArray, IntArray, IntArray]:
    """Return group, instance, use, lower and upper limit of every row."""
    pairs = pairs_of(problem, rows.uses, rows.partition, rows.measure, candidates=chosen, every=True)
    row = pairs.instance * problem.groups(rows.partition) + pairs.group
    return pairs.group, pairs.instance, pairs.sums(pairs.weight), rows.lower[row], rows.upper[row]


def _rows(problem: Problem, rows: Rows, chosen: IntArray) -> Iterator[Violation]:
    if rows.penalty is not None:
        return
    group, instance, used, lower, upper = _row_use(problem, rows, chosen)
    yield from _broken(rows.rule, used > upper, group, instance, used, upper)
    yield from _broken(rows.rule, used < lower, group, instance, used, lower)


def _rows_cost(problem: Problem, rows: Rows, chosen: IntArray) -> Fraction:
    if rows.penalty is None:
        return Fraction(0)
    _, _, used, lower, upper = _row_use(problem, rows, chosen)
    return rows.penalty * int((np.maximum(used - upper, 0) + np.maximum(lower - used, 0)).sum())


def _switch(problem: Problem, switch: Switch, chosen: IntArray) -> Iterator[Violation]:
    pairs = pairs_of(problem, switch.uses, switch.partition, switch.measure, candidates=chosen)
    used = pairs.sums(pairs.weight)
    cells = int(np.count_nonzero(used))
    if switch.lot is not None:
        wrong = (used != 0) & (used < switch.lot)
        yield from _broken(switch.rule, wrong, pairs.group, pairs.instance, used, np.full_like(used, switch.lot))
    if switch.most is not None and cells > switch.most:
        yield Violation(switch.rule, -1, -1, cells, switch.most)
