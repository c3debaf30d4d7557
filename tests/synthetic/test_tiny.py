"""Tiny scenarios: small, of every kind, mostly feasible, and seldom without effect."""

from __future__ import annotations

import pytest

from optimizer.synthetic.tiny import tiny
from optimizer.synthetic.tiny_rules import ALL, FIRST
from tests.oracle import best

SECTIONS = ("eligibility", "contact_policies", "constraints")


def names(scenario: dict[str, list[dict[str, object]]]) -> set[str]:
    return {str(rule["name"]) for section in SECTIONS for rule in scenario.get(section, [])}


def test_there_are_at_most_twelve_candidates_and_as_many_customers_as_asked() -> None:
    for seed in range(100):
        _, tables = tiny(seed, customers=1 + seed % 5)
        assert 5 <= len(tables["candidates"]) <= 12
        assert tables["candidates"]["customer"].nunique() == 1 + seed % 5


def test_first_keeps_to_the_first_kinds() -> None:
    known = {name for section in FIRST.values() for name in section}
    plain = {
        "at_most",
        "where",
        "for_each",
        "within",
        "count_history",
        "name",
        "spacing",
        "never",
        "with",
        "keep",
        "drop",
    }
    for seed in range(200):
        scenario, tables = tiny(seed, "first")
        assert names(scenario) <= known
        for rule in scenario.get("eligibility", []) + scenario["contact_policies"]:
            assert set(rule) <= plain
            assert "hours" not in str(rule)
            assert "calendar" not in str(rule)
        assert "T" not in "".join(tables["candidates"]["slot"])


def test_every_kind_appears() -> None:
    seen = {name for seed in range(200) for name in names(tiny(seed)[0])}
    assert seen == {name for section in ALL.values() for name in section}


def test_history_lies_before_in_and_after_the_horizon() -> None:
    where = set()
    for seed in range(100):
        tables = tiny(seed, "first")[1]
        if "history" in tables:
            last = max(tables["candidates"]["slot"])
            for at in tables["history"]["at"]:
                where.add("before" if at < "2026-03-27" else "in" if at <= last else "after")
    assert where == {"before", "in", "after"}


@pytest.mark.parametrize(("rules", "least", "most"), [("first", 0.65, 0.9), ("all", 0.75, 0.95)])
def test_most_are_feasible_and_most_rules_matter(rules: str, least: float, most: float) -> None:
    feasible = binding = 0
    for seed in range(1_000, 1_120):
        scenario, tables = tiny(seed, rules)
        value, _ = best(scenario, tables)
        if value is not None:
            feasible += 1
            bare = {key: part for key, part in scenario.items() if key not in ("contact_policies", "constraints")}
            binding += best(bare, tables)[0] != value
    assert least < feasible / 120 < most
    assert binding > 0.7 * feasible
