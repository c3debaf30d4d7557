"""What soft rules may cost at most: objectives must have room for it, beside what contacts bring."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from optimizer.compile.quanta import AMOUNT_ROOM
from optimizer.errors import ScenarioError
from optimizer.problem.primitives import UNLIMITED, Floor, IntArray, Measure, Rows


def largest_bill(priced: Floor | Rows, kind: IntArray, kinds: int, groups: int, measures: Sequence[Measure]) -> float:
    """Bound what a soft rule can cost, in objective units: all that is demanded is missed, and all that counts is over.

    Parameters
    ----------
    priced : Floor or Rows
        Its penalty is in objective units per quantum.
    kind : (candidates,) int array
    kinds, groups : int
        Number of kinds, and of groups of its partition.
    measures : sequence of Measure

    Raises
    ------
    ScenarioError
        More is demanded than can be counted, so that what is missing has no price.
    """
    if priced.penalty is None:
        return 0.0
    demanded = _demanded(priced, groups)
    if demanded > AMOUNT_ROOM / 2:
        raise ScenarioError(
            "it demands, at a price, more than can be counted",
            where=f"rule {priced.rule}",
            fix="look for a placeholder in its limits, or leave out 'penalty'",
        )
    amount = None if priced.measure is None else np.abs(np.asarray(measures[priced.measure].amount, np.float64))
    of_kind = np.bincount(kind, weights=amount, minlength=kinds)
    counted = float(np.abs(priced.uses.weight.astype(np.float64)) @ of_kind[priced.uses.kind])
    return float(priced.penalty) * (counted + demanded)


def _demanded(priced: Floor | Rows, groups: int) -> float:
    """Sum what contacts must come to, and what negative ones must."""
    if isinstance(priced, Rows):
        lower = np.asarray(priced.lower, np.float64)[priced.lower > -UNLIMITED]
        upper = np.asarray(priced.upper, np.float64)[priced.upper < UNLIMITED]
        return float(np.maximum(lower, 0).sum() - np.minimum(upper, 0).sum())
    instances = priced.uses.instances
    need = groups * float(np.maximum(priced.need, 0).sum(dtype=float))
    if priced.group_need is not None:
        need += instances * float(np.maximum(priced.group_need, 0).sum(dtype=float))
    if priced.overrides is not None:
        need += float(np.maximum(priced.overrides.number, 0).sum(dtype=float))
    return need
