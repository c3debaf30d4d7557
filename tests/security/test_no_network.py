"""No command speaks to anybody: sockets are watched, and where the system can, there is no network at all."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bad_inputs.kit import Bad

ROOT = Path(__file__).parents[2]
GUARDED = """
import sys

def refuse(event, arguments):
    if event.startswith(("socket.connect", "socket.getaddrinfo", "socket.gethost", "socket.bind", "urllib.", "http.")):
        print("NETWORK", event, arguments, file=sys.stderr, flush=True)
        raise OSError("no network")

sys.addaudithook(refuse)
from optimizer.cli import main
for command in sys.stdin.read().splitlines():
    try:
        main(command.split())
    except SystemExit as left:
        assert left.code in (0, 5), (command, left.code)
print("done")
"""
COMMANDS = """\
validate scenario.yaml --data
run scenario.yaml --out plan
audit plan
report plan
explain plan --customer C1
sweep scenario.yaml --vary constraints.budget.at_most=1,2
deliver plan --out lists
commit plan
"""


def test_no_command_opens_a_connection(tmp_path: Path) -> None:
    Bad("", 0, (), data="ledger: ledger.duckdb", change=(("engine: greedy", "engine: auto"),)).write(tmp_path)
    command = [sys.executable, "-c", GUARDED]
    if os.geteuid() == 0 and shutil.which("unshare") and not subprocess.run(["unshare", "--net", "true"]).returncode:
        command = ["unshare", "--net", *command]
    done = subprocess.run(
        command,
        input=COMMANDS,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.endswith("done\n"), done.stderr
    assert "NETWORK" not in done.stderr


def test_the_guard_hears_a_connection() -> None:
    script = GUARDED.replace(
        "from optimizer.cli import main", "import socket; socket.create_connection(('127.0.0.1', 9))"
    )
    done = subprocess.run([sys.executable, "-c", script], input="", capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "NETWORK socket." in done.stderr
    pytest.importorskip("socket")
