"""The units of a problem, compiled for the kernels, and one pass over them."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil
from typing import Any

import numpy as np
import numpy.typing as npt

from optimizer.engines.decomposition.crew import Crew
from optimizer.engines.decomposition.packing import pack, shut_by_history
from optimizer.engines.decomposition.passes import LIMB, Candidates, Prices, Rules, add_terms
from optimizer.engines.decomposition.pattern_kernel import BASE_NODES
from optimizer.engines.decomposition.rows import Floats, RowTable, row_table
from optimizer.engines.decomposition.tying import nothing_tied, tie, unpacked
from optimizer.problem.pairs import floor_pairs, floor_use, may_be_negative, segment_sums, units_of_groups
from optimizer.problem.primitives import IntArray
from optimizer.problem.problem import Problem
from optimizer.problem.units import parts

ROOM = 61
"""Bits that a unit's margins may need together."""
ROOMY = 36
"""Bits up to which a unit's total is not told more exactly: at least 25 are left for fractions of prices."""
MOST_SHIFT = 40


@dataclass(frozen=True, slots=True, eq=False)
class Pass:
    """What one pass over some units found.

    Parameters
    ----------
    optima : int
        Σ upper bound of the units' priced optima, over ``2 ** prices.shift``.
    prices : Prices
    kinds_used : (kinds,) int64 array
    use : (rows,) int64 array
        What the units' answers use of every row.
    cut : int
        Units whose search met the node limit: their term is a bound, their answer may not be the best.
    infeasible, unknown : int
        Units that have no legal answer, and units for which none was found at the node limit.
    """

    optima: int
    prices: Prices
    kinds_used: IntArray
    use: IntArray
    cut: int
    infeasible: int
    unknown: int


