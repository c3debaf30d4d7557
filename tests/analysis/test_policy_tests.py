"""Policy tests: what a case says is judged by the audit, and what it leaves out is filled in sensibly."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any

import pandas as pd
import pytest

from optimizer import Scenario
from optimizer.analysis.policy_tests import Outcome, run_policy_tests
from optimizer.errors import DataError, ScenarioError, UsageError

SCENARIO = """
version: 1
name: bank
as_of: 2026-11-22T18:00:00+00:00
horizon: {start: 2026-11-23, days: 7}
data:
  candidates: candidates.csv
  customers: customers.csv
  offers: offers.csv
  history: history.csv
  consents: consents.csv
  history_max_age: 2 days
objective: {maximize: propensity * value}
eligibility:
  - {name: wants-mail, keep: "email_opt_in OR channel <> 'email'"}
  - {name: low-score, drop: "propensity < 0.1"}
  - {name: consent, consent: {purpose: marketing}}
contact_policies:
  - {name: three-a-week, at_most: 3, within: 7 days}
  - {name: quiet-after-no, never: "family = 'loan'", after: "response = 'refused' AND family = 'loan'", within: 90 days}
  - {name: loan-not-card, never: "family = 'loan'", with: "family = 'card'", within: 30 days}
constraints:
  - {name: floor, total: contacts, at_least: 5000}
  - {name: budget, total: cost, at_most: 2}
