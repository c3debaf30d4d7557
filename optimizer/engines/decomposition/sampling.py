"""Samples of units that know something of every row.

Units lie in the order of a hash, so any of them at equal distances are a random sample: enough for rows that every unit
may use. A row that only some customers may use (a branch's) needs more of those. They are drawn with a higher chance
and count for less: systematic sampling with unequal probabilities (Madow 1949), weighted by the inverse of the chance
(Horvitz and Thompson 1952), group by group as in stratified sampling (Neyman 1934).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from optimizer.engines.decomposition.compiled import Units
from optimizer.problem.pairs import in_order
from optimizer.problem.primitives import IntArray

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """Some units, and how many of all each of them stands for.

    Parameters
    ----------
    listed : (n,) int array
        Ascending.
    weight : (n,) float array
        Their sum is the number of all units.
    """

    listed: IntArray
    weight: Floats

    def __len__(self) -> int:
        return len(self.listed)


def spread(units: int, size: int) -> IntArray:
    """Return ``size`` units at equal distances: a random sample, as units lie in the order of a hash."""
    size = min(size, units)
    return np.arange(size, dtype=np.int64) * units // max(size, 1)


def evenly(units: int, size: int) -> Drawn:
    """Draw ``size`` units with the same chance each."""
    listed = spread(units, size)
    return Drawn(listed, np.full(len(listed), units / max(len(listed), 1)))


def grouped(units: Units, size: int, least: int) -> Drawn:
    """Draw about ``size`` units evenly, and of every group of customers that rows know at least ``least``.

    A unit in several such groups is drawn for the smallest.
    """
    problem = units.problem
    chance = np.full(problem.units, size / max(problem.units, 1))
    stratum = np.full(problem.units, -1, np.int64)
    first = np.asarray(problem.unit_customer)[:-1]
    base = 0
    for group, p in zip(units.candidates.group, units.table.partitions, strict=True):
        mine = group[first].astype(np.int64)
        inside = mine >= 0
        members = np.bincount(mine[inside], minlength=problem.groups(p))
        wanted = np.where(inside, least / np.maximum(members, 1)[mine], 0.0)
        better = wanted > chance
        chance = np.where(better, wanted, chance)
        stratum = np.where(better, base + mine, stratum)
        base += problem.groups(p)
    if base == 0:
        return evenly(problem.units, size)
    order = in_order(stratum, base)
    passed = np.floor(np.cumsum(np.minimum(chance, 1.0)[order]) + 0.5)
    listed = np.sort(order[np.diff(passed, prepend=0.0) > 0])
    members = np.bincount(stratum + 1, minlength=base + 1)
    drawn = np.bincount(stratum[listed] + 1, minlength=base + 1)
    return Drawn(listed, (members / np.maximum(drawn, 1))[stratum[listed] + 1])
