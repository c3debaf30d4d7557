"""``contactopt init``: a scenario that runs at once, and overwrites nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from tests.cli.conftest import Outcome

Call = Callable[..., Outcome]

CANDIDATES = """customer,offer,channel,slot,propensity,value,cost
1,card,it's a letter,2026-11-23,0.5,10,1.5
1,loan,sms,2026-11-25,0.3,20,0.5
2,loan,sms,2026-11-25,0.1,5,0.5
"""


@pytest.fixture
def candidates(tmp_path: Path) -> Path:
    path = tmp_path / "candidates.csv"
    path.write_text(CANDIDATES, "utf-8")
    return path


def test_starter_is_written_and_its_scenario_named(contactopt: Call, tmp_path: Path) -> None:
    shown = contactopt("init", tmp_path / "new")
    assert shown.out == f"{tmp_path / 'new/scenario.yaml'}\n"
    assert {path.name for path in (tmp_path / "new").iterdir()} > {"scenario.yaml", "candidates.csv", "history.csv"}
    assert contactopt("validate", shown.out.strip()).code == 0


def test_nothing_is_overwritten_and_nothing_written_beside_it(contactopt: Call, tmp_path: Path) -> None:
    (tmp_path / "offers.csv").write_text("mine", "utf-8")
    (tmp_path / "scenario.yaml").write_text("mine too", "utf-8")
    shown = contactopt("init", tmp_path)
    assert shown.code == 2
    assert shown.err.count("is there already") == 2
    assert {path.name: path.read_text("utf-8") for path in tmp_path.iterdir()} == {
        "offers.csv": "mine",
        "scenario.yaml": "mine too",
    }


def test_a_folder_that_holds_other_things_will_do(contactopt: Call, tmp_path: Path, candidates: Path) -> None:
    assert contactopt("init", tmp_path, "--from", candidates).code == 0
    assert candidates.read_text("utf-8") == CANDIDATES


def test_scenario_around_candidates_guesses_objective_and_days(
    contactopt: Call, tmp_path: Path, candidates: Path
) -> None:
    from optimizer import Scenario

    path = contactopt("init", tmp_path / "mine", "--from", candidates).out.strip()
    scenario = Scenario.load(path)
    assert scenario.objective.expression.text == "propensity * value - cost"
    assert (scenario.horizon.start.isoformat(), scenario.horizon.days) == ("2026-11-23", 3)
    assert scenario.name == "mine"


def test_its_commented_rules_hold_when_the_comment_signs_go(contactopt: Call, tmp_path: Path, candidates: Path) -> None:
    path = Path(contactopt("init", tmp_path / "mine", "--from", candidates).out.strip())
    text = path.read_text("utf-8")
    for key in ("# eligibility:", "# constraints:", "#   - "):
        assert key in text
        text = text.replace(key, key[2:])
    path.write_text(text, "utf-8")
    shown = contactopt("validate", path)
    assert shown.code == 0, shown.err
    assert "1 eligibility, 2 contact policies, 3 constraints" in shown.out


def test_candidates_in_the_folder_are_named_relative_to_it(contactopt: Call, tmp_path: Path, candidates: Path) -> None:
    contactopt("init", tmp_path, "--from", candidates)
    assert 'candidates: "candidates.csv"' in (tmp_path / "scenario.yaml").read_text("utf-8")


@pytest.mark.parametrize(
    ("columns", "objective"),
    [
        ("0.5 AS propensity, 10.0 AS value", "propensity * value"),
        ("0.5 AS propensity, 10 AS margin, 1.5 AS cost", "propensity * margin - cost"),
        ("2.5 AS expected_value, 0.5 AS propensity, 3 AS value", "expected_value"),
        ("0.5 AS score", "score"),
        ("'high' AS value", "contacts"),
        ("'x' AS note", "contacts"),
    ],
)
def test_objective_is_guessed_from_number_columns(tmp_path: Path, columns: str, objective: str) -> None:
    from optimizer.cli.guess import look

    path = tmp_path / "c.parquet"
    duckdb.sql(f"SELECT 1 AS customer, 'a' AS offer, {columns}").write_parquet(str(path))
    assert look(path).objective == objective


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("number,what\n1,2\n", ["Maybe rename the one with the customer's ids to 'customer'", "found number, what"]),
        ("client_a,client_b,offer\n1,2,3\n", ["could be any of client_a, client_b"]),
        ("customer;offer;propensity;value\n1;a;0,12;10\n", ["propensity = '0,12'", "with a decimal point"]),
        ("customer,offer,slot\n1,a,monday\n", ["'monday' is neither a date nor a time"]),
        ("customer,offer\n", ["has no rows"]),
    ],
)
def test_tables_that_tell_too_little_are_data_errors(
    contactopt: Call, tmp_path: Path, text: str, said: list[str]
) -> None:
    path = tmp_path / "c.csv"
    path.write_text(text, "utf-8")
    shown = contactopt("init", tmp_path / "mine", "--from", path)
    assert shown.code == 3
    assert all(line in shown.err for line in said)
    assert not (tmp_path / "mine").exists()


@pytest.mark.parametrize("name", ["nosuch.parquet", "broken.parquet", "table.xlsx"])
def test_files_that_cannot_be_read_are_data_errors(contactopt: Call, tmp_path: Path, name: str) -> None:
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 and then nothing")
    (tmp_path / "table.xlsx").write_bytes(b"PK")
    shown = contactopt("init", tmp_path / "mine", "--from", tmp_path / name)
    assert shown.code == 3
    assert name in shown.err


def test_json_names_the_files(contactopt: Call, tmp_path: Path, candidates: Path) -> None:
    written = json.loads(contactopt("init", tmp_path / "mine", "--from", candidates, "--json").out)
    assert written["files"] == [written["scenario"]]


@pytest.mark.parametrize(
    "columns",
    [
        "'sms' AS channel, DATE '2026-11-23' + CAST(i % 3 AS INT) AS slot, 0.1 AS propensity, 5 AS value, 0.2 AS cost",
        "TIMESTAMPTZ '2026-11-23 18:00:00+00' AS slot, 3 AS margin",
        "'2026-11-23T09:00:00' AS slot, 0.5 AS score",
        "0.1 AS propensity",
        "'x' AS note",
    ],
    ids=["all", "instants", "text", "no-slot", "no-number"],
)
def test_scenario_around_candidates_runs(contactopt: Call, tmp_path: Path, columns: str) -> None:
    path = tmp_path / "c.parquet"
    duckdb.sql(f"SELECT i // 3 AS customer, 'o' || i % 3 AS offer, {columns} FROM range(30) t(i)").write_parquet(
        str(path)
    )
    scenario = contactopt("init", tmp_path / "mine", "--from", path).out.strip()
    shown = contactopt("run", scenario, "--out", tmp_path / "plan", "--json")
    assert shown.code == 0, shown.err + shown.out
    assert json.loads(shown.out)["contacts"] > 0


def test_keys_that_the_table_calls_otherwise_are_named_in_the_scenario_and_it_runs(
    contactopt: Call, tmp_path: Path
) -> None:
    path = tmp_path / "export.csv"
    path.write_text("CustomerID;OfferCode;Propensity;Value\n1;card;0.5;10\n2;loan;0.25;20\n", "utf-8")
    scenario = contactopt("init", tmp_path / "mine", "--from", path).out.strip()
    shown = contactopt("run", scenario, "--out", tmp_path / "plan", "--json")
    assert json.loads(shown.out)["objective"] == 10.0, shown.err
