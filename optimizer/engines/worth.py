"""What each policy costs: how much more the units could reach, at the plan's prices, without it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from math import sqrt

import numpy as np
import numpy.typing as npt

from optimizer.problem.price_bound import policy_names, rises
from optimizer.problem.primitives import UNLIMITED, IntArray
from optimizer.problem.problem import Problem
from optimizer.problem.shortfalls import has_best_effort
from optimizer.problem.units import part_of

SMALL = 20_000
"""Candidates up to which plain Python is faster than loading the compiled kernels."""
NARROW = 24
"""Candidates of a unit up to which it is so: plain search grows steeply with them."""
SAMPLE, TIED_SAMPLE = 20_000, 2_000
"""Units that the compiled kernels look at; the second where most units do not fit packed words."""
PLAIN_SAMPLE = 250
"""Units that plain Python looks at: where the problem is small, or minimums are best efforts."""
BATCHES = 20
"""Parts of a sample whose differences tell its standard error."""
SHIFT = 20
"""Prices are whole numbers over so high a power of two."""

Floats = npt.NDArray[np.float64]


def policy_costs(
    problem: Problem, prices: Mapping[str, Floats], *, seed: int = 0
) -> dict[str, tuple[float, float] | None]:
    """Return, by policy, the rise of the unit optima at the prices when its primitives are dropped.

    Where a policy has rows across units, it is the rise of the bound: their prices go, and what their limits pay in.
    Of many units a seeded sample is looked at. The rise is below 0 for a rule that keeps a best effort of the same
    unit from costing more.

    Parameters
    ----------
    problem : Problem
    prices : mapping of block name to float array
        As in :attr:`Solution.prices`.
    seed : int
        Draws the sample.

    Returns
    -------
    dict of rule to (rise, standard error) or None
        In value quanta; the error is 0 where all units were looked at. None where some unit is too large to be
        searched to the end.
    """
    widest = int(np.diff(problem.unit_start).max(initial=0))
    plain = (problem.candidates <= SMALL and widest <= NARROW) or has_best_effort(problem)
    part, units = _sample(problem, PLAIN_SAMPLE if plain else _compiled_sample(problem), seed)
    found = _plainly(part, prices, units) if plain else _compiled(part, prices, units)
    costs: dict[str, tuple[float, float] | None] = {}
    for rule, rise in found.items():
        costs[rule] = None
        if rise is not None:
            gain, error = _scaled(rise, len(units), problem.units)
            costs[rule] = gain - _paid(problem, prices, rule), error
    return costs


def _paid(problem: Problem, prices: Mapping[str, Floats], rule: str) -> float:
    """Return what a policy's rows across units add to the bound: Σ price · limit, which goes when they go."""
    total = 0.0
    for rows in problem.rows:
        if rows.policy and rows.rule == rule:
            price = np.asarray(prices[rows.name], np.float64)
            limit = np.where(price > 0, rows.upper, rows.lower)
            held = (price != 0) & (np.abs(limit) < UNLIMITED)
            total += float((price[held] * limit[held]).sum())
    return total


def without(problem: Problem, rule: str) -> Problem:
    """Return the problem without the primitives of a policy."""
    return replace(
        problem,
        counters=tuple(p for p in problem.counters if p.rule != rule),
        distincts=tuple(p for p in problem.distincts if p.rule != rule),
        conflicts=tuple(p for p in problem.conflicts if p.rule != rule),
        prerequisites=tuple(p for p in problem.prerequisites if p.rule != rule),
        floors=tuple(p for p in problem.floors if p.rule != rule),
        rows=tuple(p for p in problem.rows if p.rule != rule or not p.policy),
    )


def _sample(problem: Problem, size: int, seed: int) -> tuple[Problem, IntArray]:
    """Return the problem of the units to look at, and which of its they are, ascending."""
    if problem.units <= size:
        return problem, np.arange(problem.units, dtype=np.int64)
    # Units are in the order of their keys' seeded hashes already; the draw is for those who chose that seed.
    units = np.sort(np.random.default_rng(seed).choice(problem.units, size, replace=False))
    return part_of(problem, units).problem, np.arange(size, dtype=np.int64)


def _scaled(rises: Floats, looked_at: int, units: int) -> tuple[float, float]:
    """Return the rise over all units from the rises of the batches."""
    factor = units / max(looked_at, 1)
    if looked_at == units:
        return float(rises.sum()), 0.0
    spread = len(rises) * float(rises.var(ddof=1)) * (1 - looked_at / units)
    return factor * float(rises.sum()), factor * sqrt(spread)


def _plainly(problem: Problem, prices: Mapping[str, Floats], units: IntArray) -> dict[str, Floats | None]:
    """Return the rise of each unit by rule, None where a search was cut short."""
    numerators = {name: [round(p * 2**SHIFT) for p in row.tolist()] for name, row in prices.items()}
    found = rises(problem, numerators, SHIFT, units)
    return {rule: None if rise is None else np.array(rise, np.float64) / 2**SHIFT for rule, rise in found.items()}


def _compiled_sample(problem: Problem) -> int:
    """Return how many units the compiled kernels look at."""
    from optimizer.engines.decomposition.engine import tied_candidates

    return TIED_SAMPLE if 2 * tied_candidates(problem) > problem.candidates else SAMPLE


def _compiled(problem: Problem, prices: Mapping[str, Floats], units: IntArray) -> dict[str, Floats | None]:
    """Return the rise of each batch of units by rule, None where a search was cut short."""
    base = _optima(problem, prices, units)
    found: dict[str, Floats | None] = {}
    for rule in policy_names(problem):
        free = None if base is None else _optima(without(problem, rule), prices, units)
        if base is None or free is None:
            found[rule] = None
        else:
            found[rule] = np.array([float(b - a) for a, b in zip(base, free, strict=True)])
    return found


def _optima(problem: Problem, prices: Mapping[str, Floats], units: IntArray) -> list[Fraction] | None:
    """Return the sum of the optima of each batch, None where a search was cut short."""
    from optimizer.engines.decomposition.compiled import Units

    compiled = Units(problem)
    whole = compiled.prices(compiled.table.join(prices))
    found = [compiled.solve(whole, batch) for batch in np.array_split(units, BATCHES)]
    if any(one.cut or one.unknown for one in found):
        return None
    return [Fraction(int(one.optima), 2**whole.shift) for one in found]
