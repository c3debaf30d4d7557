"""Columns of the candidates that are called what the audit, or the database, calls its own numbers."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

import optimizer as opt
from optimizer.errors import DataError
from optimizer.plan.audit import audit_contacts
from optimizer.solve import build
from tests.week import week

SCENARIO = week(
    "own-names",
    contact_policies=[{"name": "rest", "spacing": "2 days"}],
    constraints=[{"name": "spend", "total": "rowid", "at_most": 20}],
)


def candidates() -> pd.DataFrame:
    rows = [("a", "A", "2026-11-23", 5), ("a", "B", "2026-11-24", 4), ("a", "B", "2026-11-26", 4)]
    frame = pd.DataFrame(rows, columns=["customer", "offer", "slot", "value"])
    return frame.assign(rowid=7, contact="theirs")


def test_they_come_back_as_they_were_and_rules_on_them_hold() -> None:
    plan = opt.solve(opt.Scenario.from_dict(SCENARIO), candidates=candidates())
    assert plan.contacts[["slot", "rowid", "contact"]].astype(str).values.tolist() == [
        ["2026-11-23", "7", "theirs"],
        ["2026-11-26", "7", "theirs"],
    ]
    assert plan.audit.lines[0].used == 14


def test_contacts_with_equal_numbers_of_theirs_are_still_told_apart() -> None:
    frame = candidates()
    build_of = build(opt.Scenario.from_dict(SCENARIO), {"candidates": frame})
    keys = pa.Table.from_pandas(frame[["customer", "offer", "slot"]], preserve_index=False)
    report = audit_contacts(build_of.scenario, build_of.tables, keys)
    assert set(report.broken) == {"rest", "spend"}
    assert report.broken["rest"] == 2


def test_a_candidate_that_is_listed_twice_does_not_make_up_for_a_key_that_is_none() -> None:
    frame = pd.concat([candidates()[:1], candidates()[:1], candidates()[2:].assign(customer="b")])
    build_of = build(opt.Scenario.from_dict(SCENARIO), {"candidates": frame})
    keys = pa.table({"customer": ["a", "zzz"], "offer": ["A", "A"], "slot": ["2026-11-23", "2026-11-23"]})
    report = audit_contacts(build_of.scenario, build_of.tables, keys)
    assert report.broken == {"not-a-candidate": 1}
    assert report.value == 5


def test_messages_number_the_rows_of_a_file_whatever_its_columns_are_called(tmp_path: Path) -> None:
    candidates().assign(value=[5, float("nan"), 4]).to_csv(tmp_path / "c.csv", index=False, na_rep="nan")
    scenario = opt.Scenario.from_dict(SCENARIO | {"data": {"candidates": str(tmp_path / "c.csv")}})
    with pytest.raises(DataError, match=r"c\.csv · row 2 · value = NaN"):
        opt.solve(scenario)


@pytest.mark.parametrize("name", ["@contact", "@row"])
def test_a_name_that_only_contactopt_may_give_is_refused_before_it_is_overwritten(name: str) -> None:
    with pytest.raises(DataError, match=rf"candidates: .*kept for contactopt: '{name}'.\nMaybe rename them"):
        opt.solve(opt.Scenario.from_dict(SCENARIO), candidates=candidates().assign(**{name: 7}))
