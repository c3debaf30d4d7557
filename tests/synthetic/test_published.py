"""The families after published problems: direct marketing, and the multiple-choice knapsack."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from ruamel.yaml import YAML

from optimizer.synthetic import generate


def load(folder: Path) -> tuple[pd.DataFrame, dict[str, dict[str, object]]]:
    rows = pd.read_parquet(folder / "candidates.parquet")
    scenario = YAML(typ="safe").load(folder / "scenario.yaml")
    return rows, {rule["name"]: rule for rule in scenario["contact_policies"] + scenario["constraints"]}


@pytest.mark.parametrize(("eligible", "patterns"), [(0.05, 50), (0.15, 100)])
def test_customers_are_eligible_for_the_asked_share_in_the_asked_patterns(
    eligible: float, patterns: int, tmp_path: Path
) -> None:
    made = generate(
        "direct-marketing", customers=4_000, eligible=eligible, patterns=patterns, activities=75, out=tmp_path / "made"
    )
    rows, _ = load(made.folder)
    each = rows.groupby("customer")["offer"].agg(tuple)
    assert len(each) == 4_000
    assert each.nunique() <= patterns
    assert each.nunique() > 0.7 * patterns
    assert 0.6 * eligible < each.map(len).mean() / 75 < 1.6 * eligible


def test_an_activity_has_one_channel_and_one_day(tmp_path: Path) -> None:
    rows, _ = load(generate("direct-marketing", customers=2_000, out=tmp_path / "made").folder)
    assert (rows.groupby("offer")[["channel", "slot"]].nunique() == 1).all(axis=None)
    offers = pd.read_csv(tmp_path / "made" / "offers.csv", parse_dates=["run_date"])
    joined = rows.merge(offers, on="offer")
    assert (pd.to_datetime(joined["slot"]) == joined["run_date"]).all()
    assert offers["run_day"].between(1, 120).all()
    assert (offers["extra_product"] == 11).any()
    assert (offers["extra_product"] == 12).any()


def test_dates_of_a_promotion_share_a_score(tmp_path: Path) -> None:
    rows, _ = load(generate("direct-marketing", customers=500, out=tmp_path / "made").folder)
    scores = rows.groupby(["customer", "expected_profit", "response_probability"]).size()
    assert scores.max() > 1


def test_profits_are_a_few_high_and_many_low(tmp_path: Path) -> None:
    rows, rules = load(generate("direct-marketing", customers=4_000, out=tmp_path / "made").folder)
    assert 0.02 < rows["response_probability"].median() < 0.04
    assert 0.001 < (rows["response_probability"] > 0.4).mean() < 0.02
    assert (rows["expected_profit"] < 0).mean() > 0.05
    soft = [rule["penalty"] for rule in rules.values() if "penalty" in rule]
    assert soft == [rows["expected_profit"].max()] * 3


def test_lags_and_kinds_of_constraint_are_those_of_the_study(tmp_path: Path) -> None:
    _, rules = load(generate("direct-marketing", customers=2_000, out=tmp_path / "made").folder)
    lags = {rule["within"] for rule in rules.values() if "never" in rule}
    assert lags == {"70 days", "80 days", "90 days"}
    assert rules["three-a-season"]["at_most"] == 3
    assert set(rules) >= {
        "least-1",
        "least-2",
        "most-1",
        "most-2",
        "call-budget",
        "other-budget",
        "sales-11",
        "sales-12",
    }


def test_the_lightest_items_fit_and_the_dearest_do_not(tmp_path: Path) -> None:
    made = generate("multiple-choice", customers=60, items=7, knapsacks=5, out=tmp_path / "made")
    rows, rules = load(made.folder)
    assert (rows.groupby("customer").size() == 7).all()
    assert rules["one-item"]["exactly"] == 1
    weights = [f"weight_{k}" for k in range(1, 6)]
    capacity = np.array([rules[f"knapsack-{k}"]["at_most"] for k in range(1, 6)])
    lightest = rows[rows["offer"] == "item-01"][weights].sum().to_numpy()
    best = rows.loc[rows.groupby("customer")["value"].idxmax(), weights].sum().to_numpy()
    assert (lightest < capacity).all()
    assert (best > capacity).all()
