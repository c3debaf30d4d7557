"""The rows across units in one list: limits, price ranges, and who uses what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import inf
from typing import Any

import numpy as np
import numpy.typing as npt

from optimizer.engines.decomposition.passes import Terms
from optimizer.problem.pairs import running, segment_sums
from optimizer.problem.primitives import UNLIMITED, BoolArray, IntArray, Rows
from optimizer.problem.problem import Problem

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class RowTable:
    """All rows of a problem, one block after another.

    Parameters
    ----------
    lower, upper : (rows,) int64 arrays
        ``∓UNLIMITED`` where there is none. Hard limits are tightened to multiples of the coefficients' divisor.
    least, most : (rows,) float arrays
        Range of a price that can be worth anything: ≥ 0 for an upper limit alone, ≤ 0 for a lower one alone, at most
        the penalty in size for a soft row.
    penalty : tuple of Fraction or None, one per row
    start : (kinds + 1,) int64 array
    row, weight : (entries,) int64 arrays
        Rows that depend on the kind alone, by kind: entries ``start[k] … start[k+1]``.
    terms : Terms
        The other rows.
    measures, partitions : tuple of int
        Which measures and partitions of the problem ``terms`` refers to.
    names : tuple of str
        Name of each block of ``Problem.rows``.
    base : tuple of int
        First row of each block, and the number of all rows.
    """

    lower: IntArray
    upper: IntArray
    least: Floats
    most: Floats
    penalty: tuple[Fraction | None, ...]
    start: IntArray
    row: IntArray
    weight: IntArray
    terms: Terms
    measures: tuple[int, ...]
    partitions: tuple[int, ...]
    names: tuple[str, ...]
    base: tuple[int, ...]

    @property
    def count(self) -> int:
        """Number of rows."""
        return len(self.upper)

    def split(self, numbers: npt.NDArray[Any]) -> dict[str, npt.NDArray[Any]]:
        """Cut one number per row into arrays by block name."""
        return {name: numbers[a:b] for name, a, b in zip(self.names, self.base[:-1], self.base[1:], strict=True)}

    def join(self, blocks: Mapping[str, Floats]) -> Floats:
        """Put arrays by block name together; 0 for blocks that are not there or have another size."""
        out = np.zeros(self.count)
        for name, first, last in zip(self.names, self.base[:-1], self.base[1:], strict=True):
            given = blocks.get(name)
            if given is not None and len(given) == last - first:
                out[first:last] = given
        return out

    def may_use(self, rows: IntArray, kind: IntArray, group: IntArray) -> BoolArray:
        """Return which candidates may use some of the rows.

        Parameters
        ----------
        rows : int array
        kind : (n,) int array
        group : (partitions, n) int array
            Groups of their customers, in the order of ``partitions``.
        """
        found: BoolArray = segment_sums(np.isin(self.row, rows), self.start)[kind] > 0
        terms = self.terms
        for b, (first, groups, start) in enumerate(
            zip(terms.base.tolist(), terms.groups.tolist(), terms.start, strict=True)
        ):
            entry = terms.instance[start[0] : start[-1]]
            mine = rows[(rows >= first) & (rows < first + groups * (entry.max(initial=-1) + 1))] - first
            here = segment_sums(np.isin(entry, mine // groups), start - start[0])[kind] > 0
            if terms.partition[b] >= 0:
                inside = np.zeros(groups + 1, bool)  # the last is of those in no group
                inside[mine % groups] = True
                here &= inside[group[terms.partition[b]]]
            found |= here
        return found

    def use_of_kinds(self, kinds_used: IntArray) -> IntArray:
        """Return what contacts counted by kind use of the rows that depend on the kind alone. Shape (rows,)."""
        use = np.zeros(self.count, np.int64)
        np.add.at(use, self.row, self.weight * np.repeat(kinds_used, np.diff(self.start)))
        return use


def row_table(problem: Problem) -> RowTable:
    """Put the rows of a problem in one list."""
    base = running(np.array([rows.size for rows in problem.rows], np.int64))
    by_kind: list[tuple[IntArray, IntArray, IntArray]] = []
    blocks: list[tuple[Rows, int]] = []
    lower, upper, penalty = [], [], []
    for rows, first in zip(problem.rows, base[:-1].tolist(), strict=True):
        low, high = tightened(problem, rows)
        lower.append(low)
        upper.append(high)
        penalty += [rows.penalty] * rows.size
        amount = None if rows.measure is None else _amount_by_kind(problem, rows.measure)
        if rows.partition is None and (rows.measure is None or amount is not None):
            kind = rows.uses.kind
            weight = np.asarray(rows.uses.weight, np.int64)
            by_kind.append((kind, rows.uses.instance + first, weight if amount is None else weight * amount[kind]))
        else:
            blocks.append((rows, first))
    nothing = np.zeros(0, np.int64)
    kind, row, weight = (np.concatenate([nothing, *(entry[i] for entry in by_kind)]).astype(np.int64) for i in range(3))
    order = np.lexsort((row, kind))
    start = np.zeros(problem.kinds + 1, np.int64)
    np.cumsum(np.bincount(kind, minlength=problem.kinds), out=start[1:])
    low, high = np.concatenate([nothing, *lower]), np.concatenate([nothing, *upper])
    ceiling = np.array([inf if p is None else float(p) for p in penalty])
    measures = tuple(sorted({rows.measure for rows, _ in blocks if rows.measure is not None}))
    partitions = tuple(sorted({rows.partition for rows, _ in blocks if rows.partition is not None}))
    return RowTable(
        lower=low,
        upper=high,
        least=np.where(low > -UNLIMITED, -ceiling, 0.0),
        most=np.where(high < UNLIMITED, ceiling, 0.0),
        penalty=tuple(penalty),
        start=start,
        row=row[order],
        weight=weight[order],
        terms=_terms(problem, blocks, measures, partitions),
        measures=measures,
        partitions=partitions,
        names=tuple(rows.name for rows in problem.rows),
        base=tuple(base.tolist()),
    )


def tightened(problem: Problem, rows: Rows) -> tuple[IntArray, IntArray]:
    """Return the limits, of hard rows of counts moved to the next multiple of their coefficients' divisor."""
    lower, upper = np.array(rows.lower, np.int64), np.array(rows.upper, np.int64)
    if rows.penalty is None and rows.measure is None and len(rows.uses.weight):
        divisor = np.ones(rows.uses.instances, np.int64)
        order = np.argsort(rows.uses.instance, kind="stable")
        instance, weight = rows.uses.instance[order], np.abs(rows.uses.weight[order])
        first = np.flatnonzero(np.diff(instance, prepend=-1))
        divisor[instance[first]] = np.gcd.reduceat(weight, first)
        each = np.repeat(np.maximum(divisor, 1), problem.groups(rows.partition))
        upper = np.where(upper < UNLIMITED, upper // each * each, upper)
        lower = np.where(lower > -UNLIMITED, -(-lower // each) * each, lower)
    return lower, upper


def _amount_by_kind(problem: Problem, measure: int) -> IntArray | None:
    """Return the amount of each kind, or None where candidates of a kind differ."""
    amount = np.asarray(problem.measures[measure].amount, np.int64)
    out = np.zeros(problem.kinds, np.int64)
    out[problem.kind] = amount
    return out if np.array_equal(out[problem.kind], amount) else None


def _terms(
    problem: Problem, blocks: list[tuple[Rows, int]], measures: tuple[int, ...], partitions: tuple[int, ...]
) -> Terms:
    start = np.zeros((len(blocks), problem.kinds + 1), np.int64)
    entries = 0
    for b, (rows, _) in enumerate(blocks):
        start[b] = np.asarray(rows.uses.start, np.int64) + entries
        entries += len(rows.uses.instance)
    nothing = np.zeros(0, np.int64)
    return Terms(
        measure=np.array([-1 if r.measure is None else measures.index(r.measure) for r, _ in blocks], np.int64),
        partition=np.array([-1 if r.partition is None else partitions.index(r.partition) for r, _ in blocks], np.int64),
        base=np.array([first for _, first in blocks], np.int64),
        groups=np.array([problem.groups(r.partition) for r, _ in blocks], np.int64),
        flat=np.array([_flat(r) for r, _ in blocks], np.int64),
        start=start,
        instance=np.concatenate([nothing, *(r.uses.instance for r, _ in blocks)]).astype(np.int64),
        weight=np.concatenate([nothing, *(r.uses.weight for r, _ in blocks)]).astype(np.int64),
    )


def _flat(rows: Rows) -> int:
    """Return the weight with which each contact of a customer uses the same row, 0 where it depends on the contact."""
    uses = rows.uses
    once = rows.partition is not None and rows.measure is None and uses.instances == 1
    if not once or not len(uses.weight) or not np.all(np.diff(uses.start) == 1) or np.ptp(uses.weight) != 0:
        return 0
    return int(uses.weight[0])
