"""A small plan to publish, and another one of the same scenario."""

from __future__ import annotations

from pathlib import Path

import optimizer
from optimizer.plan.plan import Plan
from optimizer.scenario import Scenario
from tests.golden.cases import Case

CASE = Case(
    0,
    "a plan to publish",
    """
    objective: {maximize: value}
    eligibility:
      - {name: dull, drop: "value < 0.5"}
    contact_policies:
      - {name: once, at_most: 1}
    constraints:
      - {name: budget, total: cost, at_most: 2.30}
      - {name: mails, total: contacts, where: "channel = 'email'", for_each: slot, at_most: 2, penalty: 0.25}
      - {name: watched, ratio: value, to: cost, at_least: 9, report_only: true}
    """,
    {
        "candidates": """
            customer,offer,channel,slot,value,cost
            c1,A,email,2026-11-23,5.25,1.10
            c1,B,email,2026-11-24,4,0.10
            c2,A,email,2026-11-23,3,1.20
            é 3,<b>,email,2026-11-25,2.5,0
            c4,A,email,2026-11-23,0.1,0
            """,
    },
    (),
)


def plan(folder: Path, **settings: object) -> Plan:
    """Solve the scenario, written into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    scenario = Scenario.load(CASE.write(folder))
    return optimizer.solve(scenario.replace(settings) if settings else scenario, engine="exact")


TIMED = {"summary.json", "log.jsonl", "manifest.json"}
"""Files that tell how long it took."""


def run(folder: Path) -> dict[str, bytes]:
    """Return what a run folder says, times aside; every file must be what its manifest says."""
    Plan.load(folder)
    return {name: written for name, written in content(folder).items() if name not in TIMED}


def content(folder: Path) -> dict[str, bytes]:
    """Return every file of a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
