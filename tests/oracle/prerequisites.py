"""Contact policies that ask for another contact: ``only … after``, ``only … with`` (lines 17, 18)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tests.oracle.checks import Check, needs_one_of, never_together
from tests.oracle.groups import groups, names_of, values_of
from tests.oracle.pairs import Side
from tests.oracle.times import Duration, apart
from tests.oracle.world import Contact, World, Zones


def only_after(world: World, rule: dict[str, Any], unit: Mapping[Any, Any]) -> Iterator[Check]:
    """Each planned A needs some B before it, at most ``within`` earlier."""
    yield from _needs(world, rule, unit, "after")


def only_with(world: World, rule: dict[str, Any], unit: Mapping[Any, Any]) -> Iterator[Check]:
    """Each planned A needs some other B less than ``within`` apart; in the same slot if there is no ``within``."""
    yield from _needs(world, rule, unit, "with")


def _needs(world: World, rule: dict[str, Any], unit: Mapping[Any, Any], word: str) -> Iterator[Check]:
    within = Duration.of(rule["within"]) if "within" in rule else None
    # No window is this horizon alone (line 4); but "the same slot" is a time of its own, which history may hold.
    remembers = (within is not None or word == "with") and rule.get("count_history", True)
    keys = names_of(rule.get("for_each"))
    side_a, side_b = Side(world, rule["only"]), Side(world, rule[word])
    asking = [c for c in world.candidates if side_a.holds(c)]
    serving = [c for c in [*world.candidates, *(world.history if remembers else [])] if side_b.holds(c)]

    def serves(a: Contact, b: Contact, zones: Zones) -> bool:
        if a is b or values_of(a, keys) != values_of(b, keys):
            return False
        if word == "with" and within is None:
            return _same_slot(a, b, zones)
        at_a, at_b = side_a.time(a, zones), side_b.time(b, zones)
        less, at_most = apart(at_a, at_b, within) if within is not None else (True, True)
        return less if word == "with" else at_a.is_after(at_b) and at_most

    for group in groups(world, rule.get("per", "customer")):
        others = [b for b in serving if b.customer in group.members]
        for zones in world.zone_choices(group.members):
            for a in asking:
                if a.customer not in group.members:
                    continue
                servers = [b for b in others if serves(a, b, zones)]
                if not all(b.is_planned for b in servers):
                    continue
                columns = [b.column for b in servers]
                broken = needs_one_of(a.column, columns) if columns else never_together((a.column,))
                yield Check(rule["name"], group.name, " ".join(a.key), broken, unit=unit[group.members[0]])


def _same_slot(a: Contact, b: Contact, zones: Zones) -> bool:
    """Planned: the same slot. History: sent when the slot starts; on its local date where either has no time of day."""
    if b.is_planned:
        return bool(a.slot == b.slot)
    return a.sending(zones[a.customer]).is_same_as(b.sending(zones[b.customer]))
