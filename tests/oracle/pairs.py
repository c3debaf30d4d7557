"""Contact policies about two contacts: ``spacing``, ``never … with``, ``never … after`` (lines 15, 16, 18, 19)."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from itertools import product
from typing import Any

from tests.oracle.checks import Check, never_together
from tests.oracle.expressions import is_true, names
from tests.oracle.groups import groups, names_of, values_of
from tests.oracle.times import At, Duration, apart
from tests.oracle.world import HISTORY_COLUMNS, Contact, World, Zones

Clash = Callable[[At, At], bool]


def spacing(world: World, rule: dict[str, Any], unit: Mapping[Any, Any]) -> Iterator[Check]:
    """Any two different contacts are at least so far apart: never with themselves (line 19)."""
    within = Duration.of(rule["spacing"])
    side = Side(world, rule.get("where"))
    yield from _pairs(world, rule, unit, side, side, within, _near(within))


def never_with(world: World, rule: dict[str, Any], unit: Mapping[Any, Any]) -> Iterator[Check]:
    """No two different contacts of A and B less than ``within`` apart, in either order (line 15)."""
    within = _within(rule)
    sides = Side(world, rule["never"]), Side(world, rule["with"])
    yield from _pairs(world, rule, unit, *sides, within, _near(within))


def never_after(world: World, rule: dict[str, Any], unit: Mapping[Any, Any]) -> Iterator[Check]:
    """No contact of A after one of B and less than ``within`` apart (line 16)."""
    within = _within(rule)
    near = _near(within)

    def clash(a: At, b: At) -> bool:
        return a.is_after(b) and near(a, b)

    yield from _pairs(world, rule, unit, Side(world, rule["never"]), Side(world, rule["after"]), within, clash)


class Side:
    """The contacts of A or of B, and when each of them happened."""

    def __init__(self, world: World, condition: object) -> None:
        self.condition = condition
        self.responds = condition is not None and "response" in names(condition)
        self.unplanned = dict.fromkeys([*HISTORY_COLUMNS, *world.tables.get("history", ())])

    def holds(self, contact: Contact) -> bool:
        """Tell whether the contact belongs; what only history has is NULL for a planned one (line 18)."""
        row = self.unplanned | contact.row if contact.is_planned else contact.row
        return self.condition is None or is_true(self.condition, row)

    def time(self, contact: Contact, zones: Zones) -> At:
        """Return the arrival; of history, the response where the condition names it (line 18)."""
        zone = zones[contact.customer]
        return contact.response(zone) if self.responds and not contact.is_planned else contact.arrival(zone)


def _within(rule: dict[str, Any]) -> Duration | None:
    return Duration.of(rule["within"]) if "within" in rule else None


def _near(within: Duration | None) -> Clash:
    return lambda a, b: within is None or apart(a, b, within)[0]


def _pairs(
    world: World,
    rule: dict[str, Any],
    unit: Mapping[Any, Any],
    side_a: Side,
    side_b: Side,
    within: Duration | None,
    clash: Clash,
) -> Iterator[Check]:
    """Yield one check per clashing pair of which at least one is planned; history counts where there is a window."""
    remembers = within is not None and rule.get("count_history", True)
    keys = names_of(rule.get("for_each"))
    everything = [*world.candidates, *(world.history if remembers else [])]
    first, second = ([c for c in everything if side.holds(c)] for side in (side_a, side_b))
    for group in groups(world, rule.get("per", "customer")):
        a_side, b_side = ([c for c in contacts if c.customer in group.members] for contacts in (first, second))
        for zones in world.zone_choices(group.members):
            for a, b in _clashing(a_side, b_side, side_a, side_b, zones, clash):
                if values_of(a, keys) == values_of(b, keys):
                    yield _forbid(rule, a, b, group.name, unit[group.members[0]])


def _clashing(
    first: Sequence[Contact], second: Sequence[Contact], side_a: Side, side_b: Side, zones: Zones, clash: Clash
) -> Iterator[tuple[Contact, Contact]]:
    for a, b in product(first, second):
        one_is_planned = a.is_planned or b.is_planned
        if a is not b and one_is_planned and clash(side_a.time(a, zones), side_b.time(b, zones)):
            yield a, b


def _forbid(rule: dict[str, Any], a: Contact, b: Contact, who: str, unit: Hashable) -> Check:
    columns = tuple(sorted(c.column for c in (a, b) if c.is_planned))
    text = " and ".join(sorted(" ".join(c.key) for c in (a, b)))
    return Check(rule["name"], who, text, never_together(columns), unit=unit)
