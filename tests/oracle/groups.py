"""Who shares a policy, and who is decided together (line 20)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from tests.oracle.amounts import number
from tests.oracle.refused import Refused
from tests.oracle.world import Contact, World


@dataclass(frozen=True)
class Group:
    """Customers who share a policy; a customer alone where ``per`` is NULL."""

    name: str
    members: tuple[Any, ...]


def groups(world: World, per: str) -> list[Group]:
    """Return the groups with at least one candidate, each with all its members, also those without candidates."""
    if per == "customer":
        return [Group(str(c), (c,)) for c in world.customers]
    rows = world.customer_rows
    found: dict[Any, Group] = {}
    for customer in world.customers:
        if per not in rows.get(customer, {}):
            raise Refused("scenario", f"customers have no {per}")
        value = rows[customer][per]
        if value is None:
            found[None, customer] = Group(str(customer), (customer,))
        else:
            members = tuple(c for c, row in rows.items() if row[per] == value)
            found[value] = Group(f"{per}={value}", members)
    return list(found.values())


def units(world: World) -> dict[Any, Any]:
    """Return each customer's unit: customers who share any policy, by connected components."""
    unit = {c: c for c in {*world.customers, *world.customer_rows}}
    for rule in world.rules("contact_policies"):
        for group in groups(world, rule.get("per", "customer")):
            merged = {unit[c] for c in group.members}
            unit = {c: group.members[0] if u in merged else u for c, u in unit.items()}
    return unit


def limit_of(
    world: World, spec: Any, names: Sequence[str], values: tuple[Any, ...], members: Sequence[Any]
) -> Fraction:
    """Return a limit: a number, a row of a table by its ``for_each`` keys, or the customer's own column."""
    if not isinstance(spec, dict):
        return number(spec)
    if "table" not in spec:
        own = {world.customer_rows[c][spec["column"]] for c in members}
        if len(own) != 1:
            raise Refused("data", f"members of one group have different {spec['column']}")
        return _known(own.pop(), spec["column"])
    found = [row for keys, row in limit_rows(world, spec, names) if keys == values]
    if len(found) > 1:
        raise Refused("data", f"{spec['table']} holds {values} twice")
    if not found and "default" not in spec:
        raise Refused("data", f"{spec['table']} has no {values}")
    return _known(found[0][spec["column"]], spec["column"]) if found else number(spec["default"])


def limit_rows(world: World, spec: Any, names: Sequence[str]) -> list[tuple[tuple[Any, ...], dict[str, Any]]]:
    """Return (keys, row) for each row of a limits table."""
    slots = {str(c.row.get("slot")): c.slot for c in world.candidates}

    def key(row: dict[str, Any], name: str) -> Any:
        return slots.get(str(row[name]), row[name]) if name == "slot" else row[name]

    return [(tuple(key(row, name) for name in names), row) for row in world.table(spec["table"])]


def _known(value: Any, column: str) -> Fraction:
    if value is None:
        raise Refused("data", f"{column} is missing")
    return number(value)


def names_of(for_each: Any) -> tuple[str, ...]:
    """Return the grouping columns as a tuple."""
    return () if for_each is None else (for_each,) if isinstance(for_each, str) else tuple(for_each)


def values_of(contact: Contact, names: Sequence[str]) -> tuple[Any, ...]:
    return tuple(contact.value_of(name) for name in names)


def bounds(rule: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield (``at_most`` or ``at_least``, limit); ``exactly`` is both."""
    for sense in ("at_most", "at_least"):
        for word in (sense, "exactly"):
            if word in rule:
                yield sense, rule[word]
