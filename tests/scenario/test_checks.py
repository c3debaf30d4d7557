"""What the file alone says about rules that cannot be meant together."""

import pytest

from optimizer.errors import ScenarioError
from optimizer.scenario import Scenario
from tests.scenario.examples import SMALL


def refused(rules: str) -> list[str]:
    with pytest.raises(ScenarioError) as error:
        Scenario.parse(SMALL + rules, file="s.yaml")
    return [f"{f.where}: {f.what}" for f in error.value.findings]


def warned(rules: str) -> list[str]:
    return [f.what for f in Scenario.parse(SMALL + rules, file="s.yaml").warnings]


def test_a_minimum_above_the_maximum_names_both_lines() -> None:
    rules = """\
constraints:
  - name: volume
    total: contacts
    at_least: 10
    at_most: 5
"""
    assert refused(rules) == [
        "s.yaml, line 8, column 5: the minimum 10 is above the maximum 5 (s.yaml, line 9, column 5)"
    ]
    assert Scenario.parse(SMALL + rules.replace("5\n", "10\n")).warnings == ()


def test_a_minimum_above_the_maximum_of_another_rule_is_a_warning_that_names_both_lines() -> None:
    rules = """\
constraints:
  - {name: low, total: contacts, where: "x = 1", at_least: 10}
  - {name: high, total: contacts, where: x=1, at_most: 5}
"""
    assert warned(rules) == ["the minimum 10 is above the maximum 5 of 'high' (s.yaml, line 7, column 47)"]
    assert Scenario.parse(SMALL + rules, file="s.yaml").warnings[0].where == "s.yaml, line 6, column 50"


@pytest.mark.parametrize(
    "change",
    [
        ("at_least: 10", "at_least: 5"),
        ("at_least: 10", "at_least: 10, penalty: 2"),
        ("at_most: 5", "at_most: 5, report_only: true"),
        ("at_most: 5", "at_most: 5, enabled: false"),
        ("at_most: 5", "at_most: 5, for_each: offer"),
        ("x=1", "x=2"),
        ("total: contacts, where: x=1", "total: cost, where: x=1"),
    ],
)
def test_rules_that_need_not_clash_are_let_through(change: tuple[str, str]) -> None:
    rules = """\
constraints:
  - {name: low, total: contacts, where: "x = 1", at_least: 10}
  - {name: high, total: contacts, where: x=1, at_most: 5}
"""
    assert Scenario.parse(SMALL + rules.replace(*change)).warnings == ()


def test_exactly_is_a_minimum_and_a_maximum() -> None:
    rules = "constraints:\n  - {name: a, total: contacts, exactly: 10}\n  - {name: b, total: contacts, exactly: 9}\n"
    assert warned(rules) == ["the minimum 10 is above the maximum 9 of 'b' (s.yaml, line 7, column 32)"]


def test_a_cycle_of_prerequisites_is_reported_once_with_all_its_rules() -> None:
    rules = """\
contact_policies:
  - {name: p, only: offer = 'a', after: offer = 'b', within: 7 days}
  - {name: q, only: offer = 'b', after: "offer  = 'c'", within: 7 days}
  - {name: r, only: (offer = 'c'), after: offer = 'a', within: 7 days}
  - {name: s, only: offer = 'd', after: offer = 'a', within: 7 days}
"""
    (found,) = refused(rules)
    assert found.startswith("s.yaml, line 6, column 5: a cycle:")
    assert [name for name in "pqrs" if f"'{name}'" in found] == ["p", "q", "r"]


def test_a_chain_of_prerequisites_is_fine() -> None:
    rules = """\
contact_policies:
  - {name: p, only: offer = 'a', after: offer = 'b', within: 7 days}
  - {name: q, only: offer = 'b', after: offer = 'c', within: 7 days}
"""
    assert len(Scenario.parse(SMALL + rules).rules()) == 2


def test_a_rule_that_needs_itself_is_a_warning() -> None:
    rules = "contact_policies:\n  - {name: again, only: x = 1, after: x=1, within: 30 days}\n"
    assert warned(rules) == ["'again' needs what it lets in: only history can come first"]


@pytest.mark.parametrize("spacing", ["calendar week", "ever"])
def test_a_spacing_is_a_length_of_time(spacing: str) -> None:
    (found,) = refused(f"contact_policies:\n  - {{name: a, spacing: {spacing}}}\n")
    assert found == f"s.yaml, line 6, column 24: spacing: '{spacing}' is no distance between two contacts"


def test_a_pair_rule_may_look_at_calendar_months_and_at_all_history() -> None:
    rule = "contact_policies:\n  - {name: a, never: x = 1, after: x = 2, within: ever}\n"
    assert Scenario.parse(SMALL + rule).warnings == ()
    assert Scenario.parse(SMALL + rule.replace("within: ever", "within: calendar month")).warnings == ()


def test_a_negative_budget_is_refused_unless_costs_may_be_negative() -> None:
    rules = "constraints:\n  - {name: budget, total: cost, at_most: -5}\n"
    assert refused(rules) == ["s.yaml, line 6, column 42: the maximum -5 is negative, and 'cost' never is"]
    Scenario.parse(SMALL + rules + "data: {expect: {cost: any}}\n")
    Scenario.parse(SMALL + rules.replace("total: cost", "total: margin"))
    Scenario.parse(SMALL + rules.replace("total: cost", "total: cost - fee"))
    Scenario.parse(SMALL + rules.replace("-5", "0"))


def test_the_same_rule_twice_is_a_warning() -> None:
    rules = "contact_policies:\n  - {name: a, at_most: 1, within: 7 days}\n  - {name: b, at_most: 1, within: 1 week}\n"
    assert warned(rules) == ["the rules 'a' and 'b' say the same"]
    assert warned(rules.replace("1 week", "2 weeks")) == []
    assert warned(rules.replace("1 week", "1 week, enabled: false")) == []


def test_a_horizon_that_is_over_is_a_warning() -> None:
    assert warned("as_of: 2026-12-01T00:00:00Z\n") == [
        "'as_of' lies after the horizon's last day (2026-11-29): every slot is past"
    ]
    assert warned("as_of: 2026-11-30T00:00:00Z\n") == []  # somewhere it is still the 29th


def test_a_share_of_rejected_rows_that_nothing_rejects_is_a_warning() -> None:
    assert len(warned("data: {max_reject_share: 0.5}\n")) == 1
    assert warned("data: {max_reject_share: 0.5, on_invalid: reject}\n") == []
