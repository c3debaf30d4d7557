"""A plan as the report sees it: a small bank's week, with every block filled."""

from __future__ import annotations

import io
import json
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pyarrow as pa

from optimizer.plan.plan import Termination
from optimizer.scenario import Scenario

CHANNELS = {"call": 60, "email": 900, "letter": 120, "sms": 300}
DAYS = [f"2026-11-{day}" for day in range(23, 30)]


def frame(text: str) -> pd.DataFrame:
    return pd.read_csv(io.StringIO(text.strip()), skipinitialspace=True)


def group(**keys: str) -> str:
    return json.dumps(keys, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def constraints() -> pd.DataFrame:
    columns = ["name", "group", "sense", "limit", "used", "slack", "price", "binding", "penalty_paid", "report_only"]
    rows: list[tuple[Any, ...]] = [("budget", "{}", "<=", 12000.0, 12000.0, 0.0, 1.7312, True, 0.0, False)]
    for channel, most in CHANNELS.items():
        for i, day in enumerate(DAYS):
            used = int(most * (1 - 0.05 * ((i * 7 + most) % 11)))
            rows.append(
                (
                    "capacity",
                    group(channel=channel, slot=day),
                    "<=",
                    float(most),
                    float(used),
                    float(most - used),
                    2.4 - i / 5 if used == most else 0.0,
                    used == most,
                    0.0,
                    False,
                )
            )
    for day, used in zip(DAYS, [40, 40, 38, 40, 31, 12, 0], strict=True):
        rows.append(
            (
                "branch-visits",
                group(slot=day),
                "<=",
                40.0,
                float(used),
                40.0 - used,
                3.25 * (used == 40),
                used == 40,
                0.0,
                False,
            )
        )
    rows.append(("loan-floor", "{}", ">=", 500.0, 488.0, -12.0, -2.5, True, 30.0, False))
    rows.append(("third-party", "{}", "<=", 9000.0, 9120.5, -120.5, float("nan"), False, 0.0, True))
    return pd.DataFrame(rows, columns=columns)


def contacts() -> pd.DataFrame:
    rows = []
    for customer in range(900):
        for nth in range(customer % 4):
            channel = list(CHANNELS)[(customer * 7 + nth * 3) % 11 % 4]
            day = DAYS[(customer * 5 + nth * 2) % 13 % 7]
            rows.append((f"C-{customer:05d}", "loan", channel, day, 0.1, 12.5))
    return pd.DataFrame(rows, columns=["customer", "offer", "channel", "slot", "propensity", "contribution"])


SCENARIO = Scenario.from_dict(
    {
        "version": 1,
        "name": "spring-retention",
        "as_of": "2026-11-22T18:00:00+00:00",
        "horizon": {"start": "2026-11-23", "days": 7},
        "objective": {"maximize": "propensity * value"},
        "eligibility": [
            {"name": "wants-mail", "keep": "email_opt_in OR channel <> 'email'"},
            {"name": "low-score", "drop": "propensity < 0.01"},
        ],
        "contact_policies": [
            {"name": "three-a-week", "at_most": 3, "within": "7 days"},
            {"name": "loan-not-card", "never": "family = 'loan'", "with": "family = 'card'"},
            {"name": "rest", "spacing": "2 days"},
        ],
        "constraints": [
            {"name": "budget", "total": "cost", "at_most": 12000},
            {
                "name": "capacity",
                "total": "contacts",
                "for_each": ["channel", "slot"],
                "at_most": {"table": "limits.csv", "column": "most"},
            },
            {"name": "branch-visits", "total": "contacts", "for_each": "slot", "at_most": 40},
            {"name": "loan-floor", "total": "contacts", "at_least": 500, "penalty": 2.5},
            {"name": "third-party", "total": "value", "at_most": 9000, "report_only": True},
        ],
    }
)
INPUTS = (
    {"table": "candidates", "path": "/data/tonight/candidates.parquet", "size": 23_321, "sha256": "76ac" * 16},
    {"table": "customers", "path": "/data/customers.csv", "size": 1_250_000, "sha256": "f7fd" * 16},
)


def scored(value: str, contacts: int, promised: float, came: int, verdict: str) -> dict[str, Any]:
    low, high = came * 0.8, came * 1.2
    return {
        "value": value,
        "contacts": contacts,
        "promised": promised,
        "came": came,
        "low": low,
        "high": high,
        "factor": came / promised,
        "verdict": verdict,
    }


SCORES: dict[str, Any] = {
    "why": None,
    "judged": 8266,
    "promised": 117.7,
    "came": 73,
    "low": 58.2,
    "high": 91.5,
    "verdict": "too high",
    "open": 120,
    "without": 0,
    "unusable": 0,
    "runs": 2,
    "groups": {
        "offer": [scored("loan", 6000, 90.0, 48, "too high"), scored("card", 2266, 27.7, 25, "as promised")],
        "channel": [scored("email", 8266, 117.7, 73, "too high")],
        "tenth": [
            scored("0.001 to 0.004", 4133, 10.0, 9, "as promised"),
            scored("0.004 to 0.1", 4133, 107.7, 64, "too high"),
        ],
    },
    "responses": {"promised": 135.0, "expected": 84.2, "low": 60.1, "high": 108.3},
    "against": {
        "value_per_cost": {"difference": 1541.85, "expected": 610.2, "low": -80.0, "high": 1300.4, "told_apart": False}
    },
}


def account(used: float, limit: float, price: float, full: int = 1) -> dict[str, Any]:
    return {"groups": 1, "full": full, "used": used, "limit": limit, "price_low": price, "price_high": price}


def step(name: str, contacts: int, before: float, after: float, rose: int = 0, fell: int = 0) -> dict[str, Any]:
    return {
        "step": name,
        "contacts": contacts,
        "value_before": before,
        "value_after": after,
        "rose": rose,
        "fell": fell,
    }


SINCE: dict[str, Any] = {
    "run_id": "20261121T180000Z-77aa",
    "business_date": "2026-11-21",
    "first": "2026-11-22",
    "last": "2026-11-28",
    "summary": {
        "candidates": [19_500, 20_000],
        "eligible": [12_700, 12_940],
        "customers": [1000, 1000],
        "contacts": [1300, 1350],
        "customers_contacted": [640, 675],
        "objective": [34_000.0, 35_412.75],
        "bound": [34_001.5, 35_415.1],
        "penalties": [0.0, 30.0],
    },
    "difference": {"objective": 1412.75, "low": 1411.25, "high": 1415.1, "room": 3.85, "proven": True},
    "objectives": None,
    "steps": [
        step("over", 180, 4000.0, 0.0),
        step("kept", 900, 24_000.0, 24_250.5, 420, 310),
        step("other slot", 120, 3000.0, 2950.0),
        step("dropped", 100, 3000.0, 0.0),
        step("new day", 210, 0.0, 5100.0),
        step("added", 120, 0.0, 3142.25),
    ],
    "offers": [
        {"offer": "loan", "channel": "email", "over": 100, "kept": 500, "moved": 70, "left": 60, "came": 200}
        | {"before": 730, "after": 770},
        {"offer": "loan", "channel": "sms", "over": 80, "kept": 400, "moved": 50, "left": 40, "came": 130}
        | {"before": 570, "after": 580},
    ],
    "reasons": [
        {"why": "sent in another slot", "rule": None, "contacts": 120, "value": 3000.0},
        {"why": "refused", "rule": "rest", "contacts": 70, "value": 2100.0},
        {"why": "not eligible any more", "rule": "wants-mail", "contacts": 20, "value": 640.0},
        {"why": "priced out", "rule": "budget", "contacts": 10, "value": 260.0},
    ],
    "changes": [
        {"part": "constraints.budget", "path": "constraints.budget.at_most", "before": 11_000, "after": 12_000},
        {"part": "objective", "path": "objective.maximize", "before": "value", "after": "propensity * value"},
    ],
    "words": [
        {"name": "budget", "before": "The plan: at most 11000 of cost.", "after": "The plan: at most 12000 of cost."},
        {"name": "branch-visits", "before": None, "after": "Per slot: at most 40 contacts."},
    ],
    "rules": [
        {
            "name": "budget",
            "sense": "<=",
            "before": account(11_000, 11_000, 2.05),
            "after": account(12_000, 12_000, 1.73),
        },
        {"name": "branch-visits", "sense": "<=", "before": None, "after": account(40, 40, 3.25)},
    ],
    "tables": ["candidates", "history"],
}


def breakdown() -> pd.DataFrame:
    counts = {("gold", "loan"): 400, ("gold", "card"): 150, ("student", "loan"): 800}
    rows = [(group(segment=segment, offer=offer), n) for (segment, offer), n in counts.items()]
    return pd.DataFrame(rows, columns=["group", "contacts"])


def audited(broken: pd.DataFrame | None = None) -> SimpleNamespace:
    violations = pd.DataFrame() if broken is None else broken
    return SimpleNamespace(
        ok=violations.empty, rules=("budget", "rest"), contacts=1350, violations=violations, shortfalls=None
    )


def ended(limit: str | None, detail: str = "") -> Termination:
    return Termination("feasible" if limit else "optimal", limit, detail)


def plan(**changes: Any) -> Any:
    """Build the plan; keywords replace its parts (``summary`` is merged)."""
    chosen = contacts()
    summary = {
        "scenario": "spring-retention",
        "run_id": "20261122T180000Z-3f9a",
        "contacts": len(chosen),
        "customers_contacted": int(chosen["customer"].nunique()),
        "customers": 1000,
        "candidates": 20000,
        "eligible": 12940,
        "engine": "exact (cp-sat)",
        "seed": 0,
        "bound_by": "search",
        "reproducible": True,
        "timings": {"read": 0.4, "total": 3.2},
        "baselines": {"value": 30411.2, "value_per_cost": 33870.9, "priority": 24120.0, "first_come": None},
        "versions": {"contactopt": "0.1.0", "duckdb": "2.0.0", "ortools": "9.15.6755"},
    }
    summary.update(changes.pop("summary", {}))
    parts = {
        "scenario": SCENARIO,
        "termination": ended("gap", "within the asked gap of 0.01 %"),
        "objective": 35412.75,
        "bound": 35415.1,
        "gap": 2.35 / 35412.75,
        "value": 35442.75,
        "penalties": 30.0,
        "contacts": chosen,
        "constraints": constraints(),
        "policies": frame("""
            name,           refused, value_lost
            three-a-week,   1204,    2210.5
            loan-not-card,  88,      140.25
            rest,           640,     910.0
        """),
        "funnel": frame("""
            reason,          alone, in_order
            outside horizon, 300,   300
            wants-mail,      5210,  5150
            low-score,       1900,  1610
        """),
        "sentences": (
            "The budget is what holds the plan back: 1 more would be worth 1.73.",
            "Priority order, as practised today, would leave 11,293 on the table.",
            "The loan minimum could not be met in full: 12 contacts are missing, for 30.00.",
        ),
        "breakdown": breakdown(),
        "inputs": INPUTS,
        "scores": SCORES,
        "since": SINCE,
        "insight": None,
        "audit": audited(),
        "prices": {"sense": "maximize"},
        "summary": summary,
    }
    parts |= changes
    table = pa.Table.from_pandas(parts["contacts"])
    return SimpleNamespace(**parts, to_arrow=lambda: table)
