"""Counts in windows: which kinds fall into which (label, window), and what history has used of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from optimizer.problem.primitives import BoolArray, Incidence, IntArray
from optimizer.rules.world import Past, Scope


@dataclass(frozen=True, slots=True, eq=False)
class Windowed:
    """Instances of a windowed rule: one per (label, window) that some kind falls into.

    Parameters
    ----------
    uses : Incidence
        Weight of a contact of each kind in each instance.
    label, first, last : (instances,) int arrays
        The instance's label code and its window, as day ordinals.
    maximal : (instances,) bool array
        False where another instance of the label holds all the kinds of this one, so that without history the other
        one's cap says it all.
    past_group, past_instance, past_used : int arrays
        What history has used, for each (group, instance) that it touched.
    """

    uses: Incidence
    label: IntArray
    first: IntArray
    last: IntArray
    maximal: BoolArray
    past_group: IntArray
    past_instance: IntArray
    past_used: IntArray


def windowed(
    scope: Scope,
    day: IntArray,
    spans: Sequence[tuple[int, int]],
    *,
    weight: IntArray,
    past: Past | None,
    keep_empty: bool = False,
) -> Windowed:
    """Spread kinds and history over the windows.

    A (label, window) that no kind falls into is left out, for no cap binds there; a minimum does: ``keep_empty``.

    Parameters
    ----------
    scope : Scope
    day : (kinds,) int array
        Day ordinal of each kind.
    spans : sequence of (first day, last day)
    weight : (kinds,) int array
    past : Past, optional
    """
    reached = np.flatnonzero(scope.kinds)
    days = np.unique(day[reached])
    span = np.asarray(spans, np.int64).reshape(-1, 2)
    # Each window matters through the interval of days with contacts that it covers: [low, high).
    low = np.searchsorted(days, span[:, 0], "left")
    high = np.searchsorted(days, span[:, 1], "right")
    if not keep_empty:
        span, low, high = (a[high > low] for a in (span, low, high))
    top = _maximal(low, high)

    position = np.searchsorted(days, day[reached])
    entry_kind, entry_span = np.nonzero((position[:, None] >= low) & (position[:, None] < high))
    kind = reached[entry_kind]
    cell = scope.label[kind].astype(np.int64) * len(span) + entry_span
    cells, instance = np.unique(cell, return_inverse=True)
    if keep_empty:
        cells, instance = np.arange(len(scope.labels) * len(span)), cell

    uses = Incidence.of(kind, instance, weight[kind], kinds=len(scope.label), instances=len(cells))
    which = cells % max(len(span), 1)
    group, used_in, used = _spread(past, span, cells)
    return Windowed(uses, cells // max(len(span), 1), span[which, 0], span[which, 1], top[which], group, used_in, used)


def _maximal(low: IntArray, high: IntArray) -> BoolArray:
    """Mark intervals that lie in no other one; of equal ones the first."""
    order = np.lexsort((-high, low))
    out = np.zeros(len(low), bool)
    reach = -1
    for i in order:
        if high[i] > reach:
            out[i] = True
            reach = int(high[i])
    return out


def _spread(past: Past | None, span: IntArray, cells: IntArray) -> tuple[IntArray, IntArray, IntArray]:
    """Sum the past over (group, instance)."""
    none = np.zeros(0, np.int64)
    if past is None or not len(past.day) or not len(cells):
        return none, none, none
    groups: list[IntArray] = []
    instances: list[IntArray] = []
    weights: list[IntArray] = []
    for number, (first, last) in enumerate(span):
        inside = np.flatnonzero((past.day >= first) & (past.day <= last))
        cell = past.label[inside].astype(np.int64) * len(span) + number
        at = np.searchsorted(cells, cell)
        known = at < len(cells)
        known[known] = cells[at[known]] == cell[known]
        groups.append(past.group[inside][known])
        instances.append(at[known])
        weights.append(past.weight[inside][known])
    pair = np.concatenate(groups).astype(np.int64) * len(cells) + np.concatenate(instances)
    pairs, back = np.unique(pair, return_inverse=True)
    used = np.zeros(len(pairs), np.int64)
    np.add.at(used, back, np.concatenate(weights).astype(np.int64))
    return pairs // len(cells), pairs % len(cells), used
