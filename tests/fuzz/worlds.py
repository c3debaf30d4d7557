"""A small whole scenario, its tables, and the one question that every mutant is asked."""

from __future__ import annotations

import re
from pathlib import Path

import pyarrow.csv
import pyarrow.parquet as pq

import optimizer
from optimizer.errors import Finding, OptimizerError
from optimizer.plan.plan import Plan
from optimizer.scenario import Scenario
from optimizer.scenario.yaml import decode

SCENARIO = """\
version: 1
name: fuzz
as_of: 2026-11-22T18:00:00+00:00
horizon: {start: 2026-11-23, days: 3, timezone: Europe/Lisbon}
data:
  candidates: candidates.csv
  customers: customers.csv
  offers: offers.csv
  history: history.csv
  expect: {value: 0..}
objective: {maximize: propensity * value - cost}
eligibility:
  - {name: wants-mail, keep: "opt_in OR channel <> 'email'"}
  - {name: low, drop: propensity < 0.01}
contact_policies:
  - {name: two-a-week, at_most: 2, within: 7 days}
  - {name: offer-once, at_most: 1, within: 30 days, for_each: offer}
  - {name: rest, spacing: 1 day}
  - {name: loan-not-card, never: "family = 'loan'", with: "family = 'card'", within: 2 days}
  - {name: own-cap, at_most: {column: cap}, within: 7 days}
  - {name: vip, at_least: 1, where: "segment = 'vip'", if_short: best_effort}
constraints:
  - {name: budget, total: cost, at_most: 6}
  - {name: mails, total: contacts, where: "channel = 'email'", for_each: slot, at_most: 2}
  - {name: roi, ratio: propensity * value, to: cost, at_least: 1.2}
  - {name: mail-share, share: "channel = 'email'", at_most: 0.9}
  - {name: floor, total: contacts, where: "offer = 'loan'", at_least: 1, penalty: 2.5}
holdout: {share: 0.1, salt: s}
solve: {engine: greedy, time_limit: 5 seconds, memory_limit: 1 GB, threads: 1}
"""
TABLES = {
    "candidates": """\
customer,offer,channel,slot,propensity,value,cost
C1,card,email,2026-11-23,0.5,10,1
C1,loan,sms,2026-11-24,0.25,20,0.5
C2,card,email,2026-11-23,0.125,30,1
C2,loan,email,2026-11-25,0.5,7.5,0.25
C3,card,sms,2026-11-24T09:00,0.75,4,0.1
C3,loan,email,2026-11-24,0.3,12,1.25
""",
    "customers": "customer,segment,opt_in,cap\nC1,vip,true,2\nC2,mass,false,1\nC3,vip,true,3\n",
    "offers": "offer,family\ncard,card\nloan,loan\n",
    "history": "customer,offer,channel,at\nC1,card,email,2026-11-20\nC2,loan,sms,2026-11-21T10:00:00+00:00\n",
}
LONGEST = 2_000
"""Characters of one message."""


def write(folder: Path, *, parquet: bool = False, **spoiled: bytes) -> None:
    """Write the tables, some of them spoiled."""
    for name, text in TABLES.items():
        path = folder / f"{name}.csv"
        path.write_bytes(spoiled.get(name, text.encode()))
    if parquet:
        pq.write_table(pyarrow.csv.read_csv(folder / "candidates.csv"), folder / "candidates.parquet")


def outcome(folder: Path, raw: bytes | str) -> Plan | OptimizerError:
    """Run a scenario: an audited plan, or a clean error. Anything else is raised, and fails the test."""
    try:
        text = raw if isinstance(raw, str) else decode(raw, "scenario.yaml")
        plan = optimizer.solve(Scenario.parse(text, base=folder, file="scenario.yaml"))
    except OptimizerError as error:
        refused = error
    else:
        assert plan.audit.ok
        return plan
    assert refused.exit_code in (2, 3, 4, 6, 7), refused
    for finding in refused.findings:
        check(finding)
    return refused


def check(finding: Finding) -> None:
    """A finding says what and where, how to mend it, and nothing that commands a terminal."""
    text = str(finding)
    assert finding.what.strip(), finding
    assert finding.where.strip(), finding
    assert finding.fix.strip(), finding
    assert len(text) <= LONGEST
    assert re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", text) is None, finding
    assert "Traceback" not in text
