"""A contact that the ledger holds is not planned again, whatever the policies say: nobody hears the same twice."""

from __future__ import annotations

from pathlib import Path

import pytest

import optimizer
from optimizer.errors import DataError, InfeasibleError
from optimizer.ledger import commit
from optimizer.ledger.deliveries import import_history
from optimizer.plan.plan import Plan
from optimizer.scenario import Scenario
from tests.ledger.kit import held, keys, night, place, week

NO_POLICY = "  - {name: many, at_most: 9, within: 7 days}"
ALL = [
    ("C1", "card", "2026-11-23"),
    ("C1", "card", "2026-11-26"),
    ("C1", "loan", "2026-11-24"),
    ("C2", "card", "2026-11-24"),
    ("C3", "loan", "2026-11-25"),
]


def lenient(folder: Path, day: int = 22, commit_days: int = 2, **given: str) -> Scenario:
    """Return a night that plans four days, of which the first are firm, and that no policy keeps from repeating."""
    given = {"rules": NO_POLICY, "as_of": f"2026-11-{day}T18:00:00+00:00", "start": f"2026-11-{day + 1}", **given}
    return week(folder, **given).replace({"horizon.days": 4, "horizon.commit": f"{commit_days} days"})


def refused(plan: Plan) -> int:
    (count,) = plan.funnel.loc[plan.funnel["reason"] == "already planned", "in_order"]
    return int(count)


def test_firm_days_that_overlap_give_no_contact_twice(tmp_path: Path, ledger: str) -> None:
    first, _ = night(lenient(tmp_path, ledger=ledger))
    assert (keys(first), refused(first)) == (ALL, 0)
    second, done = night(lenient(tmp_path, 23, ledger=ledger))
    assert keys(second) == [("C1", "card", "2026-11-26"), ("C3", "loan", "2026-11-25")]
    assert (refused(second), done.contacts) == (2, 1)
    everything = held(place(second.scenario), "customer, offer, slot")
    assert everything == [key for key in sorted(ALL) if key[2] < "2026-11-26"]


def test_a_night_that_is_run_again_is_not_kept_from_its_own_contacts(tmp_path: Path, ledger: str) -> None:
    night(lenient(tmp_path, ledger=ledger))
    again, done = night(lenient(tmp_path, ledger=ledger))
    assert (keys(again), refused(again), done.replaced) == (ALL, 0, 3)


def test_what_was_delivered_is_not_planned_again(tmp_path: Path, ledger: str) -> None:
    """Delivered on the morning of the 23rd, planned again at noon: a slot that is a date is not past yet."""
    scenario = lenient(tmp_path, ledger=ledger)
    (tmp_path / "sent.csv").write_text("customer,offer,channel,slot,at\nC1,card,email,2026-11-23,2026-11-23T09:00Z\n")
    import_history(tmp_path / "sent.csv", place(scenario))
    noon = lenient(tmp_path, 23, ledger=ledger).replace(
        {"as_of": "2026-11-23T12:00:00Z", "horizon.start": "2026-11-23"}
    )
    plan = optimizer.solve(noon)
    assert (keys(plan), refused(plan)) == (ALL[1:], 1)


def test_other_scenarios_with_the_same_ledger_count(tmp_path: Path, ledger: str) -> None:
    night(lenient(tmp_path, ledger=ledger, name="other"))
    plan = optimizer.solve(lenient(tmp_path, ledger=ledger))
    assert (keys(plan), refused(plan)) == ([ALL[1], ALL[4]], 3)


TIMES = "customer,offer,slot,propensity\n7,card,2026-11-23T09:00:00+01:00,0.5\n7,card,2026-11-23T10:00:00+01:00,0.4\n"
IN_UTC = "customer,offer,slot,propensity\n7,card,2026-11-23 08:00:00Z,0.5\n7,card,2026-11-23 09:00:00Z,0.4\n"


def test_one_moment_is_one_slot_however_it_is_written(tmp_path: Path) -> None:
    night(
        lenient(tmp_path, name="other", candidates=TIMES).replace(
            {
                "constraints": [
                    {"name": "one", "total": "contacts", "at_most": 1},
                ]
            }
        )
    )
    plan = optimizer.solve(lenient(tmp_path, candidates=IN_UTC))
    assert plan.contacts["slot"].astype(str).tolist() == ["2026-11-23 09:00:00Z"]