pins: {keep: booked.csv}
holdout: {share: 0.5, salt: s}
"""
TABLES = {
    "candidates": "customer,offer,channel,slot,propensity,value,cost\n7,loan,email,2026-11-23,0.5,3,1\n",
    "customers": "customer,segment,email_opt_in\n7,gold,true\n",
    "offers": "offer,family\nloan,loan\nplatinum,card\n",
    "history": "customer,offer,channel,at,response\n7,loan,email,2026-11-01,\n",
    "consents": "customer,channel,purpose\n7,email,marketing\n",
}


@pytest.fixture
def bank(tmp_path: Path) -> Callable[[str], tuple[Outcome, ...]]:
    """Run cases beside the scenario of a bank, whose real tables hold one row each."""
    (tmp_path / "scenario.yaml").write_text(SCENARIO)
    for name, text in TABLES.items():
        (tmp_path / f"{name}.csv").write_text(text)

    def run(cases: str) -> tuple[Outcome, ...]:
        (tmp_path / "scenario.tests.yaml").write_text(dedent(cases))
        return run_policy_tests(Scenario.load(tmp_path / "scenario.yaml"))

    return run


def one(outcomes: tuple[Outcome, ...]) -> Outcome:
    (outcome,) = outcomes
    return outcome


def test_history_refuses_what_follows_it(bank: Callable[[str], tuple[Outcome, ...]]) -> None:
    outcomes = bank("""
    cases:
      - name: a refusal rests loans for a quarter, and cards not at all
        history: [{offer: loan, at: 2026-10-01, response: refused}]
        candidates: [{offer: loan}, {offer: platinum}]
        expect:
          - {refused: {offer: loan}, by: quiet-after-no}
          - {allowed: {offer: platinum}}
      - name: an answer long ago is forgotten
        history: [{offer: loan, at: 2026-08-01, response: refused}]
        candidates: [{offer: loan}]
        expect: [{allowed: {offer: loan}}]
    """)
    assert [outcome.ok for outcome in outcomes] == [True, True, True]
    assert outcomes[0].found == "refused by quiet-after-no"
    assert "line 3" in outcomes[0].where
    assert "line 9" in outcomes[2].where


def test_a_wrong_expectation_says_what_came_out_instead(bank: Callable[[str], tuple[Outcome, ...]]) -> None:
    outcomes = bank("""
    cases:
      - name: wrong
        candidates: [{offer: loan}, {offer: platinum}]
        plan: [{offer: platinum}]
        expect:
          - {allowed: {offer: loan}}
          - {refused: {offer: loan}, by: three-a-week}
          - {refused: {offer: loan}, by: [loan-not-card]}
          - {refused: {offer: loan}}
    """)
    assert [(outcome.ok, outcome.found) for outcome in outcomes] == [
        (False, "refused by loan-not-card"),
        (False, "refused by loan-not-card"),
        (True, "refused by loan-not-card"),
        (True, "refused by loan-not-card"),
    ]


def test_tables_may_be_csv_text_and_keys_take_the_scenarios_types(bank: Callable[[str], tuple[Outcome, ...]]) -> None:
    outcome = one(
        bank("""
        cases:
          - name: three a week
            history: |
              customer, offer, channel, at
              12,       loan,  email,   2026-11-20
              12,       loan,  email,   2026-11-21
              12,       loan,  email,   2026-11-22
              13,       loan,  email,   2026-11-22
            candidates: |
              customer, offer,    slot
              12,       platinum, 2026-11-26
              12,       platinum, 2026-11-27
            expect: [{refused: {slot: 2026-11-26}, by: [three-a-week, loan-not-card]}]
        """)
    )
    assert outcome.ok, outcome


def test_what_a_case_leaves_out_refuses_nothing(bank: Callable[[str], tuple[Outcome, ...]]) -> None:
    outcome = one(bank("cases: [{name: bare, candidates: [{offer: loan}], expect: [{allowed: {offer: loan}}]}]"))
    assert outcome.ok, outcome


@pytest.mark.parametrize(
    ("given", "by"),
    [
        ("customers: [{customer: 1, email_opt_in: false}]", "wants-mail"),
        ("consents: [{customer: 1, channel: sms, purpose: marketing}]", "consent"),
    ],
)
def test_customers_and_consents_of_a_case_count(
    given: str, by: str, bank: Callable[[str], tuple[Outcome, ...]]
) -> None:
    candidate = "candidates: [{customer: 1, offer: loan}]"
    outcome = one(bank(f"cases: [{{name: given, {given}, {candidate}, expect: [{{refused: {{offer: loan}}}}]}}]"))
    assert outcome.ok
    assert outcome.found == f"refused by {by}"


def test_a_plan_is_judged_as_a_whole_and_minimums_only_where_named(
    bank: Callable[[str], tuple[Outcome, ...]],
) -> None:
    outcomes = bank("""
    cases:
      - name: plans
        candidates:
          - {customer: 1, offer: loan, cost: 1.5}
          - {customer: 1, offer: platinum, cost: 0.1}
          - {customer: 2, offer: loan, cost: 1.5}
        expect:
          - {plan: [{customer: 1, offer: loan}], breaks: []}
          - {plan: [{customer: 1}], breaks: loan-not-card}
          - {plan: [{offer: loan}], breaks: [budget]}
          - {plan: [{offer: loan}], breaks: [budget, floor]}
          - {plan: [{customer: 1}], breaks: []}
          - {plan: [{customer: 2}], breaks: budget}
    """)
    assert [outcome.ok for outcome in outcomes] == [True, True, True, True, False, False]


@pytest.mark.parametrize(
    ("cases", "error", "told"),
    [
        ("cases: []", ScenarioError, "at least 1"),
        ("cases: [{name: a, candidates: [{offer: loan}]}]", ScenarioError, "the key 'expect' is missing"),
        (
            "cases: [{name: a, candidate: [], candidates: [{offer: loan}], expect: [{allowed: {offer: loan}}]}]",
            ScenarioError,
            "unknown key 'candidate'",
        ),
        (
            "cases: [{name: a, candidates: [{offer: loan}], expect: [{refused: {offer: loan}, by: thre-a-week}]}]",
            ScenarioError,
            "Maybe you meant 'three-a-week'",
        ),
        (
            "cases: [{name: a, candidates: [{offer: loan}], expect: [{allowed: {offer: loan}, breaks: []}]}]",
            ScenarioError,
            "'plan' and 'breaks' go together",
        ),
        (
            "cases: [{name: a, candidates: [{offer: loan}], expect: [{allowed: {offer: card}}]}]",
            ScenarioError,
            "card names 0 candidates",
        ),
        (
            "cases: [{name: a, candidates: [{offer: loan, cost: much}], expect: [{allowed: {offer: loan}}]}]",
            DataError,
            "case 'a' · candidates",
        ),
    ],
)
def test_mistakes_in_the_file_are_told_with_their_place(
    cases: str, error: type[Exception], told: str, bank: Callable[[str], tuple[Outcome, ...]]
) -> None:
    with pytest.raises(error) as caught:
        bank(cases)
    assert told in str(caught.value)
    assert "line 1" in str(caught.value) or error is DataError


def test_no_file_of_cases_is_told_with_where_it_is_looked_for(tmp_path: Path) -> None:
    (tmp_path / "scenario.yaml").write_text(SCENARIO)
    with pytest.raises(UsageError, match=r"scenario\.tests\.yaml"):
        run_policy_tests(Scenario.load(tmp_path / "scenario.yaml"))


def test_the_command_exits_with_8_when_an_expectation_is_not_met(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    from optimizer.cli import main

    (tmp_path / "scenario.yaml").write_text(SCENARIO)
    for name, text in TABLES.items():
        (tmp_path / f"{name}.csv").write_text(text)
    cases = tmp_path / "mine.yaml"

    def call(expectation: str, *options: str) -> tuple[int, str]:
        cases.write_text(f"cases: [{{name: bare, candidates: [{{offer: loan}}], expect: [{expectation}]}}]")
        with pytest.raises(SystemExit) as left:
            main(["test", str(tmp_path / "scenario.yaml"), "--cases", str(cases), *options])
        return int(str(left.value.code)), capfd.readouterr().out

    assert call("{allowed: {offer: loan}}") == (0, "✓ bare: loan is allowed\n1 of 1 expectations met.\n")
    code, out = call("{refused: {offer: loan}}")
    assert code == 8
    assert "but allowed" in out
    code, out = call("{refused: {offer: loan}}", "--json")
    answer: dict[str, Any] = json.loads(out)
    assert (code, answer["ok"], answer["expectations"][0]["found"]) == (8, False, "allowed")


def test_parquet_types_are_kept(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {"customer": [1], "offer": ["A"], "slot": pd.to_datetime(["2026-11-23 10:00"]), "value": [1.0]}
    )
    frame.to_parquet(tmp_path / "candidates.parquet")
    (tmp_path / "scenario.yaml").write_text(
        "version: 1\nname: t\nhorizon: {start: 2026-11-23, days: 7}\ndata: {candidates: candidates.parquet}\n"
        "objective: {maximize: value}\ncontact_policies: [{name: day, spacing: 1 day}]\n"
    )
    (tmp_path / "scenario.tests.yaml").write_text(
        "cases: [{name: a, candidates: [{slot: 2026-11-23 10:00}, {slot: 2026-11-23T12:00}],\n"
        "  plan: [{slot: 2026-11-23T10}], expect: [{refused: {slot: 2026-11-23 12:00}, by: day}]}]"
    )
    assert one(run_policy_tests(Scenario.load(tmp_path / "scenario.yaml"))).ok


def test_the_quickstart_keeps_its_promises() -> None:
    path = Path(__file__).parents[2] / "scenarios" / "quickstart" / "scenario.yaml"
    outcomes = run_policy_tests(Scenario.load(path))
    assert [outcome for outcome in outcomes if not outcome.ok] == []
