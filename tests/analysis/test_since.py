"""What changed since an earlier plan is what the two run folders say, recounted here by other means."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import optimizer as opt
from optimizer.analysis.explain.answer import CandidateAnswer, Explanation
from optimizer.report import render
from optimizer.report.since import since, steps, verdict
from tests.analysis.kit import crowd, scenario

KEYS = ("customer", "offer", "channel", "slot")
DAYS = tuple(f"2026-11-{day}" for day in range(23, 31))
RULES = """
eligibility:
  - {name: too-dear, drop: "cost > 3.5"}
contact_policies:
  - {name: rest, spacing: 2 days}
  - {name: offer-once, at_most: 1, for_each: offer}
constraints:
  - {name: budget, total: cost, at_most: 90}
  - {name: a-day, total: contacts, for_each: slot, at_most: 6}
solve: {engine: exact, gap: 0}
"""


def people(night: int) -> pd.DataFrame:
    """Return the candidates of a night: each has other scores, and some are proposed on one of them only."""
    found = crowd(30, "AB", DAYS[night : night + 7], cost=lambda n: 1 + n % 4, value=lambda n: 2 + n * 7 % 11 + n / 100)
    number = found["customer"].str[1:].astype(int)
    found["channel"] = number.map(lambda n: "mail" if n % 3 else "sms")
    day = found["slot"].str[-2:].astype(int)
    found["value"] = found["value"] + (day * (number + 3) % 5) / 7 + night * ((number % 4) - 1.5) / 3
    return found[(number + night) % 9 > 0]


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> tuple[opt.Plan, opt.Plan]:
    folder = tmp_path_factory.mktemp("since")
    first = opt.solve(scenario(folder, RULES, people(0)))
    first.save(folder / "one")
    changed = scenario(folder, RULES, people(1)).replace(
        {
            "as_of": "2026-11-23T18:00:00+00:00",
            "horizon.start": "2026-11-24",
            "constraints.budget.at_most": 70,
            "eligibility.too-dear.drop": "cost > 2.5 AND offer = 'B'",
        }
    )
    plan = opt.solve(changed, since=folder / "one")
    plan.save(folder / "two")
    return opt.Plan.load(folder / "one"), opt.Plan.load(folder / "two")


def rows(plan: opt.Plan) -> list[tuple[str, ...]]:
    return [tuple(str(row[key]) for key in KEYS) for row in plan.table.to_pylist()]


def paired(before: Iterable[tuple[str, ...]], after: Iterable[tuple[str, ...]]) -> dict[str, int]:
    """Count the steps by comparing sorted lists, the closest pairs first."""
    left, right, found = list(before), list(after), {}
    for name, keys in (("kept", 4), ("other slot", 3), ("other channel", 2), ("other offer", 1)):
        mine, theirs = (Counter(row[:keys] for row in side) for side in (left, right))
        shared = mine & theirs
        found[name] = shared.total()
        for side in (left, right):
            taken = Counter[tuple[str, ...]]()
            for row in sorted(side):
                if taken[row[:keys]] < shared[row[:keys]]:
                    taken[row[:keys]] += 1
                    side.remove(row)
    return found | {"dropped": len(left), "added": len(right)}


def test_every_contact_of_both_plans_is_in_one_step(nights: tuple[opt.Plan, opt.Plan]) -> None:
    before, after = nights
    assert after.since is not None
    over = [row for row in rows(before) if row[3] < "2026-11-24"]
    counted = paired([row for row in rows(before) if row not in over], rows(after)) | {"over": len(over)}
    told = {one["step"]: one["contacts"] for one in after.since["steps"]}
    told["added"] = told.get("added", 0) + told.pop("new day", 0)
    assert told == {step: n for step, n in counted.items() if n}
    assert len(told) >= 5
    assert after.since["summary"]["contacts"] == [len(rows(before)), len(rows(after))]


def test_the_steps_lead_from_one_objective_to_the_other(nights: tuple[opt.Plan, opt.Plan]) -> None:
    before, after = nights
    assert after.since is not None
    walked = sum(row["change"] for row in steps(after.since, minimising=False))
    assert walked == pytest.approx(after.objective - before.objective, abs=1e-9)
    assert after.since["difference"]["objective"] == pytest.approx(walked)
    worth = sum(row["contribution"] for row in before.table.to_pylist() if str(row["slot"]) < "2026-11-24")
    assert -steps(after.since, minimising=False)[0]["change"] == pytest.approx(worth)


def test_new_days_are_those_that_the_earlier_plan_did_not_reach(nights: tuple[opt.Plan, opt.Plan]) -> None:
    after = nights[1]
    assert after.since is not None
    (new,) = (one for one in after.since["steps"] if one["step"] == "new day")
    assert 0 < new["contacts"] <= sum(row[3] == "2026-11-30" for row in rows(after))


def test_offers_by_channel_are_those_of_the_contact_files(nights: tuple[opt.Plan, opt.Plan]) -> None:
    before, after = nights
    assert after.since is not None
    for key, plan in (("before", before), ("after", after)):
        counted = Counter(row[1:3] for row in rows(plan))
        assert {(one["offer"], one["channel"]): one[key] for one in after.since["offers"] if one[key]} == counted
    for one in after.since["offers"]:
        assert one["before"] == one["over"] + one["kept"] + one["moved"] + one["left"]
        assert one["after"] == one["kept"] + one["moved"] + one["came"]


def explained(plan: opt.Plan, customer: str) -> Iterable[tuple[tuple[str, ...], CandidateAnswer]]:
    """Return what explain says of each candidate of a customer; nothing where they have none."""
    try:
        answer = opt.explain(plan, customer)
    except opt.DataError:
        return []
    assert isinstance(answer, Explanation)
    return [((customer, *(str(one.key[key]) for key in KEYS[1:])), one) for one in answer.candidates]


def test_reasons_are_those_that_explain_gives_for_each_contact(nights: tuple[opt.Plan, opt.Plan]) -> None:
    before, after = nights
    assert after.since is not None
    now = set(rows(after))
    ahead = [row for row in rows(before) if row[3] >= "2026-11-24" and row not in now]
    fates = {key: fate for customer in {row[0] for row in ahead} for key, fate in explained(after, customer)}
    told = Counter[str]()
    for one in after.since["reasons"]:
        told[one["why"]] += one["contacts"]
    assert told.total() == len(ahead)
    counted = Counter[str]()
    for customer, offer, channel, slot in ahead:
        counted["no candidate any more"] += (customer, offer, channel, slot) not in fates
    assert counted["no candidate any more"] == told["no candidate any more"]
    refused = Counter(fates[row].reasons[0] for row in ahead if row in fates and fates[row].fate == "ineligible")
    assert refused == {
        one["rule"]: one["contacts"] for one in after.since["reasons"] if one["why"] == "not eligible any more"
    }
    assert refused["too-dear"] > 0


def test_changed_rules_are_told_in_words_with_their_prices(nights: tuple[opt.Plan, opt.Plan]) -> None:
    before, after = nights
    found = since(after)
    assert found is not None
    assert [one["name"] for one in found["words"]] == ["too-dear", "budget"]
    assert found["settings"] == []
    assert found["tables"] == ["candidates"]
    (budget,) = (rule for rule in found["rules"] if rule["name"] == "budget")
    for side, plan in (("before", before), ("after", after)):
        (line,) = plan.constraints[plan.constraints["name"] == "budget"].to_dict("records")
        assert [budget[side][k] for k in ("used", "limit", "price_low")] == [line["used"], line["limit"], line["price"]]
    assert f"What changed since {found['day']}" in render(after)
    assert found["day"] == "Sunday 22 November 2026"


def test_a_difference_that_the_gaps_could_hide_is_not_called_proven() -> None:
    known: dict[str, Any] = {
        "summary": {"objective": [100.0, 101.0]},
        "difference": {"objective": 1.0, "room": 3.0, "proven": False},
    }
    assert "No difference of the best possible is proven: the gaps add up to 3" in verdict(known, minimising=False)
    known["difference"] = None
    assert "different sums" in verdict(known, minimising=False)


def test_an_earlier_run_that_cannot_be_read_is_a_warning_and_no_more(tmp_path: Path) -> None:
    base = scenario(tmp_path, RULES, people(0))
    warned: list[str] = []
    plan = opt.solve(base, since=tmp_path / "nothing", observer=Ear(warned))
    assert plan.since is None
    assert any("what changed since" in what for what in warned)


class Ear:
    """Keeps what is warned of."""

    def __init__(self, heard: list[str]) -> None:
        self.heard = heard

    def stage(self, name: str) -> None:
        pass

    def warn(self, finding: Any) -> None:
        self.heard.append(finding.what)

    def progress(self, progress: Any) -> None:
        pass

    def stopped(self) -> bool:
        return False


def test_contacts_without_slots_and_days_are_all_held_against_each_other(tmp_path: Path) -> None:
    few = crowd(6, "AB").drop(columns="slot")
    base = scenario(tmp_path, "constraints: [{name: some, total: contacts, at_most: 5}]", few)
    first = opt.solve(base)
    again = opt.solve(base.replace({"constraints.some.at_most": 7}), since=first)
    assert again.since is not None
    told = {one["step"]: one["contacts"] for one in again.since["steps"]}
    keys = [set(map(tuple, plan.contacts[["customer", "offer"]].to_numpy())) for plan in (first, again)]
    assert told["kept"] == len(keys[0] & keys[1]) > 0
    assert sum(told.values()) - told.get("dropped", 0) == 7
