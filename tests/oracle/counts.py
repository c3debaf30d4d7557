"""Contact policies that count: ``at_most``, ``at_least``, ``exactly`` (lines 1 to 5, 10, 12 to 14, 20, 35)."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np

from tests.oracle.amounts import Plans, Quantity, Vector, number
from tests.oracle.checks import Check
from tests.oracle.groups import Group, bounds, groups, limit_of, names_of, values_of
from tests.oracle.refused import Refused
from tests.oracle.times import Duration, Window, windows
from tests.oracle.totals import check_exactly, check_limit, distinct_names, is_signed, quantity
from tests.oracle.world import Contact, World

REACTIONS = ("required", "best_effort", "all_or_nothing")


@dataclass(frozen=True)
class _Scope:
    """The rule for one group and one value of ``for_each``."""

    rule: dict[str, Any]
    group: Group
    values: tuple[Any, ...]
    unit: Hashable
    signed: bool
    demanded: bool


def counting(world: World, rule: dict[str, Any], unit: Mapping[Any, Any]) -> Iterator[Check]:
    """Yield one check per group, value of ``for_each`` and window, for each zone the customers may live in."""
    within = Duration.of(rule["within"]) if "within" in rule else None
    remembers = within is not None and rule.get("count_history", True)
    names = names_of(rule.get("for_each"))
    planned = world.matching(world.candidates, rule.get("where"))
    past = world.matching(world.history, rule.get("where")) if remembers else []
    signed = is_signed(rule, planned + past)
    if signed and within is not None:
        raise Refused("scenario", f"{rule['name']}: no window on amounts that may be negative")
    if "penalty" in rule and ("if_short" in rule or not {"at_least", "exactly"} & set(rule)):
        raise Refused("scenario", f"{rule['name']}: a penalty is for a minimum, instead of if_short")
    check_exactly(rule, planned)
    minimum = {"at_least", "exactly"} & set(rule)
    if minimum and within is not None and within.unit == "hours" and distinct_names(rule.get("total")):
        raise Refused("scenario", f"{rule['name']}: different keys have no minimum in hours")
    for group in groups(world, rule.get("per", "customer")):
        mine = [c for c in planned if c.customer in group.members]
        before = [h for h in past if h.customer in group.members]
        for values in dict.fromkeys(values_of(c, names) for c in mine):
            here = [c for c in mine if values_of(c, names) == values]
            scope = _Scope(
                rule,
                group,
                values,
                unit[group.members[0]],
                signed,
                demanded=any(c.customer not in world.held_out for c in here),
            )
            earlier = [h for h in before if values_of(h, names) == values]
            yield from _windows(world, scope, within, here, earlier, remembers=remembers)


def _windows(
    world: World,
    scope: _Scope,
    within: Duration | None,
    planned: Sequence[Contact],
    past: Sequence[Contact],
    *,
    remembers: bool,
) -> Iterator[Check]:
    choices = world.zone_choices(scope.group.members)
    soft = "penalty" in scope.rule or scope.rule.get("if_short") == "best_effort"
    if soft and within is not None and (len(choices) > 1 or within.unit == "hours"):
        raise Refused("scenario", "shortfalls are not added up over unknown zones or hour windows")
    for zones in choices if within is not None else choices[:1]:
        arrivals = {c: c.arrival(zones[c.customer]) for c in (*planned, *past)}
        here = [zones[c] for c in scope.group.members if c in world.customers]
        span = world.span(*here, counts_history=remembers)
        for window in windows(within, [arrivals[c] for c in planned], [arrivals[h] for h in past], span):
            used = quantity(
                scope.rule,
                [c for c in planned if window.covers(arrivals[c])],
                [h for h in past if window.covers(arrivals[h])],
                signed=scope.signed,
            )
            yield from _limits(world, scope, window, used)


def _limits(world: World, scope: _Scope, window: Window, used: Quantity) -> Iterator[Check]:
    rule = scope.rule
    where = ", ".join(map(str, (*scope.values, window.label)))
    names = names_of(rule.get("for_each"))
    for sense, spec in bounds(rule):
        limit = check_limit(rule, limit_of(world, spec, names, scope.values, scope.group.members))
        check = partial(Check, rule["name"], f"{scope.group.name}, {where}", f"{sense} {limit}", unit=scope.unit)
        if sense == "at_most":
            if used.most > used.remaining(limit):
                yield check(partial(used.over, limit=limit, forgiving=True))
        elif scope.demanded and window.demanded and (used.remaining(limit) > 0 or scope.signed):
            yield _minimum(rule, check, used, limit)


def _minimum(rule: dict[str, Any], check: partial[Check], used: Quantity, need: Fraction) -> Check:
    """A minimum with its declared reaction (line 14)."""
    if "penalty" in rule:
        return check(partial(used.under, limit=need), penalty=number(rule["penalty"]))
    reaction = rule.get("if_short", "required")
    if reaction not in REACTIONS:
        raise Refused("scenario", f"if_short: {reaction}")
    if reaction == "all_or_nothing":
        return check(partial(_partly, used, need))
    return check(partial(used.under, limit=need, forgiving=True), best_effort=reaction == "best_effort")


def _partly(used: Quantity, need: Fraction, plans: Plans) -> Vector:
    """Break when something is planned and planned + history does not reach the need.

    Reading: of different keys, what is planned is what is new.
    """
    missing, planned = used.under(plans, need, forgiving=True), Vector.sum(plans, used.terms)
    return Vector(np.where(planned.whole != 0, missing.whole, 0), missing.quantum)
