"""Small differences, where units have many answers that are nearly as good as their best.

With equal scores ("as many contacts as possible"), or scores of offers alone, most units are undecided at the prices
that matter: their answers jump together, and neither samples nor temperatures tell where to. So each candidate's value
is moved a little, by its own share (perturbation: Charnes 1952). Then the use of the rows follows the prices smoothly,
and few units are left to mend. The differences become smaller from round to round, and the prices follow.

Plans and bounds are of the true values: any prices give a bound, and a plan loses no more than the differences.
"""

from __future__ import annotations

from dataclasses import replace
from math import ceil

import numpy as np

from optimizer.engines.decomposition.clock import Clock
from optimizer.engines.decomposition.compiled import Units
from optimizer.engines.decomposition.cut_back import offer_cut
from optimizer.engines.decomposition.dual import Ascent
from optimizer.engines.decomposition.marks import places
from optimizer.engines.decomposition.pattern_kernel import BASE_NODES, PATTERN_NODES
from optimizer.engines.decomposition.patterns import assemble, in_scale
from optimizer.engines.decomposition.primal import Polish
from optimizer.engines.decomposition.rows import Floats
from optimizer.engines.decomposition.sampling import spread
from optimizer.problem.pairs import running
from optimizer.problem.primitives import BoolArray, IntArray
from optimizer.problem.solution import Progress

LOOKED_AT = 2_000
"""Units that are asked how close their second-best answers are."""
CLOSE = 0.01
"""Most loss of a second-best answer that is close, in values of a typical contact."""
MANY = 0.27
"""Share of the units with such an answer from which prices tell little."""
LARGEST, FALL, SMALLEST, LEAST = 0.1, 5.0, 0.3, 1e-7
"""The first differences, in values of a typical contact; by how much they fall; and the last, in asked gaps, and at
least."""
HEAT = 0.05
"""Temperature, in differences."""
NEAR = 0.02, 0.5
"""What is asked of a plan with the differences: a gap of so many of them, or of so many asked gaps."""
ROOM = 1_000
"""Value quanta that the smallest differences have at least, where there is room."""
PART = 2**22
"""Candidates that get their differences at a time."""


def undecided(ascent: Ascent) -> bool:
    """Say whether so many units have a close second-best answer, which uses other rows, that prices tell little."""
    units, best = ascent.units, ascent.best
    if best is None or not units.table.count:
        return False
    prices, listed = best.found.prices, spread(units.problem.units, LOOKED_AT)
    first = units.rules.general.first
    tied = first[listed] >= 0 if len(first) else np.zeros(len(listed), bool)
    packed = listed[~tied]
    reach = in_scale(CLOSE * ascent.value, prices)
    loss, changed = units.crew(prices).losses(packed, BASE_NODES, PATTERN_NODES, reach)
    close = loss <= reach
    same = _alike(units, packed[close], changed[close])
    many = np.count_nonzero(~same) + _even(units, listed[tied], CLOSE * ascent.value)
    return bool(many > MANY * (len(listed) - int(np.count_nonzero(same))))


def _even(units: Units, listed: IntArray, reach: float) -> int:
    """Count the units with equal values, more or less: what tied ones lose is an estimate."""
    value, start = units.candidates.value, np.asarray(units.problem.unit_start)
    several = (value[start[u] : start[u + 1]].astype(np.int64) for u in listed if start[u + 1] - start[u] > 1)
    return sum(bool(np.ptp(mine) <= reach) for mine in several)


def _alike(units: Units, owner: IntArray, changed: IntArray) -> BoolArray:
    """Say which changes leave the use of all rows as it is. Shape (n,)."""
    comes_or_goes = changed.ravel() >= 0
    contact = (np.asarray(units.problem.unit_start)[owner][:, None] + changed).ravel()[comes_or_goes]
    number = np.arange(len(changed) * 2 + 1)
    both = np.repeat(owner, 2)
    used = assemble(units, both, number, np.zeros(len(both)), running(comes_or_goes), contact, both[comes_or_goes])
    edges = zip(used.row_start[:-1].tolist(), used.row_start[1:].tolist(), strict=True)
    uses = [(used.row[i:j].tobytes(), used.coefficient[i:j].tobytes()) for i, j in edges]
    return np.array([came == went for came, went in zip(uses[::2], uses[1::2], strict=True)], bool)


