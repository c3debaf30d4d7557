"""Windows of hours: half-open spans of instants that may begin at any moment.

There are endlessly many of them, but between two moments at which a planned contact enters or leaves, all that begin
there hold the same planned contacts. Such a *stretch* of beginnings is one instance: of all its windows, the one in
which history has most (for a cap) or least (for a minimum) says it all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from optimizer.errors import DataError
from optimizer.problem.primitives import BoolArray, IntArray
from optimizer.rules.windows import Windowed, windowed
from optimizer.rules.world import Past, Scope

FAR = 2**61
"""A moment, in microseconds, that lies beyond all others; its negative lies before them."""


@dataclass(frozen=True, slots=True, eq=False)
class Stretches:
    """Instances of a rule in windows of hours: one per (label, stretch), label · stretches + stretch.

    Parameters
    ----------
    found : Windowed
        The planned contacts in each; ``first`` and ``last`` are moments of the stretch's last window.
    end : (stretches,) int array
        Last beginning of each stretch, ascending; a stretch follows the end of the one before it.
    width : int
        Microseconds of a window.
    """

    found: Windowed
    end: IntArray
    width: int

    def past(
        self,
        rule: str,
        past: Past | None,
        group: IntArray,
        label: IntArray,
        first: IntArray,
        last: IntArray,
        *,
        most: bool,
    ) -> tuple[BoolArray, IntArray]:
        """Return what history has in each stretch, of those of its windows that begin between two moments.

        Parameters
        ----------
        rule : str
        past : Past, optional
        group, label, first, last : (cells,) int arrays
            Group and label, no pair twice, and the two moments.
        most : bool
            The most that it has in any of these windows, else the least.

        Returns
        -------
        there : (cells, stretches) bool array
            Whether any window begins there.
        used : (cells, stretches) int array

        Raises
        ------
        DataError
            A history row has no time of day.
        """
        begin = np.append(-FAR, self.end[:-1] + 1)
        low, high = np.maximum(begin, first[:, None]), np.minimum(self.end, last[:, None])
        there = low <= high
        if past is None or not len(group) or not len(past.instant):
            return there, np.zeros(there.shape, np.int64)
        moments = whole(rule, past.instant, "history · at")
        width = max(int(label.max()), int(past.label.max())) + 1
        code = group.astype(np.int64) * width + label
        order = np.argsort(code)
        mine = past.group.astype(np.int64) * width + past.label
        row = order[np.minimum(np.searchsorted(code, mine, sorter=order), len(code) - 1)]
        known = code[row] == mine
        row, then = row[known], moments[known]
        count = _Counts(row, then, past.weight[known], self.width)
        used = count.since(np.broadcast_to(np.arange(len(group))[:, None], low.shape), low)
        # What history has changes only where one of its contacts enters or leaves.
        for moment in (then + 1, then - self.width + 1):
            stretch = np.searchsorted(self.end, moment)
            inside = (low[row, stretch] <= moment) & (moment <= high[row, stretch])
            at = row[inside], stretch[inside]
            (np.maximum if most else np.minimum).at(used, at, count.since(row[inside], moment[inside]))
        return there, used


class _Counts:
    """What history has between a moment and so much later, by cell."""

    def __init__(self, cell: IntArray, moment: IntArray, weight: IntArray, width: int) -> None:
        order = np.lexsort((moment, cell))
        self._width = width
        self._moments = np.unique(moment)
        self._size = len(self._moments) + 1
        self._key = cell[order] * self._size + np.searchsorted(self._moments, moment[order])
        self._running = np.append(0, np.cumsum(weight[order]))

    def since(self, cell: npt.NDArray[np.integer], moment: IntArray) -> IntArray:
        """Sum the weights of cells from a moment until before the window's end."""
        begin, end = (
            np.searchsorted(self._key, cell * self._size + np.searchsorted(self._moments, at))
            for at in (moment, moment + self._width)
        )
        out: IntArray = self._running[end] - self._running[begin]
        return out


def stretches(rule: str, scope: Scope, instant: npt.NDArray[np.float64], width: int, *, weight: IntArray) -> Stretches:
    """Spread kinds over all windows of so many microseconds.

    Parameters
    ----------
    rule : str
    scope : Scope
    instant : (kinds,) float array
        Microseconds; NaN where only the date is known.
    width : int
    weight : (kinds,) int array

    Raises
    ------
    DataError
        A kind that the rule reaches has no time of day.
    """
    reached = np.unique(whole(rule, instant[scope.kinds], "candidates · slot"))
    end = np.append(np.unique(np.concatenate([reached, reached - width])), FAR)
    spans = np.stack([end, end + width - 1], axis=1)
    moment = np.nan_to_num(instant).astype(np.int64)
    found = windowed(scope, moment, spans.tolist(), weight=weight, past=None, keep_empty=True)
    return Stretches(found, end, width)


def hours_text(first: int, last: int) -> str:
    """Name a window by its first moment and the one after its last, in UTC."""
    import datetime as dt

    if first >= FAR:
        return "after the last slot"

    start = dt.datetime(1970, 1, 1)
    begin, end = (start + dt.timedelta(microseconds=moment) for moment in (first, last + 1))
    return f"{begin.isoformat()}Z/{end.isoformat()}Z"


def whole(rule: str, instants: npt.NDArray[np.float64], where: str) -> IntArray:
    """Return instants as whole microseconds.

    Raises
    ------
    DataError
        Some are dates without a time of day.
    """
    lacking = int(np.isnan(instants).sum())
    if lacking:
        raise DataError(
            f"{lacking:,} of {len(instants):,} times are dates without a time of day, which the hours of rule "
            f"'{rule}' need",
            where=where,
            fix="write timestamps, or the rule in days",
        )
    return np.asarray(instants, np.int64)
