"""In what two scenarios differ: what the file says, not how it says it."""

from __future__ import annotations

from pathlib import Path

from optimizer import Scenario
from optimizer.analysis.attribution import with_part
from optimizer.analysis.changes import changes

TEXT = """
version: 1
name: one
as_of: 2026-11-22T18:00:00+00:00
horizon: {start: 2026-11-23, days: 7}
data: {candidates: candidates.csv}
objective: {maximize: value}
contact_policies:
  - {name: rest, spacing: 2 days}
constraints:
  - {name: budget, total: cost, at_most: 100}
  - {name: floor, total: contacts, at_least: 5}
"""


def scenario(text: str = TEXT, base: str = "/somewhere") -> Scenario:
    return Scenario.parse(text, base=Path(base))


def test_the_order_of_rules_and_the_way_of_writing_mean_nothing() -> None:
    turned = TEXT.replace("at_most: 100}", "at_most: 100.0, enabled: true}").replace("name: one", "name: two")
    budget, floor = (line for line in turned.splitlines() if "budget" in line or "floor" in line)
    turned = turned.replace(f"{budget}\n{floor}", f"{floor}\n{budget}") + "solve: {gap: 0.5}\n"
    assert changes(scenario(), scenario(turned)) == ()


def test_each_changed_value_is_named_with_what_it_was() -> None:
    other = scenario().replace({"constraints.budget.at_most": 80, "contact_policies.rest.spacing": "3 days"})
    assert [(c.part, c.path, c.before, c.after) for c in changes(scenario(), other)] == [
        ("contact_policies.rest", "contact_policies.rest.spacing", "2 days", "3 days"),
        ("constraints.budget", "constraints.budget.at_most", 100, 80),
    ]


def test_new_and_missing_rules_are_one_change_each() -> None:
    more = scenario(TEXT + "  - {name: most, total: contacts, at_most: 9}\n")
    (change,) = changes(scenario(), more)
    assert (change.path, change.before) == ("constraints.most", None)
    assert change.after == {"name": "most", "total": "contacts", "at_most": 9}
    (gone,) = changes(more, scenario())
    assert (gone.before, gone.after) == (change.after, None)


def test_a_rule_that_is_added_switched_off_changes_nothing() -> None:
    more = scenario(TEXT + "  - {name: most, total: contacts, at_most: 9, enabled: false}\n")
    assert changes(scenario(), more) == ()


def test_tables_are_the_files_that_they_lead_to() -> None:
    assert changes(scenario(), scenario(TEXT.replace("candidates.csv", "/somewhere/candidates.csv"), "/else")) == ()
    (moved,) = changes(scenario(), scenario(base="/else"))
    assert (moved.part, moved.before, moved.after) == ("data", "/somewhere/candidates.csv", "/else/candidates.csv")


def test_one_part_can_be_taken_over_alone() -> None:
    other = scenario(TEXT.replace("at_most: 100", "at_most: 80").replace("maximize: value", "maximize: 2 * value"))
    half = with_part(scenario(), other, "constraints.budget")
    assert [c.path for c in changes(half, other)] == ["objective.maximize"]
    assert changes(with_part(half, other, "objective"), other) == ()


def test_tables_with_names_of_their_own_are_compared_by_file_and_name() -> None:
    mapped = TEXT.replace("candidates.csv", "{path: candidates.csv, columns: {customer: CustomerID}}")
    (named,) = changes(scenario(mapped), scenario(mapped.replace("CustomerID", "Kunde")))
    assert (named.path, named.before, named.after) == ("data.candidates.columns.customer", "CustomerID", "Kunde")
    (moved,) = changes(scenario(mapped), scenario(mapped, base="/else"))
    assert (moved.path, moved.after) == ("data.candidates.path", "/else/candidates.csv")
