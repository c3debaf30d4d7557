"""The commands around a run: validate, audit, report, export, schema, generate, warmup."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Outcome

Call = Callable[..., Outcome]


@pytest.fixture
def run(contactopt: Call, coffee: Path, tmp_path: Path) -> Path:
    return Path(contactopt("run", coffee, "--out", tmp_path / "plan").out.strip())


def test_validate_counts_the_rules(contactopt: Call, coffee: Path) -> None:
    shown = contactopt("validate", coffee)
    assert shown.code == 0
    assert "2 eligibility, 4 contact policies, 3 constraints" in shown.out


def test_validate_with_data_shows_the_funnel_and_what_a_run_would_be_like(contactopt: Call, coffee: Path) -> None:
    shown = contactopt("validate", coffee, "--data")
    for words in ("candidates", "wants-mail", "low-score", "eligible", "engine", "expected time", "expected memory"):
        assert words in shown.out


def test_validate_as_json_has_the_same_figures(contactopt: Call, coffee: Path) -> None:
    found = json.loads(contactopt("validate", coffee, "--data", "--json").out)
    assert found["rules"] == {"eligibility": 2, "contact_policies": 4, "constraints": 3}
    assert found["data"]["candidates"] == 600
    dropped = sum(step["in_order"] for step in found["data"]["funnel"])
    assert found["data"]["eligible"] == 600 - dropped


def test_what_is_probably_not_meant_is_a_warning(contactopt: Call, coffee: Path) -> None:
    rule = "  - {name: two-days-rest, spacing: 2 days}\n"
    coffee.write_text(coffee.read_text("utf-8").replace(rule, rule + rule.replace("two-days-rest", "again")), "utf-8")
    shown = contactopt("validate", coffee)
    assert shown.code == 0
    assert "again" in shown.err
    assert len(json.loads(contactopt("validate", coffee, "--json").out)["warnings"]) == 1


def test_validate_applies_settings(contactopt: Call, coffee: Path) -> None:
    shown = contactopt("validate", coffee, "--set", "constraints.budgt.at_most=3")
    assert shown.code == 2
    assert "budget" in shown.err


def test_audit_of_a_foreign_plan_says_for_how_many_customers_a_policy_is_broken(
    contactopt: Call, coffee: Path, tmp_path: Path
) -> None:
    everything = coffee.parent / "candidates.csv"
    shown = contactopt("audit", coffee, "--plan", everything)
    assert shown.code == 8
    found = json.loads(contactopt("audit", coffee, "--plan", everything, "--json").out)
    rule, whom = next((rule, whom) for rule, whom in found["customers"].items() if found["broken"][rule] > whom > 1)
    said = f"{rule}: broken {found['broken'][rule]:,} times, for {whom:,} customers"
    assert said in shown.out.replace("\u202f", ",").replace("\u2009", ",")


def test_a_legal_foreign_plan_is_judged_without_solving_where_no_bound_is_asked(
    contactopt: Call, coffee: Path, run: Path
) -> None:
    shown = contactopt("audit", coffee, "--plan", run / "contacts.parquet", "--no-bound")
    assert shown.code == 0
    assert "left on the table" not in shown.out
    assert "solve" not in shown.err


def test_audit_of_a_run_finds_nothing(contactopt: Call, run: Path) -> None:
    shown = contactopt("audit", run)
    assert shown.code == 0
    assert "none broken" in shown.out
    assert "objective" in shown.out


def test_audit_in_full_lists_every_count(contactopt: Call, run: Path) -> None:
    assert "calls-a-day" in contactopt("audit", run, "--full").out
    assert "calls-a-day" not in contactopt("audit", run).out


def test_audit_of_a_foreign_plan_says_what_it_breaks_and_exits_with_8(contactopt: Call, coffee: Path) -> None:
    shown = contactopt("audit", coffee, "--plan", coffee.parent / "candidates.csv")
    assert shown.code == 8
    assert "✗ budget" in shown.out
    assert "✗ three-a-week" in shown.out


def test_audit_as_json_says_what_is_left_on_the_table(contactopt: Call, coffee: Path, run: Path) -> None:
    judged = json.loads(contactopt("audit", coffee, "--plan", run / "contacts.parquet", "--json").out)
    assert judged["ok"]
    assert abs(judged["left_on_the_table"]) <= 1e-3 * abs(judged["objective"])


def test_report_is_built_again_with_the_same_bytes(contactopt: Call, run: Path) -> None:
    before = (run / "report.html").read_bytes()
    (run / "report.html").write_text("spoilt", "utf-8")
    shown = contactopt("report", run)
    assert shown.out == f"{run / 'report.html'}\n"
    assert (run / "report.html").read_bytes() == before
    assert contactopt("audit", run).code == 0


def test_report_of_what_is_no_run_is_a_data_error(contactopt: Call, tmp_path: Path) -> None:
    shown = contactopt("report", tmp_path)
    assert shown.code == 3
    assert "manifest.json" in shown.err


@pytest.mark.parametrize(("form", "mark"), [("mps", "ROWS"), ("lp", "Subject To")])
def test_export_writes_a_model_and_prints_its_path(
    contactopt: Call, coffee: Path, tmp_path: Path, form: str, mark: str
) -> None:
    path = tmp_path / f"model.{form}"
    assert contactopt("export", coffee, "--format", form, "--out", path).out == f"{path}\n"
    assert mark in path.read_text("utf-8")


def test_schema_is_json_schema(contactopt: Call) -> None:
    schema = json.loads(contactopt("schema").out)
    assert "json-schema.org" in schema["$schema"]
    assert {"objective", "contact_policies", "constraints"} <= set(schema["properties"])


def test_generate_prints_a_scenario_that_is_valid(contactopt: Call, tmp_path: Path) -> None:
    shown = contactopt("generate", "weekly", "--customers", 30, "--set", "per_customer=4", "--out", tmp_path / "made")
    assert shown.code == 0, shown.err
    assert contactopt("validate", shown.out.strip()).code == 0
    assert "120 rows" in " ".join(shown.err.split())


def test_generate_lists_families_and_corrects_a_name(contactopt: Call) -> None:
    assert "many-rows" in contactopt("generate", "--help").out
    shown = contactopt("generate", "weekley", "--customers", 3)
    assert shown.code == 2
    assert "weekly" in shown.err


def test_generate_wants_name_and_value(contactopt: Call, tmp_path: Path) -> None:
    shown = contactopt("generate", "weekly", "--customers", 3, "--set", "per_customer", "--out", tmp_path / "made")
    assert shown.code == 2
    assert "OPTION=VALUE" in shown.err


def test_warmup_reports_its_seconds(contactopt: Call) -> None:
    assert json.loads(contactopt("warmup", "--json").out)["seconds"] >= 0
