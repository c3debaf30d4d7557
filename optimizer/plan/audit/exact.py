"""Exact sums: of a column as the decimals it was written with, of a computed measure as the doubles it gave."""

from __future__ import annotations

import math
from decimal import Decimal, localcontext

import numpy as np
import numpy.typing as npt

from optimizer.language.expressions import Expression

SLACK = Decimal("1e-12")
"""Share of Σ |term| by which a computed total may pass its limit."""


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
    total = Decimal(repr(math.fsum(numbers)))
    return total, Decimal(repr(math.fsum(np.abs(numbers)))) * SLACK


def is_plain(expression: Expression) -> bool:
    """Whether an expression is one column as written, so that its amounts are decimals and not results."""
    return len(expression.columns) == 1 and expression.text == str(expression.columns[0])
