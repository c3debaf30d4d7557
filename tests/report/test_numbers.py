"""Numbers as people read them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from optimizer.report.numbers import amount, brief, group_words, percent, signed_percent, whole


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.0001, "0.01 %"),
        (6.636e-5, "0.00664 %"),
        (1.7e-6, "0.00017 %"),
        (0.5, "50 %"),
        (1.0, "100 %"),
        (12.3456, "1,235 %"),
        (0.0, "0 %"),
        (-0.043, "−4.3 %"),
        (None, "–"),
        (float("nan"), "–"),
    ],
)
def test_shares_read_as_per_cent_without_exponents(share: float | None, text: str) -> None:
    assert percent(share) == text


def test_a_tiny_gap_is_never_called_zero() -> None:
    assert percent(3e-12) == "under 0.000001 %"


def test_a_gain_carries_its_sign() -> None:
    assert [signed_percent(share) for share in (0.046, -0.046, 0.0)] == ["+4.6 %", "−4.6 %", "0 %"]


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (1234567.891, "1,234,567.89"),
        (12.0, "12"),
        (Decimal("0.30"), "0.30"),
        (0.00314, "0.00314"),
        (-3.2, "−3.20"),
        (-12, "−12"),
        (2**60, "1,152,921,504,606,846,976"),
        (float("inf"), "–"),
        (None, "–"),
    ],
)
def test_amounts_keep_the_digits_that_matter(number: float | Decimal | None, text: str) -> None:
    assert amount(number) == text


def test_counts_have_thousands() -> None:
    assert whole(1204331) == "1,204,331"


@pytest.mark.parametrize(
    ("group", "words"),
    [
        ('{"offer":"Gold card","slot":"2026-11-23"}', "offer Gold card · slot 2026-11-23"),
        ('{"branch":null}', "branch –"),
        ({"offer": "a"}, "offer a"),
        ("{}", ""),
        ("", ""),
        (None, ""),
    ],
)
def test_groups_read_as_words(group: object, words: str) -> None:
    assert group_words(group) == words


@pytest.mark.parametrize(
    ("number", "text"),
    [(9_999, "9,999"), (12_345, "12.3 k"), (-1_204_331, "−1.20 M"), (5e9, "5.00 bn"), (0.5, "0.5"), (None, "–")],
)
def test_charts_have_room_for_three_figures(number: float | None, text: str) -> None:
    assert brief(number) == text
