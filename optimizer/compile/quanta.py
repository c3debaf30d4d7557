"""Fixed point: amounts are rounded once, to declared decimal quanta, and added as integers ever after."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction
from itertools import count

import numpy as np
import numpy.typing as npt

from optimizer.problem.pairs import parts_of
from optimizer.problem.primitives import UNLIMITED, IntArray

VALUE_ROOM = 2**52
"""Sums of values stay exact in doubles too."""
AMOUNT_ROOM = 2**61
"""Sums of amounts stay exact in 64-bit integers."""
BILL_ROOM = 2**60
"""So do objectives, penalties included."""
SMALL_AMOUNTS = 20_000
"""Up to so many candidates, amounts keep to the room of values: solvers calculate in doubles."""
NARROW_FROM = 2**24
"""Candidates from which columns are as narrow as may be: fewer find room enough, and need no loops of other types."""
NARROW = 2**31 - 1
"""Largest value, in quanta, where columns are narrow."""
SKEWED = 500
"""Largest value, in means, with which narrow values round a plan by no more than a ten-millionth of it."""
MOST_DECIMALS = 250
FINEST = 18
"""Decimal places beyond which not even 1 fits whole numbers of 64 bits: more are of use to nobody."""
EXACT_DECIMALS = 9


def filled(column: object) -> npt.NDArray[np.float64]:
    """Return numbers as DuckDB hands them over as plain doubles, NaN for NULL."""
    plain: npt.NDArray[np.float64] = np.ma.filled(np.ma.asarray(column, np.float64), np.nan)
    return plain


def exact_decimals(numbers: npt.NDArray[np.float64]) -> int | None:
    """Return the fewest decimal places that write every number exactly (as its shortest decimal), or None.

    Parameters
    ----------
    numbers : (n,) float array
        Finite.
    """
    for decimals in range(EXACT_DECIMALS + 1):
        if all(_is_exact(numbers[part], decimals) for part in parts_of(len(numbers))):
            return decimals
    return None


def _is_exact(numbers: npt.NDArray[np.float64], decimals: int) -> bool:
    """Whether so many decimal places write every number exactly."""
    scale = 10.0**decimals
    whole = np.rint(numbers * scale)
    # Correctly rounded division: equal exactly when the shortest decimal has no more places than these.
    return bool(np.abs(whole).max(initial=0.0) < 2**53 and np.array_equal(whole / scale, numbers))


def absolute_sum(numbers: npt.NDArray[np.float64]) -> float:
    """Return the sum of the absolute numbers."""
    return math.fsum(float(np.abs(numbers[part]).sum()) for part in parts_of(len(numbers)))


def decimals_for(total: float, room: int) -> int:
    """Return the most decimal places with which a total of this size still fits the room (may be negative)."""
    if total * 10.0**MOST_DECIMALS <= room:
        return MOST_DECIMALS
    return int(np.floor(np.log10(room / total)))


def to_quanta(numbers: npt.NDArray[np.float64], decimals: int) -> IntArray:
    """Round to whole quanta of ``10 ** -decimals``, half to even."""
    return _into(np.empty(len(numbers), np.int64), numbers, decimals)


def _into(out: IntArray, numbers: npt.NDArray[np.float64], decimals: int) -> IntArray:
    """Round to quanta of whatever type ``out`` has: its numbers are large enough."""
    for part in parts_of(len(numbers)):
        scaled = numbers[part] * 10.0**decimals if decimals >= 0 else numbers[part] / 10.0**-decimals
        out[part] = np.rint(scaled, out=scaled)
    return out


def places(number: Fraction) -> int:
    """Return the fewest decimal places that write a decimal fraction exactly, 0 for a whole number."""
    return next(n for n in count() if (number * 10**n).denominator == 1)


def quantised(numbers: npt.NDArray[np.float64], most: int, *, finest: int = 0) -> tuple[IntArray, int, bool]:
    """Return whole amounts, their decimal places, and whether nothing was rounded.

    Parameters
    ----------
    numbers : (n,) float array
    most : int
        Decimal places that there is room for.
    finest : int
        Decimal places that are wanted at least, where there is room.
    """
    exact = exact_decimals(numbers)
    if exact is not None and exact <= most:
        decimals = max(exact, min(finest, most, FINEST))
        quanta = to_quanta(numbers, exact)
        quanta *= 10 ** (decimals - exact)
        return quanta, decimals, True
    return to_quanta(numbers, most), most, False


def values_in_quanta(
    numbers: npt.NDArray[np.float64], *, sign: int, finest: int, bill: float = 0.0
) -> tuple[IntArray, int, bool]:
    """Return whole values, their decimal places, and whether nothing was rounded; narrow where there are many.

    Parameters
    ----------
    numbers : (n,) float array
    sign : {1, -1}
        Of what is maximised.
    finest : int
        Decimal places that are wanted at least, where there is room.
    bill : float
        Penalties that soft rules may come to at most.
    """
    total = absolute_sum(numbers)
    most = min(decimals_for(total, VALUE_ROOM), decimals_for(total + bill, BILL_ROOM))
    if len(numbers) < NARROW_FROM:
        return quantised(numbers if sign > 0 else -numbers, most, finest=finest)
    largest = max(float(np.abs(numbers[part]).max()) for part in parts_of(len(numbers)))
    fits = decimals_for(largest, NARROW)
    narrow = fits >= most or largest * len(numbers) <= SKEWED * total
    most = min(most, fits) if narrow else most
    exact = exact_decimals(numbers)
    whole = exact is not None and exact <= most
    decimals = max(exact, min(finest, most, FINEST)) if exact is not None and whole else most
    value = _into(np.empty(len(numbers), np.int32 if narrow else np.int64), numbers, decimals)
    return value if sign > 0 else np.negative(value, out=value), decimals, whole


def limit_quanta(limit: Decimal, decimals: int, *, down: bool) -> int:
    """Return a limit in whole quanta: rounded down for a cap, up for a minimum.

    A limit beyond all that amounts can come to is as good as none, or one that nothing reaches.
    """
    scaled = Fraction(limit) * Fraction(10) ** decimals
    whole = math.floor(scaled) if down else math.ceil(scaled)
    endless, unreachable = int(UNLIMITED), AMOUNT_ROOM + 1
    least, most = (-unreachable, endless) if down else (-endless, unreachable)
    return min(max(whole, least), most)
