"""Rolling windows on the right clock: in days by local dates, in hours by instants."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from optimizer.language.durations import Window
from optimizer.problem.primitives import IntArray
from optimizer.rules.hours import whole
from optimizer.rules.pairs import MICROSECONDS
from optimizer.rules.windows import Windowed, windowed
from optimizer.rules.world import spans

if TYPE_CHECKING:
    from optimizer.rules.world import Past, Scope, World


def in_windows(
    rule: str, world: World, scope: Scope, window: Window | None, *, weight: IntArray, past: Past | None
) -> Windowed:
    """Spread kinds and history over a policy's windows, as contacts arrive.

    Raises
    ------
    DataError
        A window of hours, and a slot or history row without a time of day.
    """
    if window is None or window.seconds is None:
        days = spans(window, world.first_day, world.last_arrival)
        return windowed(scope, world.day("arrival"), days, weight=weight, past=past)
    times = world.times("arrival").instant
    instants = whole(rule, times[scope.kinds], "candidates · slot")
    all_instants = np.where(np.isnan(times), 0, times).astype(np.int64)
    width = window.seconds * MICROSECONDS
    before = None
    then: IntArray = np.zeros(0, np.int64)
    if past is not None:
        then = whole(rule, past.instant, "history · at")
        before = past.at(then)
    starts = np.concatenate([instants, instants - width + 1, _between(past, then, instants, width)])
    hours = [(int(start), int(start) + width - 1) for start in np.unique(starts)]
    return windowed(scope, all_instants, hours, weight=weight, past=before)


def _between(past: Past | None, then: IntArray, instants: IntArray, width: int) -> IntArray:
    """Return windows that begin with a past contact, for groups that have committed ones ahead as well.

    All other windows that matter begin or end with a planned contact.
    """
    if past is None or not len(instants) or not len(then):
        return np.zeros(0, np.int64)
    ahead = np.unique(past.group[then > instants.min()])
    mine = np.isin(past.group, ahead) & (then > instants.min() - width) & (then < instants.max())
    starts: IntArray = then[mine]
    return starts
