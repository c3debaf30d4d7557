"""Constraints ``ratio`` and ``share``, both without a division (lines 29, 30)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import partial
from typing import Any

from tests.oracle.amounts import Quantity, is_computed, number, whole_limit
from tests.oracle.checks import Check
from tests.oracle.rows import Values, hard, hard_or_soft, limits_of
from tests.oracle.totals import amount, quantity
from tests.oracle.world import Contact, World


def ratio(world: World, rule: dict[str, Any], values: Values, planned: Sequence[Contact]) -> Iterator[Check]:
    """Hold Σa against r · Σb; Σb ≥ 0 is required, and so is ``min_contacts``."""
    above, below = rule["ratio"], rule["to"]
    computed = is_computed(above) or is_computed(below)
    columns = tuple(c.column for c in planned)
    upper = tuple(((c.column,), amount(above, c)) for c in planned)
    lower = tuple(((c.column,), amount(below, c)) for c in planned)
    base = Quantity(columns, lower, computed=computed, signed=True)
    not_negative = partial(base.under, limit=Fraction(0), forgiving=True)
    yield hard(rule, values, "the sum below is not negative")(not_negative)
    for sense, r in limits_of(world, rule, values):
        # Both parts are terms of their own, so that the tolerance is on Σ|a| + r · Σ|b|.
        terms = upper + tuple((column, -r * b) for column, b in lower)
        sums = Quantity(columns, terms, computed=computed, signed=True)
        side = sums.over if sense == "at_most" else sums.under
        broken = partial(side, limit=Fraction(0), forgiving="penalty" not in rule)
        yield hard_or_soft(rule, values, f"{sense} {r}")(broken)
    if "min_contacts" in rule:
        floor = whole_limit(number(rule["min_contacts"]), rule["name"])
        count = quantity({}, planned, (), signed=False)
        yield hard(rule, values, f"at least {floor} contacts")(partial(count.under, limit=floor))


def share(world: World, rule: dict[str, Any], values: Values, planned: Sequence[Contact]) -> Iterator[Check]:
    """Hold the selected contacts with c and d against s × those with d."""
    whole = world.matching(planned, rule.get("of"))
    part = world.matching(whole, rule["share"])
    for sense, s in limits_of(world, rule, values):
        terms = tuple(((c.column,), Fraction(c in part) - s) for c in whole)
        sums = Quantity(tuple(c.column for c in whole), terms, signed=True)
        side = sums.over if sense == "at_most" else sums.under
        yield hard_or_soft(rule, values, f"{sense} {s}")(partial(side, limit=Fraction(0)))
