"""The (group, instance) pairs of a primitive, with the candidates that count in each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from optimizer.problem.primitives import (
    BoolArray,
    Counter,
    DistinctCounter,
    Floor,
    Incidence,
    IntArray,
    Overrides,
)
from optimizer.problem.problem import Problem

PART = 2**16


def segment_sums(amount: IntArray | BoolArray, start: IntArray) -> IntArray:
    """Sum ``amount[start[s] : start[s+1]]`` for each segment ``s``; empty segments sum to 0.

    Differences of one running sum: whole numbers, so exact whatever the running sum does.
    """
    before = running(amount)
    out: IntArray = before[start[1:]] - before[start[:-1]]
    return out


def running(count: IntArray | BoolArray) -> npt.NDArray[np.int64]:
    """Return where each of some runs begins that follow one another, and where the last one ends. Shape (runs + 1,)."""
    out = np.zeros(len(count) + 1, np.int64)
    np.cumsum(count, out=out[1:])
    return out


def in_order(number: IntArray, size: int) -> IntArray:
    """Return the stable order of numbers from −1 to ``size − 1``: numpy sorts short ones in a tenth of the time."""
    return np.argsort(number.astype(np.min_scalar_type(-max(size, 1))), kind="stable")


def ranges(first: IntArray, count: IntArray) -> IntArray:
    """Concatenate ``first[i] … first[i] + count[i] − 1`` for all ``i``."""
    total = int(count.sum())
    shift = np.repeat(first - (np.cumsum(count) - count), count)
    out: IntArray = np.arange(total, dtype=np.int64) + shift
    return out


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Entries of a primitive, sorted by (group, instance) pair and within it by candidate.

    Parameters
    ----------
    group, instance : (pairs,) int arrays
        The pairs, ascending by group, then by instance.
    start : (pairs + 1,) int array
        Entries ``start[p] … start[p+1]`` belong to pair ``p``.
    candidate, weight : (entries,) int arrays
        Who counts in the pair, and how much (measures are multiplied in).
    """

    group: IntArray
    instance: IntArray
    start: IntArray
    candidate: IntArray
    weight: IntArray

    def __len__(self) -> int:
        return len(self.group)

    @property
    def pair(self) -> IntArray:
        """Pair of each entry. Shape (entries,)."""
        return np.repeat(np.arange(len(self), dtype=np.int64), np.diff(self.start))

    def sums(self, amount: IntArray | BoolArray) -> IntArray:
        """Sum an amount per entry over each pair. Shape (pairs,)."""
        return segment_sums(amount, self.start)

    def keep(self, kept: BoolArray) -> Pairs:
        """Return the pairs where the mask ``kept`` is True, with their entries."""
        entries = np.repeat(kept, np.diff(self.start))
        start = np.zeros(int(np.count_nonzero(kept)) + 1, np.int64)
        np.cumsum(np.diff(self.start)[kept], out=start[1:])
        return Pairs(self.group[kept], self.instance[kept], start, self.candidate[entries], self.weight[entries])