def jitter(polish: Polish) -> None:
    """Follow the prices from large differences to small ones, and offer the plans found on the way.

    Where one was no better than the last, which may be the best already, only the bound is followed from there on; but
    the smallest differences are mended again.
    """
    ascent = polish.ascent
    if ascent.best is None or not ascent.units.problem.candidates:
        return
    polish.offer(places(ascent.best.mark))
    prices, size, last = ascent.best.prices, LARGEST, min(LARGEST, max(SMALLEST * ascent.gap, LEAST))
    times = _magnified(ascent.units, last * ascent.value)
    worthwhile = True
    while not polish.done:
        before = polish.plan
        prices = _with_differences(polish, prices, size, times, worthwhile or size == last)
        if size == last:
            return
        worthwhile = polish.plan is None or polish.plan is not before
        size = max(size / FALL, last)


def _with_differences(polish: Polish, prices: Floats, size: float, times: int, mend: bool) -> Floats:
    """Find prices, and a plan if that is worthwhile, with differences of a size; offer them and return the prices."""
    ascent = polish.ascent
    clock, units = ascent.clock, ascent.units
    quiet = Clock(replace(clock.request, report=_say_nothing))
    there = units.valued(_moved(units, times, size * ascent.value, clock), times)
    near = Ascent(there, quiet, max(NEAR[0] * size, NEAR[1] * ascent.gap), value=times * ascent.value)
    near.proof = ascent.proof  # whether there is a plan has nothing to do with values
    mender = Polish(near)
    try:
        if size == LARGEST and not ascent.hears:  # from far off, rows that few use would take many passes
            near.approach()
            near.value = times * ascent.value
            assert near.best is not None
            prices = near.best.prices / times
        near.follow(times * prices, HEAT * size)
        assert near.best is not None
        prices = near.best.prices / times
        ascent.look(prices)
        if mend and not polish.done:
            mender.mend()
    finally:
        ascent.passes += near.passes
        clock.limit = clock.limit or quiet.limit
        if mender.plan is not None:
            polish.offer(mender.plan.chosen)
        elif near.best is not None and polish.plan is None and clock.stopped():
            offer_cut(polish, near.best.mark, near.best.prices / times)
    return prices


def _say_nothing(progress: Progress) -> None:
    """Keep to ourselves what a plan is worth with the differences."""


def _magnified(units: Units, smallest: float) -> int:
    """Return by how much values are multiplied, a power of two, so that small differences are whole numbers, too."""
    value = units.candidates.value
    largest = max(int(value.max(initial=1)), -int(value.min(initial=-1)))
    room = min(np.iinfo(value.dtype).max // (2 * largest), 2**52 // (largest * max(len(value), 1)))
    bits = min(room.bit_length() - 1, units.spare_bits, ceil(max(ROOM / smallest, 1.0)).bit_length())
    return 1 << max(0, bits)


def _moved(units: Units, times: int, size: float, clock: Clock) -> IntArray:
    """Return the values, each moved by its own share of ``times * size``. Shape (candidates,)."""
    value = units.candidates.value
    draw, moved, room = np.random.default_rng(clock.request.seed), np.empty_like(value), np.iinfo(value.dtype)
    for first in range(0, len(value), PART):
        clock.check()
        mine = slice(first, min(first + PART, len(value)))
        share = np.rint((draw.random(mine.stop - first) - 0.5) * (times * size)).astype(np.int64)
        moved[mine] = np.clip(value[mine].astype(np.int64) * times + share, room.min, room.max)
    return moved
