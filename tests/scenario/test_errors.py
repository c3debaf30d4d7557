"""One mistake is one error, with file, line, column, and the nearest name; all of a file come at once."""

import pytest

from optimizer.errors import ScenarioError
from optimizer.scenario import Scenario
from tests.scenario.examples import SMALL, SPRING


def findings(text: str) -> list[tuple[str, str, str]]:
    with pytest.raises(ScenarioError) as refused:
        Scenario.parse(text, file="s.yaml")
    return [(f.where.removeprefix("s.yaml, "), f.what, f.fix) for f in refused.value.findings]


def only_finding(extra: str) -> tuple[str, str, str]:
    (found,) = findings(SMALL + extra)
    return found


@pytest.mark.parametrize(
    ("extra", "where", "what", "fix"),
    [
        (
            "constraints:\n  - {name: budget, total: cost, at_mots: 3}\n",
            "line 6, column 33",
            "unknown key 'at_mots'",
            "you meant 'at_most'",
        ),
        (
            "contact_policies:\n  - {name: a, at_mots: 3, within: 7 days}\n",
            "line 6, column 15",
            "unknown key 'at_mots'",
            "you meant 'at_most'",
        ),
        (
            "contact_policies:\n  - {name: a, at_most: {colum: cap}}\n",
            "line 6, column 25",
            "unknown key 'colum'",
            "you meant 'column'",
        ),
        ("constrants: []\n", "line 5, column 1", "unknown key 'constrants'", "you meant 'constraints'"),
        ("data: {candidats: a.csv}\n", "line 5, column 8", "unknown key 'candidats'", "you meant 'candidates'"),
        ("solve: {engine: exakt}\n", "line 5, column 17", "engine: 'exakt' is unknown", "'exact'"),
        (
            "contact_policies:\n  - {name: a, at_most: 1, within: 7 dys}\n",
            "line 6, column 35",
            "within: unknown unit 'dys' in '7 dys'",
            "'days'",
        ),
        (
            "contact_policies:\n  - {name: a, at_most: 1, where: 'coalese(a, b)'}\n",
            "line 6, column 34",
            "where: unknown function 'coalese'",
            "you meant 'coalesce'",
        ),
        (
            "contact_policies:\n  - {name: a, at_most: 1.5}\n",
            "line 6, column 24",
            "'at_most: 1.5' limits a whole number",
            "1 or 2",
        ),
        (
            "constraints:\n  - {name: a, total: cost, at_most: .nan}\n",
            "line 6, column 37",
            "at_most: 'nan' is not a finite number",
            "a number, {table, column} or {column}",
        ),
        ("contact_policies:\n  - {at_most: 3}\n", "line 6, column 5", "the key 'name' is missing", "add 'name: …'"),
        ("contact_policies:\n  - three\n", "line 6, column 5", "a rule is a name and keys with values", "{name: …, …}"),
        (
            "eligibility: {name: a}\n",
            "line 5, column 14",
            "eligibility: \"{'name': 'a'}\" must be a list",
            "[…], or a '-' before each item",
        ),
        (
            "contact_policies:\n  - {name: a b, at_most: 3}\n",
            "line 6, column 12",
            "name: 'a b' does not have the form ^[A-Za-z0-9_-]+$",
            "use letters, digits, '-' and '_' alone",
        ),
        (
            "solve: {threads: 0}\n",
            "line 5, column 18",
            "threads: 0 must be greater than or equal to 1",
            "leave it out: the default holds then",
        ),
        ("solve: {threads: two}\n", "line 5, column 18", "threads: 'two' is not a number", "1, 0.5 or 1e6"),
        (
            "holdout: {share: 5, salt: x}\n",
            "line 5, column 18",
            "share: 5 is not a share: it must lie in 0..1",
            "0.05, if per cent are meant",
        ),
        ("holdout: {share: 0.5}\n", "line 5, column 10", "the key 'salt' is missing", "add 'salt: …'"),
        (
            "as_of: 2026-11-22T18:00:00\n",
            "line 5, column 8",
            "as_of: '2026-11-22T18:00:00' has no offset from UTC",
            "write it as 2026-11-22T18:00:00+00:00",
        ),
        ("solve:\n", "line 5, column 1", "the key 'solve' has no value", "leave it out"),
        ("eligibility:\n  -\n", "line 6, column 4", "an empty item", "leave it out"),
        ("pins: {}\n", "line 5, column 7", "pins name a table", "keep: booked.csv"),
        (
            "pins: {keep: a.csv, forbid: a.csv}\n",
            "line 5, column 14",
            "'keep' and 'forbid' name the same table",
            "one of them is another file",
        ),
        (
            "data: {offers: {url: x}}\n",
            "line 5, column 16",
            "a database needs either 'query' or 'table'",
            "'table: candidates'",
        ),
        (
            "stability: {previous: run, keep: 0.9, cost: 1}\n",
            "line 5, column 12",
            "stability needs either 'keep' or 'cost'",
            "keep: 0.9",
        ),
        (
            "data: {history_since: 20260101}\n",
            "line 5, column 23",
            "history_since: '20260101' is not a date",
            "write it as 2026-11-23",
        ),
    ],
)
def test_one_mistake_is_one_error_where_it_stands(extra: str, where: str, what: str, fix: str) -> None:
    assert only_finding(extra) == (where, what, fix)


