"""The good answers of units at given prices: their best one, and those that lose little."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from optimizer.engines.decomposition.compiled import Units
from optimizer.engines.decomposition.crew import Answers, aside
from optimizer.engines.decomposition.passes import Prices
from optimizer.engines.decomposition.pattern_kernel import BASE_NODES, PATTERN_NODES, rows_of_patterns
from optimizer.engines.decomposition.rows import Floats
from optimizer.problem.pairs import ranges, running, segment_sums
from optimizer.problem.primitives import IntArray

BLOCK = 2**18
"""Candidates between two questions whether to go on."""
CELLS = 2**26
"""Contacts of patterns that are held at a time while they are looked for."""


@dataclass(frozen=True, slots=True, eq=False)
class Patterns:
    """Answers of some units; each unit's are together, the best at the prices first.

    Parameters
    ----------
    units : (n,) int array
    unit_start : (n + 1,) int array
        Patterns ``unit_start[i] … unit_start[i+1]`` are those of ``units[i]``.
    optimum : (n,) float array
        Each unit's priced optimum, in value quanta.
    regret : (patterns,) float array
        What the pattern loses against its unit's best at the prices, in value quanta.
    value : (patterns,) int64 array
        Σ value of its contacts, less what the unit's soft minimums cost, in value quanta, rounded up.
    contact_start, contact : int arrays
        Its contacts, as positions of candidates.
    row_start, row, coefficient : int64 arrays
        What it uses of every row.
    """

    units: IntArray
    unit_start: IntArray
    optimum: Floats
    regret: Floats
    value: IntArray
    contact_start: IntArray
    contact: IntArray
    row_start: IntArray
    row: IntArray
    coefficient: IntArray

    @property
    def count(self) -> int:
        """Number of patterns."""
        return len(self.regret)

    @property
    def unit(self) -> IntArray:
        """Place in ``units`` of each pattern's unit. Shape (patterns,)."""
        return np.repeat(np.arange(len(self.units), dtype=np.int64), np.diff(self.unit_start))

    def contacts(self, listed: IntArray) -> IntArray:
        """Return the contacts of some patterns, one after another."""
        first = self.contact_start[listed]
        return self.contact[ranges(first, self.contact_start[listed + 1] - first)]

    def put(self, mark: npt.NDArray[np.uint8], listed: IntArray, start: IntArray) -> npt.NDArray[np.uint8]:
        """Return a plan in which the units have the listed patterns, one each, and all others what ``mark`` says."""
        first = start[self.units]
        out = mark.copy()
        out[ranges(first, start[self.units + 1] - first)] = 0
        out[self.contacts(listed)] = 1
        return out


def patterns(
    units: Units,
    prices: Prices,
    listed: IntArray,
    reach: float,
    most: int = 8,
    check: Callable[[], None] | None = None,
    *,
    valued: bool = True,
) -> list[Patterns]:
    """Find the good answers of the listed units, in parts: those of some units after those of others.

    Parameters
    ----------
    reach : float
        Most regret, in value quanta.
    most : int
        Patterns of a unit.
    check : callable, optional
        Asked after every so many units; may raise to give up.
    valued : bool
        Whether their values are wanted, beside their regrets.
    """
    length = max(units.most_contacts, 1)
    block = max(min(CELLS // (most * length), BLOCK // max(units.widest, 1)), 1)
    scaled, crew = in_scale(reach, prices), units.crew(prices, check)

    def told(mine: IntArray, found: Answers) -> Patterns:
        best = found.outcome[:, 0]
        return finished(units, prices, mine, best, found.regret, found.size, found.contact, valued=valued)

    parts = []
    for first in range(0, max(len(listed), 1), block):
        if check is not None:
            check()
        mine = listed[first : first + block]
        found = crew.answers(mine, most, BASE_NODES, PATTERN_NODES, scaled)
        parts.append(aside(units.threads, told, mine, found))
    return [part.result() for part in parts]


def joined(parts: Sequence[Patterns]) -> Patterns:
    """Put the answers of some units after those of others."""
    if len(parts) == 1:
        return parts[0]

    def together(name: str) -> Any:
        columns = [getattr(part, name) for part in parts]
        if name.endswith("_start"):
            return running(np.concatenate([np.diff(start) for start in columns]))
        return np.concatenate(columns)

    return Patterns(*(together(field.name) for field in fields(Patterns)))


def finished(
    units: Units,
    prices: Prices,
    listed: IntArray,
    optimum: IntArray,
    regret: IntArray,
    count: IntArray,
    place: IntArray,
    *,
    valued: bool = True,
) -> Patterns:
    """Add to what a kernel found what follows from it.

    Parameters
    ----------
    optimum : (units,) int64 array
        In the prices' scale.
    regret, count : (units, most) int arrays
        What each pattern loses (−1: there is none), and how many contacts it has.
    place : (units, most, most contacts) int array
        The contacts of each, as places within the unit.
    valued : bool
        Otherwise ``value`` is empty.
    """
    there = regret >= 0
    number = there.sum(axis=1)
    size = count[there].astype(np.int64)
    start = running(size)
    owner = np.repeat(np.repeat(listed, number), size)
    held = there[:, :, None] & (np.arange(place.shape[2]) < count[:, :, None])
    contact = place[held] + np.asarray(units.problem.unit_start)[owner]
    unit_start = running(number)
    lost = np.ldexp(regret[there].astype(float), -prices.shift)
    found = assemble(units, listed, unit_start, lost, start, contact, owner)
    worth = np.zeros(0, np.int64)
    if valued:
        paid = segment_sums(prices.of_row[found.row] * found.coefficient, found.row_start)
        worth = np.repeat(optimum, number) - regret[there] + paid
    return replace(found, optimum=np.ldexp(optimum.astype(float), -prices.shift), value=-(-worth >> prices.shift))


def in_scale(reach: float, prices: Prices) -> int:
    """Return a loss in the prices' scale."""
    return int(np.ldexp(reach, prices.shift)) if reach < 2.0 ** (60 - prices.shift) else 2**60


def assemble(
    units: Units,
    listed: IntArray,
    unit_start: IntArray,
    regret: Floats,
    contact_start: IntArray,
    contact: IntArray,
    owner: IntArray,
) -> Patterns:
    """Add to patterns that are known by their contacts, and by the units of these, what they use of the rows."""
    table, terms = units.table, units.table.terms
    kinds = np.asarray(units.problem.kind)[contact]
    most = int(np.diff(table.start)[kinds].sum())
    customer: IntArray = np.zeros(0, np.int64)
    if len(terms.measure):
        start = units.candidates.customer_start
        together = units.problem.units < len(start) - 1
        customer = np.searchsorted(start, contact, side="right") - 1 if together else owner
        most += int(np.diff(terms.start).sum(axis=0)[kinds].sum())
    row_start = np.zeros(len(contact_start), np.int64)
    row, coefficient = np.empty(most, np.int64), np.empty(most, np.int64)
    entries = rows_of_patterns(
        contact_start,
        contact,
        customer,
        units.candidates.kind,
        units.candidates.amount,
        units.candidates.group,
        table.start,
        table.row,
        table.weight,
        terms,
        row_start,
        row,
        coefficient,
    )
    return Patterns(
        units=listed,
        unit_start=unit_start,
        optimum=np.zeros(len(listed)),
        regret=regret,
        value=np.zeros(len(regret), np.int64),
        contact_start=contact_start,
        contact=contact,
        row_start=row_start,
        row=row[:entries],
        coefficient=coefficient[:entries],
    )
