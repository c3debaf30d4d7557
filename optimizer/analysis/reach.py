"""How far a minimum is missed, and what is left for it at each step: candidates, eligibility, the other rules."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np

from optimizer.analysis.opened import Opened
from optimizer.analysis.system import Budget, OutOfTimeError, best, eased, only, reaches, search
from optimizer.engines.exact.answer import Claim
from optimizer.errors import cut
from optimizer.problem.evaluate import PINS, Violation, evaluate
from optimizer.problem.linear import Linear
from optimizer.problem.pairs import pairs_of
from optimizer.problem.primitives import UNLIMITED, IntArray, Rows
from optimizer.problem.problem import Problem

Most = Callable[[Sequence[str], IntArray], int | None]


@dataclass(frozen=True, slots=True)
class Step:
    """What one rule (or one reason) takes away.

    Parameters
    ----------
    rule : str, optional
        None for the candidates to begin with.
    lost, left : int
    """

    rule: str | None
    lost: int
    left: int


@dataclass(frozen=True, slots=True)
class Reach:
    """A minimum that cannot be met.

    Parameters
    ----------
    rule : str
    need, most : Decimal
        What it asks for (less what history gave), and the most that the clashing rules leave for it (of large
        problems, a bound on that).
    group : str
        Canonical JSON of the worst group, empty where the rule has but one.
    groups : int
        How many groups are missed at once.
    steps : tuple of Step
        Of the worst group; empty where amounts are summed, where what is left would suffice if other limits of the
        rule did not stand against it, or where time ran out.
    """

    rule: str
    need: Decimal
    most: Decimal
    group: str
    groups: int
    steps: tuple[Step, ...] = ()


def minimum_of(linear: Linear, rules: Collection[str]) -> str | None:
    """Return the first of some rules that demands something: a pin or a minimum."""
    bound, _ = only(linear, rules)
    for rule in rules:
        mine = np.array([name == rule for name in linear.rules])[bound.rule]
        if np.any(bound.lower[mine] > 0):
            return rule
    return None


def missed(problem: Problem, linear: Linear, rules: Collection[str], main: str, budget: Budget) -> Reach | None:
    """Say how far the minimums of one rule are missed when the other rules of a clash hold.

    Returns
    -------
    Reach or None
        None for pins, and where time ran out.
    """
    part, columns = only(linear, rules)
    row = np.flatnonzero((part.rule == part.rules.index(main)) & (part.lower > 0))
    if main == PINS or not len(row):
        return None
    block = block_of(problem, main)
    decimals = 0 if block is None else block.decimals
    if len(row) == 1 and block is not None:
        most = _most(part, int(row[0]), budget)
        label = block.labels[int(part.block_row[row[0]])] if block.labels else ""
        need = amount(int(part.lower[row[0]]), decimals)
        return None if most is None else Reach(main, need, amount(most, decimals), label, 1)
    least, _ = reaches(part)
    one, room = np.ones(len(row), np.int64), np.maximum(part.lower - least, 0)[row]
    try:
        answer = search(eased(part, row, np.arange(len(row)), one, cost=one, upper=room), budget)
    except OutOfTimeError:
        return None
    if answer.claim is not Claim.OPTIMAL or answer.chosen is None:
        return None
    chosen = columns[answer.chosen]
    chosen = chosen[chosen < problem.candidates]
    short = [v for v in evaluate(problem, chosen).violations if v.rule == main and v.used < v.limit]
    if not short:
        return None
    worst = max(short, key=lambda v: v.limit - v.used)
    group = "" if block is None else label_of(problem, block, worst)
    return Reach(main, amount(worst.limit, decimals), amount(worst.used, decimals), group, len(short))


def _most(part: Linear, row: int, budget: Budget) -> int | None:
    """Return the most that a row can sum to when it asks for nothing, less than it asks for; None if time runs out."""
    first, last = int(part.start[row]), int(part.start[row + 1])
    objective = np.zeros(part.columns, np.int64)
    objective[part.column[first:last]] = part.coefficient[first:last]
    lower = part.lower.copy()
    lower[row] = -UNLIMITED
    try:
        most = best(replace(part, objective=objective, lower=lower), budget)
    except OutOfTimeError:
        return None
    return None if most is None else min(most, int(part.lower[row]) - 1)


def with_steps(reach: Reach, problem: Problem, rules: Sequence[str], opened: Opened | None, most: Most) -> Reach:
    """Add what is left after each step, for a minimum that counts contacts over the whole plan.

    Parameters
    ----------
    rules : sequence of str
        In the order of the steps after eligibility. Those that cannot hold beside the ones before are left out.
    most : callable
        Returns how many of some candidates a plan can choose that obeys some rules, None where these clash; may raise
        ``OutOfTimeError``.
    """
    block = block_of(problem, reach.rule)
    if block is None or block.measure is not None:
        return reach
    place = block.labels.index(reach.group) if reach.group in block.labels else 0
    steps: list[Step] = []
    eligible = counted(problem, block, place)
    if opened is not None and (twin := block_of(opened.problem, reach.rule)) is not None:
        at = twin.labels.index(block.labels[place]) if block.labels else place
        steps = _refusals(counted(opened.problem, twin, at), opened)
    if not steps:
        steps = [Step(None, 0, len(eligible))]
    held: list[str] = []
    for rule in rules:
        if rule == reach.rule:
            continue
        held.append(rule)
        try:
            found = most(held, eligible)
        except OutOfTimeError:
            break
        if found is None:
            held.pop()
            continue
        left = min(found, steps[-1].left)
        if left < steps[-1].left:
            steps.append(Step(rule, steps[-1].left - left, left))
    return replace(reach, steps=tuple(steps)) if steps[-1].left < reach.need else reach


def most_of(linear: Linear, rules: Collection[str], eligible: IntArray, budget: Budget) -> int | None:
    """Return how many of some candidates a plan can choose that obeys some rules, None where these clash.

    Raises
    ------
    OutOfTimeError
    """
    weight = np.zeros(linear.columns, np.int64)
    weight[eligible] = 1
    part, columns = only(linear, rules)
    found = best(replace(part, objective=weight[columns]), budget)
    free = len(eligible) - int(weight[columns].sum())  # candidates that none of these rules reaches
    return None if found is None else free + found


def _refusals(counted: IntArray, opened: Opened) -> list[Step]:
    steps = [Step(None, 0, len(counted))]
    for rule, refused in opened.refused.items():
        rest = np.setdiff1d(counted, refused)
        if len(rest) < len(counted):
            steps.append(Step(rule, len(counted) - len(rest), len(rest)))
        counted = rest
    return steps


def block_of(problem: Problem, rule: str) -> Rows | None:
    """Return the block with the minimums of a rule."""
    return next((r for r in problem.rows if r.rule == rule and bool(np.any(r.lower > 0))), None)


def counted(problem: Problem, block: Rows, place: int) -> IntArray:
    """Return the candidates that count in one row of a block."""
    return coefficients(problem, block, place)[0]


def coefficients(problem: Problem, block: Rows, place: int) -> tuple[IntArray, IntArray]:
    """Return the candidates that count in one row of a block, and what each counts."""
    groups = problem.groups(block.partition)
    pairs = pairs_of(problem, block.uses, block.partition, block.measure)
    mine = np.flatnonzero((pairs.instance == place // groups) & (pairs.group == place % groups))
    inside = slice(int(pairs.start[mine[0]]), int(pairs.start[mine[0] + 1])) if len(mine) else slice(0)
    return pairs.candidate[inside], pairs.weight[inside]


def label_of(problem: Problem, block: Rows, worst: Violation) -> str:
    """Return the group, as canonical JSON, of a broken row."""
    place = worst.instance * problem.groups(block.partition) + worst.group
    return block.labels[place] if block.labels else ""


def amount(quanta: int, decimals: int) -> Decimal:
    """Return quanta as the amount that they are."""
    return Decimal(quanta).scaleb(-decimals)


def step_words(steps: tuple[Step, ...]) -> str:
    """Say the steps: ``12,400 candidates, 2,100 lost to consent, 1,900 lost to three-a-week: 8,400 left``."""
    first = steps[0].left
    parts = [f"{first:,} candidate{'s' if first != 1 else ''}"]
    if len(steps) == 1:
        return parts[0]
    parts += [f"{step.lost:,} lost to {cut(step.rule)}" for step in steps[1:]]
    return f"{', '.join(parts)}: {steps[-1].left:,} left"
