"""Fixed point: amounts are rounded once, to declared decimal quanta, and added as integers ever after."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from fractions import Fraction
from itertools import count

import numpy as np
import numpy.typing as npt

from optimizer.problem.primitives import IntArray

VALUE_ROOM = 2**52
"""Sums of values stay exact in doubles too."""
AMOUNT_ROOM = 2**61
"""Sums of amounts stay exact in 64-bit integers."""
SMALL_AMOUNTS = 20_000
"""Up to so many candidates, amounts keep to the room of values: solvers calculate in doubles."""
MOST_DECIMALS = 250
EXACT_DECIMALS = 9
SAMPLE = 4_096
"""Computed amounts give themselves away among so many; only the rest is worth a full look."""


def exact_decimals(numbers: npt.NDArray[np.float64]) -> int | None:
    """Return the fewest decimal places that write every number exactly (as its shortest decimal), or None.

    Parameters
    ----------
    numbers : (n,) float array
        Finite.
    """
    if len(numbers) > SAMPLE and exact_decimals(numbers[:SAMPLE]) is None:
        return None
    for decimals in range(EXACT_DECIMALS + 1):
        scale = 10.0**decimals
        whole = np.rint(numbers * scale)
        if np.abs(whole).max(initial=0.0) >= 2**53:
            return None
        # Correctly rounded division: equal exactly when the shortest decimal has no more places than these.
        if np.array_equal(whole / scale, numbers):
            return decimals
    return None


def decimals_for(total: float, room: int) -> int:
    """Return the most decimal places with which a total of this size still fits the room (may be negative)."""
    if total * 10.0**MOST_DECIMALS <= room:
        return MOST_DECIMALS
    return int(np.floor(np.log10(room / total)))


def to_quanta(numbers: npt.NDArray[np.float64], decimals: int) -> IntArray:
    """Round to whole quanta of ``10 ** -decimals``, half to even."""
    scaled = numbers * 10.0**decimals if decimals >= 0 else numbers / 10.0**-decimals
    return np.rint(scaled).astype(np.int64)


def places(number: Fraction) -> int:
    """Return the fewest decimal places that write a decimal fraction exactly, 0 for a whole number."""
    return next(n for n in count() if (number * 10**n).denominator == 1)


def quantised(
    numbers: npt.NDArray[np.float64], total: float, room: int, *, finest: int = 0
) -> tuple[IntArray, int, bool]:
    """Return whole amounts, their decimal places, and whether nothing was rounded.

    Parameters
    ----------
    numbers : (n,) float array
    total : float
        Largest absolute total that can come up.
    room : int
        What that total may grow to in quanta.
    finest : int
        Decimal places that are wanted at least, where there is room.
    """
    most = decimals_for(total, room)
    exact = exact_decimals(numbers)
    if exact is not None and exact <= most:
        decimals = max(exact, min(finest, most))
        return to_quanta(numbers, exact) * 10 ** (decimals - exact), decimals, True
    return to_quanta(numbers, most), most, False


def limit_quanta(limit: Decimal, decimals: int, *, down: bool) -> int:
    """Return a limit in whole quanta: rounded down for a cap, up for a minimum."""
    return int(limit.scaleb(decimals).to_integral_value(ROUND_FLOOR if down else ROUND_CEILING))
