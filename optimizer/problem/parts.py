"""Parts of a problem: some of its candidates, some of its units, some of its rules."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

import numpy as np

from optimizer.problem.evaluate import PINS
from optimizer.problem.primitives import BoolArray, IntArray, Measure, Partition
from optimizer.problem.problem import Problem


def of_candidates(problem: Problem, inside: IntArray) -> Problem:
    """Return the problem of some candidates alone, given by ascending positions; a pin among the others is gone."""
    start = np.searchsorted(inside, problem.customer_start)
    required = None if problem.required is None else np.flatnonzero(np.isin(inside, problem.required))
    return replace(
        problem,
        customer_start=start,
        kind=problem.kind[inside],
        value=problem.value[inside],
        measures=tuple(Measure(m.name, m.amount[inside], m.decimals, m.exact) for m in problem.measures),
        required=required,
    )


def of_units(problem: Problem, units: BoolArray) -> tuple[Problem, IntArray]:
    """Return the problem of some units alone, and the positions of its candidates in the whole.

    The other units' customers stay, without candidates and reached by no rule, so that groups keep their numbers.
    """
    customers = np.repeat(units, np.diff(problem.unit_customer))
    inside = np.flatnonzero(np.repeat(customers, np.diff(problem.customer_start)))
    partitions = tuple(Partition(p.name, np.where(customers, p.group, -1), p.groups) for p in problem.partitions)
    return replace(of_candidates(problem, inside), partitions=partitions), inside


def of_rules(problem: Problem, rules: Collection[str]) -> Problem:
    """Return the problem with some of its rules alone."""
    kept: dict[str, Any] = {
        name: tuple(one for one in getattr(problem, name) if one.rule in rules)
        for name in ("counters", "distincts", "conflicts", "prerequisites", "floors", "rows", "switches")
    }
    return replace(problem, required=problem.required if PINS in rules else None, **kept)
