"""Contracts on values: what is judged, what only warns, and what reject drops."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from optimizer.errors import DataError
from tests.data.kit import CANDIDATES, opened, rows, write

REJECT = {"on_invalid": "reject", "max_reject_share": "0.5"}
SPOILED = CANDIDATES + "C3,card,sms,2026-11-23,nan,1,1\nC4,card,sms,2026-11-23,0.5,,1\n,card,sms,2026-11-23,0.5,1,1\n"


def test_reject_drops_and_counts_invalid_candidates(tmp_path: Path) -> None:
    write(tmp_path, candidates=SPOILED)
    tables = opened(tmp_path, **REJECT)
    assert tables.rejected == 3
    assert tables.con.execute(f"SELECT count(*) FROM candidates WHERE NOT {tables.invalid}").fetchall() == [(3,)]
    assert all("dropped as data.on_invalid says" in finding.what for finding in tables.findings)


def test_too_many_rejected_rows_are_an_error(tmp_path: Path) -> None:
    write(tmp_path, candidates=SPOILED)
    with pytest.raises(
        DataError, match=r"3 of 6 rows are invalid \(50 %\), more than data.max_reject_share allows \(1 %"
    ):
        opened(tmp_path, on_invalid="reject")


def test_a_missing_slot_is_never_dropped(tmp_path: Path) -> None:
    write(tmp_path, candidates=CANDIDATES + "C3,card,sms,,0.5,1,1\n")
    with pytest.raises(DataError, match="row 4 · slot = NULL"):
        opened(tmp_path, **REJECT)


def test_nothing_invalid_means_nothing_rejected(tmp_path: Path) -> None:
    write(tmp_path, candidates=CANDIDATES)
    tables = opened(tmp_path, **REJECT)
    assert (tables.invalid, tables.rejected, tables.findings) == (None, 0, ())


def test_a_missing_number_of_an_offer_rejects_its_candidates(tmp_path: Path) -> None:
    write(tmp_path, candidates=CANDIDATES, offers="offer,fee\ncard,\nloan,1\n")
    tables = opened(tmp_path, objective="value - fee", **REJECT | {"max_reject_share": "0.7"})
    assert tables.rejected == 2
    assert rows(tables, f"candidates WHERE NOT {tables.invalid}", "offer") == [("loan",)]


def test_a_missing_number_of_an_unused_offer_is_no_fault(tmp_path: Path) -> None:
    write(tmp_path, candidates=CANDIDATES, offers="offer,fee\ncard,1\nloan,1\nmortgage,\n")
    assert opened(tmp_path, objective="value - fee").findings == ()


def test_a_column_that_nobody_looks_at_may_hold_anything(tmp_path: Path) -> None:
    write(tmp_path, candidates="customer,offer,value,size\nC1,a,1,nan\nC2,b,2,inf\n")
    assert opened(tmp_path, objective="value").findings == ()


def test_a_usual_range_only_warns_where_nobody_looks_and_a_written_one_fails(tmp_path: Path) -> None:
    write(tmp_path, candidates=CANDIDATES.replace("1\n", "-1\n"))
    (warning,) = opened(tmp_path, objective="value").findings
    assert warning.where.endswith("cost = -1.0")
    with pytest.raises(DataError, match=r"cost = -1\.0: must not be negative"):
        opened(tmp_path, objective="value", expect="{cost: 0..}")


def test_a_column_of_a_report_only_rule_warns_and_never_drops(tmp_path: Path) -> None:
    write(tmp_path, candidates="customer,offer,value,size\nC1,a,1,\nC2,a,2,nan\n")
    rules = "constraints: [{name: r, total: size, at_most: 9, report_only: true}]\n"
    for options in ({}, REJECT):
        tables = opened(tmp_path, objective="value", rules=rules, **options)
        assert tables.invalid is None
        assert ["it changes no plan" in f.what for f in tables.findings] == [True, True]


@pytest.mark.parametrize("objective", ["coalesce(bonus, 0) + value", "CASE WHEN bonus > 0 THEN bonus ELSE value END"])
def test_a_missing_number_that_the_expression_handles_is_no_fault(objective: str, tmp_path: Path) -> None:
    write(tmp_path, candidates="customer,offer,value,bonus\nC1,a,1,\nC2,a,2,3\n")
    assert opened(tmp_path, objective=objective).findings == ()


def test_least_and_greatest_do_not_hide_a_missing_number(tmp_path: Path) -> None:
    write(tmp_path, candidates="customer,offer,value\nC1,a,\nC2,a,2\n")
    with pytest.raises(DataError, match="row 1 · value = NULL"):
        opened(tmp_path, objective="least(value, 5)")


def test_a_case_that_leaves_a_number_out_is_a_fault(tmp_path: Path) -> None:
    write(tmp_path, candidates="customer,offer,value\nC1,a,1\nC2,b,2\n")
    with pytest.raises(DataError, match=r"row 2 · CASE WHEN offer = 'a' THEN value END = NULL"):
        opened(tmp_path, objective="CASE WHEN offer = 'a' THEN value END")


def test_nan_is_found_where_parquet_statistics_leave_it_out(tmp_path: Path) -> None:
    propensity = np.full(1_000, 0.5)
    propensity[700] = np.nan
    table = {
        "customer": np.arange(1_000),
        "offer": ["a"] * 1_000,
        "propensity": propensity,
        "value": np.arange(1_000.0),
    }
    pq.write_table(pa.table(table), tmp_path / "c.parquet")
    with pytest.raises(DataError, match=r"c\.parquet · row 701 · propensity = NaN") as caught:
        opened(tmp_path, candidates="c.parquet", objective="propensity * value")
    assert len(caught.value.findings) == 1


def test_a_number_out_of_range_is_found_beside_nan(tmp_path: Path) -> None:
    write(tmp_path, candidates=CANDIDATES + "C3,card,sms,2026-11-23,nan,1,1\nC4,card,sms,2026-11-23,1.5,1,1\n")
    with pytest.raises(DataError) as caught:
        opened(tmp_path)
    assert [f.where.rpartition(" · ")[2] for f in caught.value.findings] == ["propensity = NaN", "propensity = 1.5"]


def test_an_expected_range_replaces_the_usual_one(tmp_path: Path) -> None:
    write(tmp_path, candidates=CANDIDATES.replace("0.5,10,1", "50,10,-1"))
    assert opened(tmp_path, expect="{propensity: 0..100, cost: any}").findings == ()


def test_negative_values_are_legal(tmp_path: Path) -> None:
    write(tmp_path, candidates=CANDIDATES.replace(",20,", ",-20,"))
    assert opened(tmp_path).findings == ()


def test_tiny_beside_huge_is_a_warning_naming_the_column(tmp_path: Path) -> None:
    write(tmp_path, candidates=CANDIDATES.replace(",20,", ",1e-12,").replace(",10,", ",1e9,"))
    (warning,) = opened(tmp_path).findings
    assert warning.where == "candidates.csv · value"
    assert "1e-12 stands beside 1e+09" in warning.what


def test_equal_scores_are_a_warning(tmp_path: Path) -> None:
    write(tmp_path, candidates=CANDIDATES.replace("0.25", "0.5").replace("0.125", "0.5"))
    (warning,) = opened(tmp_path).findings
    assert "all 3 candidates have the same score: propensity = 0.5" in warning.what


def test_a_condition_that_comes_out_null_is_counted_under_its_rule(tmp_path: Path) -> None:
    write(tmp_path, candidates=CANDIDATES, customers="customer,segment\nC1,\nC2,gold\n")
    rules = "eligibility: [{name: seg, keep: \"segment <> 'x'\"}, {name: all, keep: \"offer <> 'x'\"}]\n"
    (warning,) = opened(tmp_path, rules=rules).findings
    assert (warning.rule, warning.count) == ("seg", 2)
    with pytest.raises(DataError, match="rule seg"):
        opened(tmp_path, rules=rules, on_null="fail")


def test_a_condition_that_handles_null_is_not_counted(tmp_path: Path) -> None:
    write(tmp_path, candidates=CANDIDATES, customers="customer,segment\nC1,\nC2,gold\n")
    rules = (
        "eligibility: [{name: seg, keep: \"coalesce(segment, 'none') <> 'x' AND segment IS NULL = FALSE OR TRUE\"}]\n"
    )
    assert opened(tmp_path, rules=rules.replace("AND segment IS NULL = FALSE ", "")).findings == ()


def test_a_division_by_zero_in_a_condition_is_counted(tmp_path: Path) -> None:
    write(tmp_path, candidates="customer,offer,value,size\nC1,a,1,0\nC2,a,2,1\n")
    rules = 'eligibility: [{name: big, keep: "value / size > 0.1"}]\n'
    (warning,) = opened(tmp_path, objective="value", rules=rules).findings
    assert (warning.rule, warning.count) == ("big", 1)
