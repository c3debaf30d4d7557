"""Whatever was sent before and recorded since: no decision breaks a policy, an eligibility rule or a consent."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from random import Random

import pandas as pd
import pytest

from tests import oracle
from tests.conformance.cases import MAKERS, Rules
from tests.decide.kit import Night, night, rows_of


def a_day_of_decisions(folder: Path, maker: str, rules: Rules, seed: int) -> None:
    case = night(folder, maker, rules, seed)
    rng = Random(f"day {seed}")
    more = extra_history(case, rng)
    rows = rows_of(case)
    customers = list(dict.fromkeys(row["customer"] for row in rows))
    now = case.plan.scenario.now
    recorded = []
    for _ in range(4):
        now += timedelta(hours=rng.choice([0, 1, 20]))
        for customer in rng.sample(customers, len(customers)):
            asked = [row for row in rows if row["customer"] == customer and rng.random() < 0.8]
            mine = [row for row in more if row["customer"] == customer]
            if "household" in case.tables.get("customers", ()):
                mine = more
            decision = case.decider.decide(customer, asked, now=now, history=mine or None)
            assert all(row in asked for row in decision.contacts)
            assert len(decision.contacts) + len(decision.refused) == len(asked)
            case.decider.record(decision)
            recorded += decision.contacts
    tables = dict(case.tables)
    if more:
        tables["history"] = pd.concat([tables["history"], pd.DataFrame(more)], ignore_index=True)
    keys = {tuple(str(row[k]) for k in ("customer", "offer", "channel", "slot") if k in row) for row in recorded}
    assert len(keys) == len(recorded)
    broken = oracle.violations(case.scenario, tables, keys)
    spared = not_owed(case)
    assert [one for one in broken if one[0] not in spared] == []


def not_owed(case: Night) -> set[str]:
    """Return what decisions about some of the candidates cannot owe: minimums, what is pinned, and limits of all."""
    policies = case.scenario.get("contact_policies", [])
    minimums = {rule["name"] for rule in policies if "at_least" in rule or "exactly" in rule}
    return minimums | {rule["name"] for rule in case.scenario.get("constraints", [])} | {"pins"}


def extra_history(case: Night, rng: Random) -> list[dict]:
    """Return some rows like those of the history, for any customer."""
    if "history" not in case.tables or rng.random() < 0.4:
        return []
    have = case.tables["history"].to_dict("records")
    customers = case.tables["candidates"]["customer"].tolist()
    picked = rng.sample(have, min(len(have), 2))
    return [{k: None if v != v else v for k, v in row.items()} | {"customer": rng.choice(customers)} for row in picked]


@pytest.mark.parametrize("maker", MAKERS)
@pytest.mark.parametrize("seed", range(3_000, 3_007))
def test_first_rules(maker: str, seed: int, tmp_path: Path) -> None:
    a_day_of_decisions(tmp_path, maker, "first", seed)


@pytest.mark.parametrize("maker", MAKERS)
@pytest.mark.parametrize("seed", range(3_000, 3_007))
def test_all_rules(maker: str, seed: int, tmp_path: Path) -> None:
    a_day_of_decisions(tmp_path, maker, "all", seed)


@pytest.mark.slow
@pytest.mark.parametrize("maker", MAKERS)
@pytest.mark.parametrize("rules", ["first", "all"])
@pytest.mark.parametrize("seed", range(3_007, 3_107))
def test_hundreds_more(maker: str, rules: Rules, seed: int, tmp_path: Path) -> None:
    a_day_of_decisions(tmp_path, maker, rules, seed)
