"""What a policy refuses and costs, and what a limit's price is and how far it holds: computed again from the tables."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from itertools import combinations
from pathlib import Path

import pandas as pd
import pytest

import optimizer as opt
from optimizer.synthetic.registry import generate

CUSTOMERS, EACH, MOST = 60, 10, 4
"""Nobody gets more than four contacts: of seven days with a day between two of them, or by the cap."""

Contact = tuple[str, str, str, pd.Timestamp]
Obeys = Callable[[list[Contact]], bool]


def few_a_week(chosen: list[Contact]) -> bool:
    return len(chosen) <= 3


def two_per_channel(chosen: list[Contact]) -> bool:
    channels = [channel for _, _, channel, _ in chosen]
    return all(channels.count(channel) <= 2 for channel in channels)


def offer_once(chosen: list[Contact]) -> bool:
    return len({offer for _, offer, _, _ in chosen}) == len(chosen)


def rest(chosen: list[Contact]) -> bool:
    return all(abs((a - b).days) >= 2 for (*_, a), (*_, b) in combinations(chosen, 2))


POLICIES: dict[str, Obeys] = {
    "three-a-week": few_a_week,
    "two-per-channel": two_per_channel,
    "offer-once": offer_once,
    "rest": rest,
}


@pytest.fixture(scope="module")
def solved(tmp_path_factory: pytest.TempPathFactory) -> tuple[opt.Plan, pd.DataFrame]:
    """A plan, and its candidates with their margins at its prices."""
    folder = tmp_path_factory.mktemp("costs") / "weekly"
    generate("weekly", customers=CUSTOMERS, out=folder, seed=3, per_customer=EACH)
    plan = opt.solve(opt.Scenario.load(folder / "scenario.yaml"), engine="decomposition", gap=5e-3)
    return plan, with_margins(plan, folder)


def with_margins(plan: opt.Plan, folder: Path) -> pd.DataFrame:
    table = pd.read_parquet(folder / "candidates.parquet")
    table = table.merge(pd.read_csv(folder / "offers.csv"), on="offer").merge(
        pd.read_csv(folder / "channels.csv"), on="channel"
    )
    table["day"] = pd.to_datetime(table["slot"])
    table["margin"] = table["propensity"] * table["value"] - table["cost"]
    priced = plan.constraints.assign(group=plan.constraints["group"].map(json.loads))
    for row in priced.itertuples():
        mine = pd.Series(True, table.index)
        for column, value in row.group.items():
            mine &= table[column].astype(str) == value
        table.loc[mine, "margin"] -= row.price * (table.loc[mine, "cost"] if row.name == "budget" else 1.0)
    keys = plan.contacts[["customer", "offer", "channel", "slot"]].assign(chosen=True)
    return table.merge(keys, on=["customer", "offer", "channel", "slot"], how="left").fillna({"chosen": False})


def units(table: pd.DataFrame) -> Iterator[list[tuple[Contact, float, bool]]]:
    for _, mine in table.groupby("customer"):
        columns = (mine[name] for name in ("customer", "offer", "channel", "day", "margin", "chosen"))
        yield [((c, o, h, d), margin, chosen) for c, o, h, d, margin, chosen in zip(*columns, strict=True)]


def optimum(unit: list[tuple[Contact, float, bool]], policies: dict[str, Obeys]) -> float:
    """Try all sets of contacts with a positive margin."""
    good = [(contact, margin) for contact, margin, _ in unit if margin > 0]
    return max(
        sum(margin for _, margin in some)
        for size in range(min(MOST, len(good)) + 1)
        for some in combinations(good, size)
        if all(obeys([contact for contact, _ in some]) for obeys in policies.values())
    )


def test_a_policy_refuses_the_promising_contacts_that_would_break_it(
    solved: tuple[opt.Plan, pd.DataFrame],
) -> None:
    plan, table = solved
    refused = dict.fromkeys(POLICIES, 0)
    for unit in units(table):
        chosen = [contact for contact, _, mine in unit if mine]
        for contact, margin, mine in unit:
            for name, obeys in POLICIES.items():
                refused[name] += not mine and margin > 0 and not obeys([*chosen, contact])
    assert plan.policies.set_index("name")["refused"].to_dict() == refused
    assert min(refused.values()) > 0


def test_a_policy_costs_what_the_best_choices_rise_by_without_it(solved: tuple[opt.Plan, pd.DataFrame]) -> None:
    plan, table = solved
    told = plan.policies.set_index("name")["value_lost"]
    for name in POLICIES:
        others = {other: obeys for other, obeys in POLICIES.items() if other != name}
        lost = sum(optimum(unit, others) - optimum(unit, POLICIES) for unit in units(table))
        assert told[name] == pytest.approx(lost, rel=1e-6, abs=1e-6)
    assert (told > 0).any()


def test_the_bound_is_the_best_choices_and_what_the_limits_are_worth(solved: tuple[opt.Plan, pd.DataFrame]) -> None:
    plan, table = solved
    at_prices = sum(optimum(unit, POLICIES) for unit in units(table))
    limits = float((plan.constraints["limit"] * plan.constraints["price"]).sum())
    assert plan.summary["bound_by"] == "prices"
    assert plan.bound == pytest.approx(at_prices + limits, rel=1e-9)


def test_a_price_holds_for_as_much_as_lies_within_a_tenth_of_it(solved: tuple[opt.Plan, pd.DataFrame]) -> None:
    plan, table = solved
    near: dict[tuple[str, str, bool], float] = {}
    rules = plan.constraints.assign(group=plan.constraints["group"].map(json.loads)).to_dict("records")
    for unit, (_, mine) in zip(units(table), table.groupby("customer"), strict=True):
        chosen = [contact for contact, _, inside in unit if inside]
        for (contact, margin, inside), row in zip(unit, mine.to_dict("records"), strict=True):
            if not inside and not all(obeys([*chosen, contact]) for obeys in POLICIES.values()):
                continue
            for rule in rules:
                uses = row["cost"] if rule["name"] == "budget" else 1.0
                among = all(str(row[column]) == value for column, value in rule["group"].items())
                if among and abs(margin) <= 0.1 * rule["price"] * uses:
                    key = (rule["name"], json.dumps(rule["group"]), inside)
                    near[key] = near.get(key, 0.0) + uses
    wide = set()
    told = plan.insight.rows.to_pandas().set_index(["rule", "group"])[["holds_from", "holds_to"]]
    for rule in rules:
        name, group, limit = rule["name"], json.dumps(rule["group"]), rule["limit"]
        low, high = told.loc[(name, json.dumps(rule["group"], separators=(",", ":")))]
        if rule["price"]:
            assert low == pytest.approx(limit - near.get((name, group, True), 0.0))
            assert high == pytest.approx(limit + near.get((name, group, False), 0.0))
            wide.add((low < limit, limit < high))
        else:
            assert pd.isna(low)
            assert pd.isna(high)
    assert wide == {(False, False), (False, True), (True, False), (True, True)}
