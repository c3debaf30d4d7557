"""Many nights that feed the next ones, killed at random moments and run again: the ledger is that of quiet nights.

Each night plans three days and one is firm. What accumulates is recounted from the ledger alone, by plain Python.
"""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import pytest

from optimizer.ledger import Place
from tests.ledger.kit import held
from tests.postgres import Server

ROOT = Path(__file__).parents[2]
FIRST = dt.date(2026, 11, 23)
OFFERS, CHANNELS = ("card", "loan", "fund", "app"), ("email", "sms")
PEOPLE, CALLS = 30, 12
SCENARIO = """\
version: 1
name: soak
horizon: {{start: {first}, days: 3, commit: 1 day}}
data: {{candidates: candidates.csv, ledger: "{ledger}", history_max_age: 400 days}}
objective: {{maximize: value}}
contact_policies:
  - {{name: two-a-week, at_most: 2, within: 7 days}}
  - {{name: offer-once, at_most: 1, within: 14 days, for_each: offer}}
  - {{name: rest, spacing: 2 days}}
  - {{name: loan-not-fund, never: "offer = 'loan'", with: "offer = 'fund'", within: 10 days}}
constraints:
  - {{name: a-day, total: contacts, for_each: slot, at_most: {calls}}}
solve: {{threads: 1}}
"""
NIGHTS = """
import os, random, signal, sys, time
import optimizer.cli.run, optimizer.cli.commit, optimizer.cli.history, optimizer.solve, optimizer.ledger
from optimizer.cli.app import main

def call(*given):
    sys.argv = ["contactopt", *given]
    with open(f"said-{os.getpid()}", "w+") as said:
        os.dup2(said.fileno(), 1)
        try:
            main()
        except SystemExit as done:
            if done.code not in (None, 0, 5):
                os._exit(int(done.code))
        sys.stdout.flush()
        said.seek(0)
        return said.read().strip()

def night(now):
    call("commit", call("run", "scenario.yaml", "--production", "--set", f"as_of={now}"))

rng = random.Random(7)
usual = 0.0
for line in sys.stdin:
    what, given = line.split()
    began = time.monotonic()
    child = os.fork()
    if not child:
        night(given) if what != "import" else call("history", "import", given, "--scenario", "scenario.yaml")
        os._exit(0)
    if what == "kill":
        time.sleep(rng.uniform(0.05, 1.05) * usual)
        os.kill(child, signal.SIGKILL)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if what == "night":
        usual = time.monotonic() - began
    print(code, flush=True)
"""


def candidates(day: dt.date) -> str:
    """Return what could be sent in three days from a day on: scored anew each night."""
    rng = Random(day.toordinal())
    rows = ["customer,offer,channel,slot,value"]
    for customer in range(PEOPLE):
        for later in range(3):
            for offer in rng.sample(OFFERS, 2):
                slot = day + dt.timedelta(days=later)
                rows.append(f"c{customer:02},{offer},{rng.choice(CHANNELS)},{slot},{rng.randint(1, 9)}")
    return "\n".join(rows)


class Nights:
    """Nights in a folder, each in a process of its own, which may be killed."""

    def __init__(self, folder: Path, ledger: str, process: subprocess.Popen[str]) -> None:
        self.folder, self.ledger, self._process = folder, ledger, process

    def prepare(self, day: dt.date) -> None:
        (self.folder / "candidates.csv").write_text(candidates(day))
        (self.folder / "scenario.yaml").write_text(SCENARIO.format(first=day, ledger=self.ledger, calls=CALLS))

    def call(self, what: str, given: str) -> int:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{what} {given}\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def deliveries(self, day: dt.date) -> None:
        """Import what went out on a day: all that was committed, an hour late, and some answers."""
        sent = [row for row in self.contacts() if row[3] == day.isoformat()]
        rows = [f"{c},{o},{h},{s},{s}T10:00:00Z,{'yes' if n % 3 else 'no'}" for n, (c, o, h, s) in enumerate(sent)]
        (self.folder / "sent.csv").write_text("\n".join(["customer,offer,channel,slot,at,response", *rows]))
        if rows:
            assert self.call("import", "sent.csv") == 0

    def contacts(self) -> list[tuple[Any, ...]]:
        return held(Place(self.ledger, self.folder), "customer, offer, channel, slot")


