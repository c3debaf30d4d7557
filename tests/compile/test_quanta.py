"""Fixed point: nothing is rounded that has a decimal, and what is rounded is within half a quantum."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.compile import quanta as module
from optimizer.compile.quanta import (
    AMOUNT_ROOM,
    EXACT_DECIMALS,
    MOST_DECIMALS,
    VALUE_ROOM,
    decimals_for,
    exact_decimals,
    limit_quanta,
    places,
    quantised,
    to_quanta,
    values_in_quanta,
)

money = st.decimals(min_value=-(10**6), max_value=10**6, places=4).map(Decimal)
doubles = st.floats(min_value=-1e6, max_value=1e6, allow_nan=False, allow_subnormal=False)
rooms = st.sampled_from([VALUE_ROOM, AMOUNT_ROOM])


def shortest(number: float) -> Fraction:
    return Fraction(repr(float(number)))


@given(st.lists(money, min_size=1, max_size=30))
def test_decimals_as_written_are_kept_exactly(amounts: list[Decimal]) -> None:
    numbers = np.array([float(a) for a in amounts])
    quanta, decimals, exact = quantised(numbers, decimals_for(float(np.abs(numbers).sum()), VALUE_ROOM))
    assert exact
    assert [Fraction(int(q)) / Fraction(10) ** decimals for q in quanta] == [shortest(n) for n in numbers]


@given(st.lists(money, min_size=1, max_size=30))
def test_no_place_is_used_that_no_amount_needs(amounts: list[Decimal]) -> None:
    decimals = exact_decimals(np.array([float(a) for a in amounts]))
    assert decimals == max(places(shortest(float(a))) for a in amounts)


@given(st.lists(doubles, min_size=1, max_size=30), rooms, st.integers(0, 12))
def test_every_amount_is_within_half_a_quantum_and_the_total_fits(numbers: list[float], room: int, finest: int) -> None:
    array = np.array(numbers)
    total = float(np.abs(array).sum())
    quanta, decimals, exact = quantised(array, decimals_for(total, room), finest=finest)
    unit = Fraction(10) ** -decimals
    worst = max(abs(int(q) * unit - shortest(n)) for q, n in zip(quanta, numbers, strict=True))
    assert worst == 0 if exact else worst <= unit / 2 + Fraction(total) * Fraction(1, 2**52)
    assert sum(abs(int(q)) for q in quanta) <= room + len(numbers)


@given(st.lists(money, min_size=1, max_size=10), st.integers(0, 9))
def test_finer_quanta_change_no_amount(amounts: list[Decimal], finest: int) -> None:
    numbers = np.array([float(a) for a in amounts])
    total = float(np.abs(numbers).sum())
    coarse, few, _ = quantised(numbers, decimals_for(total, VALUE_ROOM))
    fine, many, exact = quantised(numbers, decimals_for(total, VALUE_ROOM), finest=finest)
    assert exact
    assert many == max(few, min(finest, decimals_for(total, VALUE_ROOM)))
    assert (fine == coarse * 10 ** (many - few)).all()


def test_what_has_no_short_decimal_says_so() -> None:
    assert exact_decimals(np.array([1 / 3])) is None
    assert exact_decimals(np.array([10.0 ** -(EXACT_DECIMALS + 1)])) is None
    assert not quantised(np.array([1 / 3, 0.5]), decimals_for(1.0, VALUE_ROOM))[2]


def test_sums_of_tenths_are_exact() -> None:
    quanta, decimals, exact = quantised(np.array([0.1, 0.2, 0.3]), decimals_for(0.6, VALUE_ROOM))
    assert (quanta.tolist(), decimals, exact) == ([1, 2, 3], 1, True)


@given(st.floats(min_value=1e-9, max_value=1e15), rooms)
def test_as_many_decimals_as_the_room_allows(total: float, room: int) -> None:
    decimals = decimals_for(total, room)
    assert Fraction(total) * Fraction(10) ** decimals <= room * Fraction(1_000_001, 1_000_000)
    assert decimals == MOST_DECIMALS or Fraction(total) * Fraction(10) ** (decimals + 1) > room


def test_amounts_larger_than_the_room_lose_their_last_digits_and_say_so() -> None:
    quanta, decimals, exact = quantised(np.array([1.5e17, 3e17]), decimals_for(4.5e17, VALUE_ROOM))
    assert decimals < 0
    assert not exact
    assert quanta[1] == 2 * quanta[0]


@given(money, st.integers(-2, 6))
def test_a_cap_is_never_widened_and_a_minimum_never_lowered(limit: Decimal, decimals: int) -> None:
    unit = Fraction(10) ** -decimals
    down, up = (limit_quanta(limit, decimals, down=d) for d in (True, False))
    assert down * unit <= Fraction(limit) < (down + 1) * unit
    assert (up - 1) * unit < Fraction(limit) <= up * unit


@pytest.mark.parametrize(("text", "wanted"), [("0", 0), ("7", 0), ("0.8", 1), ("0.005", 3), ("1/8", 3), ("1e-7", 7)])
def test_places_of_a_decimal(text: str, wanted: int) -> None:
    assert places(Fraction(text)) == wanted


def test_rounding_is_half_to_even() -> None:
    assert to_quanta(np.array([0.5, 1.5, 2.5, -0.5]), 0).tolist() == [0, 2, 2, 0]


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("largest", [30.0, 1e6], ids=["even", "skewed"])
def test_many_values_are_narrow_where_that_rounds_a_plan_by_next_to_nothing(
    largest: float, sign: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "NARROW_FROM", 1000)
    numbers = np.append(np.random.default_rng(0).random(5000) * 10, largest)
    value, decimals, exact = values_in_quanta(numbers, sign=sign, finest=0)
    assert value.dtype == (np.int32 if largest == 30 else np.int64)
    assert not exact
    assert np.abs(value * (sign * 10.0**-decimals) - numbers).sum() <= 1e-7 * numbers.sum()


def test_many_values_that_have_short_decimals_are_not_rounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "NARROW_FROM", 10)
    numbers = np.round(np.random.default_rng(0).random(50), 4)
    value, decimals, exact = values_in_quanta(numbers, sign=1, finest=6)
    assert (exact, decimals) == (True, 6)
    assert value.tolist() == [round(n * 10**6) for n in numbers]
