"""Hand-over lists: every contact once, ids as they are, and nothing that a spreadsheet would run."""

from __future__ import annotations

import csv
import hashlib
import json
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

import optimizer as opt
from optimizer.errors import UsageError
from optimizer.plan.deliver import deliver
from optimizer.plan.plan import Plan
from tests.analysis.kit import scenario

RISKY = ["=HYPERLINK(1)", "+351 912", "-2", "@sum", "\ttab", "\rline", "plain", "007", 'É, "x"']


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    frame = pd.DataFrame(
        {
            "customer": [f"{n:05}" for n in range(len(RISKY))],
            "offer": RISKY,
            "channel": ["mail", "a/b", "a:b"] * 3,
            "slot": "2026-11-23",
            "value": [1.5 + n for n in range(len(RISKY))],
            "delta": [-1.25] * len(RISKY),
            "big": [2**60 + n for n in range(len(RISKY))],
        }
    )
    folder = tmp_path_factory.mktemp("deliver")
    given = scenario(folder, "", frame.head(1))
    return opt.solve(given, candidates=frame)


def read(path: Path, encoding: str = "utf-8-sig") -> list[dict[str, str]]:
    return list(csv.DictReader(path.open(encoding=encoding, newline="")))


def test_every_contact_is_in_exactly_one_file_and_the_index_counts_them(plan: Plan, tmp_path: Path) -> None:
    made = deliver(plan, tmp_path / "out")
    listed = json.loads((tmp_path / "out" / "deliveries.json").read_text("utf-8"))
    rows = [row for one in made for row in read(tmp_path / "out" / one.file)]
    assert sorted(row["customer"] for row in rows) == sorted(plan.contacts["customer"])
    assert listed["contacts"] == sum(one["contacts"] for one in listed["files"]) == len(RISKY)
    assert {p.name for p in (tmp_path / "out").iterdir()} == {"deliveries.json", *(one.file for one in made)}
    for one in listed["files"]:
        content = (tmp_path / "out" / one["file"]).read_bytes()
        assert (hashlib.sha256(content).hexdigest(), len(content)) == (one["sha256"], one["bytes"])
        assert {row["channel"] for row in read(tmp_path / "out" / one["file"])} == {one["values"]["channel"]}


def test_no_cell_begins_like_a_formula_and_ids_stay_as_they_are(plan: Plan, tmp_path: Path) -> None:
    (one,) = deliver(plan, tmp_path / "out", by=[])
    assert (tmp_path / "out" / one.file).read_bytes().startswith(b"\xef\xbb\xbf")
    rows = read(tmp_path / "out" / one.file)
    assert [row["offer"].removeprefix("'") for row in rows] == RISKY
    assert not any(cell[:1] in "=+@\t\r" for row in rows for cell in row.values() if cell)
    assert [row["offer"][0] for row in rows if row["offer"].startswith("'")] == ["'"] * 6 == ["'"] * one.guarded
    assert [row["customer"] for row in rows] == [f"{n:05}" for n in range(len(RISKY))]
    assert [int(row["big"]) for row in rows] == [2**60 + n for n in range(len(RISKY))]
    assert {row["delta"] for row in rows} == {"-1.25"}


def test_machines_get_the_text_as_it_is(plan: Plan, tmp_path: Path) -> None:
    (one,) = deliver(plan, tmp_path / "csv", by=[], mark=False, guard=False)
    assert [row["offer"] for row in read(tmp_path / "csv" / one.file, "utf-8")] == RISKY
    (other,) = deliver(plan, tmp_path / "parquet", by=[], form="parquet")
    assert pq.read_table(tmp_path / "parquet" / other.file).equals(plan.table)


def test_names_that_no_file_can_have_are_kept_apart(plan: Plan, tmp_path: Path) -> None:
    files = [one.file for one in deliver(plan, tmp_path / "out", by=["channel"])]
    assert len(set(files)) == 3
    assert "mail.csv" in files
    assert all(name.replace("-", "").replace(".", "").isalnum() for name in files)


def test_another_folder_is_not_replaced_and_a_delivery_is(plan: Plan, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    with pytest.raises(UsageError, match="holds no delivery"):
        deliver(plan, tmp_path / "mine")
    deliver(plan, tmp_path / "out", by=["channel"])
    (one,) = deliver(plan, tmp_path / "out", by=[])
    assert {p.name for p in (tmp_path / "out").iterdir()} == {"deliveries.json", one.file}


def test_unknown_columns_are_told_with_the_nearest(plan: Plan, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="you meant 'channel'"):
        deliver(plan, tmp_path / "out", by=["chanel"])
    assert not (tmp_path / "out").exists()
