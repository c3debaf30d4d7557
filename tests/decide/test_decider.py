"""What a decider promises: batches are single decisions, recording is the only change, errors say what to do."""

from __future__ import annotations

import datetime as dt
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event, Thread
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import optimizer as opt
from optimizer.decide import decider as module
from optimizer.errors import DataError, UnsupportedError, UsageError
from tests.decide.kit import night, rows_of, table_of
from tests.week import week

ROOT = Path(__file__).parents[2]
QUICKSTART = ROOT / "scenarios/quickstart"


@pytest.fixture(scope="module")
def plan() -> opt.Plan:
    return opt.solve(opt.Scenario.load(QUICKSTART / "scenario.yaml"), engine="exact", gap=0.02)


@pytest.fixture(scope="module")
def candidates() -> pd.DataFrame:
    return pd.read_parquet(QUICKSTART / "candidates.parquet")


@pytest.fixture
def decider(plan: opt.Plan) -> opt.Decider:
    return opt.Decider.load(plan)


def rows(candidates: pd.DataFrame, customer: str) -> list[dict[str, Any]]:
    return candidates[candidates["customer"] == customer].drop(columns="customer").to_dict("records")


def told(decision: Any) -> str:
    """Return all that a decision says, as text."""
    refused = [(dict(r.candidate), r.fate, r.rules, r.contribution, r.margin, r.charges) for r in decision.refused]
    return repr((decision.customer, decision.contacts, decision.contribution, decision.margin, refused))


def without_customer(decision: Any) -> str:
    return told(decision).replace(f"'customer': '{decision.customer}', ", "")


def test_quickstart_is_decided_by_tables(decider: opt.Decider) -> None:
    assert decider.slow is None