class Units:
    """The units of a problem, ready to be solved at prices.

    Parameters
    ----------
    problem : Problem
    effort : (units,) int array, optional
        Most total shortfall of each unit over its best-effort floors.
    threads : int
    """

    def __init__(self, problem: Problem, effort: IntArray | None = None, threads: int = 1) -> None:
        self.problem = problem
        self.threads = threads
        self.table: RowTable = row_table(problem)
        self.widest = int(np.diff(problem.unit_start).max(initial=0))
        self.rules = _rules(problem, effort)
        self.most_contacts = int(max(self.rules.packed.room.max(initial=0), self.rules.general.room.max(initial=0)))
        narrow = problem.kinds <= 2**16 and _fits(problem.value, np.int32)
        self.candidates = Candidates(
            customer_start=_fixed(problem.customer_start, np.int64),
            unit_customer=_fixed(problem.unit_customer, np.int64),
            kind=_fixed(problem.kind, np.uint16 if narrow else np.int32),
            value=_fixed(problem.value, np.int32 if narrow else np.int64),
            shut=_fixed(_shut(problem), np.uint8),
            amount=_stack([problem.measures[m].amount for m in self.table.measures], problem.candidates, np.int64),
            group=_stack([problem.partitions[p].group for p in self.table.partitions], problem.customers, np.int32),
        )
        self._bits = _largest_total(problem, self.widest).bit_length()

    def prices(self, of_row: Floats | None = None) -> Prices:
        """Round row prices (value quanta per row quantum) to whole numbers over a power of two.

        Any rounding is as good for the certificate: it is valid for whatever prices come out. The shift leaves room
        for every sum that a unit can need.
        """
        table = self.table
        wanted = np.zeros(table.count) if of_row is None else of_row
        weighed = np.abs(wanted[table.row] * table.weight)
        dear = float(
            np.add.reduceat(np.append(weighed, 0.0), table.start[:-1])[np.diff(table.start) > 0].max(initial=0)
        )
        dear += self._dearest_terms(wanted)
        bits = max(self._bits, int(dear * max(self.widest, 1)).bit_length() + 1)
        shift = max(0, min(MOST_SHIFT, ROOM - bits))
        # The price of a row that no candidate uses has no bound that the shift would leave room for.
        number = np.rint(np.clip(np.ldexp(wanted, shift), -(2.0**62), 2.0**62)).astype(np.int64)
        number = np.clip(number, -_whole(-table.least, shift), _whole(table.most, shift))
        of_kind = np.zeros(self.problem.kinds, np.int64)
        kind = np.repeat(np.arange(self.problem.kinds), np.diff(table.start))
        np.add.at(of_kind, kind, number[table.row] * table.weight)
        return Prices(shift, number, of_kind)

    def at_shift(self, shift: int) -> Rules:
        """Return the rules with the penalties of soft minimums in the scale of some prices, rounded down."""
        penalty = [0 if f.penalty is None else min(2**62, int(f.penalty * 2**shift)) for f in self.problem.floors]
        general = self.rules.general._replace(penalty=np.array(penalty or [0], np.int64))
        return Rules(self.rules.packed, general)

    def _dearest_terms(self, wanted: Floats) -> float:
        """Return a bound on what a candidate can pay for the rows of ``terms``."""
        terms, total = self.table.terms, 0.0
        for b in range(len(terms.measure)):
            last = terms.base[b + 1] if b + 1 < len(terms.base) else self.table.count
            price = float(np.abs(wanted[terms.base[b] : last]).max(initial=0))
            entries = slice(int(terms.start[b, 0]), int(terms.start[b, -1]))
            weight = float(np.abs(terms.weight[entries]).max(initial=0)) * float(np.diff(terms.start[b]).max(initial=0))
            amount = 1.0
            if terms.measure[b] >= 0:
                amount = float(np.abs(self.candidates.amount[terms.measure[b]]).max(initial=0))
            total += price * weight * amount
        return total

    def solve(
        self,
        prices: Prices | None = None,
        units: IntArray | None = None,
        mark: npt.NDArray[np.uint8] | None = None,
        nodes: int = BASE_NODES,
        check: Callable[[], None] | None = None,
    ) -> Pass:
        """Solve units exactly at the prices.

        Parameters
        ----------
        prices : Prices, optional
            All zero by default.
        units : (n,) int64 array, optional
            All by default.
        mark : (candidates,) uint8 array, optional
            Receives 1 for chosen and 0 for other candidates of these units.
        nodes : int
            Node limit of one unit.
        check : callable, optional
            Asked after every so many candidates; may raise to give up the pass.
        """
        prices = self.prices() if prices is None else prices
        units = np.arange(self.problem.units, dtype=np.int64) if units is None else units
        mark = np.zeros(0, np.uint8) if mark is None else mark
        kinds, use, totals = self.crew(prices, check).solve(units, self.table.count, mark, nodes)
        high, low, cut, infeasible, unknown = totals.tolist()
        use = use + self.table.use_of_kinds(kinds)
        return Pass((high << LIMB) + low, prices, kinds, use, cut, infeasible, unknown)

    def crew(self, prices: Prices, check: Callable[[], None] | None = None) -> Crew:
        """Return who solves units at some prices, several at a time."""
        return Crew(
            self.problem.unit_start,
            self.candidates,
            self.table.terms,
            prices,
            self.at_shift(prices.shift),
            self.widest,
            self.most_contacts,
            self.threads,
            check,
        )

    def use_of(self, chosen: IntArray) -> IntArray:
        """Return what a set of candidates uses of every row. Shape (rows,)."""
        kinds = np.bincount(self.problem.kind[chosen], minlength=self.problem.kinds)
        use = self.table.use_of_kinds(kinds)
        if len(self.table.terms.measure):
            add_terms(chosen, self.candidates, self.table.terms, use)
        return use

    def worth(self, found: Pass, use: IntArray) -> float:
        """Return what answers as good as those of a pass over all units are worth without the prices, in value quanta.

        ``use`` is what they use of every row.
        """
        paid = sum(p * u for p, u in zip(found.prices.of_row.tolist(), use.tolist(), strict=True))
        return float((found.optima + paid) >> found.prices.shift)

    def floor_penalties(self, chosen: IntArray) -> Fraction:
        """Return what the units' soft minimums cost, in value quanta."""
        total = Fraction(0)
        for floor in self.problem.floors:
            if floor.penalty is not None:
                pairs, need = floor_pairs(self.problem, floor, chosen)
                total += floor.penalty * int(np.maximum(need - floor_use(self.problem, floor, pairs), 0).sum())
        return total

    def bound(self, found: Pass) -> int:
        """Return the price bound of a pass over all units, in value quanta rounded down.

        For any plan x that obeys the rules, and any prices p, value(x) − penalties(x) is
        Σ_u (value − p·a)(x_u) + p·use(x) − penalties(x). The unit optima bound the first sum. Row by row,
        p·use ≤ p·upper where p ≥ 0 and use ≤ upper, and p·use ≤ p·lower where p ≤ 0 and use ≥ lower; a soft row that
        is broken by v adds |p|·v on the right and pays penalty·v ≥ |p|·v, as its price is no larger than its penalty.
        So Σ optima + Σ p·limit is a bound, whatever the prices and however they were rounded; and all of it is added
        in whole numbers.
        """
        return int((found.optima + self.limits(found.prices)) >> found.prices.shift)

    def limits(self, prices: Prices) -> int:
        """Return Σ price · limit, over ``2 ** prices.shift``."""
        limit = np.where(prices.of_row > 0, self.table.upper, self.table.lower)
        return sum(p * b for p, b in zip(prices.of_row.tolist(), limit.tolist(), strict=True) if p)

    @property
    def spare_bits(self) -> int:
        """Bits by which values and penalties may grow, with as many left for prices."""
        return (ROOM - self._bits) // 2

    def valued(self, value: IntArray, times: int) -> Units:
        """Return the units with other values, of the same type, and all penalties multiplied."""
        problem, table = self.problem, self.table
        floors = tuple(replace(f, penalty=_multiplied(f.penalty, times)) for f in problem.floors)
        penalty = tuple(_multiplied(each, times) for each in table.penalty)
        other = copy(self)
        other.problem = replace(problem, value=value, floors=floors)
        other.table = replace(table, least=table.least * times, most=table.most * times, penalty=penalty)
        other.candidates = self.candidates._replace(value=_fixed(value, self.candidates.value.dtype))
        other._bits = _largest_total(other.problem, other.widest).bit_length()
        return other

    def worthless(self) -> Units:
        """Return the units without any value or penalty: what is left is whether there is a plan."""
        other = copy(self)
        floors = tuple(f if f.penalty is None else replace(f, penalty=Fraction(0)) for f in self.problem.floors)
        nothing = np.zeros_like(self.candidates.value)
        other.problem = replace(self.problem, value=nothing, floors=floors)
        other.candidates = self.candidates._replace(value=nothing)
        other._bits = 0
        return other


