"""What validate doubts: each kind of doubtful rule is named with its line, and sound scenarios are left in peace."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from optimizer import Scenario
from optimizer.analysis.lint import lint
from optimizer.analysis.lint_data import lint_data
from optimizer.solve import build
from tests.analysis.kit import HEAD, crowd, scenario

ROOT = Path(__file__).parents[2]


def doubts(rules: str) -> list[tuple[str | None, str]]:
    written = Scenario.parse(HEAD + dedent(rules), file="scenario.yaml")
    found = lint(written)
    assert all("line" in finding.where and finding.fix for finding in found)
    return [(finding.rule, finding.what) for finding in found]


@pytest.mark.parametrize(
    ("strong", "weak"),
    [
        ("at_most: 2, within: 7 days", "at_most: 3, within: 7 days"),
        ("at_most: 2, within: 7 days", "at_most: 2, within: 3 days"),
        ("at_most: 2, within: 7 days", "at_most: 2, within: 7 days, where: \"channel = 'sms'\""),
        ("at_most: 2, within: ever", "at_most: 4, within: 30 days"),
        ("at_most: 2, within: 7 days", "at_most: 2, within: 7 days, for_each: offer"),
        ('at_most: 1, within: 7 days, where: "a > 1"', 'at_most: 1, within: 7 days, where: "b = 2 AND a > 1"'),
        ("spacing: 3 days", "spacing: 2 days"),
        ("spacing: 3 days", "at_most: 3, within: 7 days"),
    ],
)
def test_a_weaker_cap_of_the_same_or_a_narrower_scope_is_told(strong: str, weak: str) -> None:
    found = doubts(f"contact_policies:\n  - {{name: weak, {weak}}}\n  - {{name: strong, {strong}}}")
    assert found == [("weak", "'weak' can never bind: 'strong' (line 10) is at least as tight")]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("at_most: 2, within: 7 days", "at_most: 1, within: 3 days"),
        ("at_most: 2, within: 7 days, for_each: offer", "at_most: 3, within: 7 days"),
        ("at_most: 2, within: 7 days, per: household", "at_most: 3, within: 7 days"),
        ("at_most: 2, within: 7 days, count_history: false", "at_most: 3, within: 7 days"),
        ("at_most: 1, within: calendar week", "at_most: 1, within: 7 days"),
        ("at_most: 2, total: cost", "at_most: 3, total: cost, where: \"channel = 'sms'\""),
        ("spacing: 3 days", "at_most: 2, within: 7 days"),
        ('at_most: 1, within: 7 days, where: "a > 1"', 'at_most: 2, within: 7 days, where: "a > 1 OR b = 2"'),
    ],
)
def test_caps_that_may_both_bind_are_left_in_peace(one: str, other: str) -> None:
    assert doubts(f"contact_policies:\n  - {{name: one, {one}}}\n  - {{name: other, {other}}}") == []


def test_a_minimum_that_a_wider_cap_forbids_is_told() -> None:
    rules = """
    contact_policies:
      - {name: one-a-week, at_most: 1, within: 7 days}
      - {name: vip, at_least: 2, where: "segment = 'vip'"}
    """
    assert doubts(rules) == [("vip", "'vip' asks for 2, and 'one-a-week' (line 10) allows 1")]
    assert doubts(rules.replace("at_least: 2", "at_least: 2, if_short: best_effort")) == []


def test_keep_and_drop_of_the_same_candidates_leave_nothing() -> None:
    rules = """
    eligibility:
      - {name: gold, keep: "segment = 'gold'"}
      - {name: no-gold, drop: "(segment = 'gold')"}
    """
    assert doubts(rules) == [("no-gold", "'no-gold' drops what 'gold' (line 10) keeps: nothing is left")]


def test_numbers_that_a_column_never_has_look_like_another_unit() -> None:
    rules = """
    eligibility:
      - {name: low, drop: "propensity < 5"}
      - {name: dear, keep: "-1 > cost OR 0.5 < propensity"}
      - {name: sound, drop: "propensity < 0.05"}
    """
    assert doubts(rules) == [
        ("low", "'propensity < 5' is always true: 'propensity' lies in 0..1"),
        ("dear", "'cost < -1' is never true: 'cost' lies in 0.."),
    ]


def test_rules_that_the_tables_make_pointless_or_impossible_are_told(tmp_path: Path) -> None:
    rules = """
    eligibility:
      - {name: nobody, drop: "value < 0"}
      - {name: opted, keep: optin}
    contact_policies:
      - {name: loose, at_most: 9, within: 7 days}
      - {name: twice, at_least: 2}
    constraints:
      - {name: idle, total: contacts, at_most: 1000}
      - {name: binds, total: contacts, at_most: 3}
      - {name: too-many, total: contacts, at_least: 500}
      - {name: gone, total: contacts, where: "NOT optin", at_most: 1}
      - {name: soft, total: contacts, at_least: 500, penalty: 1}
    """
    compiled = build(scenario(tmp_path, rules, crowd(10, optin=lambda n: n < 8)))
    found = {finding.rule: finding.what for finding in lint_data(compiled)}
    assert found == {
        "nobody": "'nobody' refuses no candidate tonight",
        "loose": "'loose' can never bind tonight: all eligible candidates together keep it",
        "twice": "'twice' asks for more than 10 customers (or groups) have eligible candidates for",
        "idle": "'idle' can never bind tonight: all eligible candidates together keep it",
        "too-many": "'too-many' asks for 500, and all eligible candidates together come to 8",
        "gone": "'gone' matches candidates, but no eligible one",
    }


def test_the_bundled_scenarios_are_left_in_peace() -> None:
    for path in [*ROOT.glob("scenarios/*/scenario.yaml"), ROOT / "optimizer" / "cli" / "starter" / "scenario.yaml"]:
        assert lint(Scenario.load(path)) == (), path
