"""Constraints ``total`` with limits or a lot (lines 28, 31, 34)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np

from tests.oracle.amounts import Plans, Quantity, Vector, number
from tests.oracle.checks import Check
from tests.oracle.groups import names_of, values_of
from tests.oracle.refused import Refused
from tests.oracle.rows import Values, hard, hard_or_soft, limits_of
from tests.oracle.times import At, Duration, windows
from tests.oracle.totals import check_limit, is_signed, quantity
from tests.oracle.world import Contact, World


def total(world: World, rule: dict[str, Any], values: Values, planned: Sequence[Contact]) -> Iterator[Check]:
    """Hold Σ amount to its limits in every window with a horizon day; what history sent is subtracted (line 28)."""
    within = Duration.of(rule["within"]) if "within" in rule else None
    if within is not None and within.unit == "hours" and "penalty" in rule:
        raise Refused("scenario", f"{rule['name']}: violations are not added up over hour windows")
    names = names_of(rule.get("for_each"))
    past = world.matching(world.history, rule.get("where")) if within is not None else []
    past = [h for h in past if values_of(h, names) == values]
    signed = is_signed(rule, world.matching(world.candidates, rule.get("where")))
    sent = {c: _sending(world, c) for c in (*planned, *past)}
    span = world.span(world.zone, counts_history=within is not None)
    for window in windows(within, [sent[c] for c in planned], [sent[h] for h in past], span):
        used = quantity(
            rule,
            [c for c in planned if window.covers(sent[c])],
            [h for h in past if window.covers(sent[h])],
            signed=signed,
        )
        for sense, limit in limits_of(world, rule, values):
            check_limit(rule, limit)
            if sense == "at_least" and not window.demanded:
                continue
            side = used.over if sense == "at_most" else used.under
            check = hard_or_soft(rule, values, f"{sense} {limit}", window.label)
            yield check(partial(side, limit=limit, forgiving="penalty" not in rule))
        if "lot" in rule:
            if within is not None or "penalty" in rule:
                raise Refused("scenario", f"{rule['name']}: a lot has neither window nor penalty")
            if signed:
                raise Refused("scenario", f"{rule['name']}: lots of an amount that may be negative")
            lot = check_limit(rule, number(rule["lot"]))
            yield hard(rule, values, f"0 or at least {lot}")(partial(_lot, used, lot))


def _sending(world: World, contact: Contact) -> At:
    """When it is sent, on the customer's local day; the horizon's zone where the customer's is unknown (line 8)."""
    zones = world.zones_of(contact.customer)
    return contact.sending(zones[0] if len(zones) == 1 else world.zone)


def _lot(used: Quantity, lot: Fraction, plans: Plans) -> Vector:
    """Break when the total is neither 0 nor at least the lot (line 34)."""
    sums = Vector.sum(plans, used.terms)
    missing = used.under(plans, lot, forgiving=True)
    return Vector(np.where(sums.whole != 0, missing.whole, 0), missing.quantum)