def _rules(problem: Problem, effort: IntArray | None) -> Rules:
    """Pack what fits, tie what does not."""
    general = unpacked(problem)
    counters = [c for c in problem.counters if c.measure is None and not may_be_negative(c)]
    packed = None if general.all() else pack(problem, counters, problem.conflicts)
    if packed is None:
        general = np.ones(problem.units, bool)
        packed = pack(problem, (), ())
    assert packed is not None
    return Rules(packed, tie(problem, general, effort) if general.any() else nothing_tied())


def _multiplied(penalty: Fraction | None, times: int) -> Fraction | None:
    return None if penalty is None else penalty * times


def _whole(price: Floats, shift: int) -> IntArray:
    """Return the ceilings of prices as whole numbers, rounded down; a large number where there is none, or a larger."""
    return np.minimum(2.0**62, np.floor(np.ldexp(price, shift))).astype(np.int64)


def _fixed(column: npt.NDArray[Any], dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """Return a read-only view, of one type whatever the column was: another type would be compiled for anew."""
    view = np.ascontiguousarray(column, dtype).view()
    view.flags.writeable = False
    return view


def _fits(column: IntArray, dtype: npt.DTypeLike) -> bool:
    """Say whether a column's numbers can be of a narrower type."""
    if column.dtype == dtype or not len(column):
        return True
    room = np.iinfo(dtype)
    return bool(room.min <= column.min() and column.max() <= room.max)


def _stack(columns: list[IntArray], width: int, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    return np.stack(columns).astype(dtype) if columns else np.zeros((0, width), dtype)


def _shut(problem: Problem) -> npt.NDArray[np.uint8]:
    shut = np.zeros(0, np.uint8)
    for counter in problem.counters:
        if counter.overrides is None or counter.measure is not None:
            continue
        if not len(shut):
            shut = np.zeros(problem.candidates, np.uint8)
        uses, left = counter.uses, counter.overrides
        shut_by_history(
            problem.customer_start,
            problem.kind,
            problem.partitions[counter.partition].group,
            uses.start,
            uses.instance,
            uses.weight,
            left.start,
            left.instance,
            left.number,
            shut,
        )
    return shut


def _largest_total(problem: Problem, widest: int) -> int:
    """Return a bound on any unit's Σ |value|, and on what its soft minimums cost; the least one, if it is large."""
    most = widest * max(int(problem.value.max(initial=0)), -int(problem.value.min(initial=0)))
    if most.bit_length() <= ROOMY and not any(floor.penalty for floor in problem.floors):
        return most
    total = np.concatenate(
        [
            np.zeros(0, np.int64),
            *(segment_sums(np.abs(p.value), p.unit_start) for p in (part.problem for part in parts(problem))),
        ]
    )
    for floor in problem.floors:
        if floor.penalty is not None:
            pairs, need = floor_pairs(problem, floor)
            worst = need - pairs.sums(np.minimum(pairs.weight, 0))
            np.add.at(total, units_of_groups(problem, floor.partition)[pairs.group], ceil(floor.penalty) * worst)
    return int(total.max(initial=0))
