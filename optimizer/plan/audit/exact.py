"""Exact sums: of a column as the decimals it was written with, of a computed measure as the doubles it gave."""

from __future__ import annotations

import math
from decimal import Decimal, localcontext
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from optimizer.language.expressions import Expression

SLACK = Decimal("1e-12")
"""Share of Σ |term| by which a computed total may pass its limit."""
MANY, AT_ONCE = 10_000, 2**25
"""Numbers from which they are not added one by one; and so many at once that a sum of their parts is exact."""
MANTISSA, LOW = 53, 27
"""Bits of a double's mantissa, and of its lower part."""


def sum_of_decimals(numbers: npt.NDArray[np.float64]) -> Decimal:
    """Sum the shortest decimals of doubles exactly."""
    for places in range(7):
        with np.errstate(over="ignore"):
            whole = np.rint(numbers * 10.0**places)
        largest = float(np.abs(whole).max(initial=0.0))
        if largest * max(len(whole), 1) < 2**62 and largest < 2**53 and np.array_equal(whole / 10.0**places, numbers):
            return Decimal(int(whole.astype(np.int64).sum())).scaleb(-places)
    with localcontext(prec=700):  # from 1e308 down to 5e-324
        return sum((Decimal(repr(float(n))) for n in numbers), Decimal(0))


def sum_of_doubles(numbers: npt.NDArray[np.float64]) -> tuple[Decimal, Decimal]:
    """Sum doubles exactly (then rounded to the nearest double), with the slack that semantics allow."""
    total = Decimal(repr(nearest_sum(numbers)))
    return total, Decimal(repr(nearest_sum(np.abs(numbers)))) * SLACK


def nearest_sum(numbers: npt.NDArray[np.float64]) -> float:
    """Return the double nearest to a sum; where numbers are many, as :func:`math.fsum` does, but not one by one.

    Whole mantissas are added by exponent, in two parts: so few bits at a time that nothing is ever rounded.
    """
    if len(numbers) < MANY or not np.isfinite(numbers).all():
        return math.fsum(numbers)
    fraction, exponent = np.frexp(numbers)
    mantissa, least = np.ldexp(fraction, MANTISSA).astype(np.int64), int(exponent.min())
    total = 0
    for first in range(0, len(numbers), AT_ONCE):
        part = slice(first, first + AT_ONCE)
        at = exponent[part] - least
        for bits, shift in ((mantissa[part] >> LOW, LOW), (mantissa[part] & ((1 << LOW) - 1), 0)):
            sums = np.bincount(at, weights=bits)
            total += sum(int(sums[place]) << (int(place) + shift) for place in np.flatnonzero(sums))
    return float(total * Fraction(2) ** (least - MANTISSA))


def is_plain(expression: Expression) -> bool:
    """Whether an expression is one column as written, so that its amounts are decimals and not results."""
    return len(expression.columns) == 1 and expression.text == str(expression.columns[0])
