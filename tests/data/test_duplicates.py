"""Duplicate candidates: identical rows collapse, conflicting ones fail with both row numbers."""

from __future__ import annotations

from pathlib import Path

import pytest

from optimizer.errors import DataError
from tests.data.kit import CANDIDATES, opened, write


def test_identical_rows_collapse_and_are_counted(tmp_path: Path) -> None:
    rows = CANDIDATES.split("\n", 1)[1]
    write(tmp_path, candidates=CANDIDATES + rows + "C1,card,email,2026-11-23,0.5,10,1\n")
    report = opened(tmp_path).duplicates()
    assert (report.collapsed, report.keys) == (4, 3)


def test_candidates_that_differ_in_a_key_are_no_duplicates(tmp_path: Path) -> None:
    write(tmp_path, candidates=CANDIDATES)
    assert opened(tmp_path).duplicates().collapsed == 0


def test_all_conflicting_rows_fail_at_once_with_both_numbers_and_what_differs(tmp_path: Path) -> None:
    write(
        tmp_path,
        candidates=CANDIDATES + "C2,card,email,2026-11-23,0.125,11,1\nC1,loan,sms,2026-11-24,0.75,20,0.5\n",
    )
    with pytest.raises(DataError) as caught:
        opened(tmp_path).duplicates()
    found = sorted(f"{f.where}: {f.what}" for f in caught.value.findings)
    assert found == [
        "candidates.csv · row 2: has the same customer, offer, channel and slot as candidates.csv · row 5, "
        "and another propensity (0.25 and 0.75)",
        "candidates.csv · row 3: has the same customer, offer, channel and slot as candidates.csv · row 4, "
        "and another value (10 and 11)",
    ]


def test_a_rejected_row_conflicts_with_nothing(tmp_path: Path) -> None:
    write(tmp_path, candidates=CANDIDATES + "C2,card,email,2026-11-23,nan,10,1\n")
    tables = opened(tmp_path, on_invalid="reject", max_reject_share="0.5")
    assert tables.duplicates().collapsed == 0


def test_rows_without_channel_and_slot_are_compared_by_customer_and_offer(tmp_path: Path) -> None:
    write(tmp_path, candidates="customer,offer,value\nC1,a,1\nC1,a,2\n")
    with pytest.raises(DataError, match=r"row 1: .* row 2, and another value \(1 and 2\)"):
        opened(tmp_path, objective="value").duplicates()
