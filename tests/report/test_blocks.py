"""The report's data: what it says, before anything is drawn."""

from __future__ import annotations

from types import SimpleNamespace

import pandas as pd
import pyarrow as pa
import pytest

from optimizer.report import blocks
from optimizer.scenario import Scenario
from tests.report import fakes
from tests.report.fakes import frame, plan


def test_baselines_come_best_first_and_one_without_a_plan_last() -> None:
    rows = blocks.comparison(plan(summary={"baselines": {"a": 10.0, "b_c": 30.0, "d": None}}))
    assert [row["name"] for row in rows] == ["best possible (proven bound)", "this plan", "b c", "a", "d"]


def test_gain_is_relative_to_the_baseline() -> None:
    rows = blocks.comparison(plan(objective=120.0, bound=120.0, summary={"baselines": {"a": 100.0}}))
    assert rows[-1]["gain"] == 0.2


def test_when_minimising_a_dearer_baseline_is_a_gain_too() -> None:
    cheap = plan(
        objective=80.0, bound=80.0, prices={"sense": "minimize"}, summary={"baselines": {"a": 100.0, "b": 90.0}}
    )
    rows = blocks.comparison(cheap)
    assert [row["name"] for row in rows[2:]] == ["b", "a"]
    assert rows[-1]["gain"] == 0.2


def test_without_a_bound_none_is_shown() -> None:
    assert "bound" not in [row["kind"] for row in blocks.comparison(plan(bound=None, gap=None))]


def test_groups_of_one_constraint_become_one_block_with_the_range_of_their_prices() -> None:
    visits = next(rule for rule in blocks.rules(plan()) if rule["name"] == "branch-visits")
    assert (visits["groups"], visits["full"], visits["price_low"], visits["price_high"]) == (7, 3, 0.0, 3.25)
    assert visits["used"] is None


def test_both_sides_of_a_constraint_stay_apart_although_their_lines_alternate() -> None:
    constraints = frame("""
        name, group,  sense, limit, used, slack, price, binding, penalty_paid, report_only
        cell, {},     <=,    9,     5,    4,     0,     False,   0,            False
        cell, {},     >=,    5,     5,    0,     -1.5,  True,    0,            False
        cell, {},     <=,    9,     5,    4,     0,     False,   0,            False
    """)
    found = [(rule["sense"], rule["groups"]) for rule in blocks.rules(plan(constraints=constraints))]
    assert found == [("at most", 2), ("at least", 1)]


def test_tightest_groups_are_listed_first_and_the_rest_counted() -> None:
    rows = pd.concat([fakes.constraints().iloc[1:29]] * 3, ignore_index=True)
    rule = blocks.rules(plan(constraints=rows))[0]
    assert rule["lines"][0]["full"]
    assert (len(rule["lines"]), rule["hidden"]) == (blocks.GROUPS_LISTED, 3 * 28 - blocks.GROUPS_LISTED)


def test_a_limit_of_zero_has_no_share() -> None:
    constraints = fakes.constraints().head(1).assign(limit=0.0, used=0.0)
    assert blocks.rules(plan(constraints=constraints))[0]["share"] is None


def test_funnel_ends_at_the_eligible() -> None:
    steps = blocks.funnel(plan())
    assert [step["left"] for step in steps] == [19_700, 14_550, 12_940]


def test_reasons_that_no_candidate_gives_are_left_out() -> None:
    reasons = frame("""
        reason, alone, in_order
        past,   0,     0
        same,   5,     0
        low,    5,     5
    """)
    assert [step["reason"] for step in blocks.funnel(plan(funnel=reasons))] == ["same", "low"]


def test_a_priced_limit_that_is_not_used_up_is_not_called_full() -> None:
    priced = fakes.constraints().head(1).assign(used=11_000.0, slack=1_000.0, binding=True)
    assert blocks.rules(plan(constraints=priced))[0]["full"] == 0


def test_only_grouped_limits_from_above_are_capacities() -> None:
    assert [rule["name"] for rule in blocks.capacities(plan())] == ["capacity", "branch-visits"]


def test_each_rule_says_what_it_means() -> None:
    said = {rule["name"]: rule["words"] for rule in blocks.rules(plan())}
    assert said["branch-visits"] == "The plan: at most 40 contacts for each slot."
    assert blocks.policies(plan())[0]["words"] == "Each customer: at most 3 contacts, in any 7 days."


def test_spending_is_what_an_upper_limit_on_an_amount_counts() -> None:
    assert blocks.spending(plan(), blocks.rules(plan())) == [
        {"what": "cost", "rule": "budget", "used": 12000.0, "limit": 12000.0, "share": 1.0},
    ]


def test_a_cost_that_was_estimated_from_a_sample_has_a_95_per_cent_range() -> None:
    policies = frame("""
        name, refused, value_lost, value_lost_error
        rest, 640,     910.0,      10
        none, 0,       0,          nan
    """)
    assert [row["spread"] for row in blocks.policies(plan(policies=policies))] == [pytest.approx(19.6), 0]


def test_the_best_of_usual_practice_is_the_one_to_beat() -> None:
    best = blocks.best_practice(plan())
    assert best is not None
    assert best["name"] == "best value per cost first"
    assert blocks.best_practice(plan(summary={"baselines": {"first_come": None}})) is None


def test_a_table_of_two_keys_keeps_every_group_in_order() -> None:
    rows = pd.concat([fakes.constraints().iloc[[1]]] * 90, ignore_index=True)
    rows["group"] = [fakes.group(channel=f"c{i % 3}", slot=f"2026-12-{i // 3 + 1:02}") for i in range(90)]
    (capacity,) = blocks.capacities(plan(constraints=rows))
    assert (len(capacity["lines"]), capacity["hidden"]) == (90, 0)
    assert [line["group"] for line in capacity["lines"]] == sorted(line["group"] for line in capacity["lines"])


@pytest.mark.parametrize(
    ("horizon", "said"),
    [
        ({"start": "2026-11-23", "days": 7}, "Mon 23 Nov – Sun 29 Nov 2026, 7 days"),
        ({"start": "2026-12-30", "days": 4}, "Wed 30 Dec 2026 – Sat 2 Jan 2027, 4 days"),
        ({"start": "2026-11-23", "days": 1}, "Monday 23 November 2026"),
    ],
)
def test_the_days_of_the_plan_are_said(horizon: dict[str, object], said: str) -> None:
    scenario = {"version": 1, "name": "x", "horizon": horizon, "objective": {"maximize": "value"}}
    assert blocks.days(Scenario.from_dict(scenario)) == said


def test_a_price_says_between_which_limits_it_holds_where_that_is_known() -> None:
    rows = pa.table(
        {
            "rule": ["budget", "capacity", "loan-floor"],
            "group": ["{}", fakes.group(channel="call", slot="2026-11-27"), "{}"],
            "holds_from": [11_900.0, 60.0, None],
            "holds_to": [12_100.0, 60.0, None],
        }
    )
    found = {rule["name"]: rule["holds"] for rule in blocks.rules(plan(insight=SimpleNamespace(rows=rows)))}
    assert found["budget"] == (11_900.0, 12_100.0)
    assert found["capacity"] is found["loan-floor"] is None
    assert {rule["holds"] for rule in blocks.rules(plan())} == {None}
