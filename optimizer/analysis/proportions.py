"""Shares seen in few trials: intervals, and what is left of a deviation once chance is taken out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

NORMAL_95 = 1.959963984540054


def wilson(successes: int, trials: int) -> tuple[float, float]:
    """Return a 95 % interval of a share.

    Notes
    -----
    E. B. Wilson, *Probable inference, the law of succession, and statistical inference*, JASA 22 (1927). It stays
    within 0 and 1, and keeps its promise where successes are few.

    Examples
    --------
    >>> low, high = wilson(0, 10)
    >>> low, round(high, 4)
    (0.0, 0.2775)
    """
    if trials == 0:
        return 0.0, 1.0
    z2, share = NORMAL_95**2, successes / trials
    middle = (share + z2 / (2 * trials)) / (1 + z2 / trials)
    half = NORMAL_95 / (1 + z2 / trials) * math.sqrt(share * (1 - share) / trials + z2 / (4 * trials**2))
    return (0.0 if successes == 0 else middle - half), (1.0 if successes == trials else middle + half)


@dataclass(frozen=True, slots=True)
class Factor:
    """How many times its promise a group's response is, once chance is taken out.

    Parameters
    ----------
    mean, deviation : float
        Of the factor, given what was seen.
    """

    mean: float
    deviation: float


def shrunk(promised: Sequence[float], came: Sequence[int]) -> tuple[Factor, list[Factor]]:
    """Estimate each group's factor of responses that came true to those promised, drawn towards the whole where few.

    Parameters
    ----------
    promised : sequence of float
        Expected responses of each group, above 0.
    came : sequence of int
        Responses seen.

    Returns
    -------
    whole : Factor
        Of all groups together; its deviation is that between groups.
    each : list of Factor

    Notes
    -----
    Empirical Bayes with gamma-distributed factors and Poisson counts; moments by Marshall, *Mapping disease and
    mortality rates using empirical Bayes estimators*, Applied Statistics 40 (1991). Where groups differ by no more than
    chance, all have the factor of the whole. Half a response is added to all seen, so that none seen is not never.
    """
    expected, seen = math.fsum(promised), sum(came)
    whole = (seen + 0.5) / expected
    scatter = math.fsum(e * (k / e - whole) ** 2 for e, k in zip(promised, came, strict=True)) / expected
    between = max(0.0, scatter - whole * len(promised) / expected)
    each = []
    for e, k in zip(promised, came, strict=True):
        if between == 0:
            each.append(Factor(whole, math.sqrt(whole / expected)))
            continue
        shape, rate = whole**2 / between + k, whole / between + e
        each.append(Factor(shape / rate, math.sqrt(shape) / rate))
    return Factor(whole, math.sqrt(between)), each
