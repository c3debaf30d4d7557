"""All rules put together: judge a set of contacts, or list every set and keep the best."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from fractions import Fraction
from functools import cached_property, partial
from typing import Any

import numpy as np
import pandas as pd

from tests.oracle.amounts import Plans, Vector
from tests.oracle.checks import Check
from tests.oracle.constraints import constraint
from tests.oracle.counts import counting
from tests.oracle.eligibility import pinned, reasons
from tests.oracle.groups import units
from tests.oracle.pairs import never_after, never_with, spacing
from tests.oracle.prerequisites import only_after, only_with
from tests.oracle.reading import read
from tests.oracle.refused import Refused
from tests.oracle.stability import stability
from tests.oracle.totals import amount
from tests.oracle.world import Contact

Tables = Mapping[str, pd.DataFrame]
Key = tuple[str, ...]

MOST_CANDIDATES = 16
"""2^16 plans are listed at most."""


def eligible(scenario: Mapping[str, Any], tables: Tables) -> list[Contact]:
    """Return the candidates that may be used."""
    return Judge(scenario, tables).eligible


def dropped(scenario: Mapping[str, Any], tables: Tables) -> dict[Key, list[str]]:
    """Return every reason of each candidate that may not be used: rule names and fixed words."""
    return Judge(scenario, tables).dropped()


def violations(scenario: Mapping[str, Any], tables: Tables, contacts: Iterable[Key]) -> list[tuple[str, str, str]]:
    """Return (rule, who, text) for everything that a set of contacts breaks."""
    return Judge(scenario, tables).violations(contacts)


def objective(scenario: Mapping[str, Any], tables: Tables, contacts: Iterable[Key]) -> Fraction:
    """Return value less penalties of a set of contacts; value plus penalties when minimising."""
    return Judge(scenario, tables).objective(contacts)


def best(scenario: Mapping[str, Any], tables: Tables) -> tuple[Fraction | None, frozenset[Key] | None]:
    """Return the best objective and one best plan, by trying every set of eligible candidates.

    Returns
    -------
    tuple
        (None, None) if no set obeys every rule.
    """
    return Judge(scenario, tables).best()


class Judge:
    """One scenario over its tables, read once, to be asked about any number of sets of contacts."""

    def __init__(self, scenario: Mapping[str, Any], tables: Tables) -> None:
        self.world = world = read(scenario, tables)
        self.reasons = reasons(world)
        self.eligible = [c for c, why in zip(world.candidates, self.reasons, strict=True) if not why]
        self.unit = units(world)
        self.checks = list(self._checks())
        goal = world.scenario["objective"]
        self.minimizing = "minimize" in goal
        self.goal = goal["minimize" if self.minimizing else "maximize"]

    def dropped(self) -> dict[Key, list[str]]:
        """Return every reason of each candidate that may not be used: rule names and fixed words."""
        found = {c.key: why for c, why in zip(self.world.candidates, self.reasons, strict=True) if why}
        return found | {key: ["invalid"] for key in self.world.invalid}

    def violations(self, contacts: Iterable[Key]) -> list[tuple[str, str, str]]:
        """Return (rule, who, text) for everything that a set of contacts breaks."""
        chosen = self._plan(contacts)
        plan = [c for c in self.world.candidates if chosen[0, c.column]]
        found = [(why, " ".join(c.key), "may not be used") for c in plan for why in self.reasons[c.column]]
        found += [(c.rule, c.who, c.text) for c in self.forbidding if c.broken(chosen)[0] != 0]
        return list(dict.fromkeys(found))

    def objective(self, contacts: Iterable[Key]) -> Fraction:
        """Return value less penalties of a set of contacts; value plus penalties when minimising."""
        return self._objective(self._plan(contacts))[0]

    def best(self) -> tuple[Fraction | None, frozenset[Key] | None]:
        """Return the best objective and one best plan, by trying every set of eligible candidates."""
        plans = self.every_plan(self.eligible)
        for check in self.forbidding:
            plans = plans[check.broken(plans).whole == 0]
        if not len(plans):
            return None, None
        value = self._objective(plans)
        winner = int(np.argmin(value.whole) if self.minimizing else np.argmax(value.whole))
        return value[winner], frozenset(c.key for c in self.eligible if plans[winner, c.column])

    def _checks(self) -> Iterator[Check]:
        for column in pinned(self.world, "keep"):
            contact = self.world.candidates[column]
            unit = self.unit[contact.customer]
            yield Check("pins", " ".join(contact.key), "must be in", partial(_absent, column), unit=unit)
        for rule in self.world.rules("contact_policies"):
            yield from _policy(rule)(self.world, rule, self.unit)
        for rule in self.world.rules("constraints"):
            yield from constraint(self.world, rule)
        yield from stability(self.world, self.eligible)

    def _plan(self, contacts: Iterable[Key]) -> Plans:
        """Return one plan as a matrix of one row."""
        columns = {c.key: c.column for c in self.world.candidates}
        plan = np.zeros((1, len(columns)), bool)
        for key in contacts:
            plan[0, columns[tuple(key)]] = True
        return plan

    def every_plan(self, contacts: Collection[Contact]) -> Plans:
        """Return all subsets of some candidates, the empty one first. Shape (2^contacts, candidates)."""
        if len(contacts) > MOST_CANDIDATES:
            raise ValueError(f"{len(contacts)} candidates are too many to try every plan")
        plans = np.zeros((2 ** len(contacts), len(self.world.candidates)), bool, order="F")
        for bit, contact in enumerate(contacts):
            plans[:, contact.column] = np.arange(len(plans)) >> bit & 1
        return plans

    @cached_property
    def forbidding(self) -> list[Check]:
        """Return the checks that forbid a plan; best effort as a limit on each unit's shortfalls (line 14)."""
        hard = [c for c in self.checks if c.is_hard]
        return hard + [check for unit in {c.unit for c in self.checks if c.best_effort} for check in self._effort(unit)]

    def _effort(self, unit: Any) -> Iterator[Check]:
        """Yield what a unit's best-effort minimums forbid: more than the least total shortfall that its rules allow."""
        mine = [c for c in self.checks if c.unit == unit]
        minimums = [c for c in mine if c.best_effort]
        plans = self.every_plan([c for c in self.eligible if self.unit[c.customer] == unit])
        for check in mine:
            if check.is_hard:
                plans = plans[check.broken(plans).whole == 0]
        if not len(plans):
            return
        total = _sum(minimums, plans)
        least = min(total[plan] for plan in range(len(plans)))

        def avoidable(check: Check, plans: Plans) -> Vector:
            total, own = _sum(minimums, plans), check.broken(plans)
            too_much = total.whole > least / total.quantum
            return Vector(np.where(too_much, own.whole, 0), own.quantum)

        for check in minimums:
            yield Check(check.rule, check.who, check.text, partial(avoidable, check), unit=unit)

    def _objective(self, plans: Plans) -> Vector:
        """Return value less penalties of each plan; value plus penalties when minimising."""
        terms = [((c.column,), amount(self.goal, c)) for c in self.world.candidates]
        total = Vector.sum(plans, terms)
        for check in self.checks:
            if check.penalty is not None:
                cost = check.broken(plans) * check.penalty
                total = total + (cost if self.minimizing else -cost)
        return total


def _absent(column: int, plans: Plans) -> Vector:
    return Vector((~plans[:, column]).astype(int), Fraction(1))


def _sum(checks: Iterable[Check], plans: Plans) -> Vector:
    total = Vector(np.zeros(len(plans), object), Fraction(1))
    for check in checks:
        total = total + check.broken(plans)
    return total


def _policy(rule: Mapping[str, Any]) -> Any:
    """Return the reading of a contact policy by the words it is made of."""
    kinds = {
        ("spacing",): spacing,
        ("never", "with"): never_with,
        ("never", "after"): never_after,
        ("only", "after"): only_after,
        ("only", "with"): only_with,
    }
    for words, kind in kinds.items():
        if all(word in rule for word in words):
            return kind
    if {"at_most", "at_least", "exactly"} & set(rule):
        return counting
    raise Refused("scenario", f"{rule['name']} is no contact policy")
