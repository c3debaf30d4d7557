"""The value curve: what one more unit brings between neighbouring points, and where that changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from optimizer.analysis.certainty import Certificate, difference

STRAIGHT = 0.02
"""Between its knees the curve keeps to straight lines within this share of its range."""


@dataclass(frozen=True, slots=True)
class Marginal:
    """What one more unit brings between two neighbouring points.

    Parameters
    ----------
    start, end : float
    plans : float
        Difference of what the two plans reach, per unit.
    low, high : float, optional
        Between these lies what is best possible, per unit; None where a bound is missing.
    proven : bool
        Whether it is more than the gaps could hide.
    """

    start: float
    end: float
    plans: float
    low: float | None
    high: float | None
    proven: bool


def marginals(at: Sequence[float], points: Sequence[Certificate]) -> tuple[Marginal, ...]:
    """Return what one more unit brings between neighbours.

    Parameters
    ----------
    at : sequence of float
        Ascending, all different.
    points : sequence of Certificate
    """
    found = []
    for i in range(len(at) - 1):
        step = at[i + 1] - at[i]
        one = difference(points[i], points[i + 1])
        low, high = (None if end is None else end / step for end in (one.low, one.high))
        found.append(Marginal(at[i], at[i + 1], one.objective / step, low, high, one.proven))
    return tuple(found)


def knees(at: Sequence[float], values: Sequence[float]) -> tuple[int, ...]:
    """Return the points at which the curve bends: the corners of the fewest lines that stay near all of it.

    The point farthest from the line through both ends is a corner, if it is farther than :data:`STRAIGHT` of the
    range of values; then the same on either side of it (Ramer 1972; Douglas and Peucker 1973).

    Parameters
    ----------
    at : sequence of float
        Ascending, all different.
    values : sequence of float
    """
    if len(at) < 3:
        return ()
    allowed = STRAIGHT * (max(values) - min(values))
    corners: list[int] = []
    spans = [(0, len(at) - 1)]
    while spans:
        first, last = spans.pop()
        slope = (values[last] - values[first]) / (at[last] - at[first])
        off = {i: abs(values[i] - values[first] - slope * (at[i] - at[first])) for i in range(first + 1, last)}
        worst = max(off, key=lambda i: off[i], default=first)
        if off.get(worst, 0.0) > allowed:
            corners.append(worst)
            spans += [(first, worst), (worst, last)]
    return tuple(sorted(corners))
