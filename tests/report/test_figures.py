"""Every figure of the report is the one recomputed from the written files, by other means."""

from __future__ import annotations

import csv
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

import optimizer
from optimizer import Plan, Scenario
from optimizer.report import blocks, render, spread, trust
from optimizer.report.numbers import amount, whole
from tests.scenarios.scripts import SCENARIOS

QUICKSTART = SCENARIOS / "quickstart"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    scenario = Scenario.load(QUICKSTART / "scenario.yaml")
    plan = optimizer.solve(scenario, engine="exact", gap=0.02)
    return plan.save(tmp_path_factory.mktemp("runs") / "quickstart")


@pytest.fixture(scope="module")
def plan(folder: Path) -> Plan:
    return Plan.load(folder)


@pytest.fixture(scope="module")
def contacts(folder: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(folder / "contacts.parquet").to_pylist()
    return rows


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def loaded(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))


def test_the_answer_is_the_summary_s_and_the_contacts_own(
    plan: Plan, folder: Path, contacts: list[dict[str, Any]]
) -> None:
    answer, summary = blocks.answer(plan), loaded(folder / "summary.json")
    assert answer["contacts"] == len(contacts)
    assert answer["customers_contacted"] == len({row["customer"] for row in contacts})
    assert answer["value"] == pytest.approx(sum(row["contribution"] for row in contacts), abs=1e-9 * len(contacts))
    assert (answer["objective"], answer["bound"]) == (summary["objective"], summary["bound"])
    assert answer["gap"] == pytest.approx(abs(answer["bound"] - answer["objective"]) / answer["objective"])


def test_gains_are_against_the_baselines_of_the_summary(plan: Plan, folder: Path) -> None:
    summary = loaded(folder / "summary.json")
    usual = [row for row in blocks.comparison(plan) if row["kind"] == "baseline"]
    assert sorted(row["objective"] for row in usual) == sorted(summary["baselines"].values())
    assert [row["gain"] for row in usual] == [
        pytest.approx(summary["objective"] / row["objective"] - 1) for row in usual
    ]


def test_rules_sum_up_the_lines_of_constraints_csv(plan: Plan, folder: Path) -> None:
    lines = table(folder / "constraints.csv")
    for rule in blocks.rules(plan):
        mine = [line for line in lines if line["name"] == rule["name"]]
        assert rule["groups"] == len(mine)
        assert rule["full"] == sum(float(line["slack"]) <= 0 for line in mine)
        assert rule["share"] == max(float(line["used"]) / float(line["limit"]) for line in mine)
        assert rule["dearest"] == max(abs(float(line["price"])) for line in mine)
    (capacity,) = blocks.capacities(plan)
    assert [
        (json.dumps(line["keys"], separators=(",", ":")), line["used"], line["limit"]) for line in capacity["lines"]
    ] == [(line["group"], float(line["used"]), float(line["limit"])) for line in lines if line["name"] == "capacity"]


def test_use_of_the_capacities_is_the_contacts_own(plan: Plan, contacts: list[dict[str, Any]]) -> None:
    counted = Counter((row["channel"], str(row["slot"])) for row in contacts)
    (capacity,) = blocks.capacities(plan)
    used = {(line["keys"]["channel"], line["keys"]["slot"]): line["used"] for line in capacity["lines"]}
    assert used == {key: counted[key] for key in used}
    schedule = spread.schedule(plan)
    assert schedule is not None
    cells = {
        (r, c): n
        for r, row in zip(schedule["rows"], schedule["cells"], strict=True)
        for c, n in zip(schedule["columns"], row, strict=True)
        if n
    }
    assert cells == counted


def test_spending_is_what_the_contacts_cost(plan: Plan, contacts: list[dict[str, Any]]) -> None:
    cost = {row["channel"]: float(row["cost"]) for row in table(QUICKSTART / "channels.csv")}
    (budget,) = blocks.spending(plan, blocks.rules(plan))
    assert budget["used"] == pytest.approx(sum(cost[row["channel"]] for row in contacts))


def test_contacts_by_segment_and_offer_are_joined_again(plan: Plan, contacts: list[dict[str, Any]]) -> None:
    segment = {row["customer"]: row["segment"] for row in table(QUICKSTART / "customers.csv")}
    counted = Counter((row["offer"], segment[row["customer"]]) for row in contacts)
    block = spread.groups(plan)[0]
    assert block["by"] == "segment"
    assert {
        (r, c): n
        for r, row in zip(block["rows"], block["cells"], strict=True)
        for c, n in zip(block["columns"], row, strict=True)
        if n
    } == counted


def test_every_way_to_group_adds_up_to_the_contacts(plan: Plan, contacts: list[dict[str, Any]]) -> None:
    found = spread.groups(plan)
    assert [block["by"] for block in found] == ["segment", "email_opt_in", "has_app", "family", "channel"]
    assert {sum(map(sum, block["cells"])) for block in found} == {len(contacts)}


def test_customers_by_number_of_contacts_are_counted_again(
    plan: Plan, folder: Path, contacts: list[dict[str, Any]]
) -> None:
    counted = Counter(Counter(row["customer"] for row in contacts).values())
    counted[0] = loaded(folder / "summary.json")["customers"] - sum(counted.values())
    assert {step["contacts"]: step["customers"] for step in spread.frequencies(plan)} == counted
    assert spread.caps(plan, spread.frequencies(plan)) == [{"name": "three-a-week", "cap": 3, "customers": counted[3]}]


def test_policies_and_funnel_are_the_written_ones(plan: Plan, folder: Path) -> None:
    written = {row["name"]: row for row in table(folder / "policies.csv")}
    for policy in blocks.policies(plan):
        assert policy["refused"] == int(written[policy["name"]]["refused"])
        assert policy["value_lost"] == pytest.approx(float(written[policy["name"]]["value_lost"]))
    summary = loaded(folder / "summary.json")
    assert blocks.funnel(plan)[-1]["left"] == summary["eligible"]


def test_the_audit_and_the_provenance_are_the_written_ones(plan: Plan, folder: Path) -> None:
    audit, manifest = loaded(folder / "audit.json"), loaded(folder / "manifest.json")
    verdict = trust.audit(plan)
    assert (verdict["ok"], verdict["rules"], verdict["contacts"]) == (
        audit["ok"],
        len(audit["rules"]),
        audit["contacts"],
    )
    assert [(file["table"], file["name"]) for file in trust.inputs(plan)["files"]] == [
        (one["table"], Path(one["path"]).name) for one in manifest["inputs"]
    ]


def test_the_page_can_be_built_again_from_the_other_files_byte_for_byte(plan: Plan, folder: Path) -> None:
    assert render(plan) == (folder / "report.html").read_text("utf-8")


def test_the_page_shows_the_figures_of_its_blocks(plan: Plan) -> None:
    page = render(plan)
    answer = blocks.answer(plan)
    for shown in (amount(answer["objective"]), amount(answer["bound"]), whole(answer["contacts"])):
        assert f">{shown}<" in page
    for rule in blocks.rules(plan):
        assert f">{rule['name']}<" in page
        assert rule["groups"] > 1 or f">{amount(rule['used'])}<" in page
    for step in blocks.funnel(plan):
        assert f">{whole(step['left'])}<" in page
