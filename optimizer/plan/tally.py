"""What one look at every candidate counts: whom policies and constraints refuse, and what lies near each limit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from threading import Event

import numpy as np

from optimizer.problem.margins import Floats
from optimizer.problem.primitives import BoolArray, IntArray
from optimizer.problem.problem import Problem
from optimizer.problem.units import SIZE, parts
from optimizer.problem.usage import entries
from optimizer.problem.verdicts import Judge, Verdict

NEAR = 0.1
"""A price holds while it moves by no more than this share of itself."""
CELLS, LEAST_TOGETHER, MOST_TOGETHER = 2**16, 4, 8
"""Patterns of kinds that masks make together, as a processor's cache holds them; and masks at once, least and most."""


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
        Of the policies: those with a positive margin, before what the policy itself charges.
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

    def count(self, chosen: IntArray, *, size: int = SIZE, stopped: Callable[[], bool] = lambda: False) -> Tally:
        """Look at every candidate once, with the plan as it stands.

        Parameters
        ----------
        chosen : int array
            Ascending.
        size : int
            How many candidates are looked at together, about; it changes nothing.
        stopped : callable
            Whether nobody waits for the counts any longer.
        """
        judge = Judge(self.problem, chosen, self.prices)
        for part in parts(self.problem, size):
            if stopped():
                break
            self._add(judge.verdict(part))
        return self

    @contextmanager
    def counting(self, chosen: IntArray, *, beside: bool, size: int = SIZE) -> Iterator[Callable[[], Tally]]:
        """Count in a thread beside what is done here, if that may be; the counts are there when they are asked for."""
        given_up = Event()
        count = partial(self.count, chosen, size=size, stopped=given_up.is_set)
        with ThreadPoolExecutor(1) as thread:
            try:
                yield thread.submit(count).result if beside else count
            except BaseException:  # Ctrl-C, for one
                given_up.set()
                raise

    def _add(self, here: Verdict) -> None:
        refused = here.refused(here.policies)
        full = here.refused(here.limits) & ~refused
        rules = [*here.policies.values(), *here.limits.values()]
        every = np.ones(len(refused), bool)
        counts = iter(of_each(here.problem.kind, [every, here.inside, refused, full, *rules], self.problem.kinds))
        for total in (self.eligible, self.chosen, self.refused, self.full):
            total += next(counts)
        for totals, masks in ((self.policies, here.policies), (self.limits, here.limits)):
            for rule in masks:
                totals[rule] += next(counts)
        for rule, mask in here.policies.items():
            worth = here.margin + here.charged.get(rule, 0.0) > 0
            self.hindered[rule] += int(np.count_nonzero(mask & worth))
        self._add_beaten(here, refused)
        if self.prices is not None:
            self._add_near(here, self.prices, refused)

    def _add_beaten(self, here: Verdict, refused: BoolArray) -> None:
        start, offers = here.problem.unit_start, len(self.beaten)
        unit, margin = np.searchsorted(start, here.chosen, "right") - 1, here.margin[here.chosen]
        highest = np.full(here.problem.units, -np.inf)
        np.maximum.at(highest, unit, margin)
        top = margin == highest[unit]
        best = np.full(here.problem.units, offers, np.int64)  # by nobody
        best[unit[top]] = self.offer[here.problem.kind[here.chosen[top]]]
        pair = np.repeat(best, np.diff(start))
        pair += (self.offer * (offers + 1))[here.problem.kind]
        found = np.bincount(pair[refused], minlength=offers * (offers + 1))
        self.beaten += found.reshape(offers, offers + 1)[:, :offers]

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


def of_each(kind: IntArray, masks: Sequence[BoolArray], kinds: int) -> Iterator[IntArray]:
    """Count candidates by kind, under each of some masks.

    Some masks are counted at once, by the pattern that they make: picking out the candidates of each costs more.
    """
    together = min(max((CELLS // max(kinds, 1)).bit_length() - 1, LEAST_TOGETHER), MOST_TOGETHER)
    for first in range(0, len(masks), together):
        some = masks[first : first + together]
        made = np.zeros(len(kind), np.uint8)
        for bit, mask in enumerate(some):
            made |= mask.view(np.uint8) << bit
        code = made.astype(np.int64)
        code *= kinds
        code += kind
        found = np.bincount(code, minlength=kinds << len(some)).reshape(1 << len(some), kinds)
        pattern = np.arange(1 << len(some))
        yield from (found[(pattern >> bit & 1) == 1].sum(axis=0) for bit in range(len(some)))
