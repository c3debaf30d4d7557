"""Deliveries take the place of commitments, responses are told of them, and nothing counts twice."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

import optimizer
from optimizer.errors import DataError
from optimizer.ledger import commit, import_history
from optimizer.plan.plan import Plan
from tests.ledger.kit import held, keys, night, place, week


def export(folder: Path, text: str) -> Path:
    (folder / "sent.csv").write_text(text)
    return folder / "sent.csv"


def test_a_delivery_takes_the_place_of_its_commitment(tmp_path: Path, ledger: str) -> None:
    scenario = week(tmp_path, ledger=ledger)
    night(scenario)
    sent = export(
        tmp_path,
        "customer,offer,channel,slot,at\n"
        "C1,card,email,2026-11-23,2026-11-23T09:30:00+01:00\nC9,card,sms,2026-11-23,2026-11-23T10:00:00Z\n",
    )
    for _ in range(2):  # importing a file again changes nothing
        done = import_history(sent, place(scenario))
        assert held(place(scenario), 'customer, state, "at", cost, business_date') == [
            ("C1", "delivered", "2026-11-23T08:30:00.000000Z", 1.5, "2026-11-22"),
            ("C2", "committed", "2026-11-24", 1.0, "2026-11-22"),
            ("C9", "delivered", "2026-11-23T10:00:00.000000Z", None, ""),
        ]
    assert (done.rows, done.deliveries, done.matched, done.added) == (2, 2, 2, 0)


def test_without_a_slot_column_the_slot_is_the_date_of_the_delivery(tmp_path: Path, ledger: str) -> None:
    scenario = week(tmp_path, ledger=ledger)
    night(scenario)
    done = import_history(
        export(tmp_path, "customer,offer,channel,at\nC1,card,email,2026-11-23 09:00\n"), place(scenario)
    )
    assert (done.matched, done.added) == (1, 0)


def test_a_delivery_beside_a_commitment_of_its_day_is_told(tmp_path: Path, ledger: str) -> None:
    contacts = "C1,card,email,2026-11-23T09:00,0.9,1\nC2,card,sms,2026-11-24,0.8,1\n"
    head = "customer,offer,channel,slot,propensity,cost\n"
    scenario = week(tmp_path, ledger=ledger, candidates=head + contacts)
    night(scenario)
    sent = "customer,offer,channel,at\nC1,card,email,2026-11-23T09:05\nC2,card,sms,2026-11-24T10:00\n"
    done = import_history(export(tmp_path, sent), place(scenario))
    assert (done.matched, done.added, done.beside) == (1, 1, 1)
    named = "customer,offer,channel,slot,at\nC1,card,email,2026-11-23T09:00,2026-11-23T09:05\n"
    assert import_history(export(tmp_path, named), place(scenario)).beside == 0


def test_a_run_committed_again_leaves_its_deliveries_as_they_are(tmp_path: Path, ledger: str) -> None:
    scenario = week(tmp_path, ledger=ledger)
    night(scenario)
    import_history(export(tmp_path, "customer,offer,channel,at\nC1,card,email,2026-11-23\n"), place(scenario))
    again = commit(Plan.load(tmp_path / "run"), place(scenario))
    assert (again.contacts, again.delivered, again.replaced) == (2, 1, 1)
    assert [row[3] for row in held(place(scenario))] == ["delivered", "committed"]


def test_a_plan_never_counts_the_deliveries_of_its_own_contacts(tmp_path: Path, ledger: str) -> None:
    scenario = week(tmp_path, ledger=ledger)
    plan, _ = night(scenario)
    import_history(export(tmp_path, "customer,offer,channel,at\nC1,card,email,2026-11-23T09:00Z\n"), place(scenario))
    assert optimizer.audit(tmp_path / "run").ok
    assert keys(optimizer.solve(scenario)) == keys(plan)
    later = scenario.replace({"as_of": "2026-11-23T18:00:00+00:00", "horizon.start": "2026-11-24"})
    assert keys(optimizer.solve(later)) == [("C3", "loan", "2026-11-25")]


def test_what_went_out_before_a_second_run_of_the_day_counts(tmp_path: Path, ledger: str) -> None:
    morning = week(tmp_path, ledger=ledger, as_of="2026-11-23T00:00:00+00:00")
    night(morning)
    import_history(export(tmp_path, "customer,offer,channel,at\nC1,card,email,2026-11-23T09:00Z\n"), place(morning))
    noon = morning.replace({"as_of": "2026-11-23T12:00:00+00:00"})
    assert keys(optimizer.solve(noon)) == [("C2", "card", "2026-11-24")]


def test_responses_are_told_of_contacts_and_rules_see_them(tmp_path: Path, ledger: str) -> None:
    rules = """  - {name: no, never: "offer = 'loan'", after: "response = 'refused'", within: 90 days}"""
    first = week(tmp_path, ledger=ledger).replace({"horizon.days": 1})
    night(first)
    answers = "customer,offer,channel,slot,response,response_at\n"
    answers += "C1,card,email,2026-11-23,refused,2026-11-23T12:00Z\nC7,card,email,2026-11-23,refused,2026-11-23\n"
    done = import_history(export(tmp_path, answers), place(first))
    assert (done.responses, done.unmatched, done.deliveries) == (1, 1, 0)
    plan = optimizer.solve(
        week(tmp_path, ledger=ledger, rules=rules, as_of="2026-11-23T18:00:00+00:00", start="2026-11-24")
    )
    assert keys(plan) == [("C2", "card", "2026-11-24"), ("C3", "loan", "2026-11-25")]


def test_a_delivery_and_the_response_to_it_may_come_together(tmp_path: Path, ledger: str) -> None:
    scenario = week(tmp_path, ledger=ledger)
    text = "customer,offer,channel,slot,at,response,response_at\n"
    text += "C1,card,email,2026-11-23,2026-11-23,,\nC1,card,email,2026-11-23,,bought,2026-11-24\n"
    done = import_history(export(tmp_path, text), place(scenario))
    assert (done.added, done.responses) == (1, 1)
    assert held(place(scenario), "customer, state, response, response_at") == [
        ("C1", "delivered", "bought", "2026-11-24")
    ]


def test_ids_that_are_numbers_stay_what_they_are(tmp_path: Path, ledger: str) -> None:
    candidates = "customer,offer,slot,propensity\n7,1,2026-11-23,0.5\n8,1,2026-11-23,0.5\n"
    night(week(tmp_path, ledger=ledger, candidates=candidates))
    done = import_history(export(tmp_path, "customer,offer,at\n7,1,2026-11-23\n"), place(week(tmp_path, ledger=ledger)))
    assert done.matched == 1
    frame = duckdb.sql(
        "SELECT 7 AS customer, 1 AS offer, DATE '2026-11-24' AS slot, 0.5 AS propensity"
    ).to_arrow_table()
    tomorrow = week(tmp_path, ledger=ledger, as_of="2026-11-23T18:00:00+00:00", start="2026-11-24")
    assert optimizer.solve(tomorrow, candidates=frame).contacts.empty


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("customer,offer,time\nC1,card,2026-11-23\n", "there is no column 'at'"),
        ("customer,offer,response\nC1,card,yes\n", "there is no column 'slot'"),
        ("customer,offer,at\nC1,card,yesterday\n", "row 1 · at: is neither a date nor a timestamp"),
        ("customer,offer,at\nC1,card,\n", "row 1 · at: is missing"),
        ("customer,offer,at\n,card,2026-11-23\n", "row 1 · customer: is missing"),
        ("customer,offer,at,cost\nC1,card,2026-11-23,1\nC1,card,2026-11-23,2\n", "say different things"),
        ("customer,offer,at,id\nC1,card,2026-11-23,9007199254740993\n", "beyond 2\\^53"),
    ],
)
def test_what_is_wrong_with_a_file_is_told_and_nothing_recorded(tmp_path: Path, text: str, says: str) -> None:
    scenario = week(tmp_path)
    with pytest.raises(DataError, match=says):
        import_history(export(tmp_path, text), place(scenario))
    assert not (tmp_path / "ledger.duckdb").exists()
