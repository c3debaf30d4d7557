"""The value curve: its slope with what is proven of it, and where it bends."""

from __future__ import annotations

from optimizer.analysis.certainty import Certificate
from optimizer.analysis.curve import knees, marginals


def test_a_knee_is_where_straight_lines_meet() -> None:
    at = list(range(11))
    values = [10.0 * min(x, 4) + 3.0 * max(0, min(x, 8) - 4) for x in at]
    assert knees(at, values) == (4, 8)
    assert knees([2.5 * x for x in at], [-v for v in values]) == (4, 8)


def test_a_straight_line_has_no_knee() -> None:
    assert knees(range(9), [3.0 * x for x in range(9)]) == ()
    assert knees(range(9), [7.0] * 9) == ()
    assert knees([1, 2], [0, 5]) == ()


def test_bends_below_two_per_cent_of_the_range_are_none() -> None:
    assert knees(range(3), [0.0, 50.9, 100.0]) == ()
    assert knees(range(3), [0.0, 52.1, 100.0]) == (1,)


def test_marginals_say_what_a_unit_brings_and_what_is_proven_of_it() -> None:
    first, second = marginals([0.0, 10.0, 30.0], [Certificate(100, 101), Certificate(150, 152), Certificate(151, 153)])
    assert (first.plans, first.low, first.high, first.proven) == (5.0, 4.9, 5.2, True)
    assert (second.plans, second.low, second.high, second.proven) == (0.05, -0.05, 0.15, False)
