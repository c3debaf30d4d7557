"""Exact numbers: shortest decimals of doubles, limits, and what a rule adds up over the plans (line 32)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlglot import exp

from tests.oracle.expressions import parsed
from tests.oracle.refused import Refused

Plans = npt.NDArray[np.bool_]
"""One plan per row, one candidate of the table per column."""

TOLERANCE = Fraction(1, 10**12)


def exact(value: Any) -> Fraction:
    """Return a number as its shortest decimal: 0.1 is one tenth."""
    if isinstance(value, Decimal | Fraction | int):
        return Fraction(value)
    return Fraction(repr(float(value)))


def is_finite(value: Any) -> bool:
    return isinstance(value, Decimal | Fraction | int | float) and math.isfinite(value)


def is_computed(text: object) -> bool:
    """Tell whether an amount is calculated as a double, not read from a column or the file."""
    return not isinstance(parsed(str(text)), exp.Column | exp.Literal)


@dataclass(frozen=True)
class Vector:
    """One exact number per plan: ``whole · quantum``."""

    whole: npt.NDArray[Any]
    quantum: Fraction

    @classmethod
    def sum(
        cls, plans: Plans, terms: Sequence[tuple[tuple[int, ...], Fraction]], less: Fraction = Fraction(0)
    ) -> Vector:
        """Return Σ weight · [any of the columns is chosen] − less, for each plan."""
        numbers = [weight for _, weight in terms] + [less]
        scale = math.lcm(*(n.denominator for n in numbers))
        small = sum(abs(n) for n in numbers) * scale < 2**62
        whole = np.zeros(len(plans), np.int64 if small else object) - int(less * scale)
        for columns, weight in terms:
            used = plans[:, columns[0]] if len(columns) == 1 else plans[:, list(columns)].any(axis=1)
            whole = whole + used.astype(whole.dtype) * int(weight * scale)
        return cls(whole, Fraction(1, scale))

    def __getitem__(self, plan: int) -> Fraction:
        return int(self.whole[plan]) * self.quantum

    def positive(self) -> Vector:
        return Vector(np.maximum(self.whole, 0), self.quantum)

    def __neg__(self) -> Vector:
        return Vector(-self.whole, self.quantum)

    def __mul__(self, factor: Fraction) -> Vector:
        return Vector(self.whole, self.quantum * factor)

    def __add__(self, other: Vector) -> Vector:
        scale = math.lcm(self.quantum.denominator, other.quantum.denominator)
        mine, others = (v.whole.astype(object) * int(v.quantum * scale) for v in (self, other))
        return Vector(mine + others, Fraction(1, scale))


@dataclass(frozen=True)
class Quantity:
    """What a rule adds up: a sum of amounts over contacts, or the number of different keys among them.

    Parameters
    ----------
    columns : sequence of int
        The candidates that the rule is about.
    terms : sequence of (columns, amount)
        The amount counts once when any of the columns is chosen: one column each for a sum, all bearers of a new key
        for a number of keys.
    past : sequence of Fraction
        What history has used, contact by contact or key by key.
    computed : bool
        The amounts are computed doubles: limits are held to 1e-12 × Σ |term| (line 32).
    signed : bool
        The amounts may be negative (line 3).
    """

    columns: tuple[int, ...]
    terms: tuple[tuple[tuple[int, ...], Fraction], ...]
    past: tuple[Fraction, ...] = ()
    computed: bool = False
    signed: bool = False

    @property
    def most(self) -> Fraction:
        """No plan uses more than this."""
        return sum((max(Fraction(0), amount) for _, amount in self.terms), Fraction(0))

    def remaining(self, limit: Fraction) -> Fraction:
        """Return what history leaves of a limit (line 3)."""
        left = limit - sum(self.past, Fraction(0))
        return left if self.signed else max(Fraction(0), left)

    def over(self, plans: Plans, limit: Fraction, *, forgiving: bool = False) -> Vector:
        """Return how much more than the remaining limit each plan uses, 0 where it does not."""
        return self._excess(plans, +1, limit, forgiving)

    def under(self, plans: Plans, limit: Fraction, *, forgiving: bool = False) -> Vector:
        """Return how much each plan misses of the remaining need, 0 where it does not."""
        return self._excess(plans, -1, limit, forgiving)

    def _excess(self, plans: Plans, sign: int, limit: Fraction, forgiving: bool) -> Vector:
        leeway = TOLERANCE if forgiving and self.computed else Fraction(0)
        terms = [(columns, sign * amount - leeway * abs(amount)) for columns, amount in self.terms]
        bound = sign * self.remaining(limit) + leeway * sum(abs(amount) for amount in self.past)
        return Vector.sum(plans, terms, less=bound).positive()


def whole_limit(limit: Fraction, what: str) -> Fraction:
    if limit.denominator != 1:
        raise Refused("scenario", f"{what} must be whole, not {float(limit)}")
    return limit


def number(spec: object) -> Fraction:
    """Return a number of the file as the decimal that was written."""
    if isinstance(spec, bool) or not is_finite(spec):
        raise Refused("scenario", f"{spec!r} is no number")
    return exact(spec)
