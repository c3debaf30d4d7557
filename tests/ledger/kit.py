"""A small week, a ledger beside it, and nights that are run, saved and committed."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent
from typing import Any

import optimizer
from optimizer.ledger import Committed, Place, commit
from optimizer.plan.plan import Plan
from optimizer.scenario import Scenario

WEEK = """\
version: 1
name: {name}
as_of: {as_of}
horizon: {{start: {start}, days: 2}}
data: {{candidates: candidates.csv, ledger: "{ledger}"{data}}}
objective: {{maximize: propensity}}
contact_policies:
{rules}
"""
CANDIDATES = """\
customer,offer,channel,slot,propensity,cost
C1,card,email,2026-11-23,0.5,1.5
C1,loan,email,2026-11-24,0.4,2
C2,card,email,2026-11-24,0.3,1
C3,loan,sms,2026-11-25,0.2,1
C1,card,sms,2026-11-26,0.1,1
"""
ONE_A_WEEK = "  - {name: one, at_most: 1, within: 7 days}"


def week(
    folder: Path,
    *,
    ledger: str = "ledger.duckdb",
    name: str = "t",
    as_of: str = "2026-11-22T18:00:00+00:00",
    start: str = "2026-11-23",
    rules: str = ONE_A_WEEK,
    data: str = "",
    candidates: str = CANDIDATES,
) -> Scenario:
    (folder / "candidates.csv").write_text(dedent(candidates))
    text = WEEK.format(name=name, as_of=as_of, start=start, ledger=ledger, data=data, rules=rules)
    return Scenario.parse(text, base=folder, file="t.yaml")


def night(scenario: Scenario) -> tuple[Plan, Committed]:
    """Solve and commit, by way of the run folder."""
    run = optimizer.solve(scenario).save(scenario.base / "run")
    plan = Plan.load(run)
    return plan, commit(plan, place(scenario))


def place(scenario: Scenario) -> Place:
    assert scenario.data.ledger is not None
    return Place(scenario.data.ledger, scenario.base)


def keys(plan: Plan) -> list[tuple[str, str, str]]:
    found = plan.contacts[["customer", "offer", "slot"]].astype(str)
    return sorted(map(tuple, found.to_numpy().tolist()))


def held(where: Place, columns: str = "customer, offer, slot, state") -> list[tuple[Any, ...]]:
    with where.transaction() as store:
        return sorted(store.rows(f"SELECT {columns} FROM contactopt_contacts"), key=repr)
