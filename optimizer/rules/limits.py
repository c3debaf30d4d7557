"""What limits have in common, whichever rule they belong to."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from optimizer.language.limits import Limit


def per_quantum(penalty: Decimal | None, decimals: int) -> Fraction | None:
    """Return a price per unit of an amount as objective units per quantum of it, exactly; None for a hard rule."""
    return None if penalty is None else Fraction(penalty) / Fraction(10) ** decimals


def check_limits(counts: bool, **limits: Limit | None) -> None:
    """Refuse limits that cannot be meant.

    Raises
    ------
    ValueError
        A count limit that is not whole, or a minimum above the maximum.
    """
    for key, limit in limits.items():
        if isinstance(limit, Decimal):
            if counts and limit != limit.to_integral_value():
                raise ValueError(f"'{key}: {limit}' limits a whole number\nMaybe {int(limit)} or {int(limit) + 1}")
            if counts and limit < 0:
                raise ValueError(f"'{key}: {limit}' is negative, and a count cannot be\nMaybe 0")
    low, high = limits.get("at_least"), limits.get("at_most")
    if isinstance(low, Decimal) and isinstance(high, Decimal) and low > high:
        raise ValueError(f"the minimum {low} is above the maximum {high}\nMaybe they are swapped")