def test_a_batch_says_of_each_customer_what_a_single_decision_says(
    decider: opt.Decider, candidates: pd.DataFrame
) -> None:
    half = decider.decide_many(candidates.iloc[: len(candidates) // 2])
    decider.record(half)
    batch = decider.decide_many(candidates)
    picked = batch.contacts
    for customer in candidates["customer"].unique()[:60]:
        one = decider.decide(customer, rows(candidates, customer))
        mine = picked[picked["customer"] == customer].drop(columns="customer").to_dict("records")
        assert repr(one.contacts) == repr(mine)
        assert without_customer(batch.decision(customer)) == without_customer(one)


def test_tables_say_what_a_whole_compilation_says(decider: opt.Decider, candidates: pd.DataFrame) -> None:
    decider.record(decider.decide_many(candidates.iloc[:3000]))
    day, late = decider._day, dt.datetime(2026, 11, 25, 12, tzinfo=dt.UTC)
    for customer in candidates["customer"].unique()[::40]:
        quick = decider.decide(customer, rows(candidates, customer), now=late)
        decider._day = None
        try:
            slow = decider.decide(customer, rows(candidates, customer), now=late)
        finally:
            decider._day = day
        assert quick.contacts == slow.contacts
        assert quick.margin == pytest.approx(slow.margin, abs=1e-9)
        assert [(r.fate, r.rules) for r in quick.refused] == [(r.fate, r.rules) for r in slow.refused]


@pytest.mark.parametrize("seed", [2_001, 2_004, 2_009])
def test_a_batch_is_its_single_decisions_without_tables_too(seed: int, tmp_path: Path) -> None:
    case = night(tmp_path, "tiny", "all", seed)
    batch = case.decider.decide_many(table_of(case))
    for customer in dict.fromkeys(row["customer"] for row in rows_of(case)):
        mine = [row for row in rows_of(case) if row["customer"] == customer]
        if "per" not in json.dumps(case.scenario, default=str):
            assert told(batch.decision(customer)) == told(case.decider.decide(customer, mine))


def test_every_kind_of_frame_and_any_order_give_the_same(decider: opt.Decider, candidates: pd.DataFrame) -> None:
    mask = decider.decide_many(candidates).chosen
    assert decider.decide_many(pl.from_pandas(candidates)).contacts.height == mask.sum()
    assert (decider.decide_many(pa.Table.from_pandas(candidates)).chosen == mask).all()
    assert (decider.decide_many(candidates.to_dict("records")).chosen == mask).all()
    assert (decider.decide_many(decider.encode(candidates)).chosen == mask).all()
    order = np.random.default_rng(0).permutation(len(candidates))
    assert (decider.decide_many(candidates.iloc[order]).chosen == mask[order]).all()


def test_deciding_changes_nothing_and_recording_counts(decider: opt.Decider, candidates: pd.DataFrame) -> None:
    customer = candidates["customer"].iloc[0]
    first = decider.decide(customer, rows(candidates, customer))
    assert told(decider.decide(customer, rows(candidates, customer))) == told(first)
    decider.record(first)
    again = decider.decide(customer, rows(candidates, customer))
    assert [r.candidate for r in again.refused if r.fate == "recorded"] == first.contacts
    budget = decider.remaining.set_index("name").loc["budget"]
    assert budget["recorded"] == pytest.approx(budget["limit"] - budget["remaining"])
    assert budget["recorded"] > 0


def test_of_two_decisions_for_one_customer_the_first_recorded_wins(
    decider: opt.Decider, candidates: pd.DataFrame
) -> None:
    customer = candidates["customer"].iloc[0]
    with ThreadPoolExecutor(2) as pool:
        one, other = pool.map(lambda _: decider.decide(customer, rows(candidates, customer)), range(2))
    decider.record(one)
    with pytest.raises(UsageError, match="something else was recorded"):
        decider.record(other)


def test_threads_that_decide_and_record_at_once_break_no_policy(
    plan: opt.Plan, decider: opt.Decider, candidates: pd.DataFrame
) -> None:
    customers = candidates["customer"].unique()[:30].tolist() * 4

    def send(customer: str) -> list[dict[str, Any]]:
        decision = decider.decide(customer, rows(candidates, customer))
        try:
            decider.record(decision)
        except UsageError:
            return []
        return [{**row, "customer": customer} for row in decision.contacts]

    with ThreadPoolExecutor(4) as pool:
        sent = [row for some in pool.map(send, customers) for row in some]
    report = opt.audit(plan.scenario, contacts=pd.DataFrame(sent))
    assert set(report.broken) <= {"loan-minimum"}


def test_a_night_replayed_in_pieces_comes_close_to_its_plan(
    plan: opt.Plan, decider: opt.Decider, candidates: pd.DataFrame
) -> None:
    pieces = np.array_split(candidates["customer"].unique(), 200)
    sent = []
    for piece in pieces:
        batch = decider.decide_many(candidates[candidates["customer"].isin(piece)])
        decider.record(batch)
        sent.append(batch.contacts)
    contacts = pd.concat(sent)
    report = opt.audit(plan.scenario, contacts=contacts)
    policies = {rule.name for rule in plan.scenario.rules() if rule.section != "constraints"}
    assert not policies & set(report.broken)
    assert float(report.value) > 0.9 * plan.value
    used = decider.remaining.set_index("name").loc["budget"]
    assert used["remaining"] > -3.2 * 3  # a customer's contacts together may take a little more than is left


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda r: r.pop("propensity"), r"row 1: there is no column 'propensity'"),
        (lambda r: r.update(propensity="high"), r"row 1 · propensity: 'high' is str, not double"),
        (lambda r: r.update(propensity=87.3), "propensity"),
        (lambda r: r.update(offer="hovercraft"), "hovercraft"),
        (lambda r: r.update(slot="next week"), r"row 1 · slot: 'next week' is str"),
        (lambda r: r.update(customer="C-1002"), "of another customer"),
    ],
)
def test_what_is_wrong_with_a_candidate_is_said(
    change: Any, message: str, decider: opt.Decider, candidates: pd.DataFrame
) -> None:
    asked = rows(candidates, "C-1001")
    change(asked[0])
    with pytest.raises(DataError, match=message) as caught:
        decider.decide("C-1001", asked)
    assert "Maybe" in str(caught.value)


def test_a_customer_whom_the_customers_table_lacks_is_an_error(decider: opt.Decider, candidates: pd.DataFrame) -> None:
    with pytest.raises(DataError, match="not in customers"):
        decider.decide("C-0000", rows(candidates, "C-1001"))


