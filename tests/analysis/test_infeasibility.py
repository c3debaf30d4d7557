"""What planners are told when no plan exists: which rules, for how many, by how much, and the cheapest way out."""

from __future__ import annotations

import json
from pathlib import Path

from optimizer.errors import InfeasibleError
from tests.analysis.kit import crowd, refused, scenario, table


def only_clash(error: InfeasibleError) -> dict[str, object]:
    (clash,) = error.diagnosis["clashes"]
    return clash  # type: ignore[no-any-return]


def test_a_minimum_above_what_is_eligible_is_told_with_counts_at_each_step(tmp_path: Path) -> None:
    rules = """
    eligibility:
      - {name: consent, keep: optin}
    contact_policies:
      - {name: one-a-week, at_most: 1, within: 7 days}
    constraints:
      - {name: loan-floor, total: contacts, where: "offer = 'A'", at_least: 100}
    """
    people = crowd(60, "AB", ("2026-11-23", "2026-11-24"), optin=lambda n: n >= 15)
    error = refused(scenario(tmp_path, rules, people))
    clash = only_clash(error)
    assert clash["rules"] == ["loan-floor", "consent"]
    assert [(s["rule"], s["lost"], s["left"]) for s in clash["steps"]] == [  # type: ignore[attr-defined]
        (None, 0, 120),
        ("consent", 30, 90),
    ]
    assert str(error) == (
        "solve · scenario.yaml, line 14, column 5: 'loan-floor' and 'consent' clash: 120 candidates, 30 lost to "
        "consent: 90 left for the 100 that 'loan-floor' asks for, 45 beside all other rules.\n"
        "Maybe lower at_least of loan-floor from 100 to 45"
    )
    assert error.exit_code == 4


def test_a_clash_within_customers_counts_those_it_concerns(tmp_path: Path) -> None:
    rules = """
    contact_policies:
      - {name: one-a-week, at_most: 1, within: 7 days}
      - {name: vip-hears-us, at_least: 2, where: "vip"}
    """
    error = refused(scenario(tmp_path, rules, crowd(40, "AB", vip=lambda n: n % 4 == 0)))
    clash = only_clash(error)
    assert clash["rules"] == ["one-a-week", "vip-hears-us"]
    assert (clash["units"], clash["need"], clash["most"]) == (10, 2.0, 1.0)
    assert "for 10 of 40 customers" in str(error)
    assert error.diagnosis["relaxation"]["changes"] == {"contact_policies.vip-hears-us.at_least": 1}
    assert [way["changes"] for way in error.diagnosis["alternatives"]] == [{"contact_policies.one-a-week.at_most": 2}]


def test_customers_who_fail_for_different_reasons_make_different_clashes(tmp_path: Path) -> None:
    rules = """
    contact_policies:
      - {name: gold-cap, at_most: 1, where: "segment = 'gold'"}
      - {name: apart, never: "segment = 'basic'", with: "segment = 'basic'"}
      - {name: everybody, at_least: 2}
    """
    people = crowd(6, "AB", segment=lambda n: ["gold", "gold", "basic"][n % 3])
    clashes = refused(scenario(tmp_path, rules, people)).diagnosis["clashes"]
    found = {(tuple(clash["rules"]), clash["units"]) for clash in clashes}
    assert found == {(("gold-cap", "everybody"), 4), (("apart", "everybody"), 2)}


def test_two_constraints_that_clash_are_named_without_the_others(tmp_path: Path) -> None:
    rules = """
    contact_policies:
      - {name: many, at_most: 3, within: 7 days}
    constraints:
      - {name: idle, total: contacts, at_most: 1000}
      - {name: budget, total: cost, at_most: 12.50}
      - {name: floor, total: contacts, at_least: 30}
    """
    error = refused(scenario(tmp_path, rules, crowd(40, cost=lambda n: 0.5)))
    assert only_clash(error)["rules"] == ["budget", "floor"]
    ways = [error.diagnosis["relaxation"], *error.diagnosis["alternatives"]]
    assert [way["changes"] for way in ways] == [
        {"constraints.floor.at_least": 25},
        {"constraints.budget.at_most": 15},
    ]
    assert all(way["cheapest"] for way in ways)


def test_clashes_that_have_nothing_in_common_are_all_told(tmp_path: Path) -> None:
    rules = """
    constraints:
      - {name: a-floor, total: contacts, where: "offer = 'A'", at_least: 11}
      - {name: b-floor, total: contacts, where: "offer = 'B'", at_least: 12}
    """
    error = refused(scenario(tmp_path, rules, crowd(10, "AB")))
    assert [clash["rules"] for clash in error.diagnosis["clashes"]] == [["a-floor"], ["b-floor"]]
    assert error.diagnosis["relaxation"]["changes"] == {
        "constraints.a-floor.at_least": 10,
        "constraints.b-floor.at_least": 10,
    }
    assert len(error.findings) == 2


