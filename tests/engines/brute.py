"""Every plan of a tiny problem, judged straight from the primitives' docstrings: the truth that engines are held to.

Shares no code with the package beyond the frozen arrays. A plan is a row of a 0/1 matrix over the candidates.
"""

from dataclasses import dataclass
from fractions import Fraction
from math import floor

import numpy as np

from optimizer.problem.primitives import NEEDS, SERVES, SIDE_A, SIDE_B, UNLIMITED, Shortfall


@dataclass
class Truth:
    plans: np.ndarray
    """(plans, candidates) 0/1: every subset."""
    legal: np.ndarray
    """(plans,) which subsets break nothing."""
    objective: list[int]
    """(plans,) value less penalties rounded up."""

    @property
    def feasible(self):
        return bool(self.legal.any())

    @property
    def best(self):
        return max(o for o, ok in zip(self.objective, self.legal, strict=True) if ok)

    def of(self, chosen):
        """Legality and objective of a set of positions."""
        code = sum(1 << int(j) for j in chosen)
        return bool(self.legal[code]), self.objective[code]


def brute_force(problem):
    n = len(problem.kind)
    plans = (np.arange(2**n)[:, None] >> np.arange(n)) & 1
    legal = np.ones(len(plans), bool)
    penalties = [Fraction(0)] * len(plans)
    shortfall = {}  # unit -> (plans,) total shortfall of best-effort floors

    for c in problem.counters:
        for group, instance, weight in _pairs(problem, c):
            cap = int(c.limit[instance])
            if c.group_limit is not None and cap != UNLIMITED:
                cap = int(c.group_limit[group])
            cap = _override(c.overrides, group, instance, cap)
            legal &= plans @ weight <= cap
    for d in problem.distincts:
        for group, instance, weight in _pairs(problem, d, presence=True):
            cap = int(d.limit[instance])
            if d.group_limit is not None and cap != UNLIMITED:
                cap = int(d.group_limit[group])
            cap = _override(d.overrides, group, instance, cap)
            known = set()
            if d.known_key is not None:
                for g, i, key in zip(d.known_group, d.known_instance, d.known_key, strict=True):
                    if (g, i) == (group, instance):
                        known.add(int(key))
            legal &= _different(problem, plans, d.key, weight, known) <= cap
    for c in problem.conflicts:
        for group, instance, side in _pairs(problem, c):
            there = _override(c.present, group, instance, 0)
            for j in range(n):
                if (side[j] & SIDE_A and there & SIDE_B) or (side[j] & SIDE_B and there & SIDE_A):
                    legal &= plans[:, j] == 0
                for k in range(n):
                    if j != k and side[j] & SIDE_A and side[k] & SIDE_B:
                        legal &= (plans[:, j] & plans[:, k]) == 0
    for p in problem.prerequisites:
        for group, instance, side in _pairs(problem, p):
            if _override(p.served, group, instance, 0):
                continue
            for j in range(n):
                if side[j] & NEEDS:
                    servers = [k for k in range(n) if k != j and side[k] & SERVES]
                    legal &= (plans[:, j] == 0) | (plans[:, servers].sum(axis=1) > 0)
    for f in problem.floors:
        for group, instance, weight in _pairs(problem, f):
            need = int(f.need[instance])
            if f.group_need is not None and need != 0:
                need = int(f.group_need[group])
            need = _override(f.overrides, group, instance, need)
            if need <= 0 or group not in problem.partitions[f.partition].group:
                continue
            used = plans @ weight if f.key is None else _different(problem, plans, f.key, weight)
            short = np.maximum(need - used, 0)
            if f.reaction is Shortfall.REQUIRED:
                legal &= short == 0
            elif f.reaction is Shortfall.ALL_OR_NOTHING:
                legal &= (short == 0) | (used == 0)
            elif f.reaction is Shortfall.PENALTY:
                penalties = [p + f.penalty * int(s) for p, s in zip(penalties, short, strict=True)]
            else:
                unit = _unit(problem, f.partition, group)
                shortfall[unit] = shortfall.get(unit, 0) + short
    if problem.required is not None:
        for j in problem.required:
            legal &= plans[:, j] == 1

    for short in shortfall.values():  # unit-level rules are all in `legal` by now, rows and switches are not
        if legal.any():
            legal &= short == short[legal].min()

    for r in problem.rows:
        for group, instance, weight in _pairs(problem, r):
            groups = 1 if r.partition is None else problem.partitions[r.partition].groups
            row, used = instance * groups + group, plans @ weight
            low, high = int(r.lower[row]), int(r.upper[row])
            if r.penalty is None:
                legal &= (used >= low) & (used <= high)
            else:
                excess = np.maximum(used - high, 0) + np.maximum(low - used, 0)
                penalties = [p + r.penalty * int(e) for p, e in zip(penalties, excess, strict=True)]
    for s in problem.switches:
        cells = np.zeros(len(plans), int)
        for _, _, weight in _pairs(problem, s):
            used = plans @ weight
            cells += used > 0
            if s.lot is not None:
                legal &= (used == 0) | (used >= s.lot)
        if s.most is not None:
            legal &= cells <= s.most

    value = (plans @ np.asarray(problem.value, int)).tolist()
    objective = [floor(v - p) for v, p in zip(value, penalties, strict=True)]
    return Truth(plans, legal, objective)


def _different(problem, plans, keys, weight, known=()):
    """How many different keys each plan holds, beside those that are known."""
    used = np.zeros(len(plans), int)
    for key in set(keys.tolist()) - set(known):
        has = np.array([w > 0 and keys[problem.kind[j]] == key for j, w in enumerate(weight)], int)
        used += plans @ has > 0
    return used


def _pairs(problem, primitive, presence=False):
    """Yield (group, instance, weight of each candidate), for every group and instance, used or not."""
    partition, uses = primitive.partition, primitive.uses
    groups = 1 if partition is None else problem.partitions[partition].groups
    measure = getattr(primitive, "measure", None)
    for group in range(groups):
        for instance in range(uses.instances):
            weight = np.zeros(len(problem.kind), np.int64)
            for c in range(len(problem.customer_start) - 1):
                if partition is not None and problem.partitions[partition].group[c] != group:
                    continue
                for j in range(problem.customer_start[c], problem.customer_start[c + 1]):
                    k = problem.kind[j]
                    for e in range(uses.start[k], uses.start[k + 1]):
                        if uses.instance[e] == instance:
                            amount = 1 if measure is None else problem.measures[measure].amount[j]
                            weight[j] = 1 if presence else uses.weight[e] * amount
            yield group, instance, weight


def _override(overrides, group, instance, number):
    if overrides is not None:
        for e in range(overrides.start[group], overrides.start[group + 1]):
            if overrides.instance[e] == instance:
                return int(overrides.number[e])
    return number


def _unit(problem, partition, group):
    members = np.flatnonzero(problem.partitions[partition].group == group)
    return int(np.searchsorted(problem.unit_customer, members[0], side="right")) - 1
