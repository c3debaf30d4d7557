"""Staying close to an earlier plan: what of it is a candidate and may be used now should be chosen again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from math import ceil

import numpy as np

from tests.oracle.amounts import Plans, Vector
from tests.oracle.checks import Check
from tests.oracle.eligibility import is_named
from tests.oracle.world import Contact, World


def stability(world: World, eligible: Sequence[Contact]) -> Iterator[Check]:
    """Yield one check: how many contacts of the earlier plan are missing."""
    rule = world.scenario.get("stability")
    if not rule or not rule.get("enabled", True):
        return
    rows = world.table(rule["previous"])
    stay = [c.column for c in eligible if any(is_named(world, c, row) for row in rows)]
    keep, cost = rule.get("keep"), rule.get("cost")
    need = len(stay) if keep is None else ceil(Fraction(str(keep)) * len(stay))

    def missing(plans: Plans) -> Vector:
        return Vector(np.maximum(need - plans[:, stay].sum(axis=1), 0), Fraction(1))

    penalty = None if cost is None else Fraction(str(cost))
    yield Check("stability", "", f"{need} of {len(stay)} stay", missing, penalty=penalty)
