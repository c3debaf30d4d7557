"""The horizon as moments: when the days of each group of customers begin."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import numpy as np

from optimizer.compile.sight import joins
from optimizer.data.layout import literal
from optimizer.rules.world import Bounds, Clock

if TYPE_CHECKING:
    from optimizer.compile.world import CompileWorld


def group_bounds(world: CompileWorld, partition: int | None, clock: Clock, days: tuple[int, int, int]) -> Bounds:
    """Return the midnights with which three local days begin: of history, of the horizon, and the first after it.

    Parameters
    ----------
    partition : int or None
    clock : Clock
        Constraints, which count the sending, go by the default zone for all.
    days : (since, opens, closes)
        Proleptic ordinals.
    """
    zones, groups = world.kinds_known.zones, 1 if partition is None else world.partitions[partition].groups
    own = clock != "sending" and partition is not None and zones.column is not None
    zone = world.zone(clock) if own else literal(zones.default)
    source = f'"@customers" candidates{joins(zones.tables)} ORDER BY ordinal' if own else "(SELECT 1)"
    begins = ", ".join(
        f"epoch_us(timezone({zone}, TIMESTAMP '{dt.date.fromordinal(day)} 00:00:00')) AS moment{i}"
        for i, day in enumerate(days)
    )
    found = world.tables.con.execute(f"SELECT {begins} FROM {source}").fetchnumpy()
    since, opens, closes = (np.asarray(found[f"moment{i}"], np.int64) for i in range(3))
    if partition is None or not own:
        return Bounds(*(np.full(groups, moment[0]) for moment in (since, opens, closes)))
    group = world.partitions[partition].group
    inside = group >= 0
    latest = np.full((2, groups), np.iinfo(np.int64).min)
    for row, moment in zip(latest, (since, opens), strict=True):
        np.maximum.at(row, group[inside], moment[inside])
    earliest = np.full(groups, np.iinfo(np.int64).max)
    np.minimum.at(earliest, group[inside], closes[inside])
    return Bounds(latest[0], latest[1], earliest)
