"""Different keys: what history holds already in each window, for caps and minimums of ``distinct`` totals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from optimizer.problem.primitives import IntArray
from optimizer.rules.windows import Windowed
from optimizer.rules.world import Past


class Known(NamedTuple):
    """Keys that history holds: parallel arrays of group, instance and key, each triple once."""

    group: IntArray
    instance: IntArray
    key: IntArray

    @classmethod
    def none(cls) -> Known:
        """Return no keys at all."""
        nothing = np.zeros(0, np.int64)
        return cls(nothing, nothing, nothing)

    @property
    def used(self) -> Mapping[tuple[int, int], int]:
        """How many keys each (group, instance) has."""
        pairs, count = np.unique(np.stack([self.group, self.instance]), axis=1, return_counts=True)
        return dict(zip(zip(*pairs.tolist(), strict=True), count.tolist(), strict=True))


def known_keys(found: Windowed, past: Past | None, key: IntArray, *, hours: bool) -> Known:
    """Return the keys that history holds in each window.

    Parameters
    ----------
    found : Windowed
    past : Past, optional
    key : (rows of the past,) int array
    hours : bool
        Whether windows are of instants, not of days.
    """
    listed: set[tuple[int, int, int]] = set()
    then = None if past is None else past.instant if hours else past.day
    for instance in np.unique(found.past_instance).tolist():
        assert past is not None
        inside = (
            (past.label == found.label[instance]) & (then >= found.first[instance]) & (then <= found.last[instance])
        )
        listed |= {(g, instance, c) for g, c in zip(past.group[inside].tolist(), key[inside].tolist(), strict=True)}
    return Known(*np.array(sorted(listed), np.int64).reshape(-1, 3).T)
