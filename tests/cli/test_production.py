"""``run --production``: explicit, alone, and legible to machines."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Outcome

Call = Callable[..., Outcome]
ROOT = Path(__file__).parents[2]
FRESH = ("--production", "--set", "data.history_max_age=30 days")
HOLD = """
import sys
from pathlib import Path
from optimizer.plan.folder import one_at_a_time
with one_at_a_time(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def _working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def lines(shown: Outcome) -> list[dict[str, object]]:
    return [json.loads(line) for line in shown.err.splitlines()]


def test_the_log_is_json_and_stdout_the_summary_or_the_folder(contactopt: Call, coffee: Path) -> None:
    shown = contactopt("run", coffee, *FRESH)
    assert shown.code == 0, shown.err
    folder = Path(shown.out.strip())
    logged = lines(shown)
    assert [line["stage"] for line in logged if line["event"] == "stage"][:3] == ["read", "compile", "solve"]
    assert logged[-1]["event"] == "published"
    assert logged[-1]["folder"] == str(folder)
    assert logged[-1]["contacts"] == json.loads((folder / "summary.json").read_text())["contacts"]
    summary = contactopt("run", coffee, *FRESH, "--json")
    assert json.loads(summary.out)["scenario"] == "starter"


def test_everything_left_to_chance_is_refused_at_once(contactopt: Call, coffee: Path) -> None:
    text = "".join(line for line in coffee.read_text("utf-8").splitlines(True) if not line.startswith("as_of"))
    coffee.write_text(text, "utf-8")
    Path("plan").mkdir()
    Path("plan/manifest.json").write_text("{}")
    shown = contactopt("run", coffee, "--production", "--set", "data.ledger=ledger.duckdb", "--out", "plan")
    assert shown.code == 2
    found = lines(shown)
    assert [str(line["what"]).split(" with")[0] for line in found[:2]] == [
        "as_of is required",
        "history_max_age is required",
    ]
    assert "--production overwrites nothing" in str(found[2]["what"])
    assert all(line["level"] == "error" and line["exit_code"] == 2 and line["maybe"] for line in found)


def test_a_history_that_is_too_old_is_refused(contactopt: Call, coffee: Path) -> None:
    Path("sent.csv").write_text("customer,offer,channel,at\nC1,latte,email,2020-01-01\n")
    settings = ("--set", "data.history=../sent.csv", "--set", "data.history_max_age=2 days")
    shown = contactopt("run", coffee, "--production", *settings)
    assert shown.code == 3
    assert any("the history is too old" in str(line.get("what")) for line in lines(shown))


@pytest.mark.parametrize("out", [(), ("--out", "plan")])
def test_a_second_run_is_refused_by_name_and_a_killed_one_keeps_nobody_out(
    contactopt: Call, coffee: Path, out: tuple[str, ...]
) -> None:
    target = out[1] if out else "runs/starter"
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(Path(target).absolute())],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        shown = contactopt("run", coffee, *FRESH, *out)
        assert shown.code == 7
        assert f"another run (process {holder.pid} on " in str(lines(shown)[0]["what"])
        holder.kill()
    left = Path(target).absolute().parent / f".{Path(target).name}.run.lock"
    assert left.exists()
    assert contactopt("run", coffee, *FRESH, *out).code == 0
    assert not left.exists()
