"""Semantics 42 over ledger and run folder: each night counts what was committed, and never itself."""

from __future__ import annotations

from pathlib import Path

import pytest

import optimizer
from optimizer.errors import DataError
from optimizer.ledger import commit
from optimizer.plan.plan import Plan
from tests.ledger.kit import CANDIDATES, held, keys, night, place, week


def test_the_first_night_has_no_history(tmp_path: Path, ledger: str) -> None:
    plan, done = night(week(tmp_path, ledger=ledger))
    assert keys(plan) == [("C1", "card", "2026-11-23"), ("C2", "card", "2026-11-24")]
    assert (done.contacts, done.replaced, done.business_date) == (2, 0, "2026-11-22")
    assert held(place(plan.scenario)) == [
        ("C1", "card", "2026-11-23", "committed"),
        ("C2", "card", "2026-11-24", "committed"),
    ]


def test_the_next_night_counts_what_was_committed(tmp_path: Path, ledger: str) -> None:
    night(week(tmp_path, ledger=ledger))
    plan = optimizer.solve(
        week(tmp_path, ledger=ledger, as_of="2026-11-23T18:00:00+00:00", start="2026-11-24").replace(
            {"horizon.days": 3}
        )
    )
    assert keys(plan) == [("C3", "loan", "2026-11-25")]


def test_a_night_run_again_replaces_its_plan_and_counts_none_of_its_own_contacts(tmp_path: Path, ledger: str) -> None:
    scenario = week(tmp_path, ledger=ledger)
    first, _ = night(scenario)
    again, done = night(scenario)
    assert keys(again) == keys(first)
    assert (done.contacts, done.replaced) == (2, 2)
    assert len(held(place(scenario))) == 2
    other, done = night(scenario.replace({"as_of": "2026-11-22T20:00:00+00:00", "solve.seed": 3}))
    assert (keys(other), done.replaced, len(held(place(scenario)))) == (keys(first), 2, 2)


def test_other_scenarios_of_the_same_date_count(tmp_path: Path, ledger: str) -> None:
    night(week(tmp_path, ledger=ledger))
    other, done = night(week(tmp_path, ledger=ledger, name="other"))
    assert keys(other) == []
    assert done.replaced == 0
    assert len(held(place(other.scenario))) == 2


def test_future_commitments_count_in_windows_that_reach_back(tmp_path: Path, ledger: str) -> None:
    night(week(tmp_path, ledger=ledger, start="2026-11-25").replace({"name": "later"}))
    plan = optimizer.solve(week(tmp_path, ledger=ledger))
    assert keys(plan) == [("C2", "card", "2026-11-24")]


def test_an_older_night_run_again_still_counts_the_nights_after_it(tmp_path: Path, ledger: str) -> None:
    night(week(tmp_path, ledger=ledger, as_of="2026-11-24T18:00:00+00:00", start="2026-11-25"))
    plan = optimizer.solve(week(tmp_path, ledger=ledger))
    assert keys(plan) == [("C2", "card", "2026-11-24")]


def test_windows_on_amounts_count_the_measures_of_what_was_committed(tmp_path: Path, ledger: str) -> None:
    spend = "  - {name: spend, total: cost, at_most: 3, within: 7 days}"
    night(week(tmp_path, ledger=ledger, rules=spend).replace({"horizon.days": 1}))
    plan = optimizer.solve(
        week(tmp_path, ledger=ledger, rules=spend, as_of="2026-11-23T18:00:00+00:00", start="2026-11-24")
    )
    assert ("C1", "loan", "2026-11-24") not in keys(plan)  # 1.5 of yesterday and 2 are more than 3
    assert ("C2", "card", "2026-11-24") in keys(plan)


def test_the_ledger_adds_to_the_history_file(tmp_path: Path, ledger: str) -> None:
    (tmp_path / "history.csv").write_text("customer,offer,channel,at\nC2,loan,sms,2026-11-20T10:00:00Z\n")
    data = ", history: history.csv"
    plan, _ = night(week(tmp_path, ledger=ledger, data=data))
    assert keys(plan) == [("C1", "card", "2026-11-23")]
    later = week(tmp_path, ledger=ledger, data=data, as_of="2026-11-23T18:00:00+00:00", start="2026-11-24")
    assert keys(optimizer.solve(later.replace({"horizon.days": 3}))) == [("C3", "loan", "2026-11-25")]


