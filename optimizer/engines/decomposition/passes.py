"""Loops over units: price every candidate, solve every unit exactly, add up what the rows use.

Work is cut into a fixed number of chunks and everything is added as whole numbers, so that the number of threads
changes nothing.
"""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np
import numpy.typing as npt

from optimizer.engines.decomposition.general_kernel import INFEASIBLE
from optimizer.engines.decomposition.jit import inlined_kernel, kernel, parallel_kernel
from optimizer.engines.decomposition.packed_kernel import begin, own, rank, search_packed
from optimizer.engines.decomposition.unit_branches import solve_general
from optimizer.engines.decomposition.unit_kernel import Rules, scratch_for
from optimizer.problem.primitives import IntArray

CHUNKS = 64
LIMB = 30
"""Totals are kept in two parts, the lower one of so many bits, as their sum may need more than 64."""
SHUT = -(2**61)
"""Margin of a candidate that history excludes."""

Int64s = npt.NDArray[np.int64]


class Candidates(NamedTuple):
    """The problem's candidates.

    Parameters
    ----------
    customer_start, unit_customer, kind, value
        As in the problem.
    shut : (candidates or 0,) uint8 array
        1 where history excludes a candidate by itself.
    amount : (measures, candidates) int64 array
        Measures that rows use.
    group : (partitions, customers) int32 array
        Partitions that rows use.
    """

    customer_start: IntArray
    unit_customer: IntArray
    kind: IntArray
    value: IntArray
    shut: npt.NDArray[np.uint8]
    amount: npt.NDArray[np.int64]
    group: npt.NDArray[np.int32]


class Terms(NamedTuple):
    """Rows that depend on more than the kind: a measure, a group of customers, or both.

    Block ``b`` puts candidate j of customer c into the rows ``base[b] + instance · groups[b] + group``, for the
    entries ``start[b, kind] … start[b, kind + 1]``, with ``weight`` times its amount.

    Parameters
    ----------
    measure, partition : (blocks,) int64 arrays
        Rows of ``Candidates.amount`` and ``Candidates.group``; −1 for none.
    base, groups : (blocks,) int64 arrays
    start : (blocks, kinds + 1) int64 array
    instance, weight : (entries,) int64 arrays
    """

    measure: Int64s
    partition: Int64s
    base: Int64s
    groups: Int64s
    start: npt.NDArray[np.int64]
    instance: Int64s
    weight: Int64s


class Prices(NamedTuple):
    """Prices of rows as whole numbers over ``2 ** shift``.

    Parameters
    ----------
    shift : int
    of_row : (rows,) int64 array
    of_kind : (kinds,) int64 array
        Σ price · coefficient over the rows that depend on the kind alone.
    """

    shift: int
    of_row: Int64s
    of_kind: Int64s

    @property
    def floats(self) -> npt.NDArray[np.float64]:
        """Prices in value quanta per row quantum. Shape (rows,)."""
        return np.ldexp(self.of_row.astype(np.float64), -self.shift)


@inlined_kernel
def margins_of(unit, candidates, terms, prices, margin, kind):
    """Write margins (over ``2 ** shift``) and kinds of a unit's candidates; return how many there are."""
    n = 0
    for c in range(candidates.unit_customer[unit], candidates.unit_customer[unit + 1]):
        first = candidates.customer_start[c]
        here = candidates.customer_start[c + 1] - first
        for i in range(here):
            k = np.int64(candidates.kind[first + i])
            margin[n + i] = (np.int64(candidates.value[first + i]) << prices.shift) - prices.of_kind[k]
            kind[n + i] = k
        for b in range(terms.measure.shape[0]):
            g = candidates.group[terms.partition[b], c] if terms.partition[b] >= 0 else 0
            if g >= 0:
                for i in range(here):
                    amount = candidates.amount[terms.measure[b], first + i] if terms.measure[b] >= 0 else 1
                    for e in range(terms.start[b, kind[n + i]], terms.start[b, kind[n + i] + 1]):
                        row = terms.base[b] + terms.instance[e] * terms.groups[b] + g
                        margin[n + i] -= prices.of_row[row] * terms.weight[e] * amount
        if candidates.shut.shape[0]:
            for i in range(here):
                if candidates.shut[first + i]:
                    margin[n + i] = SHUT
        n += here
    return n