@pytest.mark.parametrize(
    ("old", "new", "where", "what"),
    [
        ("version: 1", "version: 2", "line 1, column 10", "version: '2' is unknown"),
        ("version: 1\n", "", "line 1, column 1", "the key 'version' is missing"),
        ("name: small", "name: ../up", "line 2, column 7", "name: '../up' is not a name"),
        ("2026-11-23", "2026-02-30", "line 3, column 18", "start: '2026-02-30' is not in the calendar"),
        ("2026-11-23", "20261123", "line 3, column 18", "start: '20261123' is not a date"),
        ("days: 7", "days: 0", "line 3, column 36", "days: 0 must be greater than or equal to 1"),
        ("days: 7", "days: 1.5", "line 3, column 36", "days: 1.5 is not a whole number"),
        ("days: 7", "days: true", "line 3, column 36", "days: 'True' is not a number"),
        (
            "days: 7",
            "days: 7, timezone: Europe/Lisbn",
            "line 3, column 49",
            "timezone: unknown time zone 'Europe/Lisbn'",
        ),
        ("days: 7", "days: 7, timezone: {colum: tz}", "line 3, column 50", "unknown key 'colum'"),
        (
            "{maximize: value}",
            "{maximize: a, minimize: b}",
            "line 4, column 12",
            "an objective is either 'maximize' or 'minimize'",
        ),
        ("maximize", "maximise", "line 4, column 13", "unknown key 'maximise'"),
        (
            "value}",
            "'value; drop table x'}",
            "line 4, column 23",
            "maximize: ';' after 'value' is not allowed in an expression",
        ),
    ],
)
def test_the_required_sections_are_checked_as_strictly(old: str, new: str, where: str, what: str) -> None:
    (found,) = findings(SMALL.replace(old, new))
    assert found[:2] == (where, what)


def test_all_mistakes_of_a_file_come_at_once_in_its_order() -> None:
    wrong = SPRING.replace("days: 7\n", "days: 7.5\n").replace("spacing: 2 days", "spacing: 2 dys")
    wrong = (
        wrong.replace("maximize:", "maximise:").replace("lot: 500", "lots: 500").replace("name: roi", "name: budget")
    )
    assert [what for _, what, _ in findings(wrong)] == [
        "days: 7.5 is not a whole number",
        "unknown key 'maximise'",
        "spacing: unknown unit 'dys' in '2 dys'",
        "the name 'budget' stands twice (first in s.yaml, line 44, column 12)",
        "unknown key 'lots'",
    ]


def test_an_error_names_its_rule_for_machines() -> None:
    with pytest.raises(ScenarioError) as refused:
        Scenario.parse(SMALL + "constraints:\n  - {name: budget, total: cost, at_mots: 3}\n", file="s.yaml")
    assert refused.value.findings[0].rule == "budget"
    assert str(refused.value) == (
        "scenario · s.yaml, line 6, column 33: unknown key 'at_mots'.\nMaybe you meant 'at_most'"
    )
    assert refused.value.exit_code == 2


def test_an_error_without_a_text_says_the_path() -> None:
    with pytest.raises(ScenarioError, match=r"scenario · scenario, solve\.gap: gap: -1 is negative"):
        Scenario.from_dict(
            {
                "version": 1,
                "name": "s",
                "horizon": {"start": "2026-11-23", "days": 7},
                "objective": {"maximize": "value"},
                "solve": {"gap": -1},
            }
        )


@pytest.mark.parametrize("braces", ["{x}", "{0}", "%s", "{"])
def test_messages_survive_braces_in_keys(braces: str) -> None:
    found = findings(SMALL + f"contact_policies:\n  - {{name: a, 'at_mots{braces}': 3}}\n")
    assert len(found) == 1


def test_a_thousand_rules_are_read_in_a_few_seconds() -> None:
    lines = "".join(f"  - {{name: r{i}, total: cost, where: offer = {i}, at_most: {i}}}\n" for i in range(1_000))
    assert len(Scenario.parse(SMALL + "constraints:\n" + lines).rules()) == 1_000
