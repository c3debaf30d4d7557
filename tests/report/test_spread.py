"""Where the contacts go, counted in the plan's own rows."""

from __future__ import annotations

from typing import Any

import pandas as pd

from optimizer.report import spread
from tests.report import fakes
from tests.report.fakes import frame, plan


def reached(of: Any) -> list[dict[str, Any]]:
    return spread.caps(of, spread.frequencies(of))


def test_customers_without_a_contact_are_counted_too() -> None:
    contacts = frame("""
        customer, offer
        a,        x
        a,        y
        b,        x
    """)
    steps = spread.frequencies(plan(contacts=contacts, summary={"customers": 5}))
    assert [(step["contacts"], step["customers"]) for step in steps] == [(0, 3), (1, 1), (2, 1)]


def test_many_contacts_share_the_last_step() -> None:
    contacts = pd.DataFrame({"customer": ["a"] * 25 + ["b"] * 10 + ["c"]})
    last = spread.frequencies(plan(contacts=contacts, summary={"customers": 3}))[-1]
    assert last == {"contacts": 10, "customers": 2, "or_more": True}


def test_an_empty_plan_has_a_spread_too() -> None:
    nobody = plan(contacts=fakes.contacts().head(0), summary={"customers": 4}, breakdown=fakes.breakdown().head(0))
    assert spread.frequencies(nobody) == [{"contacts": 0, "customers": 4, "or_more": False}]
    assert spread.schedule(nobody) is None
    assert spread.groups(nobody) == []


def test_a_cap_on_all_contacts_of_the_horizon_counts_who_reaches_it() -> None:
    assert reached(plan()) == [{"name": "three-a-week", "cap": 3, "customers": 225}]


def test_a_cap_in_a_shorter_window_is_none_on_the_horizon() -> None:
    shorter = fakes.SCENARIO.replace({"contact_policies.three-a-week.within": "5 days"})
    assert reached(plan(scenario=shorter)) == []


def test_a_cap_on_some_contacts_is_none_on_all() -> None:
    some = fakes.SCENARIO.replace({"contact_policies.three-a-week.where": "channel = 'sms'"})
    assert reached(plan(scenario=some)) == []


def test_schedule_counts_contacts_by_channel_and_slot() -> None:
    contacts = frame("""
        customer, channel, slot
        a,        sms,     2026-11-24
        b,        sms,     2026-11-23
        c,        email,   2026-11-24
        d,        sms,     2026-11-24
    """)
    assert spread.schedule(plan(contacts=contacts)) == {
        "rows": ["email", "sms"],
        "columns": ["2026-11-23", "2026-11-24"],
        "cells": [[0, 1], [1, 2]],
        "unit": "slot",
    }


def test_slots_of_every_hour_are_gathered_by_day() -> None:
    slots = [f"2026-11-{day} {hour:02}:00:00" for day in (23, 24) for hour in range(20)]
    contacts = pd.DataFrame({"customer": range(40), "channel": "sms", "slot": slots})
    found = spread.schedule(plan(contacts=contacts))
    assert found is not None
    assert (found["columns"], found["cells"], found["unit"]) == (["2026-11-23", "2026-11-24"], [[20, 20]], "day")


def test_no_contact_is_lost_where_offers_are_many() -> None:
    rows = [(fakes.group(segment=f"s{i % 2}", offer=f"o{i:03}"), 1 + i) for i in range(100)]
    breakdown = pd.DataFrame(rows, columns=["group", "contacts"])
    segment = spread.groups(plan(breakdown=breakdown))[0]
    assert segment["by"] == "segment"
    assert segment["rows"][0] == "o099"
    assert segment["rows"][-1] == spread.OTHERS
    assert len(segment["rows"]) == spread.MOST_ROWS + 1
    assert sum(map(sum, segment["cells"])) == sum(range(1, 101))


def test_groups_are_contacts_by_offer_and_what_describes_them() -> None:
    segment, channel = spread.groups(plan())
    assert (segment["rows"], segment["columns"]) == (["loan", "card"], ["gold", "student"])
    assert segment["cells"] == [[400, 800], [150, 0]]
    assert (channel["by"], channel["rows"]) == ("channel", ["loan"])
    assert sum(channel["cells"][0]) == len(fakes.contacts())
