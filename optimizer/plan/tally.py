"""What one look at every candidate counts: whom policies and constraints refuse, and what lies near each limit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from optimizer.problem.margins import Floats
from optimizer.problem.primitives import BoolArray, IntArray
from optimizer.problem.problem import Problem
from optimizer.problem.units import SIZE
from optimizer.problem.usage import entries
from optimizer.problem.verdicts import Verdict, verdicts

NEAR = 0.1
"""A price holds while it moves by no more than this share of itself."""


@dataclass(slots=True, eq=False)
class Tally:
    """Counts of a plan's candidates, by kind.

    Parameters
    ----------
    problem : Problem
    prices : mapping of block name to (rows,) float array, optional
        In value quanta per row quantum.
    offer : (kinds,) int array
        Number of each kind's offer.

    Attributes
    ----------
    eligible, chosen, refused, full : (kinds,) int arrays
        All; in the plan; not in it and refused by a policy; refused by a constraint and by no policy.
    policies, limits : dict of rule to (kinds,) int array
        Those that each would break, added alone.
    hindered : dict of rule to int
        Of the policies: those with a positive margin.
    beaten : (offers, offers) int array
        Refused candidates by their offer, and by the offer of the contact of the highest margin in their unit.
    fall, rise : tuple of (rows,) int arrays
        By block: what each row would lose, and gain, while its price moves by a tenth.
    """

    problem: Problem
    prices: Mapping[str, Floats] | None
    offer: IntArray
    eligible: IntArray = field(init=False)
    chosen: IntArray = field(init=False)
    refused: IntArray = field(init=False)
    full: IntArray = field(init=False)
    policies: dict[str, IntArray] = field(init=False)
    limits: dict[str, IntArray] = field(init=False)
    hindered: dict[str, int] = field(init=False)
    beaten: IntArray = field(init=False)
    fall: tuple[IntArray, ...] = field(init=False)
    rise: tuple[IntArray, ...] = field(init=False)

    def __post_init__(self) -> None:
        self.eligible, self.chosen, self.refused, self.full = (self._no_kinds() for _ in range(4))
        self.policies, self.limits = defaultdict(self._no_kinds), defaultdict(self._no_kinds)
        self.hindered = defaultdict(int)
        offers = int(self.offer.max(initial=-1)) + 1
        self.beaten = np.zeros((offers, offers), np.int64)
        self.fall, self.rise = (tuple(np.zeros(rows.size, np.int64) for rows in self.problem.rows) for _ in range(2))

    def _no_kinds(self) -> IntArray:
        return np.zeros(self.problem.kinds, np.int64)

    def count(self, chosen: IntArray, *, size: int = SIZE) -> Tally:
        """Look at every candidate once, with the plan as it stands.

        Parameters
        ----------
        chosen : int array
            Ascending.
        size : int
            Candidates that are looked at together, about; it changes nothing.
        """
        for verdict in verdicts(self.problem, chosen, self.prices, size=size):
            self._add(verdict)
        return self

    def _add(self, here: Verdict) -> None:
        kind = here.problem.kind

        def by_kind(mask: BoolArray) -> IntArray:
            return np.bincount(kind[mask], minlength=self.problem.kinds)

        self.eligible += np.bincount(kind, minlength=self.problem.kinds)
        self.chosen += np.bincount(kind[here.chosen], minlength=self.problem.kinds)
        worth = here.margin > 0
        for rule, mask in here.policies.items():
            self.policies[rule] += by_kind(mask)
            self.hindered[rule] += int(np.count_nonzero(mask & worth))
        for rule, mask in here.limits.items():
            self.limits[rule] += by_kind(mask)
        refused = here.refused(here.policies)
        self.refused += by_kind(refused)
        self.full += by_kind(here.refused(here.limits) & ~refused)
        self._add_beaten(here, refused)
        if self.prices is not None:
            self._add_near(here, self.prices, refused)

    def _add_beaten(self, here: Verdict, refused: BoolArray) -> None:
        start = here.problem.unit_start
        unit = np.searchsorted(start, here.chosen, "right") - 1
        order = np.lexsort((here.margin[here.chosen], unit))
        best = np.full(here.problem.units, -1, np.int64)
        best[unit[order]] = self.offer[here.problem.kind[here.chosen[order]]]
        theirs = np.repeat(best, np.diff(start))[refused]
        mine = self.offer[here.problem.kind[refused]]
        offers = len(self.beaten)
        pair = (mine * offers + theirs)[theirs >= 0]
        self.beaten += np.bincount(pair, minlength=offers**2).reshape(offers, offers)

    def _add_near(self, here: Verdict, prices: Mapping[str, Floats], refused: BoolArray) -> None:
        """Add up what lies near each row's limit.

        A lower limit gives up the chosen contacts whose margins are smallest; a higher one takes in the free candidates
        whose margins are least below 0. Counted are those whose margin is within a tenth of what they pay for the row.
        """
        size = np.abs(here.margin)
        near = np.flatnonzero((size <= NEAR * np.abs(here.problem.value - here.margin)) & ~refused)
        for block, fall, rise in zip(here.problem.rows, self.fall, self.rise, strict=True):
            price = np.asarray(prices[block.name])
            if not price.any():
                continue
            for who, row, amount in entries(here.problem, block, near):
                close = (size[near[who]] <= NEAR * np.abs(price[row] * amount)) & (amount > 0)
                mine = here.inside[near[who]]
                np.add.at(fall, row[close & mine], amount[close & mine])
                np.add.at(rise, row[close & ~mine], amount[close & ~mine])
