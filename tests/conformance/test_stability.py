"""Stability beside every other rule, against brute force; and from one run to the next."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

import pandas as pd
import pytest

import optimizer
from optimizer.errors import InfeasibleError
from optimizer.scenario import Scenario
from tests.conformance.cases import MAKERS, Tables
from tests.conformance.cases import Scenario as Written
from tests.conformance.test_brute_force import held_against_brute_force

MESSAGES = pd.DataFrame(
    [(f"c{c}", offer, f"2026-11-2{3 + c % 4}", (7 * c + n) % 5 + 1) for c in range(12) for n, offer in enumerate("AB")],
    columns=["customer", "offer", "slot", "value"],
)
FILE = """\
version: 1
name: nights
as_of: 2026-11-22T18:00:00+00:00
horizon: {start: 2026-11-23, days: 7}
data: {candidates: candidates.csv}
objective: {maximize: value}
contact_policies: [{name: one, at_most: 1}]
constraints: [{name: few, total: contacts, at_most: 8}]
"""


def with_stability(seed: int, written: Written, tables: Tables) -> tuple[Written, Tables]:
    """Return a random case that is to stay close to some of its own candidates."""
    rng = Random(seed)
    candidates = tables["candidates"]
    keys = [key for key in ("customer", "offer", "channel", "slot") if key in candidates]
    old = candidates[keys].drop_duplicates()
    old = old[[rng.random() < 0.6 for _ in range(len(old))]]
    how = rng.choice([{"keep": rng.choice([0.3, 0.5, 0.9, 1])}, {"cost": rng.choice([0, 0.25, 2.5])}])
    return written | {"stability": {"previous": "old.csv"} | how}, {**tables, "old.csv": old}


@pytest.mark.parametrize("maker", MAKERS)
@pytest.mark.parametrize(
    "seeds", [range(first, first + 5) for first in range(300, 320, 5)], ids=lambda s: f"from-{s[0]}"
)
def test_stability_beside_all_rules_is_what_brute_force_says(maker: str, seeds: range, tmp_path: Path) -> None:
    for seed in seeds:
        written, tables = with_stability(seed, *MAKERS[maker](seed, "all"))
        folder = tmp_path / str(seed)
        folder.mkdir()
        held_against_brute_force(folder, written, tables)


@pytest.fixture
def night(tmp_path: Path) -> Path:
    MESSAGES.to_csv(tmp_path / "candidates.csv", index=False)
    (tmp_path / "scenario.yaml").write_text(FILE)
    return tmp_path / "scenario.yaml"


def test_the_next_night_keeps_what_it_was_asked_to_keep_and_says_what_that_is_worth(night: Path) -> None:
    first = optimizer.solve(Scenario.load(night))
    first.save(night.parent / "first")
    other = MESSAGES.assign(value=MESSAGES["value"].iloc[::-1].to_numpy())
    free = optimizer.solve(Scenario.load(night), candidates=other)
    tied = Scenario.load(night).replace({"stability.previous": "first", "stability.keep": 0.75})
    kept = optimizer.solve(tied, candidates=other)
    keys = ["customer", "offer", "slot"]
    stays = len(kept.contacts.merge(first.contacts, on=keys))
    assert stays >= 6 > len(free.contacts.merge(first.contacts, on=keys))
    assert kept.objective <= free.objective
    (row,) = kept.constraints.query("name == 'stability'").to_dict("records")
    assert (row["limit"], row["used"], row["sense"]) == (6, stays, ">=")
    priced = optimizer.solve(tied.replace({"stability.keep": None, "stability.cost": 0.5}), candidates=other)
    left_out = 8 - len(priced.contacts.merge(first.contacts, on=keys))
    assert float(priced.penalties) == 0.5 * left_out
    assert priced.objective == priced.value - priced.penalties


def test_a_link_to_the_latest_run_is_kept_as_the_run_that_it_was(night: Path) -> None:
    optimizer.solve(Scenario.load(night)).save(night.parent / "one")
    link = night.parent / "latest"
    link.symlink_to("one")
    tied = Scenario.load(night).replace({"stability.previous": "latest", "stability.keep": 1})
    optimizer.solve(tied).save(night.parent / "two")
    link.unlink()
    link.symlink_to("two")
    run = Scenario.load(night.parent / "two" / "scenario.yaml")
    assert run.stability is not None
    assert Path(run.stability.previous).name == "one"
    assert optimizer.audit(night.parent / "two").ok
    manifest = json.loads((night.parent / "two" / "manifest.json").read_text())
    read = {Path(one["path"]).name for one in manifest["inputs"] if one["table"] == "stability.previous"}
    assert read == {"contacts.parquet", "prices.json"}


def test_a_share_that_cannot_be_kept_is_told_with_the_share_that_can(night: Path) -> None:
    optimizer.solve(Scenario.load(night)).save(night.parent / "one")
    tied = Scenario.load(night).replace(
        {"stability.previous": "one", "stability.keep": 1, "constraints.few.at_most": 6}
    )
    with pytest.raises(InfeasibleError) as told:
        optimizer.solve(tied)
    (clash,) = told.value.diagnosis["clashes"]
    assert set(clash["rules"]) == {"few", "stability"}
    ways = [told.value.diagnosis["relaxation"], *told.value.diagnosis["alternatives"]]
    assert {"stability.keep": 0.75} in [way["changes"] for way in ways]
    for way in ways:
        assert optimizer.solve(tied.replace(way["changes"])).audit.ok
