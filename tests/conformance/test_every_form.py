"""No form of the rule language is refused: each is solved by the exact engine and judged by the audit.

Over the tables of the rule reference: times of day in slots and history, so that hours can be counted.
"""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest

from optimizer.compile.build import compile_scenario
from optimizer.data import open_tables
from optimizer.engines import make_engine
from optimizer.engines.greedy import Greedy
from optimizer.errors import InfeasibleError, NoPlanError, ScenarioError
from optimizer.plan.assemble import chosen_rows
from optimizer.plan.audit import audit_contacts
from optimizer.problem.solution import Reason, Request
from optimizer.scenario import Scenario

FOLDER = Path(__file__).parents[2] / "docs" / "rules" / "examples"
HEAD = (FOLDER / "SCENARIO.yaml").read_text("utf-8")

WINDOWS = ("", "36 hours", "2 days", "1 week", "calendar day", "calendar week", "calendar month", "ever")
REACTIONS = ("if_short: required", "if_short: best_effort", "if_short: all_or_nothing", "penalty: 1.5")
HOURS = "36 hours"


def within(window: str) -> str:
    return f", within: {window}" if window else ""


def policies() -> list[str]:
    """Return the forms of contact policies."""
    totals = ("contacts", "cost", "distinct offer", '"distinct channel, slot"')
    forms = [f"at_most: 3, total: {total}{within(window)}" for total, window in product(totals, WINDOWS)]
    forms += [
        f"{limit}, total: {total}{within(window)}, {reaction}"
        for limit, total, window, reaction in product(
            ("at_least: 1", "exactly: 1", "at_least: 1, at_most: 9"),
            ("contacts", "distinct channel"),
            WINDOWS,
            REACTIONS,
        )
        if not (window == HOURS and (reaction in (REACTIONS[1], REACTIONS[3]) or total != "contacts"))
    ]
    forms += [f"at_least: 0.5, total: cost{within(window)}, {REACTIONS[1]}" for window in WINDOWS if window != HOURS]
    forms += [
        f"at_most: 2, per: {per}{within(w)}, for_each: [offer, channel]"
        for per in ("household", "branch")
        for w in WINDOWS
    ]
    forms += ["at_most: {column: weekly_cap}, within: 7 days", "at_least: 1, where: \"offer = 'loan'\", per: household"]
    forms += [f"spacing: {length}, count_history: false" for length in ("2 days", "1 week", "5 hours")]
    pairs = (
        "never: \"offer = 'loan'\", with",
        "never: \"offer = 'loan'\", after",
        "only: \"offer = 'insert'\", with",
        "only: \"offer = 'callback'\", after",
    )
    forms += [
        f"{pair}: \"channel = 'mail'\"{within(w)}, per: {per}"
        for pair, w, per in product(pairs, WINDOWS, ("customer", "household"))
    ]
    return [*forms, "never: \"offer = 'loan'\", after: \"response = 'refused'\", within: 90 days"]


def constraints() -> list[str]:
    """Return the forms of constraints."""
    limits = ("at_most: 9", "at_least: 0", "exactly: 0", "at_least: 0, at_most: 9")
    softness = ("", ", penalty: 1.5", ", report_only: true")
    forms = [
        f"total: contacts, where: \"channel = 'mail'\", {limit}{within(window)}{soft}"
        for limit, window, soft in product(limits, WINDOWS, softness)
        if not (window == HOURS and "penalty" in soft)
    ]
    forms += [f"total: cost, for_each: [offer, branch], at_most: 3.25{within(window)}" for window in WINDOWS]
    forms += [
        f"total: {total}, for_each: {each}, lot: 2"
        for total in ("contacts", "cost")
        for each in ("offer", "[branch, slot]")
    ]
    forms += [f"ratio: propensity * value, to: cost, at_least: 1.2, min_contacts: 1{soft}" for soft in softness]
    forms += [f"share: \"channel = 'mail'\", of: \"offer <> 'loan'\", at_most: 0.3{soft}" for soft in softness]
    return [*forms, "distinct: offer, at_most: 3", "distinct: [channel, branch], at_most: 3, report_only: true"]


FORMS = [("contact_policies", form) for form in policies()] + [("constraints", form) for form in constraints()]


def judged(section: str, form: str) -> None:
    """Solve a form exactly, and by the usual practice; decomposition may refuse switches alone."""
    scenario = Scenario.parse(f"{HEAD}\n{section}:\n  - {{name: form, {form}}}\n", base=FOLDER).resolved()
    build = compile_scenario(scenario, open_tables(scenario))
    try:
        solution = make_engine("exact").solve(build.problem, Request(gap=0.0))
    except InfeasibleError:  # not every day has a slot for everybody
        assert "if_short: required" in form
        return
    assert solution.reason is Reason.OPTIMAL
    report = audit_contacts(build.scenario, build.tables, chosen_rows(build, solution))
    assert report.ok, report.broken
    refused = make_engine("decomposition").supports(build.problem)
    assert refused is None or build.problem.switches
    try:
        usual = Greedy("value", build.ranks).solve(build.problem, Request(gap=0.0))
    except NoPlanError:
        return
    assert audit_contacts(build.scenario, build.tables, chosen_rows(build, usual)).ok


@pytest.mark.parametrize(("section", "form"), FORMS[::12])
def test_a_form_of_the_language_is_solved_and_judged(section: str, form: str) -> None:
    judged(section, form)


@pytest.mark.slow
@pytest.mark.parametrize(("section", "form"), FORMS)
def test_every_form_of_the_language_is_solved_and_judged(section: str, form: str) -> None:
    judged(section, form)


NO_MEANING = {
    "at_least: 1, within: 36 hours, if_short: best_effort": "leave the minimum required",
    "at_least: 1, within: 36 hours, penalty: 1": "leave the minimum required",
    "at_least: 2, within: 36 hours, total: distinct channel": "write the window in days",
    "total: contacts, at_most: 2, within: 36 hours, penalty: 1": "leave out the penalty",
    "total: contacts, for_each: offer, lot: 2, within: calendar week": "a column of the slots table",
    "total: contacts, for_each: offer, lot: 2, penalty: 1": "make two rules",
}


@pytest.mark.parametrize(("form", "fix"), NO_MEANING.items())
def test_a_form_without_a_meaning_is_an_error_of_the_file_that_says_what_to_write(form: str, fix: str) -> None:
    section = "constraints" if form.startswith("total: contacts") else "contact_policies"
    with pytest.raises(ScenarioError) as caught:
        Scenario.parse(f"{HEAD}\n{section}:\n  - {{name: form, {form}}}\n", base=FOLDER)
    (finding,) = caught.value.findings
    assert "line" in finding.where
    assert fix in finding.fix
    assert "supported" not in finding.what
