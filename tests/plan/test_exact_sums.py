"""The audit's sums: decimals as written, to the last digit; doubles without an error that adds up."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.language.expressions import parse
from optimizer.plan.audit.exact import SLACK, is_plain, sum_of_decimals, sum_of_doubles

doubles = st.floats(allow_nan=False, allow_infinity=False, min_value=-1e300, max_value=1e300)


@given(st.lists(st.decimals(min_value=-(10**9), max_value=10**9, places=2), max_size=60))
def test_money_adds_up_to_the_last_cent(amounts: list[Decimal]) -> None:
    assert sum_of_decimals(np.array([float(a) for a in amounts], np.float64)) == sum(amounts, Decimal(0))


@given(st.lists(st.floats(min_value=-1e12, max_value=1e12, allow_subnormal=False), max_size=30))
def test_any_doubles_add_up_as_their_shortest_decimals(numbers: list[float]) -> None:
    wanted = sum((Fraction(repr(n)) for n in numbers), Fraction(0))
    assert Fraction(sum_of_decimals(np.array(numbers, np.float64))) == wanted


@given(st.lists(doubles, max_size=30), st.randoms(use_true_random=False))
def test_no_order_changes_a_sum(numbers: list[float], random: object) -> None:
    shuffled = list(numbers)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    for add in (sum_of_decimals, sum_of_doubles):
        assert add(np.array(numbers, np.float64)) == add(np.array(shuffled, np.float64))


@given(st.lists(st.floats(min_value=-1e9, max_value=1e9), max_size=30))
def test_the_slack_is_a_share_of_the_terms_not_of_the_sum(numbers: list[float]) -> None:
    total, slack = sum_of_doubles(np.array(numbers, np.float64))
    assert float(total) == math.fsum(numbers)
    assert slack == Decimal(repr(math.fsum(map(abs, numbers)))) * SLACK


def test_a_million_tenths_leave_no_rest() -> None:
    assert sum_of_decimals(np.full(1_000_000, 0.1)) == Decimal("100000")
    assert sum_of_decimals(np.array([0.1, 0.2, -0.3])) == 0


@pytest.mark.parametrize(
    ("text", "plain"), [("cost", True), ("offers.cost", True), ("cost + 0", False), ("-cost", False), ("1", False)]
)
def test_only_a_bare_column_is_what_was_written(text: str, plain: bool) -> None:
    assert is_plain(parse(text)) is plain


@given(st.lists(doubles, min_size=1, max_size=40), st.integers(0, 2**32 - 1))
def test_many_doubles_add_up_as_one_by_one(numbers: list[float], seed: int) -> None:
    many = np.random.default_rng(seed).choice(np.array(numbers, np.float64), 10_001)
    assert sum_of_doubles(many)[0] == Decimal(repr(math.fsum(many)))
