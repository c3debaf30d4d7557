"""Results print in three lines, and notebooks show the same."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path

import pytest

from optimizer.plan.audit import AuditReport
from optimizer.plan.plan import Plan, Termination
from optimizer.rules.books import Line
from tests.plan.kit import plan

HOSTILE = "<img src=x onerror=alert(1)>"


class Read(HTMLParser):
    """Text and tags of a piece of HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def solved(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    return plan(tmp_path_factory.mktemp("solved"))


def audit(*broken: str) -> AuditReport:
    lines = [
        Line(rule, {"customer": f"c{i}"}, "<=", Decimal(1), Decimal(2), Decimal(1), broken=True)
        for i, rule in enumerate(broken)
    ]
    return AuditReport(tuple(lines), ("a", "b", "c", "d"), 1234, Decimal(9), Decimal(0), Decimal(9))


def test_a_plan_prints_worth_proof_and_audit_in_three_lines(solved: Plan) -> None:
    worth, proof, recount = repr(solved).splitlines()
    assert f"value {solved.objective:,.2f}" in worth
    assert f"{solved.table.num_rows} contacts" in worth
    assert "proven optimal" in proof
    assert f"best possible {solved.bound:,.2f}" in proof
    assert recount.strip() == str(solved.audit)


def test_a_plan_without_a_bound_says_that_nothing_is_proven(solved: Plan) -> None:
    stopped = Termination("feasible", "time", "")
    unproven = replace(solved, termination=stopped, summary={**solved.summary, "bound": None, "gap": None})
    assert "stopped by the time limit; how far from the best possible is not proven" in repr(unproven)


def test_a_notebook_shows_what_is_printed_and_what_to_do_next(solved: Plan) -> None:
    shown = Read(solved._repr_html_()).text
    assert all(line.strip() in shown for line in repr(solved).splitlines())
    assert all(sentence in shown for sentence in solved.sentences[1:])


def test_no_name_becomes_markup_in_a_notebook(solved: Plan) -> None:
    hostile = replace(
        solved,
        scenario=solved.scenario.replace({"name": "plain"}),
        sentences=("", HOSTILE, HOSTILE),
        termination=Termination("feasible", "gap", HOSTILE),
    )
    for html in (hostile._repr_html_(), hostile.termination._repr_html_(), audit(HOSTILE)._repr_html_()):
        assert Read(html).tags == {"div", "strong"}


def test_an_audit_prints_three_lines_however_much_is_broken() -> None:
    assert repr(audit()) == "Audit: 4 rules recounted over 1,234 contacts, none broken."
    lines = repr(audit(*"abc", *("d" * 50))).splitlines()
    assert len(lines) == 3
    assert lines[1].strip() == "d: 50 times, for 50 customers"
    assert lines[2].endswith("and 2 more rules, see .violations")


def test_why_a_run_stopped_is_said_for_people() -> None:
    assert Termination("optimal", None, "").words == "proven optimal"
    assert Read(Termination("feasible", "exhausted", "Two rounds.")._repr_html_()).text == (
        "nothing left to tryTwo rounds."
    )


def test_a_loaded_plan_prints_as_the_saved_one(solved: Plan, tmp_path: Path) -> None:
    assert repr(Plan.load(solved.save(tmp_path / "run"))) == repr(solved)
