"""Limits, shares, penalties and history meet amounts: whatever their sizes, there is a plan or one of our errors."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import optimizer as opt
from optimizer.errors import OptimizerError, ScenarioError
from optimizer.problem.linear import MOST
from optimizer.problem.linearize import linearize
from optimizer.solve import build
from tests.week import week

HEAD = week(
    "room",
    horizon={"start": "2026-11-23", "days": 2},
    objective={"maximize": "value / 3"},
    contact_policies=[{"name": "one", "at_most": 1}],
)
CUSTOMERS = 20


def candidates(customers: int = CUSTOMERS) -> pd.DataFrame:
    rows = [
        (f"c{i:03}", offer, "2026-11-23", 1 + (7 * i + 3 * j) % 11 + 0.25, round(0.1 + (i * 13 % 29) / 100, 2))
        for i in range(customers)
        for j, offer in enumerate("AB")
    ]
    return pd.DataFrame(rows, columns=["customer", "offer", "slot", "value", "cost"])


def solved(constraint: dict, *, engine: str = "auto", history: pd.DataFrame | None = None, customers: int = CUSTOMERS):
    scenario = opt.Scenario.from_dict(HEAD | {"constraints": [constraint], "solve": {"engine": engine}})
    return opt.solve(scenario, candidates=candidates(customers), history=history)


sizes = st.builds(lambda digits, power: digits * 10.0**power, st.integers(1, 10**16), st.integers(-25, 4))
totals = st.sampled_from(["contacts", "value", "value / 3", "cost * 1.1"])


@settings(max_examples=60)
@given(totals, st.sampled_from(["at_most", "at_least", "exactly"]), sizes, st.none() | sizes, st.none() | sizes)
def test_any_limit_penalty_and_history_give_a_plan_or_say_what_is_wrong(total, key, limit, penalty, past) -> None:
    constraint = {"name": "limit", "total": total, key: limit, "within": "7 days"}
    if penalty is not None:
        constraint["penalty"] = penalty
    history = None
    if past is not None:
        history = pd.DataFrame({"customer": ["c001", "c002"], "offer": "A", "at": "2026-11-21"})
        history = history.assign(value=past, cost=past / 7)
    plan, wrong = None, ""
    try:
        plan = solved(constraint, history=history)
    except OptimizerError as error:
        wrong = str(error)
    assert "defect" not in wrong
    if plan is not None:
        assert plan.audit.ok
        assert plan.summary["bound"] >= plan.objective - 1e-9 * abs(plan.objective)


@pytest.mark.parametrize("engine", ["exact", "decomposition", "greedy"])
@pytest.mark.parametrize("total", ["contacts", "value / 3"])
def test_a_cap_beyond_everything_changes_nothing(engine: str, total: str) -> None:
    free = solved({"name": "limit", "total": "contacts", "at_most": 1000}, engine=engine)
    assert solved({"name": "limit", "total": total, "at_most": 1e20}, engine=engine).objective == free.objective


def test_a_minimum_beyond_everything_is_refused_by_name() -> None:
    with pytest.raises(opt.InfeasibleError, match="limit"):
        solved({"name": "limit", "total": "value / 3", "at_least": 1e20})


@pytest.mark.parametrize("section", ["constraints", "contact_policies"])
def test_a_minimum_beyond_everything_has_no_price(section: str) -> None:
    rule = {"name": "limit", "at_least": 10**19, "penalty": 2}
    rules = {section: [rule | ({"total": "contacts"} if section == "constraints" else {})]}
    with pytest.raises(ScenarioError, match="rule limit: it demands, at a price, more than can be counted"):
        opt.solve(opt.Scenario.from_dict(HEAD | rules), candidates=candidates())


@pytest.mark.parametrize("engine", ["exact", "decomposition", "greedy"])
def test_a_share_of_many_places_holds_for_thousands_of_contacts(engine: str) -> None:
    share = {"name": "share", "share": "offer = 'A'", "at_most": 1 / 3}
    plan = solved(share, engine=engine, customers=3000)
    assert (plan.contacts["offer"] == "A").sum() <= len(plan.contacts) / 3


@pytest.mark.parametrize("penalty", [1e3, 1e7, 1e9, 1e12])
def test_a_large_penalty_leaves_the_plan_and_its_proof_as_they_were(penalty: float) -> None:
    free = solved({"name": "limit", "total": "contacts", "at_least": CUSTOMERS})
    plan = solved({"name": "limit", "total": "contacts", "at_least": CUSTOMERS, "penalty": penalty})
    assert plan.objective == pytest.approx(free.objective, rel=1e-9)
    assert plan.termination.reason == "optimal"


def test_a_soft_limit_of_a_computed_total_is_proven() -> None:
    plan = solved({"name": "limit", "total": "value / 3", "at_most": 9, "penalty": 1 / 3}, customers=400)
    assert plan.summary["gap"] <= 1e-6


def test_objectives_of_linear_forms_have_room_whatever_penalties_come_to() -> None:
    soft = {"name": "limit", "total": "value / 3", "at_least": 1e6, "penalty": 1e9}
    scenario = opt.Scenario.from_dict(HEAD | {"constraints": [soft]})
    linear = linearize(build(scenario, {"candidates": candidates()}).problem)
    assert sum(abs(int(c)) * int(u) for c, u in zip(linear.objective, linear.column_upper, strict=True)) <= MOST


def test_history_is_counted_in_its_own_decimals() -> None:
    history = pd.DataFrame({"customer": ["c001"] * 3, "offer": "A", "at": "2026-11-21", "cost": 0.125})
    limit = {"name": "spend", "total": "cost", "within": "7 days", "at_most": 0.495}
    plan = solved(limit, history=history)
    assert plan.audit.ok
    assert plan.contacts["cost"].sum() <= 0.12


def test_no_soft_limit_has_a_price_above_its_penalty() -> None:
    ratio = {"name": "ratio", "ratio": "value", "to": "cost", "at_least": 2, "penalty": 0.1}
    scenario = opt.Scenario.from_dict(HEAD | {"objective": {"maximize": "value"}, "constraints": [ratio]})
    one = pd.DataFrame({"customer": ["a"], "offer": ["A"], "slot": ["2026-11-23"], "value": [1.0], "cost": [2.0]})
    plan = opt.solve(scenario, candidates=one)
    assert plan.constraints["price"].abs().max() <= 0.1
