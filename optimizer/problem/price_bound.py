"""The bound that row prices prove, recomputed slowly and plainly: the second opinion on a certificate.

Shares no code with any engine. With prices p ≥ 0 for upper and ≤ 0 for lower limits, no plan is worth more than
Σ over units of the best (value − p · use) that the unit's own rules allow, plus Σ p · limit. A soft row's price may not
exceed its penalty. All in whole numbers; prices are numerators over a power of two.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import floor, gcd, isqrt

import numpy as np

from optimizer.problem.pairs import bits, floor_pairs, new_keys, pairs_of, units_of_groups
from optimizer.problem.primitives import NEEDS, SERVES, SIDE_A, SIDE_B, UNLIMITED, IntArray, Rows, Shortfall
from optimizer.problem.problem import Problem

Numerators = np.ndarray[tuple[int], np.dtype[np.object_]]

NODES = 200_000
"""Choices looked at in one unit; beyond, its term is bounded from above."""
RISE_NODES = 5_000
"""The same where only what a rule costs is asked."""


@dataclass(frozen=True, slots=True)
class PriceBound:
    """A recomputed bound.

    Parameters
    ----------
    bound : int
        In value quanta, rounded down; an estimate where only a sample of the units was searched.
    error : int
        Standard error of the estimate, in value quanta; 0 where all units were searched.
    units : int
        Units that were searched.
    cut : int
        Units that were too large to search to the end, and are bounded from above.
    """

    bound: int
    error: int
    units: int
    cut: int


@dataclass(frozen=True, slots=True)
class UnitOptimum:
    """The best that one unit's own rules allow at some prices.

    Parameters
    ----------
    value : int
        Best margin less penalties, over ``2 ** shift``, rounded down; an upper bound where the search was cut short.
    complete : bool
        Whether the search came to its end.
    chosen : tuple of int
        Positions of the best set found, ascending.
    feasible : bool
        False where no set keeps the unit's rules.
    """

    value: int
    complete: bool
    chosen: tuple[int, ...] = ()
    feasible: bool = True


@dataclass(slots=True)
class _Rule:
    """One constraint of a unit: its rule, its kind, its cap or need, and what each candidate counts in it."""

    name: str
    kind: str
    limit: int
    weight: dict[int, int]
    token: dict[int, int] = field(default_factory=dict)
    penalty: Fraction = Fraction(0)

    def used(self, chosen: list[int]) -> int:
        """Return the sum of the weights, or the number of different keys where candidates have tokens."""
        if self.token:
            return len({self.token[j] for j in chosen if self.token.get(j, -1) >= 0})
        return sum(self.weight.get(j, 0) for j in chosen)

    def allows(self, chosen: list[int]) -> bool:
        """Say whether a complete choice keeps the constraint."""
        mine = [j for j in chosen if j in self.weight]
        used = self.used(mine)
        if self.kind in ("cap", "keys"):
            return used <= self.limit
        if self.kind == "conflict":
            a = [j for j in mine if self.weight[j] & SIDE_A]
            b = [j for j in mine if self.weight[j] & SIDE_B]
            past = (self.limit & SIDE_A and b) or (self.limit & SIDE_B and a)
            return not past and all(i == j for i in a for j in b)
        if self.kind == "needs":
            servers = {j for j in mine if self.weight[j] & SERVES}
            return all(servers - {j} for j in mine if self.weight[j] & NEEDS)
        if self.kind == Shortfall.REQUIRED:
            return used >= self.limit
        return self.kind != Shortfall.ALL_OR_NOTHING or used == 0 or used >= self.limit

    def missing(self, chosen: list[int]) -> int:
        """Return by how much a floor falls short."""
        return max(0, self.limit - self.used(chosen))

    @property
    def only_shrinks(self) -> bool:
        """Whether a choice that breaks the constraint is not mended by more contacts."""
        return self.kind in ("keys", "conflict") or (self.kind == "cap" and min(self.weight.values(), default=0) >= 0)

    def helps(self, j: int) -> bool:
        """Say whether choosing a candidate can make another choice legal or cheaper."""
        weight = self.weight.get(j, 0)
        return weight != 0 and not self.only_shrinks and (self.kind != "needs" or bool(weight & SERVES))


def price_bound(
    problem: Problem, prices: Mapping[str, Sequence[int]], shift: int, *, sample: int | None = None, seed: int = 0
) -> PriceBound:
    """Recompute the bound that prices prove.

    Parameters
    ----------
    problem : Problem
    prices : mapping of block name to sequence of int
        Of each row of ``Problem.rows``, in value quanta per row quantum over ``2 ** shift``.
    shift : int
    sample : int, optional
        Search so many units only, drawn with ``seed``, and scale up.

    Raises
    ------
    ValueError
        If a price has no limit to pay for, or is larger than its row's penalty.
    """
    price = [np.array([int(p) for p in prices[rows.name]], object) for rows in problem.rows]
    limits = sum(_limit_cost(rows, p.tolist(), shift) for rows, p in zip(problem.rows, price, strict=True))
    listed = np.arange(problem.units)
    if sample is not None and sample < problem.units:
        listed = np.sort(np.random.default_rng(seed).choice(problem.units, sample, replace=False))
    margin = _margins(problem, price, shift)
    rules = _rules_by_unit(problem, set(listed.tolist()), shift)
    found = [_optimum(problem, u, margin, rules.get(u, [])) for u in listed.tolist()]
    for unit, best in zip(listed.tolist(), found, strict=True):
        if not best.feasible:
            raise ValueError(f"the rules of unit {unit} clash")
    optima, cut = [best.value for best in found], sum(not best.complete for best in found)
    size = max(len(optima), 1)
    mean = Fraction(sum(optima), size)
    error = 0
    if len(listed) < problem.units:
        variance = sum((value - mean) ** 2 for value in optima) / size
        error = (problem.units * isqrt(int(variance / size))) >> shift
    return PriceBound(floor((mean * problem.units + limits) / 2**shift), error, len(listed), cut)


def best_sets(problem: Problem, prices: Mapping[str, Sequence[int]], shift: int) -> list[UnitOptimum]:
    """Return the best set of each unit at some prices.

    Parameters
    ----------
    problem, prices, shift
        As for :func:`price_bound`.
    """
    price = [np.array([int(p) for p in prices[rows.name]], object) for rows in problem.rows]
    margin = _margins(problem, price, shift)
    rules = _rules_by_unit(problem, set(range(problem.units)), shift)
    return [_optimum(problem, u, margin, rules.get(u, [])) for u in range(problem.units)]


def rises(
    problem: Problem, prices: Mapping[str, Sequence[int]], shift: int, units: IntArray
) -> dict[str, list[int] | None]:
    """Return, by policy, by how much the best margin less penalties of some units rises without it.

    A policy that has rows across units takes their prices with it.

    Parameters
    ----------
    problem, prices, shift
        As for :func:`price_bound`.
    units : int array
        Ascending.

    Returns
    -------
    dict of rule to list of int or None
        Of each unit, over ``2 ** shift``; None where a search was cut short.
    """
    price = [np.array([int(p) for p in prices[rows.name]], object) for rows in problem.rows]
    margin = _margins(problem, price, shift)
    rules = _rules_by_unit(problem, set(units.tolist()), shift)
    names = policy_names(problem)
    freed = {
        name: _margins(problem, [p * int(r.rule != name) for r, p in zip(problem.rows, price, strict=True)], shift)
        for name in {rows.rule for rows in problem.rows if rows.policy}
    }
    found: dict[str, list[int] | None] = {name: [] for name in names}
    for unit in units.tolist():
        mine = rules.get(unit, [])
        bound = _optimum(problem, unit, margin, mine, RISE_NODES)
        best, complete = bound.value, bound.complete
        most = sum(max(m, 0) for m in margin[int(problem.unit_start[unit]) : int(problem.unit_start[unit + 1])])
        hindered = best < most or any(rule.kind == Shortfall.BEST_EFFORT for rule in mine)
        for name in names:
            rest = [rule for rule in mine if rule.name != name]
            free, whole = best, complete
            if name in freed or (hindered and len(rest) < len(mine)):
                without = _optimum(problem, unit, freed.get(name, margin), rest, RISE_NODES)
                free, whole = without.value, without.complete
            so_far = found[name]
            if so_far is None or not (complete and whole):
                found[name] = None
            else:
                so_far.append(free - best)
    return found


def policy_names(problem: Problem) -> list[str]:
    """Return the names of all rules that hold inside units, or would if their units were not too large."""
    across = {rows.rule for rows in problem.rows if rows.policy}
    return sorted({p.rule for p in problem.unit_primitives} | across)


def _limit_cost(rows: Rows, price: list[int], shift: int) -> int:
    """Return Σ price · limit of a block; limits of hard rows of counts move to what whole contacts can reach."""
    total, groups = 0, rows.size // max(rows.uses.instances, 1)
    for row, p in enumerate(price):
        if p == 0:
            continue
        limit = int(rows.upper[row] if p > 0 else rows.lower[row])
        if abs(limit) >= UNLIMITED:
            raise ValueError(f"row {row} of {rows.name} has a price on a side without a limit")
        if rows.penalty is not None and abs(p) > rows.penalty * 2**shift:
            raise ValueError(f"the price of row {row} of {rows.name} is larger than its penalty")
        if rows.penalty is None and rows.measure is None:
            step = gcd(*rows.uses.weight[rows.uses.instance == row // groups].tolist()) or 1
            limit = limit // step * step if p > 0 else -(-limit // step) * step
        total += p * limit
    return total


def _margins(problem: Problem, price: list[Numerators], shift: int) -> list[int]:
    """Return value − price · use of each candidate, over ``2 ** shift``."""
    margin = [int(v) << shift for v in problem.value.tolist()]
    for rows, p in zip(problem.rows, price, strict=True):
        pairs = pairs_of(problem, rows.uses, rows.partition, rows.measure)
        row = pairs.instance * problem.groups(rows.partition) + pairs.group
        paid = p[row[pairs.pair]] * pairs.weight.astype(object)
        for j, amount in zip(pairs.candidate.tolist(), paid.tolist(), strict=True):
            margin[j] -= amount
    return margin


def _rules_by_unit(problem: Problem, listed: set[int], shift: int) -> dict[int, list[_Rule]]:
    out: dict[int, list[_Rule]] = {}
    start = problem.unit_start
    every = np.concatenate([np.zeros(0, np.int64), *(np.arange(start[u], start[u + 1]) for u in sorted(listed))])
    for unit, rule in _rules(problem, every.astype(np.int64), shift):
        if unit in listed:
            out.setdefault(unit, []).append(rule)
    return out


def _rules(problem: Problem, candidates: IntArray, shift: int) -> Iterator[tuple[int, _Rule]]:
    for c in problem.counters:
        pairs = pairs_of(problem, c.uses, c.partition, c.measure, candidates=candidates)
        limit = c.limits(pairs.group, pairs.instance)
        unit = units_of_groups(problem, c.partition)[pairs.group]
        yield from _listed((c.rule, "cap"), unit, limit, pairs.start, pairs.candidate, pairs.weight)
    for d in problem.distincts:
        pairs = pairs_of(problem, d.uses, d.partition, candidates=candidates)
        token, _ = new_keys(problem, d, pairs)
        limit = d.limits(pairs.group, pairs.instance)
        unit = units_of_groups(problem, d.partition)[pairs.group]
        yield from _listed((d.rule, "keys"), unit, limit, pairs.start, pairs.candidate, pairs.weight, token)
    for x in problem.conflicts:
        pairs = pairs_of(problem, x.uses, x.partition, candidates=candidates)
        there = bits(x.present, pairs.group, pairs.instance)
        unit = units_of_groups(problem, x.partition)[pairs.group]
        yield from _listed((x.rule, "conflict"), unit, there, pairs.start, pairs.candidate, pairs.weight)
    for q in problem.prerequisites:
        pairs = pairs_of(problem, q.uses, q.partition, candidates=candidates)
        pairs = pairs.keep(bits(q.served, pairs.group, pairs.instance) == 0)
        unit = units_of_groups(problem, q.partition)[pairs.group]
        yield from _listed(
            (q.rule, "needs"), unit, np.zeros(len(pairs), np.int64), pairs.start, pairs.candidate, pairs.weight
        )
    for f in problem.floors:
        pairs, need = floor_pairs(problem, f, candidates)
        unit = units_of_groups(problem, f.partition)[pairs.group]
        keys = None if f.key is None else new_keys(problem, f, pairs)[0]
        for u, rule in _listed((f.rule, f.reaction), unit, need, pairs.start, pairs.candidate, pairs.weight, keys):
            rule.penalty = (f.penalty or Fraction(0)) * 2**shift
            yield u, rule


def _listed(
    of: tuple[str, str],
    unit: IntArray,
    limit: IntArray,
    start: IntArray,
    candidate: IntArray,
    weight: IntArray,
    token: IntArray | None = None,
) -> Iterator[tuple[int, _Rule]]:
    who, count = candidate.tolist(), weight.tolist()
    tokens = [] if token is None else token.tolist()
    for u, most, a, b in zip(unit.tolist(), limit.tolist(), start[:-1].tolist(), start[1:].tolist(), strict=True):
        mine = who[a:b]
        keys = dict(zip(mine, tokens[a:b], strict=True)) if tokens else {}
        yield u, _Rule(*of, most, dict(zip(mine, count[a:b], strict=True)), keys)


def _optimum(problem: Problem, unit: int, margin: list[int], rules: list[_Rule], nodes: int = NODES) -> UnitOptimum:
    """Return a unit's best set."""
    start = problem.unit_start
    mine = range(int(start[unit]), int(start[unit + 1]))
    required = set() if problem.required is None else set(problem.required.tolist()) & set(mine)
    useful = [j for j in mine if j in required or margin[j] > 0 or any(r.helps(j) for r in rules)]
    useful.sort(key=lambda j: (j not in required, -margin[j], j))
    ahead = [0]
    for j in reversed(useful):
        ahead.append(ahead[-1] + max(margin[j], 0))
    ahead.reverse()
    shrinking = [r for r in rules if r.only_shrinks]
    others = [r for r in rules if not r.only_shrinks]
    efforts = [r for r in rules if r.kind == Shortfall.BEST_EFFORT]
    soft = [r for r in rules if r.kind == Shortfall.PENALTY]
    best: tuple[int, Fraction] | None = None  # shortfall of the best efforts (negative), worth
    best_set: list[int] = []
    seen, bound = 0, Fraction(0)
    stack: list[tuple[int, list[int], int]] = [(0, [], 0)]
    while stack:
        i, chosen, value = stack.pop()
        if best is not None and (best[0] == 0 or not efforts) and value + ahead[i] <= best[1]:
            continue
        seen += 1
        if seen > nodes:
            open_nodes = [Fraction(v + ahead[k]) for k, _, v in [*stack, (i, chosen, value)]]
            bound = max([*open_nodes, *([] if best is None else [best[1]])])
            return UnitOptimum(floor(bound), False, tuple(sorted(best_set)), feasible=best is not None)
        if i == len(useful):
            if all(r.allows(chosen) for r in others):
                worth = value - sum((r.penalty * r.missing(chosen) for r in soft), Fraction(0))
                here = (-sum(r.missing(chosen) for r in efforts), worth)
                if best is None or here > best:
                    best, best_set = here, chosen
            continue
        j = useful[i]
        if j not in required:
            stack.append((i + 1, chosen, value))
        more = [*chosen, j]
        if all(r.allows(more) for r in shrinking if j in r.weight):
            stack.append((i + 1, more, value + margin[j]))
    if best is None:
        return UnitOptimum(0, True, feasible=False)
    return UnitOptimum(floor(best[1]), True, tuple(sorted(best_set)))
