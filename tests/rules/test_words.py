"""What rules say of themselves to planners: whole sentences, with the numbers, nouns and windows that were written."""

from __future__ import annotations

import pytest

from optimizer import Scenario
from tests.analysis.kit import HEAD


def said(section: str, rule: str) -> str:
    (one,) = Scenario.parse(f"{HEAD}\n{section}:\n  - {{name: it, {rule}}}", file="scenario.yaml").rules()
    return one.words()


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("at_most: 1, within: 30 days, for_each: offer", "at most 1 contact for each offer, in any 30 days."),
        ("at_most: 3, within: calendar week", "at most 3 contacts, in any calendar week."),
        ("exactly: 1", "exactly 1 contact, in this plan."),
        ("at_least: 1, at_most: 4, within: ever", "at most 4 and at least 1 contact, with all of history."),
        ("at_most: {column: cap}", "at most as many contacts as the customer's cap says, in this plan."),
        ("at_most: 12.50, total: cost", "at most 12.5 of cost, in this plan."),
        (
            'at_most: 2, within: 7 days, total: "distinct channel, slot"',
            "at most 2 different combinations of channel and slot, in any 7 days.",
        ),
        ("at_most: 2, within: 7 days, count_history: false", "at most 2 contacts, in any 7 days of this plan."),
        ("at_least: 2, if_short: best_effort", "at least 2 contacts, in this plan; as near to it as can be."),
        ("at_least: 2, if_short: all_or_nothing", "at least 2 contacts, in this plan; or none."),
        ("at_least: 2, penalty: 1.50", "at least 2 contacts, in this plan; 1.5 lost for each one missing."),
    ],
)
def test_a_frequency_is_said_in_one_sentence(rule: str, words: str) -> None:
    assert said("contact_policies", rule) == f"Each customer: {words}"


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("total: cost, at_most: 120000", "The plan: at most 120,000 of cost."),
        (
            "total: contacts, where: \"channel = 'call'\", for_each: [slot, offer], at_most: 1, penalty: 2",
            "The plan: at most 1 contact for each slot and offer where channel = 'call'; "
            "2 lost for each contact beyond it.",
        ),
        (
            "total: contacts, for_each: branch, within: 7 days, at_most: 400",
            "The plan: at most 400 contacts for each branch, in any 7 days.",
        ),
        ("total: contacts, for_each: offer, lot: 500", "The plan: nothing or at least 500 contacts for each offer."),
        (
            "total: contacts, for_each: offer, at_most: {table: limits.csv, column: most}",
            "The plan: at most as many contacts as limits.csv says for each offer.",
        ),
        ("distinct: offer, at_most: 12", "The plan: at most 12 different values of offer."),
        (
            "ratio: value, to: cost, at_least: 1.20, min_contacts: 100",
            "The plan's value to its cost: at least 1.2, with at least 100 contacts.",
        ),
        (
            "share: \"channel = 'mail'\", of: \"family = 'loan'\", at_most: 0.30",
            "Of the plan's contacts where family = 'loan', those where channel = 'mail': at most 0.3.",
        ),
    ],
)
def test_a_constraint_is_said_in_one_sentence(rule: str, words: str) -> None:
    assert said("constraints", rule) == words
