"""Some units as a problem of their own, numbered anew: small enough to be looked at whole, whatever the whole is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TypeVar

import numpy as np

from optimizer.problem.pairs import ranges
from optimizer.problem.primitives import (
    BoolArray,
    Conflict,
    Counter,
    DistinctCounter,
    Floor,
    IntArray,
    Measure,
    Overrides,
    Partition,
    Prerequisite,
    Rows,
    Switch,
)
from optimizer.problem.problem import Problem

SIZE = 2**18
"""Candidates of a part, about: what is calculated on the way stays in a processor's cache."""

Inside = Counter | DistinctCounter | Conflict | Prerequisite | Floor
P = TypeVar("P", bound=Inside)
R = TypeVar("R", Rows, Switch)
Numbers = slice | IntArray


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Some units as a problem of their own.

    Parameters
    ----------
    problem : Problem
        Customers, units and the groups inside units are numbered anew; kinds and rows are those of the whole.
    units, candidates : slice or int array
        Which they are of the whole, ascending.
    """

    problem: Problem
    units: Numbers
    candidates: Numbers


def parts(problem: Problem, size: int = SIZE) -> Iterator[Part]:
    """Cut a problem into ranges of units with about so many candidates each; candidates are not copied."""
    start = problem.unit_start
    edges = np.searchsorted(start, np.arange(0, problem.candidates + size, size))
    edges[-1] = problem.units
    for first, last in pairwise(np.unique(edges).tolist()):
        yield part_of(problem, slice(first, last))


def part_of(problem: Problem, units: Numbers) -> Part:
    """Return the problem of some units.

    Parameters
    ----------
    units : slice or int array
        Ascending, each once.
    """
    customers, unit_customer = _members(problem.unit_customer, units)
    candidates, customer_start = _members(problem.customer_start, customers)
    old = [np.arange(customers.start, customers.stop) if isinstance(customers, slice) else customers]
    partitions = [Partition(problem.partitions[0].name, np.arange(len(old[0]), dtype=np.int32), len(old[0]))]
    inside = {primitive.partition for primitive in problem.unit_primitives}
    for number, partition in enumerate(problem.partitions[1:], 1):
        groups, mine = partition.group[customers], np.zeros(0, np.int64)
        if number in inside:
            mine, local = np.unique(groups, return_inverse=True)
            unreached = int(np.searchsorted(mine, 0))
            mine, groups = mine[unreached:], local.astype(np.int32) - unreached
            groups[groups < 0] = -1
        old.append(mine)
        partitions.append(Partition(partition.name, groups, len(mine)))
    across: dict[int, int] = {}
    for block in problem.blocks:
        if block.partition is not None and block.partition not in across:
            across[block.partition] = len(partitions)
            whole = problem.partitions[block.partition]
            partitions.append(Partition(whole.name, whole.group[customers], whole.groups))

    def moved(blocks: tuple[R, ...]) -> tuple[R, ...]:
        return tuple(b if b.partition is None else replace(b, partition=across[b.partition]) for b in blocks)

    def local_to(primitives: tuple[P, ...]) -> tuple[P, ...]:
        return tuple(_local(primitive, old[primitive.partition]) for primitive in primitives)

    found = replace(
        problem,
        customer_start=customer_start,
        unit_customer=unit_customer,
        kind=problem.kind[candidates],
        value=problem.value[candidates],
        measures=tuple(Measure(m.name, m.amount[candidates], m.decimals, m.exact) for m in problem.measures),
        partitions=tuple(partitions),
        counters=local_to(problem.counters),
        distincts=local_to(problem.distincts),
        conflicts=local_to(problem.conflicts),
        prerequisites=local_to(problem.prerequisites),
        floors=local_to(problem.floors),
        rows=moved(problem.rows),
        switches=moved(problem.switches),
        required=None if problem.required is None else where(problem.required, candidates),
    )
    return Part(found, units, candidates)


def where(positions: IntArray, candidates: Numbers) -> IntArray:
    """Return which of a part's candidates some candidates of the whole are; those of others are left out.

    Parameters
    ----------
    positions : int array
        Ascending.
    """
    if isinstance(candidates, slice):
        first, last = np.searchsorted(positions, [candidates.start, candidates.stop])
        mine: IntArray = positions[first:last] - candidates.start
        return mine
    return np.flatnonzero(np.isin(candidates, positions))


def _members(start: IntArray, owners: Numbers) -> tuple[Numbers, IntArray]:
    """Return the members of some owners, and where each one's begin among them."""
    if isinstance(owners, slice):
        edges = start[owners.start : owners.stop + 1]
        return slice(int(edges[0]), int(edges[-1])), edges - edges[0]
    count = np.diff(start)[owners]
    return ranges(start[owners], count), np.append(0, np.cumsum(count))


def _local(primitive: P, old: IntArray) -> P:
    """Return a primitive for the groups whose numbers in the whole are ``old``, ascending."""
    changes: dict[str, object] = {}
    for name in ("group_limit", "group_need"):
        if getattr(primitive, name, None) is not None:
            changes[name] = getattr(primitive, name)[old]
    for name in ("overrides", "present", "served"):
        if getattr(primitive, name, None) is not None:
            changes[name] = _of_groups(getattr(primitive, name), old)
    if isinstance(primitive, DistinctCounter | Floor) and primitive.known_group is not None:
        group = np.asarray(primitive.known_group)
        place = np.minimum(np.searchsorted(old, group), max(len(old) - 1, 0))
        mine: BoolArray = old[place] == group if len(old) else np.zeros(len(group), bool)
        changes["known_group"] = place[mine]
        changes |= {name: getattr(primitive, name)[mine] for name in ("known_instance", "known_key")}
    return replace(primitive, **changes) if changes else primitive  # type: ignore[arg-type]


def _of_groups(numbers: Overrides, old: IntArray) -> Overrides:
    first = np.asarray(numbers.start)[old]
    count = np.asarray(numbers.start)[old + 1] - first
    entry = ranges(first, count)
    return Overrides(np.append(0, np.cumsum(count)), numbers.instance[entry], numbers.number[entry])