@inlined_kernel
def add_use(unit, chosen, count, candidates, terms, kinds_used, use):
    """Count the chosen candidates of a unit by kind, and add what they use of the rows of ``terms``."""
    first = candidates.customer_start[candidates.unit_customer[unit]]
    blocks = terms.measure.shape[0]
    for i in range(count):
        j = first + chosen[i]
        k = np.int64(candidates.kind[j])
        kinds_used[k] += 1
        if blocks:
            c = candidates.unit_customer[unit]
            while candidates.customer_start[c + 1] <= j:
                c += 1
            for b in range(blocks):
                g = candidates.group[terms.partition[b], c] if terms.partition[b] >= 0 else 0
                if g >= 0:
                    amount = candidates.amount[terms.measure[b], j] if terms.measure[b] >= 0 else 1
                    for e in range(terms.start[b, k], terms.start[b, k + 1]):
                        use[terms.base[b] + terms.instance[e] * terms.groups[b] + g] += terms.weight[e] * amount


@kernel
def add_terms(chosen, customer, candidates, terms, use):
    """Add what candidates use of the rows of ``terms``."""
    for i in range(len(chosen)):
        k = np.int64(candidates.kind[chosen[i]])
        for b in range(terms.measure.shape[0]):
            g = candidates.group[terms.partition[b], customer[i]] if terms.partition[b] >= 0 else 0
            if g >= 0:
                amount = candidates.amount[terms.measure[b], chosen[i]] if terms.measure[b] >= 0 else 1
                for e in range(terms.start[b, k], terms.start[b, k + 1]):
                    use[terms.base[b] + terms.instance[e] * terms.groups[b] + g] += terms.weight[e] * amount


@parallel_kernel
def solve_units(units, widest, candidates, terms, prices, packed, general, nodes, kinds_used, use, totals, mark):
    """Solve each listed unit at the prices.

    Parameters
    ----------
    units : (n,) int64 array
    widest : int
        Candidates of the largest unit.
    candidates, terms, prices, packed, general
    nodes : int
        Node limit of one unit.
    kinds_used : (chunks, kinds) int64 array
        Receives the chosen contacts by kind.
    use : (chunks, rows) int64 array
        Receives what they use of the rows of ``terms``.
    totals : (chunks, 5) int64 array
        Receives Σ bound in two parts, and the number of units that met the node limit, that have no legal answer, and
        for which none was found.
    mark : (candidates or 0,) uint8 array
        Receives 1 for chosen candidates and 0 for the others.
    """
    chunks = totals.shape[0]
    for chunk in numba.prange(chunks):
        rules = Rules(packed, general)
        s = scratch_for(widest, rules)
        margin, kind, ranked, gain, best, state = s.margin, s.kind, s.ranked, s.gain, s.best, s.state
        adding, step, guard, excludes = packed.adding, packed.step, packed.guard, packed.excludes
        high, low, cut = 0, 0, 0
        totals[chunk, 3:] = 0
        for at in range(len(units) * chunk // chunks, len(units) * (chunk + 1) // chunks):
            unit = units[at]
            n = margins_of(unit, candidates, terms, prices, margin, kind)
            if general.first.shape[0] and general.first[unit] >= 0:
                value, bound, count = solve_general(unit, margin, n, 0, nodes, general, s.desk)
                best[: max(count, 0)] = s.desk.best[: max(count, 0)]
            else:
                size = rank(margin, n, ranked, gain)
                begin(unit, packed.start, state)
                value, bound, count = search_packed(
                    kind,
                    ranked,
                    gain,
                    size,
                    own(unit, packed.room),
                    np.int64(-1),
                    nodes,
                    own(unit, packed.unit_class),
                    adding,
                    step,
                    guard,
                    excludes,
                    s.ahead,
                    state,
                    s.picked,
                    best,
                )
            if count < 0:
                totals[chunk, 3 if count == INFEASIBLE else 4] += 1
                count = 0
            high += bound >> LIMB
            low += bound & ((1 << LIMB) - 1)
            cut += bound > value
            add_use(unit, best, count, candidates, terms, kinds_used[chunk], use[chunk])
            if mark.shape[0]:
                first = candidates.customer_start[candidates.unit_customer[unit]]
                mark[first : first + n] = 0
                for i in range(count):
                    mark[first + best[i]] = 1
        totals[chunk, 0] = high
        totals[chunk, 1] = low
        totals[chunk, 2] = cut