def test_an_audit_after_the_commit_sees_the_inputs_of_the_run(tmp_path: Path, ledger: str) -> None:
    scenario = week(tmp_path, ledger=ledger)
    night(week(tmp_path, ledger=ledger, as_of="2026-11-15T18:00:00+00:00", start="2026-11-25"))
    night(scenario)
    report = optimizer.audit(tmp_path / "run")
    assert report.ok
    assert report.notes == {}
    with place(scenario).transaction() as store:
        store.execute("ALTER TABLE contactopt_contacts ADD COLUMN margin TEXT")  # somebody else's measure
    assert optimizer.audit(tmp_path / "run").notes == {}


def test_the_manifest_names_the_snapshot_without_its_address(tmp_path: Path, ledger: str) -> None:
    night(week(tmp_path, ledger=ledger))
    plan = optimizer.solve(week(tmp_path, ledger=ledger, name="other"))
    (read,) = [one for one in plan.inputs if one["table"] == "ledger"]
    assert read["path"].startswith(("duckdb:ledger.duckdb · SELECT", "${LEDGER} · SELECT"))
    assert read["size"] > 0
    night(week(tmp_path, ledger=ledger, name="third", start="2026-11-25"))
    changed = optimizer.solve(week(tmp_path, ledger=ledger, name="other"))
    assert changed.inputs[-1]["sha256"] != read["sha256"]


def test_a_measure_of_another_type_is_refused_and_the_ledger_is_as_it_was(tmp_path: Path, ledger: str) -> None:
    scenario = week(tmp_path, ledger=ledger)
    night(scenario)
    before = held(place(scenario))
    dear = CANDIDATES.replace("0.2,1\n", "0.2,dear\n")
    with pytest.raises(DataError, match="ledger · cost: is text in these contacts and a number in the ledger"):
        night(week(tmp_path, ledger=ledger, name="other", candidates=dear, start="2026-11-25"))
    assert held(place(scenario)) == before


def test_mail_counts_on_the_day_it_arrives(tmp_path: Path, ledger: str) -> None:
    (tmp_path / "channels.csv").write_text("channel,lead_days\nemail,3\nsms,0\n")
    scenario = week(tmp_path, ledger=ledger, data=", channels: channels.csv")
    night(scenario.replace({"horizon.days": 3}))
    assert held(place(scenario), 'customer, "at", arrived_at') == [
        ("C1", "2026-11-23", "2026-11-26"),
        ("C2", "2026-11-24", "2026-11-27"),
        ("C3", "2026-11-25", None),
    ]


def test_a_timetable_that_changed_after_the_run_is_refused(tmp_path: Path, ledger: str) -> None:
    (tmp_path / "channels.csv").write_text("channel,lead_days\nemail,3\nsms,0\n")
    scenario = week(tmp_path, ledger=ledger, data=", channels: channels.csv")
    night(scenario)
    (tmp_path / "channels.csv").write_text("channel,lead_days\nemail,2\nsms,0\n")
    with pytest.raises(DataError, match=r"channels\.csv: is no longer what the run read"):
        commit(Plan.load(tmp_path / "run"), place(scenario))


def test_an_empty_plan_takes_the_place_of_the_one_before(tmp_path: Path, ledger: str) -> None:
    scenario = week(tmp_path, ledger=ledger)
    night(scenario)
    none, done = night(scenario.replace({"contact_policies.one.at_most": 0}))
    assert (len(keys(none)), done.replaced, held(place(scenario))) == (0, 2, [])


def test_why_and_why_not_are_answered_with_the_ledger(tmp_path: Path, ledger: str) -> None:
    night(week(tmp_path, ledger=ledger, name="other", start="2026-11-25"))
    night(week(tmp_path, ledger=ledger))
    answer = optimizer.explain(tmp_path / "run", "C2")
    assert len(answer.to_dict()["candidates"]) == 1
    assert "card" in repr(answer)
