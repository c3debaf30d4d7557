"""The keys of limits tables name the same things as the candidates', however they are written."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import optimizer as opt
from optimizer.errors import DataError
from tests.week import week


def solve(folder: Path, key: str, values: list, limit: object, *, policy: bool = False) -> opt.Plan:
    """Solve with two candidates of one key, and a table that allows it once."""
    table = pd.DataFrame({key: [limit], "most": [1]})
    if isinstance(limit, str):
        table.to_csv(folder / "limits.csv", index=False)
    else:
        table.to_parquet(folder / "limits.parquet")
    name = "limits.csv" if isinstance(limit, str) else "limits.parquet"
    rule = {"name": "cap", "for_each": key, "at_most": {"table": name, "column": "most", "default": 9}}
    rules = {"contact_policies": [rule]} if policy else {"constraints": [rule | {"total": "contacts"}]}
    rows = {"customer": ["a", "a" if policy else "b"], "offer": ["o", "p"], "value": [1.0, 2.0]}
    frame = pd.DataFrame(rows | {key: values} if key != "offer" else rows | {"offer": values})
    return opt.solve(opt.Scenario.from_dict(week("keys", **rules), base=folder), candidates=frame)


@pytest.mark.parametrize("policy", [False, True])
@pytest.mark.parametrize(
    ("key", "values", "limit"),
    [
        ("slot", ["2026-11-23T09:00:00Z"] * 2, "2026-11-23 09:00"),
        ("slot", ["2026-11-23T09:00:00Z"] * 2, "2026-11-23T10:00:00+01:00"),
        ("slot", list(pd.to_datetime(["2026-11-23 09:00"] * 2)), "2026-11-23T09:00"),
        ("slot", list(pd.to_datetime(["2026-11-23 09:00"] * 2, utc=True)), "2026-11-23T09:00Z"),
        ("branch", [7, 7], 7.0),
        ("branch", [7.0, 7.0], "7"),
        ("vip", [True, True], "True"),
    ],
)
def test_one_value_in_two_spellings_is_one(key: str, values: list, limit: object, policy: bool, tmp_path: Path) -> None:
    plan = solve(tmp_path, key, values, limit, policy=policy)
    assert len(plan.contacts) == 1
    assert plan.audit.ok


def test_zeros_in_front_of_a_number_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"limits\.csv · branch = '007': is no whole number as candidates writes it"):
        solve(tmp_path, "branch", [7, 7], "007")


def test_a_part_of_a_number_is_no_whole_one(tmp_path: Path) -> None:
    assert len(solve(tmp_path, "branch", [7, 7], "7.4").contacts) == 2


def test_text_keys_are_compared_as_they_are(tmp_path: Path) -> None:
    assert len(solve(tmp_path, "branch", ["7", "7"], "7").contacts) == 1
    assert len(solve(tmp_path, "branch", ["7", "7"], "07").contacts) == 2