@contextmanager
def started(folder: Path, ledger: str) -> Iterator[Nights]:
    folder.mkdir()
    (folder / "nights.py").write_text(f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{NIGHTS}")
    script = [sys.executable, "nights.py"]  # a file, as the command is: DuckDB takes python -c for somebody who watches
    with (
        (folder / "stderr").open("w") as told,
        subprocess.Popen(
            script, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=told, text=True
        ) as process,
    ):
        yield Nights(folder, ledger, process)
        assert process.stdin is not None
        process.stdin.close()


def soak(folder: Path, ledger: str, count: int, rng: Random | None) -> list[tuple[Any, ...]]:
    """Run nights, with trouble where a random generator is given; return the ledger's contacts."""
    killed = 0
    with started(folder, ledger) as nights:
        for number in range(count):
            day = FIRST + dt.timedelta(days=number)
            nights.prepare(day)
            now = f"{day - dt.timedelta(days=1)}T18:00:00+00:00"
            if rng is not None and number and rng.random() < 0.6:
                for _ in range(rng.randint(1, 2)):
                    killed += nights.call("kill", now) == -9
            assert nights.call("night", now) == 0, (folder / "stderr").read_text()[-2000:]
            if rng is not None and rng.random() < 0.3:
                assert nights.call("again", now) == 0
            if number % 2:
                nights.deliveries(day)
        assert rng is None or killed
        assert not [path for path in (folder / "runs" / "soak").glob(".*staging") if rng is None]
        return nights.contacts()


def hold(contacts: list[tuple[Any, ...]]) -> None:
    """Recount the rules over all nights."""
    assert len(contacts) == len(set(contacts)), "a contact twice"
    everybody: dict[str, list[tuple[dt.date, str]]] = {}
    by_day: dict[str, int] = {}
    for customer, offer, _, slot in contacts:
        everybody.setdefault(customer, []).append((dt.date.fromisoformat(slot), offer))
        by_day[slot] = by_day.get(slot, 0) + 1
    assert max(by_day.values()) <= CALLS
    for mine in map(sorted, everybody.values()):
        for first, _ in mine:
            assert sum(first <= day < first + dt.timedelta(days=7) for day, _ in mine) <= 2
        for (one, _), (other, _) in pairwise(mine):
            assert (other - one).days >= 2
        for number, (day, offer) in enumerate(mine):
            for other, what in mine[:number]:
                assert what != offer or (day - other).days >= 14
                assert {what, offer} != {"loan", "fund"} or (day - other).days >= 10


def disturbed_and_not(folder: Path, ledger: str, request: pytest.FixtureRequest, count: int) -> None:
    calm = soak(folder / "calm", ledger, count, None)
    if ledger.startswith("$"):
        server: Server = request.getfixturevalue("server")
        server.execute("DROP TABLE contactopt_contacts")
    wild = soak(folder / "wild", ledger, count, Random(count))
    hold(calm)
    assert len(calm) > 5 * count
    assert wild == calm


def test_four_nights_with_trouble_leave_the_ledger_of_quiet_ones(
    tmp_path: Path, ledger: str, request: pytest.FixtureRequest
) -> None:
    disturbed_and_not(tmp_path, ledger, request, 4)


@pytest.mark.slow
def test_thirty_nights_with_trouble_leave_the_ledger_of_quiet_ones(
    tmp_path: Path, ledger: str, request: pytest.FixtureRequest
) -> None:
    disturbed_and_not(tmp_path, ledger, request, 30)
