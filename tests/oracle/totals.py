"""``total:`` of a policy or a constraint: contacts, an amount, or different keys (lines 3, 32, 35)."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from tests.oracle.amounts import Quantity, exact, is_computed, is_finite, whole_limit
from tests.oracle.expressions import evaluate
from tests.oracle.groups import values_of
from tests.oracle.refused import Refused
from tests.oracle.world import Contact


def distinct_names(total: object) -> tuple[str, ...] | None:
    """Return the columns of ``distinct channel, slot``; None for any other total."""
    text = str(total)
    return tuple(n.strip() for n in text[9:].split(",")) if text.startswith("distinct ") else None


def is_whole(rule: dict[str, Any]) -> bool:
    total = rule.get("total", "contacts")
    return str(total) == "contacts" or distinct_names(total) is not None


def check_limit(rule: dict[str, Any], limit: Fraction) -> Fraction:
    """Refuse a fractional limit on a whole-number total."""
    return whole_limit(limit, rule["name"]) if is_whole(rule) else limit


def quantity(rule: dict[str, Any], planned: Sequence[Contact], past: Sequence[Contact], *, signed: bool) -> Quantity:
    """Return what the rule adds up over some candidates and history rows."""
    total = rule.get("total", "contacts")
    columns = tuple(c.column for c in planned)
    names = distinct_names(total)
    if names is not None:
        return distinct(names, planned, past)
    terms = tuple(((column,), amount(total, c)) for column, c in zip(columns, planned, strict=True))
    return Quantity(columns, terms, tuple(amount(total, h) for h in past), is_computed(total), signed)


def distinct(names: Sequence[str], planned: Sequence[Contact], past: Sequence[Contact]) -> Quantity:
    """Return the number of different keys; one that history holds already costs nothing more."""
    known = {values_of(h, names) for h in past}
    bearers: dict[tuple[Any, ...], list[int]] = {}
    for contact in planned:
        key = values_of(contact, names)
        if key not in known:
            bearers.setdefault(key, []).append(contact.column)
    return Quantity(
        tuple(c.column for c in planned),
        tuple((tuple(columns), Fraction(1)) for columns in bearers.values()),
        (Fraction(1),) * len(known),
    )


def amount(text: object, contact: Contact) -> Fraction:
    """Return one contact's amount as a fraction; what is missing is never zero (line 23)."""
    value = evaluate(text, contact.row)
    if isinstance(value, bool) or not is_finite(value):
        raise Refused("data", f"{text} of {contact.key} is {value}")
    return exact(value)


def is_signed(rule: dict[str, Any], contacts: Sequence[Contact]) -> bool:
    """Tell whether an amount of the rule may be negative: whether any is (line 3)."""
    total = rule.get("total", "contacts")
    return distinct_names(total) is None and any(amount(total, c) < 0 for c in contacts)


def check_exactly(rule: dict[str, Any], contacts: Sequence[Contact]) -> None:
    """``exactly`` needs a whole-number total."""
    total = rule.get("total", "contacts")
    if "exactly" in rule and not is_whole(rule) and any(amount(total, c).denominator != 1 for c in contacts):
        raise Refused("scenario", f"{rule['name']}: exactly needs a whole-number total")
