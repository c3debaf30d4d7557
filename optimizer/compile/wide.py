"""Policies shared by more customers than one decision unit can hold: their counters and minimums become rows.

A group whose customers lie in several units (see :func:`~optimizer.compile.customers.number_customers`) cannot be
counted inside one of them. Its cap says the same as a row across units: Σ weight · x ≤ what history left; a minimum is
a row with a lower limit, and its penalty the row's. Groups that lie in one unit stay what they are.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from optimizer.compile.binding import slim
from optimizer.errors import Finding, UnsupportedError
from optimizer.problem.pairs import ranges, running
from optimizer.problem.primitives import (
    UNLIMITED,
    BoolArray,
    Counter,
    Floor,
    IntArray,
    Overrides,
    Partition,
    Primitive,
    Rows,
    Shortfall,
)
from optimizer.problem.problem import EVERYONE

if TYPE_CHECKING:
    from optimizer.compile.world import CompileWorld

Shared = Counter | Floor


@dataclass(frozen=True, slots=True, eq=False)
class Parted:
    """A partition in two: the groups that lie in one unit, and those that do not.

    Parameters
    ----------
    inside, across : int
        Indices into ``Problem.partitions``, each with its groups numbered anew.
    narrow, wide : int arrays
        The groups of either, by their numbers in the whole partition, ascending.
    """

    inside: int
    across: int
    narrow: IntArray
    wide: IntArray


def across_units(primitives: Iterable[Primitive], world: CompileWorld) -> list[Primitive]:
    """Return the primitives, with rows in place of counters and floors for groups that lie in several units.

    Parameters
    ----------
    primitives : iterable of Primitive
    world : CompileWorld
        Gets the partitions that the rows need.

    Raises
    ------
    UnsupportedError
        Minimums whose reaction to a shortfall has a meaning inside one unit alone: all of them, by name.
    """
    found: list[Primitive] = []
    refused: list[Finding] = []
    names: list[str] = []
    for one in primitives:
        parted = _parted(world, one.partition) if isinstance(one, Shared) else None
        if parted is None or not isinstance(one, Shared):
            found.append(one)
            continue
        apart = _of_groups(one, parted.across, parted.wide)
        if isinstance(apart, Floor) and apart.reaction in (Shortfall.BEST_EFFORT, Shortfall.ALL_OR_NOTHING):
            refused += _refused_groups(apart, world)
        elif (bound := slim(apart) if isinstance(apart, Counter) else apart) is not None:
            found += _rows(bound, one.partition, world, names)
        if len(parted.narrow):
            found.append(_of_groups(one, parted.inside, parted.narrow))
    refused += _refused_efforts(found, world)
    if refused:
        raise UnsupportedError(refused)
    return found


def _parted(world: CompileWorld, partition: int) -> Parted | None:
    """Return a partition in two; None where every group lies in one unit."""
    if partition == EVERYONE:
        return None
    if partition not in world.parted:
        whole = world.partitions[partition]
        reached = np.flatnonzero(whole.group >= 0)
        group, unit = whole.group[reached], world.unit[reached]
        least, most = np.full(whole.groups, len(world.unit), np.int64), np.full(whole.groups, -1, np.int64)
        np.minimum.at(least, group, unit)
        np.maximum.at(most, group, unit)
        wide = most > least
        world.parted[partition] = None
        if wide.any():
            first = len(world.partitions)
            world.parted[partition] = Parted(first, first + 1, np.flatnonzero(~wide), np.flatnonzero(wide))
            world.partitions += [_renumbered(whole, kept) for kept in (~wide, wide)]
    return world.parted[partition]


def _renumbered(whole: Partition, kept: BoolArray) -> Partition:
    number = np.append(np.where(kept, np.cumsum(kept) - 1, -1), -1)  # −1, who is in no group, finds the last
    return Partition(whole.name, number[whole.group].astype(np.int32), int(kept.sum()))


def _of_groups(one: Shared, partition: int, groups: IntArray) -> Shared:
    """Return a counter or floor for some of its groups alone."""
    overrides = one.overrides
    if overrides is not None:
        start = np.asarray(overrides.start, np.int64)
        count = np.diff(start)[groups]
        kept = ranges(start[groups], count)
        begins = running(count)
        overrides = Overrides(begins, overrides.instance[kept], overrides.number[kept])
    if isinstance(one, Counter):
        own = None if one.group_limit is None else one.group_limit[groups]
        return replace(one, partition=partition, group_limit=own, overrides=overrides)
    own = None if one.group_need is None else one.group_need[groups]
    return replace(one, partition=partition, group_need=own, overrides=overrides)


def _rows(one: Shared, whole: int, world: CompileWorld, names: list[str]) -> Iterator[Rows]:
    """Yield the rows of groups that lie in several units; none where nothing is asked of them."""
    groups = world.partitions[one.partition].groups
    instance, group = (a.ravel() for a in np.indices((one.uses.instances, groups)))
    lower: IntArray = np.full(len(group), -UNLIMITED)
    upper: IntArray = np.full(len(group), UNLIMITED)
    if isinstance(one, Counter):
        part, upper = "at most", one.limits(group, instance)
    else:
        need = one.needs(group, instance)
        part, lower = "at least", np.where(need > 0, need, -UNLIMITED)
    if np.all(lower <= -UNLIMITED) and np.all(upper >= UNLIMITED):
        return
    # A rule of unknown time zones comes once for each that they may be.
    names.append(f"{one.rule} {part}")
    times = names.count(names[-1])
    yield Rows(
        rule=one.rule,
        part=part if times == 1 else f"{part} {times}",
        uses=one.uses,
        lower=lower,
        upper=upper,
        partition=one.partition,
        measure=one.measure,
        penalty=one.penalty if isinstance(one, Floor) else None,
        decimals=one.decimals,
        labels=tuple(_labels(one, whole, world)),
        policy=True,
    )


def _labels(one: Shared, whole: int, world: CompileWorld) -> Iterator[str]:
    """Name each row by what the rule counts in it and by who shares it, in the order of the rows."""
    parted, known = world.parted[whole], world.group_keys[whole]
    assert parted is not None
    names = [known.per or "", *(column.name for column in known.columns)]
    shared = []
    for group in parted.wide.tolist():
        first, *others = known.keys[group]
        shared.append(dict(zip(names, [(first or "")[1:], *others], strict=True)))
    for label in one.labels or ({"instance": i} for i in range(one.uses.instances)):
        for who in shared:
            yield json.dumps({**label, **who}, sort_keys=True)


def _refused_groups(floor: Floor, world: CompileWorld) -> Iterator[Finding]:
    """Refuse a minimum of groups too large to decide as one, where being short has a meaning for one unit alone."""
    partition = world.partitions[floor.partition]
    instance, group = (a.ravel() for a in np.indices((floor.uses.instances, partition.groups)))
    asked = np.unique(group[floor.needs(group, instance) > 0])
    if len(asked):
        size = int(np.bincount(partition.group[partition.group >= 0], minlength=partition.groups)[asked].max())
        whom = f"{len(asked):,} groups of the same {partition.name}, of up to {size:,} customers,"
        yield _finding(
            world,
            floor.rule,
            f"'{floor.rule}' is {floor.reaction}, and {whom} are too large to be decided as one",
            "leave out 'if_short', or price what is missing with 'penalty'",
        )


def _refused_efforts(primitives: Iterable[Primitive], world: CompileWorld) -> Iterator[Finding]:
    """Refuse best efforts of customers whom a hard row binds to others: no unit alone can say what is their best."""
    primitives = list(primitives)
    torn: dict[int, str] = {}
    for rows in primitives:
        if isinstance(rows, Rows) and rows.policy and rows.penalty is None and rows.partition is not None:
            bound = world.partitions[rows.partition].group >= 0
            torn = {**dict.fromkeys(np.unique(world.unit[bound]).tolist(), rows.rule), **torn}
    for floor in primitives if torn else ():
        if not isinstance(floor, Floor) or floor.reaction is not Shortfall.BEST_EFFORT:
            continue
        partition = world.partitions[floor.partition]
        instance, group = (a.ravel() for a in np.indices((floor.uses.instances, partition.groups)))
        asked = np.append(np.zeros(partition.groups, bool), False)
        asked[group[floor.needs(group, instance) > 0]] = True
        customers = np.flatnonzero(asked[partition.group] & np.isin(world.unit, list(torn)))
        if len(customers):
            rule = torn[int(world.unit[customers[0]])]
            yield _finding(
                world,
                floor.rule,
                f"'{floor.rule}' is best_effort for {len(customers):,} customers who share '{rule}' with too many "
                "others to be decided with them: what each could reach depends on all",
                f"price what is missing from '{floor.rule}' with 'penalty', or share '{rule}' less widely",
            )


def _finding(world: CompileWorld, name: str, what: str, fix: str) -> Finding:
    scenario = world.scenario
    rule = next(rule for rule in scenario.rules() if rule.name == name)
    return Finding("scenario", scenario.where(scenario.rule_path(rule)), what, fix, rule=name)
