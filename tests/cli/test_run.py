"""``contactopt run``: from a scenario to a published folder."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Outcome
from tests.nights import interrupted

Call = Callable[..., Outcome]
ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_stdout_is_the_folder_and_nothing_else(contactopt: Call, coffee: Path) -> None:
    shown = contactopt("run", coffee)
    assert shown.code == 0, shown.err
    folder = Path(shown.out.removesuffix("\n"))
    assert folder.parent == Path("runs/starter")
    assert (folder / "report.html").is_file()
    assert (folder.parent / "latest").resolve() == folder.resolve()


def test_stderr_tells_the_plan(contactopt: Call, coffee: Path) -> None:
    shown = contactopt("run", coffee, "--out", "plan").err
    for words in ("✓ solve", "proven", "against what people do today", "budget", "eligible", "plan/report.html"):
        assert words in shown


def test_json_is_the_summary(contactopt: Call, coffee: Path) -> None:
    shown = contactopt("run", coffee, "--out", "plan", "--json")
    assert json.loads(shown.out) == json.loads(Path("plan/summary.json").read_text("utf-8"))


def test_options_override_the_file(contactopt: Call, coffee: Path) -> None:
    shown = contactopt(
        "run", coffee, "--json", "--seed", 7, "--engine", "greedy", "--set", "constraints.budget.at_most=50"
    )
    summary = json.loads(shown.out)
    assert summary["seed"] == 7
    assert summary["engine"].startswith("greedy")


def test_a_plan_beyond_the_asked_gap_exits_with_5_and_is_published(contactopt: Call, coffee: Path) -> None:
    shown = contactopt("run", coffee, "--engine", "greedy", "--out", "plan")
    assert shown.code == 5
    assert Path("plan/contacts.parquet").is_file()


def test_a_folder_that_is_no_run_is_left_alone(contactopt: Call, coffee: Path) -> None:
    Path("mine").mkdir()
    Path("mine/notes.txt").write_text("keep", "utf-8")
    shown = contactopt("run", coffee, "--out", "mine")
    assert shown.code == 2
    assert [path.name for path in Path("mine").iterdir()] == ["notes.txt"]


def test_an_infeasible_scenario_exits_with_4_and_publishes_nothing(contactopt: Call, coffee: Path) -> None:
    shown = contactopt("run", coffee, "--set", "constraints.budget.at_most=0", "--out", "plan")
    assert shown.code == 4
    assert "Maybe" in shown.err
    assert not Path("plan").exists()


def test_a_wrong_scenario_exits_with_2_and_names_line_and_column(contactopt: Call, coffee: Path) -> None:
    coffee.write_text(coffee.read_text("utf-8").replace("at_most: 60", "at_mots: 60"), "utf-8")
    shown = contactopt("run", coffee)
    assert shown.code == 2
    assert ", line " in shown.err
    assert "at_most" in shown.err


def test_wrong_data_exits_with_3_and_names_the_row(contactopt: Call, coffee: Path) -> None:
    table = coffee.parent / "candidates.csv"
    table.write_text(table.read_text("utf-8").replace("0.2075", "87.3", 1), "utf-8")
    shown = contactopt("run", coffee, "--json")
    assert shown.code == 3
    assert "row 1" in json.loads(shown.out)["findings"][0]["where"]


def test_production_asks_for_as_of(contactopt: Call, coffee: Path) -> None:
    text = "".join(line for line in coffee.read_text("utf-8").splitlines(True) if not line.startswith("as_of"))
    coffee.write_text(text, "utf-8")
    shown = contactopt("run", coffee, "--production")
    assert shown.code == 2
    assert "as_of is required" in shown.err


@pytest.fixture
def hard(contactopt: Call, tmp_path: Path) -> Path:
    """An instance that takes the solver long enough to be interrupted."""
    made = contactopt("generate", "weekly", "--customers", 5_000, "--out", tmp_path / "hard")
    return Path(made.out.strip())


def command_line(*arguments: object) -> list[str]:
    return [sys.executable, str(ROOT / "cli.py"), *map(str, arguments)]


def start_up(scenario: Path) -> float:
    """Seconds that a command takes to come and go: what this machine, as busy as it is, adds to everything."""
    began = time.monotonic()
    subprocess.run(command_line("validate", scenario, "--data"), capture_output=True, check=True)
    return time.monotonic() - began


@pytest.mark.parametrize(("number", "keep"), [(signal.SIGINT, False), (signal.SIGTERM, False), (signal.SIGINT, True)])
def test_an_interrupted_run_stops_within_two_seconds(hard: Path, number: signal.Signals, keep: bool) -> None:
    command = command_line("run", hard, "--out", "plan", "--gap", 0, "--engine", "exact")
    if keep:
        command += ["--on-interrupt", "publish"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as run:
        code, seconds = interrupted(run, number, after=1)
    assert code == 130
    assert Path("plan").exists() == keep
    assert keep or seconds < 2 + start_up(hard)


def test_a_sample_leaves_latest_alone_says_what_it_is_and_cannot_be_committed(contactopt: Call, coffee: Path) -> None:
    shown = contactopt("run", coffee, "--sample", "50%", "--set", "constraints.budget.enabled=true")
    assert shown.code in (0, 5), shown.err
    folder = Path(shown.out.removesuffix("\n"))
    assert folder.name.startswith("sample-")
    assert json.loads((folder / "summary.json").read_text())["sample"] == 0.5
    assert not (folder.parent / "latest").exists()
    assert "not a plan to be sent" in shown.err
    assert contactopt("commit", folder).code == 2
    assert contactopt("run", coffee, "--sample", "all").code == 2
