"""Figures of compare, sweep and explain are recomputed from the written files, by SQL and plain arithmetic."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import duckdb
import pytest

import optimizer as opt
from optimizer.analysis.explain.answer import Explanation
from optimizer.cli.init import starter, write_new
from optimizer.report.compare_blocks import comparison_blocks

NIGHTS = ({}, {"constraints.budget.at_most": 45, "contact_policies.three-a-week.at_most": 2})


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ...]:
    base = tmp_path_factory.mktemp("coffee") / "coffee"
    write_new(base, starter())
    scenario = opt.Scenario.load(base / "scenario.yaml")
    plans = [opt.solve(scenario.replace(changes), engine="exact") for changes in NIGHTS]
    return tuple(plan.save(base / f"run{i}") for i, plan in enumerate(plans))


@pytest.fixture(scope="module")
def said(runs: tuple[Path, ...]) -> dict[str, Any]:
    return comparison_blocks(opt.compare(runs))


def asked(sql: str, **files: Path) -> list[tuple[Any, ...]]:
    return duckdb.sql(sql.format(**{name: f"'{path}'" for name, path in files.items()})).fetchall()


def test_runs_side_by_side_are_counted_from_the_contact_files(runs: tuple[Path, ...], said: dict[str, Any]) -> None:
    for folder, run in zip(runs, said["runs"], strict=True):
        ((contacts, customers, value),) = asked(
            "SELECT count(*), count(DISTINCT customer), sum(contribution) FROM {c}", c=folder / "contacts.parquet"
        )
        assert (run["contacts"], run["customers_contacted"]) == (contacts, customers)
        assert run["value"] == pytest.approx(value)
    ends = [json.loads((folder / "summary.json").read_text("utf-8")) for folder in runs]
    difference = said["runs"][1]["difference"]
    assert difference["objective"] == pytest.approx(ends[1]["objective"] - ends[0]["objective"])
    room = sum(abs(end["bound"] - end["objective"]) for end in ends)
    assert difference["room"] == pytest.approx(room, abs=1e-9)


def test_use_and_price_of_every_rule_are_those_of_the_csv_files(runs: tuple[Path, ...], said: dict[str, Any]) -> None:
    for i, folder in enumerate(runs):
        for rule in said["rules"]:
            lines = asked(
                f"SELECT used, \"limit\", price FROM {{c}} WHERE name = '{rule['name']}'", c=folder / "constraints.csv"
            )
            cell = rule["cells"][i]
            assert cell["groups"] == len(lines)
            assert (cell["price_low"], cell["price_high"]) == (min(p for *_, p in lines), max(p for *_, p in lines))
            if len(lines) == 1:
                assert (cell["used"], cell["limit"]) == lines[0][:2]
        for policy in said["policies"]:
            ((refused, lost),) = asked(
                f"SELECT refused, value_lost FROM {{p}} WHERE name = '{policy['name']}'", p=folder / "policies.csv"
            )
            assert (policy["cells"][i]["refused"], policy["cells"][i]["value_lost"]) == (refused, pytest.approx(lost))


def test_contacts_by_offer_channel_and_segment_are_joined_again(runs: tuple[Path, ...], said: dict[str, Any]) -> None:
    assert said["by"] == ["offer", "channel", "segment"]
    for i, folder in enumerate(runs):
        counted = {
            tuple(key): (n, pytest.approx(value))
            for *key, n, value in asked(
                "SELECT offer, channel, segment, count(*), sum(contribution) FROM {c} JOIN {k} USING (customer) "
                "GROUP BY ALL",
                c=folder / "contacts.parquet",
                k=runs[0].parent / "customers.csv",
            )
        }
        told = {tuple(c["values"]): (c["contacts"][i], c["value"][i]) for c in said["cells"] if c["contacts"][i]}
        assert told == counted


def test_moves_add_up_to_both_contact_files(runs: tuple[Path, ...], said: dict[str, Any]) -> None:
    (moved,) = said["moves"]
    keys = [
        {tuple(row) for row in asked("SELECT customer, offer, channel, slot FROM {c}", c=folder / "contacts.parquet")}
        for folder in runs
    ]
    count = Counter({row["kind"]: row["contacts"] for row in moved["totals"]})
    assert count["kept"] == len(keys[0] & keys[1])
    assert count.total() - count["added"] == len(keys[0])
    assert count.total() - count["dropped"] == len(keys[1])
    assert sum(map(sum, moved["matrices"]["offer"]["cells"])) == count.total()


def test_what_explain_says_a_candidate_brings_and_pays_is_computed_from_tables_and_prices(
    runs: tuple[Path, ...],
) -> None:
    data = runs[0].parent
    brings = {
        tuple(key): (value, cost)
        for *key, value, cost in asked(
            "SELECT customer, offer, channel, CAST(slot AS VARCHAR), propensity * margin - cost, cost "
            "FROM {c} JOIN {o} USING (offer) JOIN {h} USING (channel)",
            c=data / "candidates.csv",
            o=data / "offers.csv",
            h=data / "channels.csv",
        )
    }
    prices = {
        (one["name"], one["group"]): one["price"] for one in json.loads((runs[0] / "prices.json").read_text())["rows"]
    }
    chosen = Counter(asked("SELECT customer, count(*) FROM {c} GROUP BY 1", c=runs[0] / "contacts.parquet"))
    for customer, contacts in list(chosen)[:6]:
        answer = opt.explain(runs[0], customer)
        assert isinstance(answer, Explanation)
        assert sum(one.fate == "chosen" for one in answer.candidates) == contacts
        for one in answer.candidates:
            key = (customer, one.key["offer"], one.key["channel"], str(one.key["slot"]))
            if one.fate == "ineligible":
                continue
            value, cost = brings[key]
            slot = json.dumps({"slot": key[3]}, separators=(",", ":"))
            paid = prices.get(("budget", "{}"), 0.0) * cost
            paid += prices.get(("calls-a-day", slot), 0.0) * (key[2] == "call")
            paid += prices.get(("fill-the-evening", "{}"), 0.0) * (key[1] == "tasting-evening")
            assert one.contribution == pytest.approx(value)
            assert one.margin == pytest.approx(value - paid)


def test_a_sweep_s_points_are_what_its_scenario_s_run_folders_hold(runs: tuple[Path, ...]) -> None:
    scenario = opt.Scenario.load(runs[0].parent / "scenario.yaml")
    swept = opt.sweep(scenario, {"constraints.budget.at_most": [45, 60]}, engine="exact")
    summary = json.loads((runs[0] / "summary.json").read_text("utf-8"))
    last = swept.points.to_dict("records")[-1]
    assert (last["objective"], last["contacts"]) == (pytest.approx(summary["objective"]), summary["contacts"])
    step = (swept.points["objective"][1] - swept.points["objective"][0]) / 15
    assert swept.marginals[0].plans == pytest.approx(step)
