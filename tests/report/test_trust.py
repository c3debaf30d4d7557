"""The audit's verdict and the provenance."""

from __future__ import annotations

import pandas as pd

from optimizer.report import trust
from tests.report.fakes import INPUTS, audited, plan


def test_violations_are_listed_and_counted() -> None:
    broken = pd.DataFrame({"rule": ["rest"] * 25, "group": [f"C-{i}" for i in range(25)]})
    verdict = trust.audit(plan(audit=audited(broken)))
    assert not verdict["ok"]
    assert (len(verdict["violations"]), verdict["hidden"]) == (20, 5)


def test_the_verdict_says_how_much_was_recounted() -> None:
    verdict = trust.audit(plan())
    assert (verdict["ok"], verdict["rules"], verdict["contacts"]) == (True, 2, 1350)


def test_nothing_of_the_clock_or_the_run_is_in_the_provenance() -> None:
    shown = str(trust.provenance(plan()))
    assert "20261122T180000Z-3f9a" not in shown
    assert "3.2" not in shown


def test_inputs_are_told_by_name_and_not_by_place_nor_by_what_the_order_of_rows_changes() -> None:
    found = trust.inputs(plan())
    assert found["files"][0] == {"table": "candidates", "name": "candidates.parquet"}
    assert "/data" not in str(found)


def test_inputs_of_four_hundred_files_are_counted() -> None:
    found = trust.inputs(plan(inputs=INPUTS * 200))
    assert (len(found["files"]), found["hidden"]) == (trust.INPUTS_LISTED, 400 - trust.INPUTS_LISTED)
