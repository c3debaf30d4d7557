"""Intervals of shares, and deviations without chance."""

from __future__ import annotations

import pytest

from optimizer.analysis.proportions import shrunk, wilson


def test_the_interval_is_wilson_s() -> None:
    assert wilson(5, 10) == (pytest.approx(0.236593), pytest.approx(0.763407))
    assert wilson(0, 0) == (0.0, 1.0)
    assert wilson(10, 10)[1] == 1.0


def test_groups_that_differ_by_chance_alone_have_the_factor_of_the_whole() -> None:
    whole, each = shrunk([100.0, 100.0], [98, 103])
    assert whole.mean == pytest.approx(201.5 / 200)
    assert whole.deviation == 0
    assert [factor.mean for factor in each] == [whole.mean, whole.mean]


def test_few_responses_are_drawn_to_the_whole_and_many_are_not() -> None:
    whole, (many, few, other) = shrunk([1000.0, 2.0, 1000.0], [500, 1, 1000])
    assert many.mean == pytest.approx(0.5, abs=0.01)
    assert other.mean == pytest.approx(1.0, abs=0.01)
    assert abs(few.mean - whole.mean) < abs(0.5 - whole.mean) / 2
    assert few.deviation > many.deviation


def test_none_seen_is_not_never() -> None:
    whole, _ = shrunk([3.0], [0])
    assert whole.mean > 0
