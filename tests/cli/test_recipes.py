"""The recipes of docs/operations.md, run as far as this machine can run them."""

from __future__ import annotations

import ast
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from optimizer.cli.app import group

RECIPES = Path(__file__).parents[2] / "docs" / "recipes"
ROOT = Path(__file__).parents[2]


@pytest.fixture
def server(tmp_path: Path, coffee: Path) -> Path:
    """A folder with a scenario, the recipe and a command."""
    folder = coffee.parent
    text = coffee.read_text("utf-8").replace(
        "data:\n", "data:\n  ledger: ledger.duckdb\n  history_max_age: 9 days\n", 1
    )
    coffee.write_text(text, "utf-8")
    shutil.copy(RECIPES / "nightly.sh", folder)
    (folder / "bin").mkdir()
    command = folder / "bin" / "contactopt"
    command.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} {shlex.quote(str(ROOT / "cli.py"))} "$@"\n')
    command.chmod(0o755)
    return folder


def nightly(folder: Path, *given: str) -> subprocess.CompletedProcess[str]:
    path = f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
    command = ["sh", "nightly.sh", "scenario.yaml", *given]
    return subprocess.run(
        command, cwd=folder, env=os.environ | {"PATH": path}, capture_output=True, text=True, check=False
    )


def test_the_script_runs_a_night_commits_it_and_may_be_run_again(server: Path) -> None:
    as_of = re.search(r"^as_of: (\S+)", (server / "scenario.yaml").read_text("utf-8"), flags=re.MULTILINE)
    assert as_of is not None
    for _ in range(2):
        done = nightly(server, as_of[1])
        assert (done.returncode, done.stdout) == (0, "ledger.duckdb\n"), done.stderr
    with duckdb.connect(str(server / "ledger.duckdb")) as ledger:
        ((rows, runs),) = ledger.sql("SELECT count(*), count(DISTINCT run_id) FROM contactopt_contacts").fetchall()
    assert rows > 0
    assert runs == 1
    assert len(list((server / "runs" / "starter").glob("2*"))) == 2
    (server / "candidates.csv").unlink()
    assert nightly(server, as_of[1]).returncode == 3


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd here")
def test_the_units_are_what_systemd_takes(tmp_path: Path) -> None:
    for name in ("contactopt.service", "contactopt.timer"):
        shutil.copy(RECIPES / name, tmp_path)
    units = [str(tmp_path / name) for name in ("contactopt.service", "contactopt.timer")]
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *units], capture_output=True, text=True, check=False
    )
    told = [line for line in done.stderr.splitlines() if "contactopt" in line]
    assert told == [], told


def test_the_commands_of_the_other_recipes_are_commands_of_ours() -> None:
    dag = (RECIPES / "airflow_dag.py").read_text("utf-8")
    ast.parse(dag)
    written = dag + (RECIPES / "nightly.sh").read_text("utf-8") + (ROOT / "docs" / "operations.md").read_text("utf-8")
    calls = re.findall(r"contactopt (run|commit|history import)\b([^\n`|)]*)", written)
    assert {name for name, _ in calls} == {"run", "commit", "history import"}
    for name, rest in calls:
        command = group
        for part in name.split():
            command = command.get_command(None, part)  # type: ignore[arg-type,assignment,union-attr]
        known = {option for parameter in command.params for option in parameter.opts}
        assert set(re.findall(r"(?<!\S)--[a-z-]+", rest)) <= known, rest
    assert "nightly.sh scenario.yaml" in (RECIPES / "crontab").read_text("utf-8")
