"""What must happen to the optimum when a scenario changes in a known way (semantics 33, 38, 39)."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from fractions import Fraction
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.conformance.cases import Scenario, Tables
from tests.properties.runs import Case, feasible, optimum, published
from tests.slow import slowly

CENT = Fraction(1, 10**9)
DEEP = pytest.mark.parametrize("cases", [6, *slowly([60])])
"""How many cases."""
SECTIONS = ("contact_policies", "constraints")
MINIMUMS = ("at_least", "exactly", "lot")
ABSOLUTE = ("at_most", "at_least", "exactly", "min_contacts")


def renamed(scenario: Scenario, tables: Tables, suffix: str) -> Case:
    """Give customers, and whom they share policies with, other names."""
    named = ("customer", "household", "branch")
    return scenario, {
        name: table.assign(
            **{c: table[c].map(lambda v: v if pd.isna(v) else f"{v}{suffix}") for c in named if c in table}
        )
        for name, table in tables.items()
    }


def doubled(scenario: Scenario, tables: Tables) -> Case:
    """Double customers, history and the absolute limits of constraints."""
    twins = renamed(scenario, tables, "-twin")[1]
    limits = {
        rule["at_most"]["table"] for rule in scenario.get("constraints", []) if isinstance(rule.get("at_most"), dict)
    } | {
        rule["at_least"]["table"] for rule in scenario.get("constraints", []) if isinstance(rule.get("at_least"), dict)
    }
    both = {}
    for name, table in tables.items():
        if name in limits:
            numbers = table.columns[-1]
            both[name] = table.assign(**{numbers: table[numbers] * 2})
        elif "customer" in table:
            both[name] = pd.concat([table, twins[name]], ignore_index=True)
        else:
            both[name] = table
    scenario = deepcopy(scenario)
    for rule in scenario.get("constraints", []):
        if "total" in rule or rule.get("distinct") == "customer":
            rule |= {word: _twice(rule[word]) for word in ABSOLUTE if word in rule}
    return scenario, both


def _twice(limit: Any) -> Any:
    if not isinstance(limit, dict):
        return limit * 2
    return limit | {"default": limit["default"] * 2} if "default" in limit else limit


def one_rule_less(scenario: Scenario) -> Iterator[Scenario]:
    """Yield the scenario without each of its rules."""
    for section in SECTIONS:
        for rule in scenario.get(section, []):
            yield scenario | {section: [other for other in scenario[section] if other is not rule]}


def tighter(scenario: Scenario) -> Iterator[Scenario]:
    """Yield the scenario with each of its numeric limits a little tighter."""
    for section in SECTIONS:
        for place, rule in enumerate(scenario.get(section, [])):
            for word, step in (("at_most", -1), ("at_least", 1)):
                limit, other = rule.get(word), rule.get("at_most" if step > 0 else "at_least")
                if not isinstance(limit, int | float) or limit + step < 0:
                    continue
                if not isinstance(other, int | float) or (limit + step - other) * step <= 0:
                    rules = list(scenario[section])
                    rules[place] = rule | {word: limit + step}
                    yield scenario | {section: rules}


@DEEP
def test_renaming_customers_leaves_the_optimum(cases: int, tmp_path: Path) -> None:
    for number, (case, value) in enumerate(feasible(tmp_path, "all", cases, without=("holdout",))):
        assert abs(optimum(tmp_path / f"{number}", *renamed(*case, "-é 7")) - value) <= CENT, case[0]


@DEEP
def test_twice_the_customers_history_and_limits_bring_at_least_twice_the_optimum(cases: int, tmp_path: Path) -> None:
    for number, (case, value) in enumerate(feasible(tmp_path, "all", cases, without=("holdout",))):
        assert optimum(tmp_path / f"{number}", *doubled(*case)) >= 2 * value - CENT, case[0]


@DEEP
def test_removing_a_rule_never_lowers_the_optimum(cases: int, tmp_path: Path) -> None:
    # With a rule less a customer can do more, and where effort is asked, must.
    removed = 0
    for number, ((scenario, tables), value) in enumerate(feasible(tmp_path, "all", cases, without=("best_effort",))):
        for place, without in enumerate(one_rule_less(scenario)):
            removed += 1
            assert optimum(tmp_path / f"{number}-{place}", without, tables) >= value - CENT, without
    assert removed > 25 / 8 * cases


@DEEP
def test_a_tighter_rule_never_brings_more(cases: int, tmp_path: Path) -> None:
    tightened = changed = 0
    for number, ((scenario, tables), value) in enumerate(feasible(tmp_path, "first", cases)):
        for place, harder in enumerate(tighter(scenario)):
            tightened += 1
            less = optimum(tmp_path / f"{number}-{place}", harder, tables)
            changed += less < value - CENT
            assert less <= value + CENT, harder
    assert tightened > cases
    assert changed > cases / 3


@DEEP
def test_a_rule_that_nothing_can_break_leaves_the_optimum(cases: int, tmp_path: Path) -> None:
    loose: dict[str, list[dict[str, Any]]] = {
        "contact_policies": [{"name": "loose-cap", "at_most": 1000, "within": "7 days"}],
        "constraints": [
            {"name": "loose-total", "total": "contacts", "at_most": 1000, "for_each": "offer"},
            {"name": "loose-floor", "total": "contacts", "at_least": 0},
        ],
    }
    for number, ((scenario, tables), value) in enumerate(feasible(tmp_path, "all", cases)):
        more = scenario | {section: [*scenario.get(section, []), *rules] for section, rules in loose.items()}
        assert abs(optimum(tmp_path / f"{number}", more, tables) - value) <= CENT, scenario


@DEEP
def test_rules_that_only_report_or_are_switched_off_change_no_contact_and_no_price(cases: int, tmp_path: Path) -> None:
    idle = [
        {"name": "told", "total": "contacts", "at_most": 0, "report_only": True},
        {"name": "told-ratio", "ratio": "value", "to": "value", "at_least": 7, "report_only": True},
        {"name": "off", "total": "contacts", "at_most": 0, "enabled": False},
    ]
    for number, ((scenario, tables), _) in enumerate(feasible(tmp_path, "all", cases)):
        plain = published(tmp_path / f"plain-{number}", scenario, tables)
        more = scenario | {"constraints": [*scenario.get("constraints", []), *idle]}
        told = published(tmp_path / f"told-{number}", more, tables)
        for name in ("contacts.parquet", "policies.csv", "prices.json"):
            assert plain[name] == told[name], (name, scenario)
        kept = [line for line in told["constraints.csv"].splitlines() if not line.startswith(b"told")]
        assert kept == plain["constraints.csv"].splitlines()


@DEEP
def test_a_candidate_more_never_lowers_the_optimum_where_nothing_is_demanded(cases: int, tmp_path: Path) -> None:
    added = 0
    for number, ((scenario, tables), value) in enumerate(feasible(tmp_path, "all", cases, without=MINIMUMS)):
        candidates = tables["candidates"]
        keys = ["customer", "offer", "channel", "slot"]
        crossed = candidates[["customer", "slot"]].merge(candidates[["offer", "channel"]], how="cross")
        fresh = crossed.merge(candidates[keys], on=keys, how="left", indicator=True)
        fresh = fresh[fresh["_merge"] == "left_only"][keys].drop_duplicates().head(2)
        measures = candidates.drop(columns=keys).iloc[:1].assign(value=0.01)
        more = pd.concat([candidates, fresh.merge(measures, how="cross")], ignore_index=True)
        added += len(fresh)
        assert optimum(tmp_path / f"{number}", scenario, tables | {"candidates": more}) >= value - CENT, scenario
    assert added > cases
