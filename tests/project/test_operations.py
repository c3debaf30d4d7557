"""The page for operators is walked: from an empty folder, through a crash, to the second night; all in PostgreSQL."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from optimizer.scenario import Scenario
from tests import postgres
from tests.postgres import Server
from tests.project import pages
from tests.project.pages import ROOT

PAGE = (ROOT / "docs" / "operations.md").read_text("utf-8")
BLOCKS = {
    language: re.findall(rf"^```{language}\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)
    for language in ("sh", "yaml", "sql")
}
NIGHT, IN_POSTGRES, ROLLING, STABLE = BLOCKS["yaml"]
TONIGHT, HAND_OVER = BLOCKS["sh"]
(ASK,) = BLOCKS["sql"]
LATEST = "RUN=runs/spring-retention/latest\n"
SENT = """\
customer,offer,channel,slot,at,response
C1,card,email,2026-11-23,2026-11-23T09:00Z,yes
C9,card,email,2026-11-23,2026-11-23T09:00Z,
"""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    if not postgres.installed():
        pytest.skip("there is no PostgreSQL server to start")
    with postgres.running() as started:
        for name in ("CRM", "LEDGER"):
            monkeypatch.setenv(name, started.url)
        yield started


def merged(*sections: str) -> str:
    """Return the first scenario with sections of the others in place of its own, or added."""
    text = sections[0]
    for section in sections[1:]:
        key = section.partition(":")[0]
        text = re.sub(rf"^{key}:.*\n(?:[ ].*\n)*", "", text, flags=re.MULTILINE) + section
    return text


def fill(server: Server) -> None:
    server.execute(
        "CREATE TABLE candidates (customer text, offer text, channel text, slot date, propensity float, value float)"
    )
    rows = [
        f"('C{c}', '{offer}', 'email', '2026-11-{day}', {0.1 + (c * 7 + day) % 5 / 10}, {10 + c})"
        for c in range(1, 9)
        for offer in ("card", "loan")
        for day in range(23, 27)
    ]
    server.execute(f"INSERT INTO candidates VALUES {', '.join(rows)}")


def recorded(server: Server) -> list[tuple[str, ...]]:
    return sorted(server.rows("SELECT business_date, customer, offer, channel, slot FROM contactopt_contacts"))


def test_the_first_scenario_of_the_page_is_one(tmp_path: Path) -> None:
    scenario = Scenario.parse(NIGHT, base=tmp_path).replace({"as_of": "2026-11-22T18:00:00+00:00"})
    assert scenario.horizon.start.isoformat() == "2026-11-23"


def test_an_operator_comes_from_an_empty_folder_through_a_crash_to_the_second_night(
    tmp_path: Path, server: Server
) -> None:
    environment = pages.environment(tmp_path)

    def shell(script: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh", "-euc", script], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )

    fill(server)
    (tmp_path / "scenario.yaml").write_text(merged(NIGHT, IN_POSTGRES, ROLLING, STABLE))
    (tmp_path / "sent.csv").write_text(SENT)
    done = shell(TONIGHT)
    assert done.returncode == 0, done.stderr
    assert "has no run of an earlier date" in done.stderr
    first = recorded(server)
    assert {slot for *_, slot in first} == {"2026-11-23", "2026-11-24"}
    assert server.rows(ASK), "what was committed and not delivered yet"
    done = shell(LATEST + HAND_OVER)
    assert done.returncode == 0, done.stderr
    assert server.rows("SELECT count(*) FROM contacts") == [(sum(1 for date, *_ in first if date),)]
    assert postgres.SECRET not in done.stderr

    shutil.copy(ROOT / "docs" / "recipes" / "nightly.sh", tmp_path)
    command = ["sh", "nightly.sh", "scenario.yaml", "2026-11-23T18:00:00+00:00"]
    with subprocess.Popen(
        command,
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as night:
        assert night.stderr is not None
        for line in night.stderr:
            if '"stage": "compile"' in line:
                os.killpg(night.pid, signal.SIGKILL)
                break
    assert recorded(server) == first
    done = shell(" ".join(command))
    assert done.returncode == 0, done.stderr
    both = recorded(server)
    assert set(first) < set(both)
    assert {date for date, *_ in both} == {"", "2026-11-22", "2026-11-23"}
    keys = [key for _, *key in both]
    assert len({tuple(key) for key in keys}) == len(keys), "a contact twice"
    assert {slot for date, *_, slot in both if date == "2026-11-23"} <= {"2026-11-24", "2026-11-25"}
    runs = sorted(path.name for path in (tmp_path / "runs" / "spring-retention").iterdir() if path.name[0] == "2")
    assert len(runs) == 2
    done = shell(f"cd runs/spring-retention; contactopt compare {runs[0]} {runs[1]}")
    assert done.returncode == 0, done.stderr
