"""The report's data: what it says, before anything is drawn."""

from __future__ import annotations

from types import SimpleNamespace

import pandas as pd

from optimizer.report import blocks
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


def test_customers_without_a_contact_are_counted_too() -> None:
    contacts = frame("""
        customer, offer
        a,        x
        a,        y
        b,        x
    """)
    steps = blocks.frequencies(plan(contacts=contacts, summary={"customers": 5}))
    assert [(step["contacts"], step["customers"]) for step in steps] == [(0, 3), (1, 1), (2, 1)]


def test_many_contacts_share_the_last_step() -> None:
    contacts = pd.DataFrame({"customer": ["a"] * 25 + ["b"] * 10 + ["c"]})
    last = blocks.frequencies(plan(contacts=contacts, summary={"customers": 3}))[-1]
    assert last == {"contacts": 10, "customers": 2, "or_more": True}


def test_an_empty_plan_has_blocks_too() -> None:
    nobody = plan(contacts=fakes.contacts().head(0), summary={"customers": 4})
    assert blocks.frequencies(nobody) == [{"contacts": 0, "customers": 4, "or_more": False}]
    assert blocks.schedule(nobody) is None


def test_schedule_counts_contacts_by_channel_and_slot() -> None:
    contacts = frame("""
        customer, channel, slot
        a,        sms,     2026-11-24
        b,        sms,     2026-11-23
        c,        email,   2026-11-24
        d,        sms,     2026-11-24
    """)
    assert blocks.schedule(plan(contacts=contacts)) == {
        "rows": ["email", "sms"],
        "columns": ["2026-11-23", "2026-11-24"],
        "cells": [[0, 1], [1, 2]],
    }


def test_only_grouped_limits_from_above_are_capacities() -> None:
    assert [rule["name"] for rule in blocks.capacities(plan())] == ["capacity", "branch-visits"]


def test_violations_are_listed_and_counted() -> None:
    broken = pd.DataFrame({"rule": ["rest"] * 25, "group": [f"C-{i}" for i in range(25)]})
    verdict = blocks.audit(plan(audit=SimpleNamespace(ok=False, violations=broken)))
    assert not verdict["ok"]
    assert (len(verdict["violations"]), verdict["hidden"]) == (20, 5)


def test_nothing_of_the_clock_or_the_run_is_in_the_provenance() -> None:
    shown = str(blocks.provenance(plan()))
    assert "20261122T180000Z-3f9a" not in shown
    assert "3.2" not in shown
