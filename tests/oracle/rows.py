"""What constraints of every kind share: their groups, their limits, and how a check of theirs is named (line 27)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import partial
from itertools import chain
from typing import Any

from tests.oracle.amounts import number
from tests.oracle.checks import Check
from tests.oracle.groups import bounds, limit_of, limit_rows, names_of, values_of
from tests.oracle.world import Contact, World

Values = tuple[Any, ...]


def groups_of(world: World, rule: dict[str, Any], planned: Sequence[Contact]) -> list[Values]:
    """Return the values among candidates before eligibility, and the keys of the limits table.

    Reading: of the candidates for which ``where`` is true. Without ``for_each``: the one group, always there.
    """
    names = names_of(rule.get("for_each"))
    if not names:
        return [()]
    tables = [spec for _, spec in bounds(rule) if isinstance(spec, dict) and "table" in spec]
    listed = [keys for spec in tables for keys, _ in limit_rows(world, spec, names)]
    return list(dict.fromkeys(chain((values_of(c, names) for c in planned), listed)))


def limits_of(world: World, rule: dict[str, Any], values: Values) -> Iterator[tuple[str, Fraction]]:
    """Yield (``at_most`` or ``at_least``, limit) of one group."""
    for sense, spec in bounds(rule):
        yield sense, limit_of(world, spec, names_of(rule.get("for_each")), values, ())


def hard(rule: dict[str, Any], values: Values, text: str, window: str = "") -> partial[Check]:
    """Return a check that lacks what breaks it."""
    who = ", ".join([*map(str, values), *([window] if window else [])]) or "all"
    return partial(Check, rule["name"], who, text)


def hard_or_soft(rule: dict[str, Any], values: Values, text: str, window: str = "") -> partial[Check]:
    """Return the same, at a price where the rule has a penalty."""
    penalty = number(rule["penalty"]) if "penalty" in rule else None
    return partial(hard(rule, values, text, window), penalty=penalty)
