"""Loops over units: price every candidate, solve every unit exactly, add up what the rows use.

Everything is added as whole numbers, so that neither order nor the number of threads changes anything.
"""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from optimizer.engines.decomposition.general_kernel import General
from optimizer.engines.decomposition.packed_kernel import Packed, best_packed, positive
from optimizer.engines.jit import bare_kernel, inlined_part
from optimizer.problem.primitives import IntArray

LIMB = 30
"""Totals are kept in two parts, the lower one of so many bits, as their sum may need more than 64."""
FEW = 12
"""Candidates that are ranked at first."""
SHUT = -(2**61)
"""Margin of a candidate that history excludes."""

Int64s = npt.NDArray[np.int64]


class Rules(NamedTuple):
    """The rules of all units, packed where they fit."""

    packed: Packed
    general: General


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
    flat : (blocks,) int64 array
        Weight of every contact of a group's customers, whatever it is, in the one row of the group; 0 elsewhere.
    start : (blocks, kinds + 1) int64 array
    instance, weight : (entries,) int64 arrays
    """

    measure: Int64s
    partition: Int64s
    base: Int64s
    groups: Int64s
    flat: Int64s
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


@inlined_part
def _charge_of(customer, candidates, terms, prices):
    """Return what each contact of a customer pays for the rows of flat blocks."""
    charge = np.int64(0)
    for b in range(terms.flat.shape[0]):
        if terms.flat[b] != 0:
            g = candidates.group[terms.partition[b], customer]
            if g >= 0:
                charge += prices.of_row[terms.base[b] + g] * terms.flat[b]
    return charge


@inlined_part
def margins_of(unit, candidates, terms, prices, margin, kind):
    """Write margins (over ``2 ** shift``) and kinds of a unit's candidates; return how many there are."""
    n = 0
    for c in range(candidates.unit_customer[unit], candidates.unit_customer[unit + 1]):
        first = candidates.customer_start[c]
        here = candidates.customer_start[c + 1] - first
        charge = _charge_of(c, candidates, terms, prices)
        for i in range(here):
            k = candidates.kind[first + i]
            margin[n + i] = (np.int64(candidates.value[first + i]) << prices.shift) - prices.of_kind[k] - charge
            kind[n + i] = k
        for b in range(terms.measure.shape[0]):
            if terms.flat[b] != 0:
                continue
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


@inlined_part
def _positive(unit, candidates, terms, prices, bench):
    """List a unit's candidates with a positive margin where kind and customer alone have prices; return the number."""
    c = candidates.unit_customer[unit]
    first, last = candidates.customer_start[c], candidates.customer_start[c + 1]
    charge = _charge_of(c, candidates, terms, prices)
    size = 0
    for j in range(first, last):
        margin = (np.int64(candidates.value[j]) << prices.shift) - prices.of_kind[candidates.kind[j]] - charge
        bench.ranked[size], bench.gain[size] = j - first, margin
        size += margin > 0
    for i in range(size):
        bench.kind[bench.ranked[i]] = candidates.kind[first + bench.ranked[i]]
    return size


@inlined_part
def _close(unit, chosen, count, candidates, terms, kinds_used, use, mark):
    """Count the chosen candidates of a unit by kind, add what they use of the rows of ``terms``, and mark them."""
    c, end = candidates.unit_customer[unit], candidates.unit_customer[unit + 1]
    first = candidates.customer_start[c]
    if mark.shape[0]:
        for j in range(first, candidates.customer_start[end]):
            mark[j] = 0
    for i in range(count):
        j = first + chosen[i]
        k = np.int64(candidates.kind[j])
        kinds_used[k] += 1
        if mark.shape[0]:
            mark[j] = 1
        for b in range(terms.measure.shape[0]):
            while candidates.customer_start[c + 1] <= j:
                c += 1
            while candidates.customer_start[c] > j:
                c -= 1
            g = candidates.group[terms.partition[b], c] if terms.partition[b] >= 0 else 0
            if g >= 0:
                amount = candidates.amount[terms.measure[b], j] if terms.measure[b] >= 0 else 1
                for e in range(terms.start[b, k], terms.start[b, k + 1]):
                    use[terms.base[b] + terms.instance[e] * terms.groups[b] + g] += terms.weight[e] * amount


@bare_kernel
def add_terms(chosen, candidates, terms, use):
    """Add what candidates, in ascending order, use of the rows of ``terms``."""
    c = 0
    for i in range(len(chosen)):
        k = np.int64(candidates.kind[chosen[i]])
        while candidates.customer_start[c + 1] <= chosen[i]:
            c += 1
        for b in range(terms.measure.shape[0]):
            g = candidates.group[terms.partition[b], c] if terms.partition[b] >= 0 else 0
            if g >= 0:
                amount = candidates.amount[terms.measure[b], chosen[i]] if terms.measure[b] >= 0 else 1
                for e in range(terms.start[b, k], terms.start[b, k + 1]):
                    use[terms.base[b] + terms.instance[e] * terms.groups[b] + g] += terms.weight[e] * amount


@bare_kernel
def solve_packed(units, candidates, terms, prices, packed, nodes, kinds_used, use, totals, mark, bench):
    """Solve each listed packed unit at the prices.

    Parameters
    ----------
    units : (n,) int64 array
    candidates, terms, prices, packed
    nodes : int
        Node limit of one unit.
    kinds_used : (kinds,) int64 array
        The chosen contacts by kind are added to it.
    use : (rows,) int64 array
        What they use of the rows of ``terms`` is added to it.
    totals : (5,) int64 array
        Σ bound in two parts, and the number of units that met the node limit, are added to it.
    mark : (candidates or 0,) uint8 array
        Receives 1 for chosen candidates and 0 for the others.
    bench : Bench
    """
    plain = candidates.shut.shape[0] == 0
    for b in range(terms.flat.shape[0]):
        plain &= terms.flat[b] != 0
    for unit in units:
        if plain:
            size = _positive(unit, candidates, terms, prices, bench)
        else:
            size = positive(margins_of(unit, candidates, terms, prices, bench.margin, bench.kind), bench)
        value, bound, count = best_packed(unit, size, FEW, nodes, packed, bench)
        totals[0] += bound >> LIMB
        totals[1] += bound & ((1 << LIMB) - 1)
        totals[2] += bound > value
        _close(unit, bench.best, count, candidates, terms, kinds_used, use, mark)


@bare_kernel
def margins(units, start, candidates, terms, prices, margin, kind):
    """Write the margins of the candidates of listed units, one unit after another.

    Parameters
    ----------
    units : (n,) int64 array
    start : (n,) int64 array
        Where each unit's margins go.
    candidates, terms, prices
    margin, kind : (candidates of the units,) int64 and int32 arrays
    """
    for at in range(len(units)):
        margins_of(units[at], candidates, terms, prices, margin[start[at] :], kind[start[at] :])


@bare_kernel
def close_units(units, contact, count, candidates, terms, kinds_used, use, mark):
    """Add up what the answers of listed units use; ``contact`` is (n, most contacts), the rest as for a pass."""
    for at in range(len(units)):
        _close(units[at], contact[at], count[at], candidates, terms, kinds_used, use, mark)
