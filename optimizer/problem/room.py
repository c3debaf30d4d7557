"""What room a plan leaves under a cap: for each group a few words of bits, one for each instance that is full."""

from __future__ import annotations

import numpy as np

from optimizer.problem.pairs import pairs_of
from optimizer.problem.primitives import UNLIMITED, BoolArray, Counter, IntArray
from optimizer.problem.problem import Problem

BITS = 63
"""Instances in a word."""


class Room:
    """Where one more contact would break a cap on whole weights.

    Parameters
    ----------
    problem : Problem
    counter : Counter
        Without a measure.
    chosen : int array
        Ascending positions of the plan's candidates.
    """

    def __init__(self, problem: Problem, counter: Counter, chosen: IntArray) -> None:
        self._problem, self._counter = problem, counter
        uses = counter.uses
        pairs = pairs_of(problem, uses, counter.partition, candidates=chosen)
        self._words: list[tuple[IntArray, IntArray]] = []
        code = pairs.group.astype(np.int64) * uses.instances + pairs.instance
        touched = np.sort(np.concatenate([code, np.setdiff1d(self._overridden(), code, assume_unique=True)]))
        group, instance = np.divmod(touched, max(uses.instances, 1))
        used = np.zeros(len(touched), np.int64)
        used[np.searchsorted(touched, code)] = pairs.sums(pairs.weight)
        left = counter.limits(group, instance) - used
        kind = np.repeat(np.arange(uses.kinds), np.diff(uses.start))
        for first in range(0, uses.instances, BITS):
            inside = (instance >= first) & (instance < first + BITS)
            bit = np.int64(1) << (instance[inside] - first)
            for weight in np.unique(uses.weight[uses.weight > 0]):
                mine = (uses.weight == weight) & (uses.instance >= first) & (uses.instance < first + BITS)
                asked = np.zeros(uses.kinds, np.int64)
                np.bitwise_or.at(asked, kind[mine], np.int64(1) << (uses.instance[mine] - first).astype(np.int64))
                full = self._untouched(first, int(weight))
                _set(full, group[inside], bit, left[inside] < weight)
                if full.any() and asked.any():
                    self._words.append((asked, full))

    def _overridden(self) -> IntArray:
        own = self._counter.overrides
        if own is None:
            return np.zeros(0, np.int64)
        group = np.repeat(np.arange(len(own.start) - 1, dtype=np.int64), np.diff(own.start))
        return group * self._counter.uses.instances + own.instance

    def _untouched(self, first: int, weight: int) -> IntArray:
        """Return the word of each group as if nothing were chosen and no number its own."""
        counter = self._counter
        full = np.zeros(self._problem.groups(counter.partition), np.int64)
        for bit, limit in enumerate(counter.limit[first : first + BITS]):
            own = counter.group_limit if limit != UNLIMITED else None
            full |= np.asarray((limit if own is None else own) < weight, np.int64) << bit
        return full

    def lacking(self, kind: IntArray, customer: IntArray) -> BoolArray:
        """Whether there is no room for each of some candidates that are not chosen.

        Parameters
        ----------
        kind, customer : (asked,) int arrays
        """
        group = self._problem.partitions[self._counter.partition].group[customer]
        refused: BoolArray = np.zeros(len(kind), bool)
        for needs, full in self._words:
            refused |= (needs[kind] & full[np.maximum(group, 0)] != 0) & (group >= 0)
        return refused


def _set(words: IntArray, group: IntArray, bit: IntArray, on: BoolArray) -> None:
    """Set or clear a bit of some groups' words; the pairs of group and bit come by group, each once."""
    first = np.flatnonzero(np.diff(group, prepend=-1))
    if len(first):
        who = group[first]
        words[who] &= ~np.bitwise_or.reduceat(bit, first)
        words[who] |= np.bitwise_or.reduceat(np.where(on, bit, 0), first)