def test_the_worst_group_of_a_for_each_minimum_is_named(tmp_path: Path) -> None:
    people = table("""
    customer,offer,slot,value
    c1,A,2026-11-23,1
    c2,A,2026-11-23,1
    c1,B,2026-11-24,1
    c2,C,2026-11-24,1
    """)
    rules = "constraints: [{name: each, total: contacts, for_each: offer, at_least: 2}]"
    error = refused(scenario(tmp_path, rules, people))
    clash = only_clash(error)
    assert clash["groups"] == 2
    assert clash["group"] in ({"offer": "B"}, {"offer": "C"})
    assert error.diagnosis["relaxation"]["changes"] == {"constraints.each.at_least": 1}


def test_history_above_a_cap_is_part_of_the_new_limit(tmp_path: Path) -> None:
    rules = """
    contact_policies:
      - {name: cap, at_most: 2, within: 7 days}
    constraints:
      - {name: everybody, total: contacts, where: "offer = 'A'", exactly: 1}
    """
    past = table("""
    customer,offer,at
    c000,B,2026-11-20
    c000,B,2026-11-21
    c000,B,2026-11-22
    c000,B,2026-11-22
    """)
    error = refused(scenario(tmp_path, rules, crowd(1), history=past))
    ways = [error.diagnosis["relaxation"], *error.diagnosis["alternatives"]]
    assert {"contact_policies.cap.at_most": 5} in [way["changes"] for way in ways]


def test_days_of_rest_give_way_by_the_days_that_the_plan_needs(tmp_path: Path) -> None:
    rules = """
    contact_policies:
      - {name: rest, spacing: 5 days}
      - {name: twice, at_least: 2}
    """
    error = refused(scenario(tmp_path, rules, crowd(3, "A", ("2026-11-23", "2026-11-26"))))
    assert {"contact_policies.rest.spacing": "3 days"} in [w["changes"] for w in error.diagnosis["alternatives"]]


def test_a_kept_pin_that_breaks_a_cap_is_part_of_the_clash(tmp_path: Path) -> None:
    rules = """
    contact_policies:
      - {name: one, at_most: 1, within: 7 days}
    pins: {keep: booked.csv}
    """
    people = crowd(3, "AB")
    booked = people[people["customer"] == "c001"][["customer", "offer", "slot"]]
    clash = only_clash(refused(scenario(tmp_path, rules, people, booked=booked)))
    assert set(clash["rules"]) == {"pins", "one"}  # type: ignore[call-overload]
    assert clash["units"] == 1


def test_a_kept_pin_that_eligibility_refuses_is_told_with_what_else_clashes(tmp_path: Path) -> None:
    rules = """
    eligibility:
      - {name: consent, keep: optin}
    constraints:
      - {name: floor, total: contacts, at_least: 3}
    pins: {keep: booked.csv}
    """
    people = crowd(3, optin=lambda n: n != 1)
    booked = people[people["customer"] == "c001"][["customer", "offer", "slot"]]
    diagnosis = refused(scenario(tmp_path, rules, people, booked=booked)).diagnosis
    assert [clash["rules"] for clash in diagnosis["clashes"]] == [["pins", "consent"], ["floor", "consent"]]
    assert diagnosis["relaxation"]["changes"] == {"pins": None, "constraints.floor.at_least": 2}


def test_a_budget_too_small_for_a_best_effort_is_infeasible_and_says_so(tmp_path: Path) -> None:
    rules = """
    contact_policies:
      - {name: hear-us, at_least: 1, if_short: best_effort}
    constraints:
      - {name: budget, total: contacts, at_most: 3}
    """
    error = refused(scenario(tmp_path, rules, crowd(5)))
    assert only_clash(error)["rules"] == ["hear-us", "budget"]
    assert error.diagnosis["relaxation"] is not None


def test_a_run_without_time_left_still_says_what_the_engine_found(tmp_path: Path) -> None:
    wanted = scenario(tmp_path, "constraints: [{name: floor, total: contacts, at_least: 9}]", crowd(3))
    from optimizer.analysis.infeasibility import explain
    from optimizer.problem.solution import Request
    from optimizer.solve import build

    first = InfeasibleError("no plan obeys every rule")
    error = explain(build(wanted), first, Request(deadline=0.0))
    assert error.diagnosis["complete"] is False
    assert error.findings == first.findings


def test_the_diagnosis_is_plain_json(tmp_path: Path) -> None:
    rules = "constraints: [{name: floor, total: cost, at_least: 9.75}]"
    error = refused(scenario(tmp_path, rules, crowd(3, cost=lambda n: 1.25)))
    assert json.loads(json.dumps(error.diagnosis, allow_nan=False)) == error.diagnosis
    assert only_clash(error)["most"] == 3.75
    assert error.diagnosis["relaxation"]["changes"] == {"constraints.floor.at_least": 3.75}