def test_a_name_that_comes_back_each_week_is_another_slot_then(tmp_path: Path) -> None:
    named = "customer,offer,slot,propensity\nC1,card,monday,0.5\nC2,card,monday,0.5\n"
    (tmp_path / "slots.csv").write_text("slot,start\nmonday,2026-11-23T09:00:00Z\n")
    first = lenient(tmp_path, candidates=named, data=", slots: slots.csv")
    night(first)
    again = optimizer.solve(lenient(tmp_path, candidates=named, data=", slots: slots.csv", name="other"))
    assert (len(again.contacts), refused(again)) == (0, 2)
    (tmp_path / "slots.csv").write_text("slot,start\nmonday,2026-11-30T09:00:00Z\n")
    later = optimizer.solve(lenient(tmp_path, 29 - 1, candidates=named, data=", slots: slots.csv"))
    assert (len(later.contacts), refused(later)) == (2, 0)


def test_the_audit_finds_a_contact_that_is_planned_already(tmp_path: Path) -> None:
    plan, _ = night(lenient(tmp_path, name="other"))
    report = optimizer.audit(lenient(tmp_path), contacts=plan.contacts)
    assert not report.ok
    assert [(line.rule, line.used) for line in report.lines if line.broken] == [("already planned", 3)]


def test_an_answer_about_a_customer_says_so(tmp_path: Path) -> None:
    night(lenient(tmp_path, name="other"))
    optimizer.solve(lenient(tmp_path)).save(tmp_path / "tonight")
    (candidate,) = optimizer.explain(tmp_path / "tonight", "C2").to_dict()["candidates"]
    assert (candidate["fate"], list(candidate["reasons"])) == ("ineligible", ["already planned"])


def test_a_pin_on_a_contact_that_is_planned_already_is_told(tmp_path: Path) -> None:
    night(lenient(tmp_path, name="other"))
    (tmp_path / "keep.csv").write_text("customer,offer,channel,slot\nC2,card,email,2026-11-24\n")
    with pytest.raises(InfeasibleError, match="keeps candidates that 'already planned' refuses"):
        optimizer.solve(lenient(tmp_path).replace({"pins": {"keep": "keep.csv"}}))


def test_a_plan_that_another_night_came_before_is_not_committed(tmp_path: Path, ledger: str) -> None:
    late = optimizer.solve(lenient(tmp_path, ledger=ledger))
    night(lenient(tmp_path, 23, ledger=ledger))
    before = held(place(late.scenario))
    with pytest.raises(
        DataError, match=r"committed meanwhile, by 't' of 2026-11-23\. 2 rows like this\.\nMaybe run this night again"
    ):
        commit(late, place(late.scenario))
    assert held(place(late.scenario)) == before
    again, done = night(lenient(tmp_path, ledger=ledger))
    assert (refused(again), done.contacts) == (3, 1)


def test_a_name_that_stood_for_another_day_is_refused_before_it_costs_a_contact(tmp_path: Path, ledger: str) -> None:
    named = "customer,offer,channel,slot,propensity\nC1,card,email,morning,0.5\n"
    (tmp_path / "slots.csv").write_text("slot,start\nmorning,2026-11-23T09:00:00Z\n")
    scenario = lenient(tmp_path, ledger=ledger, candidates=named, data=", slots: slots.csv")
    night(scenario)
    (tmp_path / "sent.csv").write_text("customer,offer,channel,slot,at\nC1,card,email,morning,2026-11-23T09:05Z\n")
    import_history(tmp_path / "sent.csv", place(scenario))
    (tmp_path / "slots.csv").write_text("slot,start\nmorning,2026-11-24T09:00:00Z\n")
    with pytest.raises(DataError, match=r"'morning' is of 2026-11-23 in the ledger, and of 2026-11-24 here"):
        night(lenient(tmp_path, 23, ledger=ledger, candidates=named, data=", slots: slots.csv"))
    (tmp_path / "sent.csv").write_text("customer,offer,channel,slot,at\nC1,card,email,morning,2026-11-24T09:05Z\n")
    with pytest.raises(DataError, match="Maybe put the date into the slot's name"):
        import_history(tmp_path / "sent.csv", place(scenario))
    assert held(place(scenario), 'slot, "at"') == [("morning", "2026-11-23T09:05:00.000000Z")]
