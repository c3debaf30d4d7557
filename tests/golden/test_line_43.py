"""Line 43: a refusal lists every rule, then the cheapest one-for-one exchange; what breaks none is priced out."""

from __future__ import annotations

from pathlib import Path

import pytest

import optimizer as opt
from tests.analysis.kit import scenario, table

CAPPED = """
contact_policies:
  - {name: two-a-week, at_most: 2, within: 7 days}
  - {name: rest, spacing: 2 days}
constraints:
  - {name: room, total: contacts, at_most: 3}
"""
CANDIDATES = """
customer, offer, slot, value
c1, A, 2026-11-23, 5
c1, B, 2026-11-24, 4
c1, C, 2026-11-25, 3
c2, A, 2026-11-23, 10
c3, A, 2026-11-23, 8
c4, A, 2026-11-23, 2
"""
HISTORY = """
customer, offer, at
c1, Z, 2026-11-20
"""


@pytest.fixture
def plan(tmp_path: Path) -> opt.Plan:
    return opt.solve(scenario(tmp_path, CAPPED, table(CANDIDATES), history=table(HISTORY)), engine="exact", gap=0.0)


def by_offer(plan: opt.Plan, customer: str):
    return {one.key["offer"]: one for one in plan.explain(customer).candidates}


def test_a_refusal_lists_every_rule_it_would_break(plan: opt.Plan) -> None:
    found = by_offer(plan, "c1")
    assert found["A"].fate == "chosen"
    assert [r.rule for r in found["B"].refusals] == ["rest", "two-a-week", "room"]
    assert [r.rule for r in found["C"].refusals] == ["two-a-week", "room"]


def test_a_refusal_names_the_days_of_the_contacts_that_count(plan: opt.Plan) -> None:
    rest, week, room = by_offer(plan, "c1")["B"].refusals
    assert [(c.day, c.planned) for c in rest.contacts] == [("2026-11-23", True)]
    assert [(c.day, c.planned) for c in week.contacts] == [("2026-11-20", False), ("2026-11-23", True)]
    assert week.window == ("2026-11-20", "2026-11-26")
    assert (room.used, room.limit) == (3, 3)


def test_the_cheapest_exchange_lets_it_in(plan: opt.Plan) -> None:
    found = by_offer(plan, "c1")
    assert (found["B"].swap.leaves["offer"], found["B"].swap.change) == ("A", -1)
    assert (found["C"].swap.leaves["offer"], found["C"].swap.change) == ("A", -2)
    other = by_offer(plan, "c4")["A"]
    assert [r.rule for r in other.refusals] == ["room"]
    assert (other.swap.leaves["customer"], other.swap.change) == ("c1", -3)


def test_no_exchange_is_named_where_none_helps(tmp_path: Path) -> None:
    rules = """
    contact_policies:
      - {name: never-late, at_most: 0, where: "slot = '2026-11-25'"}
    """
    plan = opt.solve(scenario(tmp_path, rules, table(CANDIDATES)), engine="exact")
    refused = by_offer(plan, "c1")["C"]
    assert ([r.rule for r in refused.refusals], refused.swap) == (["never-late"], None)


def test_a_contact_that_breaks_none_is_priced_out_by_its_prices(tmp_path: Path) -> None:
    rules = "constraints: [{name: desk, total: contacts, at_most: 1, penalty: 3.5}]"
    plan = opt.solve(scenario(tmp_path, rules, table(CANDIDATES)), engine="exact", gap=0.0)
    poor = by_offer(plan, "c4")["A"]
    assert (poor.fate, poor.refusals) == ("priced out", ())
    assert [(c.rule, c.price, c.uses, c.paid) for c in poor.charges] == [("desk", 3.5, 1, 3.5)]
    assert poor.margin == -1.5
    assert poor.swap is None
