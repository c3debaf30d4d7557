"""Rules for the whole plan, by kind (lines 27 to 34)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from tests.oracle.amounts import whole_limit
from tests.oracle.checks import Check
from tests.oracle.groups import names_of, values_of
from tests.oracle.proportions import ratio, share
from tests.oracle.refused import Refused
from tests.oracle.rows import Values, groups_of, hard_or_soft, limits_of
from tests.oracle.total import total
from tests.oracle.totals import check_exactly, distinct
from tests.oracle.world import Contact, World


def constraint(world: World, rule: dict[str, Any]) -> Iterator[Check]:
    """Yield the checks of one constraint of any kind, group by group."""
    kinds = {"ratio": ratio, "share": share, "distinct": different, "total": total}
    word = next((word for word in kinds if word in rule), None)
    if word is None:
        raise Refused("scenario", f"{rule['name']} is no constraint")
    if word != "total" and "within" in rule:
        raise Refused("scenario", f"{rule['name']}: a {word} has no window")
    planned = world.matching(world.candidates, rule.get("where"))
    check_exactly(rule, planned)
    names = names_of(rule.get("for_each"))
    for values in groups_of(world, rule, planned):
        yield from kinds[word](world, rule, values, [c for c in planned if values_of(c, names) == values])


def different(world: World, rule: dict[str, Any], values: Values, planned: Sequence[Contact]) -> Iterator[Check]:
    """Hold the number of different values among the selected contacts (line 34)."""
    used = distinct(names_of(rule["distinct"]), planned, ())
    for sense, limit in limits_of(world, rule, values):
        side = used.over if sense == "at_most" else used.under
        limit = whole_limit(limit, rule["name"])
        yield hard_or_soft(rule, values, f"{sense} {limit}")(partial(side, limit=limit))
