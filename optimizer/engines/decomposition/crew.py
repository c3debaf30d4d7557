"""Units solved by several threads: each takes the next part that nobody has begun, and works at a bench of its own.

Kernels leave the interpreter's lock alone, so plain threads will do. What the parts add up is whole numbers, so that
neither their order nor the number of threads changes anything.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from optimizer.engines.decomposition.general_kernel import INFEASIBLE, UNKNOWN
from optimizer.engines.decomposition.packed_kernel import Bench, bench_for
from optimizer.engines.decomposition.passes import (
    LIMB,
    SHUT,
    Candidates,
    Prices,
    Rules,
    Terms,
    close_units,
    margins,
    solve_packed,
)
from optimizer.engines.decomposition.unit_desk import Desk, desk_for
from optimizer.problem.pairs import running
from optimizer.problem.primitives import IntArray

PART = 2**15
"""Candidates that a thread takes at a time."""
CHANGES, HARDER = 8, 30
"""How many times the work a candidate takes where units are solved with changes, and of a tied unit."""
Int64s = npt.NDArray[np.int64]
Room = TypeVar("Room")
Result = TypeVar("Result")


class Sums(NamedTuple):
    """What the answers of some units add up to.

    Parameters
    ----------
    kinds_used : (kinds,) int64 array
    use : (rows,) int64 array
        What they use of the rows of ``terms``.
    totals : (5,) int64 array
        Σ bound in two parts; units that met the node limit, that have no legal answer, and for which none was found.
    """

    kinds_used: Int64s
    use: Int64s
    totals: Int64s


class Answers(NamedTuple):
    """The good answers of some units, each unit's best one first.

    Parameters
    ----------
    outcome : (units, 3) int64 array
        Priced value of the best, its upper bound, and its size: ``INFEASIBLE`` or ``UNKNOWN`` where there is none.
    regret : (units, answers) int64 array
        What an answer loses against the best; −1 after the last.
    mark : (units, answers) uint64 array
        Tells answers apart.
    size : (units, answers) int32 array
    contact : (units, answers, most contacts) int32 array
        Contacts, as places within the unit.
    """

    outcome: Int64s
    regret: Int64s
    mark: npt.NDArray[np.uint64]
    size: npt.NDArray[np.int32]
    contact: npt.NDArray[np.int32]

    @classmethod
    def of(cls, units: int, answers: int, contacts: int) -> Answers:
        """Return room for so many."""
        cells = units, answers
        return cls(
            np.zeros((units, 3), np.int64),
            np.full(cells, -1, np.int64),
            np.zeros(cells, np.uint64),
            np.zeros(cells, np.int32),
            np.zeros((*cells, max(contacts, 1)), np.int32),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Crew:
    """Solves units at given prices.

    Parameters
    ----------
    unit_start : (units + 1,) int array
    candidates, terms, prices, rules
    widest, contacts : int
        Most candidates and most contacts of a unit.
    threads : int
    check : callable, optional
        Asked by the calling thread between its parts; may raise to give up.
    """

    unit_start: IntArray
    candidates: Candidates
    terms: Terms
    prices: Prices
    rules: Rules
    widest: int
    contacts: int
    threads: int
    check: Callable[[], None] | None = None

    def solve(self, units: IntArray, rows: int, mark: npt.NDArray[np.uint8], nodes: int) -> Sums:
        """Solve each listed unit, and add up what the answers use. ``mark`` is (candidates or 0,)."""
        kinds = len(self.prices.of_kind)
        sums = [
            Sums(np.zeros(kinds, np.int64), np.zeros(rows, np.int64), np.zeros(5, np.int64))
            for _ in range(self.threads)
        ]
        packed, tied = (units[places] for places in self._split(units))

        def pack(mine: IntArray, bench: Bench, worker: int) -> None:
            given = self.candidates, self.terms, self.prices, self.rules.packed
            solve_packed(mine, *given, nodes, *sums[worker], mark, bench)

        def tie(mine: IntArray, desk: Desk, worker: int) -> None:
            found = Answers.of(len(mine), 1, self.contacts)
            self._tie(mine, np.arange(len(mine)), nodes, 0, 0, found, desk)
            _count(found.outcome, sums[worker].totals)
            used = sums[worker].kinds_used, sums[worker].use
            close_units(mine, found.contact[:, 0], found.size[:, 0], self.candidates, self.terms, *used, mark)

        self._benches(packed, 1, pack)
        self._desks(tied, tie)
        return Sums(*(np.sum(part, axis=0) for part in zip(*sums, strict=True)))

    def answers(self, units: IntArray, most: int, nodes: int, fewer: int, reach: int) -> Answers:
        """List the best answer of each unit, and up to ``most − 1`` others that lose at most ``reach``.

        Parameters
        ----------
        units : (n,) int64 array
        most : int
        nodes, fewer : int
            Node limits of a unit, and of one with one candidate forced.
        reach : int
            In the prices' scale.
        """
        from optimizer.engines.decomposition.pattern_kernel import packed_answers

        found = Answers.of(len(units), most, self.contacts)

        def pack(places: IntArray, bench: Bench, worker: int) -> None:
            given = self.candidates, self.terms, self.prices, self.rules.packed
            packed_answers(units, places, *given, nodes, fewer, reach, *found, bench)

        def tie(places: IntArray, desk: Desk, worker: int) -> None:
            self._tie(units, places, nodes, fewer, reach, found, desk)

        packed, tied = self._split(units)
        self._benches(packed, CHANGES, pack)
        self._desks(tied, tie)
        return found

    def losses(self, units: IntArray, nodes: int, fewer: int, reach: int) -> tuple[Int64s, Int64s]:
        """Return what each unit loses at least when its answer changes, ``reach + 1`` where that is more.

        Exact for packed units; for tied ones, whose search is too long for one per candidate, the smallest margin.

        Returns
        -------
        loss : (n,) int64 array
        changed : (n, 2) int64 array
            Places within the unit of a candidate that comes, and of one that goes, −1 for none.
        """
        from optimizer.engines.decomposition.regret_kernel import least_regrets

        loss, changed = np.full(len(units), reach + 1), np.full((len(units), 2), -1)

        def pack(places: IntArray, bench: Bench, worker: int) -> None:
            given = self.candidates, self.terms, self.prices, self.rules.packed
            least_regrets(units, places, *given, nodes, fewer, reach, loss, changed, bench)

        def tie(places: IntArray, desk: Desk, worker: int) -> None:
            start, margin = self._margins(units[places])
            for place, first, last in zip(places.tolist(), start[:-1].tolist(), start[1:].tolist(), strict=True):
                mine = margin[first:last]
                size = np.where(mine > SHUT, np.abs(mine), reach + 1)
                at = int(size.argmin()) if last > first else -1
                if at >= 0 and size[at] <= reach:
                    loss[place], changed[place, 0] = size[at], at

        packed, tied = self._split(units)
        self._benches(packed, CHANGES, pack)
        self._desks(tied, tie)
        return loss, changed

    def _split(self, units: IntArray) -> tuple[IntArray, IntArray]:
        """Return the places of packed and of tied units."""
        first = self.rules.general.first
        if not len(first):
            return np.arange(len(units)), np.zeros(0, np.int64)
        tied = first[units] >= 0
        return np.flatnonzero(~tied), np.flatnonzero(tied)

    def _margins(self, units: IntArray) -> tuple[Int64s, Int64s]:
        """Return the margins of units, one after another, and where each one's start."""
        size = self.unit_start[units + 1] - self.unit_start[units]
        start = running(size)
        margin = np.empty(start[-1], np.int64)
        margins(units, start, self.candidates, self.terms, self.prices, margin, np.empty(start[-1], np.int32))
        return start, margin

    def _tie(self, units, places, nodes, fewer, reach, found, desk) -> None:  # type: ignore[no-untyped-def]
        from optimizer.engines.decomposition.tied_kernel import tied_answers

        start, margin = self._margins(units[places])
        tied_answers(units, places, start, margin, self.rules.general, nodes, fewer, reach, *found, desk)

    def _benches(self, places: IntArray, harder: int, work: Callable[[IntArray, Bench, int], None]) -> None:
        self._side_by_side(places, harder, lambda: bench_for(self.widest, self.rules.packed), work)

    def _desks(self, places: IntArray, work: Callable[[IntArray, Desk, int], None]) -> None:
        self._side_by_side(places, HARDER, lambda: desk_for(self.widest, self.rules.general), work)

    def _side_by_side(
        self,
        places: IntArray,
        harder: int,
        room: Callable[[], Room],
        work: Callable[[IntArray, Room, int], None],
    ) -> None:
        """Call ``work(places, room, worker)`` until all places are done; no two calls at a time for one worker."""
        if not len(places):
            return
        size = max(1, PART * (len(self.unit_start) - 1) // (harder * max(int(self.unit_start[-1]), 1)))
        turns = iter(range(0, len(places), size))

        def go(worker: int) -> None:
            mine = room()
            for first in turns:
                if self.check is not None and worker == 0:
                    self.check()
                work(places[first : first + size], mine, worker)

        helpers = min(self.threads, -(-len(places) // size)) - 1
        others = [_helpers(self.threads).submit(go, worker + 1) for worker in range(helpers)]
        try:
            go(0)
        finally:
            for _ in turns:  # nothing is left to begin, if this thread gave up
                pass
            for other in others:
                other.result()


def aside(threads: int, work: Callable[..., Result], *given: Any) -> Future[Result]:
    """Have work done beside the calling thread, or at once where there is no other."""
    if threads > 1:
        return _helpers(threads).submit(work, *given)
    done: Future[Result] = Future()
    done.set_result(work(*given))
    return done


@cache
def _helpers(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads, thread_name_prefix="units")


def _count(outcome: Int64s, totals: Int64s) -> None:
    """Add the bounds and the unsolved of tied units to the totals."""
    value, bound, size = outcome.T
    totals += (
        (bound >> LIMB).sum(),
        (bound & ((1 << LIMB) - 1)).sum(),
        np.count_nonzero(bound > value),
        np.count_nonzero(size == INFEASIBLE),
        np.count_nonzero(size == UNKNOWN),
    )
