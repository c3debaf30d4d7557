"""What a sweep goes through, as it is written on the command line."""

from __future__ import annotations

from decimal import Decimal

import pytest

from optimizer.analysis.vary import read_variations
from optimizer.errors import UsageError


@pytest.mark.parametrize(
    ("written", "values"),
    [
        ("80000:120000:5", [80000, 90000, 100000, 110000, 120000]),
        ("0:1:4", [0, 1]),
        ("0.00:1:4", [0, Decimal("0.33"), Decimal("0.67"), 1]),
        ("10:-10:3", [10, 0, -10]),
        ("1,2.5", [1, Decimal("2.5")]),
        ("2 days,3 days", ["2 days", "3 days"]),
        ("true,false", [True, False]),
    ],
)
def test_ranges_and_lists(written: str, values: list[object]) -> None:
    assert read_variations([f"a.b.c={written}"]) == {"a.b.c": values}


def test_everything_wrong_is_told_at_once() -> None:
    with pytest.raises(UsageError) as caught:
        read_variations(["budget", "a.b=1:2:1", "a.c=1,2", "a.c=3", "a.d=1:5:2.5"])
    assert [finding.what for finding in caught.value.findings] == [
        "is not PATH=VALUES",
        "the number of points must be whole, from 2 to 1,000",
        "the same path twice",
        "the number of points must be whole, from 2 to 1,000",
    ]
    assert all(finding.fix for finding in caught.value.findings)