def test_a_slot_outside_the_horizon_and_a_slot_of_the_past_are_refused(
    decider: opt.Decider, candidates: pd.DataFrame
) -> None:
    asked = rows(candidates, "C-1001")[:1]
    beyond = decider.decide("C-1001", [{**asked[0], "slot": dt.date(2027, 1, 1)}]).refused[0]
    assert (beyond.fate, beyond.rules) == ("ineligible", ("outside horizon",))
    over = decider.decide("C-1001", asked, now=dt.datetime(2026, 12, 24, tzinfo=dt.UTC)).refused[0]
    assert (over.fate, over.rules) == ("ineligible", ("past",))


@pytest.mark.parametrize("now", [dt.datetime(2026, 11, 1, tzinfo=dt.UTC), dt.datetime(2026, 11, 23), "today"])
def test_a_now_that_cannot_be_is_refused(now: Any, decider: opt.Decider, candidates: pd.DataFrame) -> None:
    with pytest.raises(UsageError, match="now") as caught:
        decider.decide("C-1001", rows(candidates, "C-1001"), now=now)
    assert "Maybe" in str(caught.value)


def test_nothing_asked_is_nothing_decided(decider: opt.Decider) -> None:
    assert decider.decide("C-1001", []).contacts == []


def test_history_beyond_the_runs_counts(decider: opt.Decider, candidates: pd.DataFrame) -> None:
    asked = rows(candidates, "C-1001")
    sent = [{"customer": "C-1001", "offer": row["offer"], "channel": "email", "at": "2026-11-21"} for row in asked]
    decision = decider.decide("C-1001", asked, history=sent)
    assert decision.contacts == []
    assert all("offer-once" in r.rules for r in decision.refused if r.fate == "refused")


def test_a_greedy_run_left_no_prices() -> None:
    plan = opt.solve(opt.Scenario.load(QUICKSTART / "scenario.yaml").replace(
        {"constraints.loan-minimum.enabled": False}), engine="greedy")  # fmt: skip
    with pytest.raises(DataError, match="no prices"):
        opt.Decider.load(plan)


def test_a_policy_shared_too_widely_is_refused_by_name(tmp_path: Path) -> None:
    names = [f"c{i:03}" for i in range(60)]
    pd.DataFrame({"customer": names, "branch": "north"}).to_csv(tmp_path / "customers.csv", index=False)
    pd.DataFrame({"customer": names, "offer": "A", "value": 1.0}).to_csv(tmp_path / "candidates.csv", index=False)
    scenario = opt.Scenario.from_dict(
        week(
            "branches",
            data={"candidates": str(tmp_path / "candidates.csv"), "customers": str(tmp_path / "customers.csv")},
            contact_policies=[{"name": "ten-a-branch", "at_most": 10, "per": "branch"}],
        )
    )
    with pytest.raises(UnsupportedError, match="'ten-a-branch' is shared by more customers"):
        opt.Decider.load(opt.solve(scenario, engine="exact"))


def test_who_records_first_does_not_tell_the_day_last(monkeypatch):
    stock = {"name": "stock", "total": "contacts", "where": "offer = 'cup'", "at_most": 2}
    scenario = week("tea", contact_policies=[{"name": "one", "at_most": 1}], constraints=[stock])
    asked = pd.DataFrame({"customer": ["Ann", "Ann", "Bob"], "offer": ["tea", "cup", "cup"], "value": [3, 5, 4]})
    decider = opt.Decider.load(opt.solve(opt.Scenario.from_dict(scenario), candidates=asked))
    first, second = (decider.decide(who, [{"offer": "cup", "value": 6}]) for who in ("c1", "c2"))
    of, begun, go_on = module.Day.of, Event(), Event()

    def slowly(tables, used):
        if sum(used.values()) == 1:
            begun.set()
            go_on.wait(0.5)
        return of(tables, used)

    monkeypatch.setattr(module.Day, "of", staticmethod(slowly))
    threads = [Thread(target=decider.record, args=(one,)) for one in (first, second)]
    threads[0].start()
    assert begun.wait(10)
    threads[1].start()
    threads[1].join(0.2)
    go_on.set()
    for thread in threads:
        thread.join()
    assert decider.remaining["remaining"].tolist() == [0.0]
    assert not decider.decide("c3", [{"offer": "cup", "value": 6}]).contacts
