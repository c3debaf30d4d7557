"""Odd things that are no mistake: the night ends well; and damage that is one: it is told as one."""

from __future__ import annotations

import math
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import optimizer as opt
from optimizer.errors import DataError, OptimizerError, ScenarioError, UsageError
from optimizer.ledger import Place
from optimizer.ledger.sink import hand_over
from optimizer.plan import places
from tests.week import week

HEAD = week("odd", contact_policies=[{"name": "one", "at_most": 1}])


def solve(extra: dict | None = None, *, base: Path = Path(), sample: float | None = None, **frames) -> opt.Plan:
    return opt.solve(opt.Scenario.from_dict(HEAD | (extra or {}), base=base), sample=sample, **frames)


def candidates(customers: int = 4, **columns) -> pd.DataFrame:
    who = [f"c{i:04}" for i in range(customers)]
    return pd.DataFrame({"customer": who, "offer": "tea", "value": 1.5}).assign(**columns)


@pytest.mark.parametrize("kind", ["float64", "float32"])
def test_a_nan_that_nothing_looks_at_comes_back_as_one(kind: str, tmp_path: Path) -> None:
    note = pd.Series([1.0, math.nan, 2.0, math.nan]).astype(kind)
    table = pa.Table.from_pandas(candidates(), preserve_index=False).append_column("note", pa.array(note.to_numpy()))
    nested = pa.array([[1.0], [math.nan], None, [2.0]])
    solve(candidates=table.append_column("notes", nested)).save(tmp_path / "run")
    read = opt.Plan.load(tmp_path / "run").contacts.sort_values("customer")
    assert read["note"].isna().tolist() == [False, True, False, True]


@pytest.mark.parametrize("wild", [math.nan, math.inf])
def test_what_only_a_report_looks_at_may_be_no_number(wild: float, tmp_path: Path) -> None:
    report = {"constraints": [{"name": "spend", "total": "cost", "at_most": 3, "report_only": True}]}
    plan = solve(report, candidates=candidates(2, cost=[0.25, wild]))
    assert len(plan.contacts) == 2
    assert plan.constraints["used"].tolist() == [0.25]
    plan.save(tmp_path / "run")


def test_history_without_an_amount_that_a_rule_counts_is_an_error_of_the_data() -> None:
    cap = {"contact_policies": [{"name": "spend", "total": "cost", "at_most": 9, "within": "7 days"}]}
    past = pd.DataFrame({"customer": ["c0000"], "offer": "tea", "at": "2026-11-20", "cost": [math.nan]})
    with pytest.raises(DataError, match="history: rows that a rule counts have no 'cost'"):
        solve(cap, candidates=candidates(cost=1.0), history=past)


def test_a_quoted_name_of_those_who_share_is_no_sql() -> None:
    rules = [
        {"name": "most", "at_most": 1, "per": "house'hold"},
        {"name": "least", "at_least": 3, "per": "house'hold", "if_short": "best_effort"},
    ]
    who = candidates()["customer"]
    customers = pd.DataFrame({"customer": who, "house'hold": ["h1", "h1", "h2", "h2"]})
    assert len(solve({"contact_policies": rules}, candidates=candidates(), customers=customers).contacts) == 2


@pytest.mark.parametrize("rules", [60, 61])
def test_more_eligibility_rules_than_there_are_bits_are_refused_by_their_number(rules: int) -> None:
    keep = {"eligibility": [{"name": f"k{i}", "keep": f"value <> {i + 10}"} for i in range(rules)]}
    if rules == 60:
        assert len(solve(keep, candidates=candidates()).contacts) == 4
        return
    with pytest.raises(ScenarioError, match="61 eligibility rules, 1 more than can be told apart"):
        solve(keep, candidates=candidates())


def test_nobody_is_nobody_in_runs_with_an_index_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "WORTH", 1)
    candidates(300).sample(frac=1, random_state=0).to_parquet(tmp_path / "c.parquet", row_group_size=50)
    solve({"data": {"candidates": "c.parquet"}}, base=tmp_path).save(tmp_path / "run")
    assert (tmp_path / "run" / "places.parquet").is_file()
    assert "c0005" in str(opt.explain(tmp_path / "run", "c0005"))
    with pytest.raises(DataError, match="there is no customer zzz"):
        opt.explain(tmp_path / "run", "zzz")


def test_damaged_pins_are_an_error_of_the_data_and_damaged_prices_only_no_start(tmp_path: Path) -> None:
    candidates().to_parquet(tmp_path / "c.parquet")
    named = {"data": {"candidates": "c.parquet"}}
    solve(named, base=tmp_path).save(tmp_path / "last")
    prices = tmp_path / "last" / "prices.json"
    prices.write_text(prices.read_text()[:40])
    close = {"stability": {"previous": "last", "keep": 0.5}}
    assert len(solve(named | close, base=tmp_path).contacts) == 4
    keys = pa.Table.from_pandas(candidates()[["customer", "offer"]], preserve_index=False)
    pq.write_table(keys, tmp_path / "pins.parquet")
    content = bytearray((tmp_path / "pins.parquet").read_bytes())
    content[4:40] = bytes(36)
    (tmp_path / "pins.parquet").write_bytes(bytes(content))
    with pytest.raises(OptimizerError, match=r"pins\.parquet"):
        solve(named | {"pins": {"keep": "pins.parquet"}}, base=tmp_path)


def test_a_sample_is_not_handed_over(tmp_path: Path) -> None:
    plan = solve(candidates=candidates(400), sample=0.25)
    with pytest.raises(UsageError, match="it cannot be handed over"):
        hand_over(plan, Place(f"duckdb:{tmp_path}/x.duckdb", tmp_path), "contacts")
