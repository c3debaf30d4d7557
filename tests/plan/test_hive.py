"""Hive's folders: a plan that is handed over in them is read from them as it was."""

from __future__ import annotations

from pathlib import Path

import pytest

import optimizer
from optimizer.errors import UsageError
from optimizer.plan.deliver import deliver
from tests.ledger.kit import keys, week


def test_what_is_handed_over_in_folders_is_read_from_them(tmp_path: Path) -> None:
    plan = optimizer.solve(week(tmp_path, rules="  - {name: free, at_most: 9}").replace({"horizon.days": 4}))
    made = deliver(plan, tmp_path / "out", by=("channel", "slot"), form="parquet", hive=True)
    assert sorted(one.file for one in made) == [
        "channel=email/slot=2026-11-23/contacts.parquet",
        "channel=email/slot=2026-11-24/contacts.parquet",
        "channel=sms/slot=2026-11-25/contacts.parquet",
        "channel=sms/slot=2026-11-26/contacts.parquet",
    ]
    for source in ("out", "out/*/*/*.parquet"):
        again = optimizer.solve(plan.scenario.replace({"data.candidates": source}))
        assert keys(again) == keys(plan)
        assert again.objective == plan.objective
        assert sorted(again.contacts["channel"]) == sorted(plan.contacts["channel"])
    few = optimizer.solve(plan.scenario.replace({"data.candidates": "out/channel=email"}))
    assert sorted(set(few.contacts["channel"])) == ["email"]


def test_customers_are_no_folders_and_text_files_none_either(tmp_path: Path) -> None:
    plan = optimizer.solve(week(tmp_path))
    for by, form in (("customer", "parquet"), ("channel", "csv")):
        with pytest.raises(UsageError, match="--hive writes Parquet"):
            deliver(plan, tmp_path / "out", by=(by,), form=form, hive=True)  # type: ignore[arg-type]


def test_a_value_that_is_a_path_stays_one_folder(tmp_path: Path) -> None:
    odd = "customer,offer,channel,slot,propensity\nC1,../a b/é,email,2026-11-23,0.5\n"
    plan = optimizer.solve(week(tmp_path, candidates=odd))
    (made,) = deliver(plan, tmp_path / "out", by=("offer",), form="parquet", hive=True)
    assert made.file == "offer=..%2Fa%20b%2F%C3%A9/contacts.parquet"
    again = optimizer.solve(plan.scenario.replace({"data.candidates": "out"}))
    assert again.contacts["offer"].tolist() == ["../a b/é"]
