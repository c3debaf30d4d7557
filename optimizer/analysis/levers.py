"""By how much each rule would have to give way: the linear form with every limit eased at a price.

A numeric limit gives way by so much at a price relative to itself; a rule without one is switched off, at the price of
changing a limit tenfold. The rows of one limit share one lever, as the file has one number for them all.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

import numpy as np

from optimizer.analysis.system import eased, reaches
from optimizer.problem.evaluate import PINS
from optimizer.problem.linear import Linear
from optimizer.problem.primitives import UNLIMITED, BoolArray, Counter, Floor, IntArray
from optimizer.problem.problem import Problem
from optimizer.rules.base import Rule
from optimizer.rules.stability import Stability
from optimizer.scenario import Scenario

OFF = 10
"""What switching a rule off costs, where 1 is to double a limit, or to lower it to nothing."""
ROOM = 2**58
"""No sum of costs goes beyond this, so that solvers cannot overflow."""


@dataclass(frozen=True, slots=True, eq=False)
class Lever:
    """One way to give way.

    Parameters
    ----------
    rows : int array
        Rows that it eases.
    coefficient : int array
        By how much each step eases each row: below 0 for upper limits.
    most : int
        Steps after which it cannot help more.
    cost : Fraction
        Of one step.
    """

    rows: IntArray
    coefficient: IntArray
    most: int
    cost: Fraction


def with_levers(linear: Linear, scenario: Scenario, problem: Problem, movable: Collection[str] | None) -> Linear | None:
    """Return the form that gives way as cheaply as it can; None if no rule can give way.

    Parameters
    ----------
    linear : Linear
        From :func:`~optimizer.analysis.system.system_of`.
    movable : collection of str, optional
        Rules that may give way; all by default.
    """
    rules = {rule.name: rule for rule in scenario.rules() if movable is None or rule.name in movable}
    pins = movable is None or PINS in movable
    levers = list(_levers(linear, problem, rules, pins=pins))
    if not levers:
        return None
    scale = ROOM / sum(lever.most * lever.cost for lever in levers)
    return eased(
        linear,
        np.concatenate([lever.rows for lever in levers]),
        np.repeat(np.arange(len(levers)), [len(lever.rows) for lever in levers]),
        np.concatenate([lever.coefficient for lever in levers]),
        cost=np.array([max(1, int(scale * lever.cost)) for lever in levers], np.int64),
        upper=np.array([lever.most for lever in levers], np.int64),
    )


def _levers(linear: Linear, problem: Problem, rules: dict[str, Rule], *, pins: bool) -> Iterator[Lever]:
    least, most = reaches(linear)
    over = np.where(linear.upper < UNLIMITED, most - linear.upper, 0)
    under = np.where(linear.lower > -UNLIMITED, linear.lower - least, 0)
    definition = (linear.lower == linear.upper) & (linear.block < 0)
    link = _links(linear)
    for number, name in enumerate(linear.rules):
        rule = rules.get(name)
        if rule is None and not (pins and name == PINS):
            continue
        mine = (linear.rule == number) & ~definition
        for block in np.unique(linear.block[mine]).tolist():
            if block >= 0 and (problem.rows[block].part == "below" or problem.rows[block].penalty is not None):
                continue
            for sign, excess in ((-1, over), (1, under)):
                rows = np.flatnonzero(mine & (linear.block == block) & (excess > 0))
                if not len(rows):
                    continue
                step = None if rule is None else _step(rule, linear, problem, block, rows, upper=sign < 0)
                if step is None:
                    yield Lever(rows, sign * excess[rows], 1, Fraction(OFF))
                else:
                    rows = rows[~link[rows]]
                    yield Lever(rows, np.full(len(rows), sign), int(excess[rows].max(initial=0)), step)


def _links(linear: Linear) -> BoolArray:
    """Return the rows ``x ≤ y`` with an auxiliary y: definitions, that no limit eases. Shape (rows,)."""
    row = np.repeat(np.arange(linear.rows), np.diff(linear.start))
    switch = np.zeros(linear.rows, bool)
    switch[row[(linear.column >= linear.candidates) & (linear.coefficient == -1)]] = True
    found: BoolArray = (
        switch & (linear.upper == 0) & (linear.lower <= -UNLIMITED) & (np.diff(linear.start) == 2) & (linear.block < 0)
    )
    return found


def _step(rule: Rule, linear: Linear, problem: Problem, block: int, rows: IntArray, *, upper: bool) -> Fraction | None:
    """Return the price of one quantum of a limit; None where the rule can only be switched off."""
    part = problem.rows[block].part if block >= 0 else ""
    if part in ("<=", ">="):  # a ratio or a share: the limit is in the coefficients, what gives way is the difference
        first, last = int(linear.start[rows[0]]), int(linear.start[rows[0] + 1])
        return Fraction(1, max(1, int(np.abs(linear.coefficient[first:last]).sum())))
    if isinstance(rule, Stability):
        return Fraction(1, max(1, int(linear.lower[rows[0]])))
    number = written(rule, part=part, switch=block < 0 and rule.section == "constraints", upper=upper)
    if number is None:
        return None
    quantum = Fraction(1, 10 ** _decimals(problem, rule.name, block))
    return quantum / (abs(Fraction(number)) or 1)


def written(rule: Rule, *, part: str, switch: bool, upper: bool) -> Decimal | int | None:
    """Return the number in the file that limits some rows; None where there is none."""
    keys: tuple[str, ...] = ("at_most", "exactly") if upper else ("at_least", "exactly")
    if part == "contacts":
        keys = ("min_contacts",)
    elif switch and not upper:
        keys = ("lot",)
    for key in keys:
        value = getattr(rule, key, None)
        if value is not None:
            return value if isinstance(value, Decimal | int) else None
    return None


def _decimals(problem: Problem, rule: str, block: int) -> int:
    if block >= 0:
        return problem.rows[block].decimals
    counted: tuple[Counter | Floor, ...] = (*problem.counters, *problem.floors)
    for one in counted:
        if one.rule == rule and one.measure is not None:
            return problem.measures[one.measure].decimals
    return 0
