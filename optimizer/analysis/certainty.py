"""What two certificates prove about a difference: the best possible lies between objective and bound."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

NOISE = 1e-9
"""Relative difference of two objectives below which it may be the rounding of sums."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """What is known about a scenario: a plan that reaches ``objective``, and that no plan is beyond ``bound``.

    Parameters
    ----------
    objective : float
    bound : float, optional
        None when nothing is proven. Above the objective when maximising, below it when minimising.
    """

    objective: float
    bound: float | None

    @property
    def room(self) -> float | None:
        """Distance from objective to bound, in the objective's units."""
        return None if self.bound is None else abs(self.bound - self.objective)


@dataclass(frozen=True, slots=True)
class Difference:
    """How two scenarios differ, the second less the first.

    Parameters
    ----------
    objective : float
        Difference of what the two plans reach: a fact.
    low, high : float, optional
        Between these lies the difference of what is best possible; None where a bound is missing.
    room : float, optional
        Sum of both distances to the bounds: by so much a difference may be due to the search alone.
    proven : bool
        The difference is larger than ``room``. Otherwise: no difference proven.
    """

    objective: float
    low: float | None
    high: float | None
    room: float | None
    proven: bool


def difference(first: Certificate, second: Certificate) -> Difference:
    """Compare two certificates of one objective, whether it is maximised or minimised."""
    plain = _less(second.objective, first.objective)
    if first.bound is None or second.bound is None:
        return Difference(plain, None, None, None, False)
    room = abs(first.bound - first.objective) + abs(second.bound - second.objective)
    low = _less(min(second.objective, second.bound), max(first.objective, first.bound))
    high = _less(max(second.objective, second.bound), min(first.objective, first.bound))
    noise = NOISE * max(abs(first.objective), abs(second.objective))
    return Difference(plain, low, high, room, abs(plain) > max(room, noise))


def _less(one: float, other: float) -> float:
    """Return the difference of two numbers as people would subtract them, decimal by decimal."""
    return float(Decimal(repr(one)) - Decimal(repr(other)))