def pairs_of(
    problem: Problem,
    uses: Incidence,
    partition: int | None,
    measure: int | None = None,
    *,
    candidates: IntArray | None = None,
    every: bool = False,
) -> Pairs:
    """List who counts in which (group, instance) pair.

    Parameters
    ----------
    candidates : int array, optional
        Ascending positions to look at; all by default.
    every : bool
        Also list the pairs in which nobody counts: all groups × instances.
    """
    if candidates is None:
        candidates = np.arange(problem.candidates)
    group = problem.group_of(partition, candidates)
    who, group = candidates[group >= 0], group[group >= 0]
    kind = problem.kind[who]
    count = np.diff(uses.start)[kind]
    entry = ranges(np.asarray(uses.start)[kind], count)
    who = np.repeat(who, count)
    code = np.repeat(group, count).astype(np.int64) * uses.instances + uses.instance[entry]
    if np.any(code[1:] < code[:-1]):
        order = np.argsort(code, kind="stable")
        code, who, entry = code[order], who[order], entry[order]
    weight = np.asarray(uses.weight, np.int64)[entry]
    if measure is not None:
        weight = weight * problem.measures[measure].amount[who]
    if every:
        listed = np.arange(problem.groups(partition) * uses.instances, dtype=np.int64)
        start = np.searchsorted(code, np.arange(len(listed) + 1, dtype=np.int64))
    else:
        first = np.flatnonzero(np.diff(code, prepend=-1))
        listed, start = code[first], np.append(first, len(code))
    return Pairs(listed // max(uses.instances, 1), listed % max(uses.instances, 1), start, who, weight)


def floor_pairs(problem: Problem, floor: Floor, candidates: IntArray | None = None) -> tuple[Pairs, IntArray]:
    """List the pairs of a floor that need something, also where nobody counts, and what they need.

    Groups without customers are not there.
    """
    pairs = pairs_of(problem, floor.uses, floor.partition, floor.measure, candidates=candidates, every=True)
    need = floor.needs(pairs.group, pairs.instance)
    asked = (need > 0) & inhabited(problem, floor.partition)[pairs.group]
    return pairs.keep(asked), need[asked]


def inhabited(problem: Problem, partition: int) -> BoolArray:
    """Say which groups of a partition have customers. Shape (groups,)."""
    there = np.zeros(problem.groups(partition), bool)
    group = problem.partitions[partition].group
    there[group[group >= 0]] = True
    return there


def units_of_groups(problem: Problem, partition: int) -> IntArray:
    """Return the unit that each group of a partition lies in, −1 for a group of nobody. Shape (groups,)."""
    unit = np.repeat(np.arange(problem.units, dtype=np.int64), np.diff(problem.unit_customer))
    group = problem.partitions[partition].group
    out = np.full(problem.groups(partition), -1, np.int64)
    out[group[group >= 0]] = unit[group >= 0]
    return out


def may_be_negative(counter: Counter) -> bool:
    """Say whether some cap is below 0, so that even a pair in which nobody counts breaks it."""
    numbers = [counter.limit]
    if counter.group_limit is not None:
        numbers.append(counter.group_limit)
    if counter.overrides is not None:
        numbers.append(counter.overrides.number)
    return any(int(np.min(n, initial=0)) < 0 for n in numbers)


def bits(overrides: Overrides | None, group: IntArray, instance: IntArray) -> IntArray:
    """Return the listed number of each asked pair, 0 where it is not listed."""
    if overrides is None:
        return np.zeros(len(group), np.int64)
    return overrides.lookup(group, instance, 0)


def floor_use(problem: Problem, floor: Floor, pairs: Pairs) -> IntArray:
    """Return what each pair of a floor has: the sum of the weights, or the number of different new keys."""
    if floor.key is None:
        return pairs.sums(pairs.weight)
    _, pair = new_keys(problem, floor, pairs)
    return np.bincount(pair, minlength=len(pairs))


def new_keys(problem: Problem, counter: DistinctCounter | Floor, pairs: Pairs) -> tuple[IntArray, IntArray]:
    """Give one token to each (pair, key) that history does not hold already: what counts where keys do.

    Returns
    -------
    token : (entries,) int array
        Token of each entry, −1 where history holds the key.
    pair : (tokens,) int array
        Pair that each token counts in, ascending.
    """
    assert counter.key is not None
    key = np.asarray(counter.key, np.int64)[problem.kind[pairs.candidate]]
    keys, pair = int(np.max(counter.key, initial=0)) + 1, pairs.pair
    free = np.ones(len(key), bool)
    if counter.known_group is not None and counter.known_instance is not None and counter.known_key is not None:
        instances = counter.uses.instances
        width = max(keys, int(np.max(counter.known_key, initial=0)) + 1)
        held = (counter.known_group.astype(np.int64) * instances + counter.known_instance) * width + counter.known_key
        free = ~np.isin((pairs.group[pair] * instances + pairs.instance[pair]) * width + key, held)
    listed, inverse = np.unique((pair * keys + key)[free], return_inverse=True)
    token = np.full(len(key), -1, np.int64)
    token[free] = inverse
    return token, listed // keys


def parts_of(length: int) -> Iterator[slice]:
    """Cut a long array: what is calculated on the way stays small, and in a processor's cache."""
    return (slice(first, first + PART) for first in range(0, length, PART))


def occurrences(key: IntArray, size: int) -> IntArray:
    """Count each key below ``size``, part by part: numpy would write all of them down again as wide numbers.

    Returns
    -------
    (size,) int array
    """
    found = np.zeros(size, np.int64)
    for part in parts_of(len(key)):
        found += np.bincount(key[part], minlength=size)
    return found
