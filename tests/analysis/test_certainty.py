"""A difference is proven only when it is larger than both gaps together."""

from __future__ import annotations

import pytest

from optimizer.analysis.certainty import Certificate, difference


@pytest.mark.parametrize("sign", [1, -1], ids=["maximised", "minimised"])
def test_a_difference_within_the_sum_of_the_gaps_is_not_proven(sign: int) -> None:
    first, near, far = (Certificate(sign * a, sign * b) for a, b in ((100, 103), (104, 106), (106, 108)))
    assert not difference(first, near).proven
    assert difference(first, far).proven
    assert difference(first, far).room == 5


@pytest.mark.parametrize("sign", [1, -1], ids=["maximised", "minimised"])
def test_the_best_possible_differs_by_something_between_low_and_high(sign: int) -> None:
    found = difference(Certificate(sign * 100, sign * 103), Certificate(sign * 106, sign * 108))
    assert sorted((found.low, found.high), key=abs) == [sign * 3, sign * 8]  # type: ignore[type-var, arg-type]


def test_nothing_is_proven_without_both_bounds() -> None:
    found = difference(Certificate(100, None), Certificate(900, 900))
    assert (found.objective, found.low, found.high, found.proven) == (800, None, None, False)


def test_the_rounding_of_sums_is_no_difference() -> None:
    assert not difference(Certificate(1e6, 1e6), Certificate(1e6 + 1e-4, 1e6 + 1e-4)).proven
    assert difference(Certificate(1e6, 1e6), Certificate(1e6 + 1e-2, 1e6 + 1e-2)).proven


def test_differences_are_subtracted_as_people_do() -> None:
    assert difference(Certificate(5941.0139, 5941.0139), Certificate(4990.1136, 4990.1136)).objective == -950.9003
