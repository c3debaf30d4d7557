"""A rolling horizon: the first days are committed and handed over, the others are planned again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import optimizer
from optimizer.errors import ScenarioError
from optimizer.plan.deliver import deliver
from optimizer.scenario import Scenario
from tests.ledger.kit import held, keys, night, place, week

FOUR_DAYS = {"horizon.days": 4, "horizon.commit": "1 day"}
BETTER = """\
customer,offer,channel,slot,propensity,cost
C1,loan,email,2026-11-24,0.4,2
C2,card,email,2026-11-24,0.3,1
C2,card,email,2026-11-25,0.9,1
C3,loan,sms,2026-11-25,0.2,1
"""


def rolling(folder: Path, ledger: str = "ledger.duckdb", **changes: str) -> Scenario:
    return week(folder, ledger=ledger, **changes).replace(FOUR_DAYS)


def test_only_the_first_days_are_committed(tmp_path: Path, ledger: str) -> None:
    plan, done = night(rolling(tmp_path, ledger))
    assert keys(plan) == [("C1", "card", "2026-11-23"), ("C2", "card", "2026-11-24"), ("C3", "loan", "2026-11-25")]
    assert (done.contacts, done.outlook) == (1, 2)
    assert held(place(plan.scenario)) == [("C1", "card", "2026-11-23", "committed")]


def test_the_outlook_is_planned_again_and_binds_nobody(tmp_path: Path) -> None:
    night(rolling(tmp_path))
    tomorrow = rolling(tmp_path, as_of="2026-11-23T18:00:00+00:00", start="2026-11-24", candidates=BETTER)
    plan = optimizer.solve(tomorrow)
    assert keys(plan) == [("C2", "card", "2026-11-25"), ("C3", "loan", "2026-11-25")], "C1 had its one contact"


def test_the_run_says_what_is_firm(tmp_path: Path) -> None:
    plan, _ = night(rolling(tmp_path))
    assert plan.summary["firm"] == {"until": "2026-11-23", "contacts": 1}
    assert plan.sentences[-1] == "Firm up to 2026-11-23: 1 of 3 contacts; the others will be planned again."
    whole = optimizer.solve(week(tmp_path))
    assert whole.summary["firm"] is None
    assert len(whole.sentences) == 4
    assert not any("Firm" in sentence for sentence in whole.sentences)


def test_lists_hand_over_what_is_firm_unless_the_outlook_is_asked_for(tmp_path: Path) -> None:
    plan, _ = night(rolling(tmp_path))
    (firm,) = deliver(plan, tmp_path / "firm")
    assert (firm.values, firm.contacts) == ({"channel": "email", "slot": "2026-11-23"}, 1)
    everything = deliver(plan, tmp_path / "all", outlook=True)
    assert sum(one.contacts for one in everything) == 3
    assert json.loads((tmp_path / "firm" / "deliveries.json").read_text())["contacts"] == 1


def test_firm_days_are_the_customers_own(tmp_path: Path) -> None:
    """22:00 UTC on the 23rd is the 24th in Helsinki and the 23rd in London."""
    (tmp_path / "slots.csv").write_text("slot,start\nlate,2026-11-23T22:30:00+00:00\n")
    (tmp_path / "people.csv").write_text("customer,tz\nC1,Europe/London\nC2,Europe/Helsinki\n")
    scenario = rolling(
        tmp_path,
        data=", slots: slots.csv, customers: people.csv",
        candidates="customer,offer,channel,slot,propensity,cost\nC1,card,email,late,0.5,1\nC2,card,email,late,0.5,1\n",
    ).replace({"horizon.timezone": {"column": "tz"}})
    plan, done = night(scenario)
    assert (len(keys(plan)), done.contacts, done.outlook) == (2, 1, 1)
    assert held(place(scenario), "customer") == [("C1",)]


@pytest.mark.parametrize("days", ["0 days", "5 days", "12 hours", "ever", "calendar week"])
def test_firm_days_are_some_of_the_horizons(days: str, tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=r"(?s)Maybe"):
        week(tmp_path).replace({"horizon.days": 4, "horizon.commit": days})
