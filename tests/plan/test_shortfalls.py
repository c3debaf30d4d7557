"""Shortfalls of best efforts: the audit says which are least, which were avoidable, and what it could not settle."""

from __future__ import annotations

import json
from collections.abc import Callable

import pyarrow as pa
import pytest

from optimizer.data import open_tables
from optimizer.plan.audit import AuditReport, audit_contacts, trials
from optimizer.plan.audit.many import ManyPlans
from optimizer.rules.only_after import OnlyAfter
from optimizer.scenario import Scenario
from tests.golden.cases import KEYS, Case

RULES = """
objective: {maximize: contacts}
pins: {keep: booked.csv}
eligibility: [{name: no-letters, drop: "channel = 'letter'"}]
contact_policies:
  - {name: one-a-day, at_most: 1, within: 1 day}
  - {name: rest-after-x, never: "offer <> 'X'", after: "offer = 'X'", within: 30 days}
  - {name: second-needs-first, only: "offer = 'second'", after: "offer = 'first'"}
  - {name: home, at_most: 1, per: household, where: "offer = 'home'"}
  - {name: hear-us, at_least: 2, where: "offer NOT IN ('other', 'first')", if_short: best_effort}
"""
CANDIDATES = (
    "cap A email 23, cap B email 23, exchange A email 23, exchange B email 24, exchange other email 24, "
    "tired A email 23, tired B email 24, letters A letter 23, letters B email 24, "
    "pinned A email 23, pinned B email 24, pinned other email 24, "
    "chain first email 23, chain second email 24, chain A email 25, "
    "late first email 24, late second email 23, late A email 25, "
    "home1 home email 23, home1 A email 24, home2 home email 23, home2 A email 24"
)
LEAST = (
    "cap A email 23, exchange A email 23, exchange B email 24, letters B email 24, pinned A email 23, "
    "pinned other email 24, chain first email 23, chain second email 24, chain A email 25, late A email 25, "
    "home1 home email 23, home1 A email 24, home2 A email 24"
)
SHORT = ("cap", "tired", "letters", "pinned", "late", "the home")
WASTED = (
    "exchange A email 23, exchange other email 24, letters B email 24, pinned A email 23, "
    "pinned other email 24, chain A email 25, late A email 25, home1 A email 24, home2 A email 24"
)
"""For cap nothing, another contact where B could stand, no prerequisite of the second, nobody has the home's one."""


def keys(text: str) -> list[tuple[str, ...]]:
    words = [one.split() for one in text.split(",")]
    return [(who, offer, channel, f"2026-11-{day}") for who, offer, channel, day in words]


@pytest.fixture(scope="module")
def scenario(tmp_path_factory: pytest.TempPathFactory) -> Scenario:
    people = sorted({key[0] for key in keys(CANDIDATES)})
    tables = {
        "candidates": "\n".join(["customer,offer,channel,slot", *map(",".join, keys(CANDIDATES))]),
        "customers": "\n".join(["customer,household", *(f"{who},{who.rstrip('12')}" for who in people)]),
        "history": "customer,offer,channel,at\ntired,X,email,2026-11-20",
        "booked.csv": "customer,offer,channel,slot\npinned,other,email,2026-11-24",
    }
    return Scenario.load(Case(14, "shortfalls", RULES, tables, ()).write(tmp_path_factory.mktemp("s"))).resolved()


def audited(scenario: Scenario, plan: str) -> AuditReport:
    columns = zip(*keys(plan), strict=True)
    table = pa.table({name: pa.array(column) for name, column in zip(KEYS, columns, strict=True)})
    return audit_contacts(scenario, open_tables(scenario, {}), table)


def test_shortfalls_that_no_plan_of_the_unit_avoids_are_proven_least(scenario: Scenario) -> None:
    report = audited(scenario, LEAST)
    assert report.ok
    assert report.to_dict()["shortfalls"] == {
        "short": len(SHORT),
        "proven_least": len(SHORT),
        "avoidable": 0,
        "not_proven": 0,
    }
    assert str(report).endswith("none broken. Best efforts: 6 of 6 shortfalls proven least.")


def test_a_wasted_effort_breaks_its_rule_for_those_who_could_have_more(scenario: Scenario) -> None:
    report = audited(scenario, WASTED)
    whom = {json.loads(group)["customer"] for group in report.violations["group"]}
    assert set(report.broken) == {"hear-us"}
    assert whom == {"cap", "exchange", "chain", "home1", "home2"}
    assert str(report).endswith("Best efforts: 4 of 8 shortfalls proven least, 4 avoidable.")


def test_what_the_bounded_search_does_not_settle_is_said(scenario: Scenario, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trials, "SETS", 0)
    report = audited(scenario, LEAST)
    assert report.ok
    assert str(report).endswith("Best efforts: 1 of 6 shortfalls proven least, 5 not proven.")


Patch = pytest.MonkeyPatch


def _history_forgotten(patch: Patch) -> None:
    whole = ManyPlans.__init__

    def without(self: ManyPlans, *given: object) -> None:
        whole(self, *given)  # type: ignore[arg-type]
        self.past = f"(SELECT * FROM {self.past} WHERE false)"

    patch.setattr(ManyPlans, "__init__", without)


def _eligibility_forgotten(patch: Patch) -> None:
    patch.setattr(trials, "standing", lambda books: ())


def _pins_forgotten(patch: Patch) -> None:
    patch.setattr(trials, "pinned", lambda books, source: "SELECT 0")


def _prerequisites_taken_for_caps(patch: Patch) -> None:
    patch.setattr(OnlyAfter, "only_forbids", lambda self, books: True)


def _prerequisites_ignored(patch: Patch) -> None:
    patch.setattr(OnlyAfter, "audit", lambda self, books: ())


def _sharing_ignored(patch: Patch) -> None:
    patch.setattr(ManyPlans, "owner", lambda self, base, who: f'{base}."@plan" || chr(30) || {base}.customer')


@pytest.mark.parametrize(
    "mutant",
    [
        _history_forgotten,
        _eligibility_forgotten,
        _pins_forgotten,
        _prerequisites_taken_for_caps,
        _prerequisites_ignored,
        _sharing_ignored,
    ],
)
def test_an_audit_that_errs_is_caught(mutant: Callable[[Patch], None], scenario: Scenario, monkeypatch: Patch) -> None:
    mutant(monkeypatch)
    found = [audited(scenario, plan).shortfalls for plan in (LEAST, WASTED)]
    assert [(one.least, one.avoidable) for one in found if one is not None] != [(6, 0), (4, 4)]
