"""What the report says, as plain data: plan in, dictionaries and lists out.

The page and the terminal summary are two drawings of the same blocks, so they cannot disagree. Nothing here depends
on the clock, the run's id or the machine: the same plan gives the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from optimizer.report.numbers import group_words, known

if TYPE_CHECKING:
    import pandas as pd

    from optimizer.plan.plan import Plan

Block = dict[str, Any]

GROUPS_LISTED = 40
"""Groups of one rule that are listed; constraints.csv has all of them."""
VIOLATIONS_LISTED = 20
MOST_CONTACTS = 10
SENSES = {"<=": "at most", "≤": "at most", ">=": "at least", "≥": "at least", "=": "exactly", "==": "exactly"}

STOPPED = {"time": "stopped by the time limit", "interrupted": "interrupted", "exhausted": "nothing left to try"}


def answer(plan: Plan) -> Block:
    """Return the answer: what the plan is worth, how sure that is, and what stopped the search early."""
    keys = ("scenario", "contacts", "customers_contacted", "customers", "candidates", "eligible", "bound_by")
    termination = plan.termination
    return {key: plan.summary.get(key) for key in keys} | {
        "optimal": termination.reason == "optimal",
        "minimising": _minimising(plan),
        "reached": termination.limit in (None, "gap"),
        "stopped": STOPPED.get(termination.limit or ""),
        "detail": termination.detail,
        "objective": number(plan.objective),
        "bound": number(plan.bound),
        "gap": number(plan.gap),
        "value": number(plan.value),
        "penalties": number(plan.penalties),
        "sentences": list(plan.sentences),
    }


def comparison(plan: Plan) -> list[Block]:
    """Return the proven bound, this plan, and what people do today, best first.

    ``gain`` is by how much this plan is better, relative to the baseline; None for the plan and its bound. A baseline
    that found no plan has no objective, and comes last.
    """
    mine, bound = number(plan.objective), number(plan.bound)
    baselines = {name: number(value) for name, value in (plan.summary.get("baselines") or {}).items()}
    sign = -1 if _minimising(plan) else 1
    rows = [{"name": "best possible (proven bound)", "kind": "bound", "objective": bound, "gain": None}]
    rows.append({"name": "this plan", "kind": "plan", "objective": mine, "gain": None})
    ranked = sorted(baselines.items(), key=lambda item: (item[1] is None, -sign * (item[1] or 0), item[0]))
    for name, value in ranked:
        gain = sign * (mine - value) / abs(value) if value and mine is not None else None
        rows.append({"name": name.replace("_", " "), "kind": "baseline", "objective": value, "gain": gain})
    return rows if bound is not None else rows[1:]


def rules(plan: Plan) -> list[Block]:
    """Return one block per constraint and sense, in the order of the file; its tightest groups first.

    ``groups`` is how many rows it has, ``full`` how many of them have used their limit up, ``share`` the largest
    used / limit, and ``price_low``, ``price_high`` the range of what one more unit of the limit is worth.
    """
    found: dict[tuple[str, str], list[Block]] = {}
    for record in _records(plan.constraints):
        line = _line(record)
        found.setdefault((line["name"], line["sense"]), []).append(line)
    return [_rule(name, sense, lines) for (name, sense), lines in found.items()]


def policies(plan: Plan) -> list[Block]:
    """Return what each contact policy refused, dearest first."""
    rows = [
        {"name": row["name"], "refused": number(row["refused"]), "value_lost": number(row["value_lost"])}
        for row in _records(plan.policies)
    ]
    return sorted(rows, key=lambda row: (-(row["value_lost"] or 0), -(row["refused"] or 0), row["name"]))


def funnel(plan: Plan) -> list[Block]:
    """Return how many candidates each reason drops, alone and in order, and how many are left after it.

    A reason that no candidate gives is left out.
    """
    left = plan.summary.get("candidates") or 0
    steps = []
    for row in _records(plan.funnel):
        left -= row["in_order"]
        if row["alone"]:
            steps.append({"reason": row["reason"], "alone": row["alone"], "in_order": row["in_order"], "left": left})
    return steps


def frequencies(plan: Plan) -> list[Block]:
    """Return how many customers get 0, 1, 2, … contacts; the last step may stand for its number *or more*."""
    per_customer = plan.contacts["customer"].value_counts()
    spread = per_customer.value_counts()
    customers = dict(zip(spread.index.astype(int).tolist(), spread.astype(int).tolist(), strict=True))
    customers[0] = max(0, (plan.summary.get("customers") or 0) - len(per_customer))
    last = min(max(customers), MOST_CONTACTS)
    return [{"contacts": n, "customers": customers.get(n, 0), "or_more": False} for n in range(last)] + [
        {
            "contacts": last,
            "customers": sum(c for n, c in customers.items() if n >= last),
            "or_more": last < max(customers),
        }
    ]


def schedule(plan: Plan) -> Block | None:
    """Return the planned contacts by slot and channel: ``rows`` (channels), ``columns`` (slots), ``cells``.

    None when the plan is empty or its contacts have neither.
    """
    axes = [axis for axis in ("channel", "slot") if axis in plan.contacts.columns]
    if not axes or not len(plan.contacts):
        return None
    counts = plan.contacts.groupby(axes, observed=True, dropna=False).size()
    cells: dict[tuple[str, str], int] = {}
    for key, count in counts.items():
        named = dict(zip(axes, key if isinstance(key, tuple) else (key,), strict=True))
        cells[str(named.get("channel", "contacts")), str(named.get("slot", "all slots"))] = int(count)
    rows, columns = sorted({row for row, _ in cells}), sorted({column for _, column in cells})
    return {"rows": rows, "columns": columns, "cells": [[cells.get((r, c), 0) for c in columns] for r in rows]}


def capacities(plan: Plan) -> list[Block]:
    """Return the constraints that hold per group and cap something: use and limit of each group."""
    grouped = [rule for rule in rules(plan) if rule["groups"] > 1 and rule["sense"] == "at most"]
    for rule in grouped:
        rule["lines"] = sorted(rule["lines"], key=lambda line: line["group"])
    return grouped


def audit(plan: Plan) -> Block:
    """Return the verdict of the audit and the first violations."""
    violations = _records(plan.audit.violations)
    listed = [{key: _plain(value) for key, value in row.items()} for row in violations[:VIOLATIONS_LISTED]]
    return {"ok": plan.audit.ok, "violations": listed, "hidden": len(violations) - len(listed)}


def provenance(plan: Plan) -> list[tuple[str, str]]:
    """Return what it takes to repeat the run, as label and value."""
    summary = plan.summary
    versions = summary.get("versions") or {}
    rows = {
        "scenario": summary.get("scenario"),
        "engine": summary.get("engine"),
        "bound": {
            "prices": "from row prices; `contactopt audit` recomputes it",
            "search": "from the solver's search",
        }.get(summary.get("bound_by") or "", summary.get("bound_by")),
        "seed": summary.get("seed"),
        "repeatable": "yes: same inputs, same bytes"
        if summary.get("reproducible")
        else "no: a clock or a signal stopped it",
        "versions": " · ".join(f"{name} {version}" for name, version in sorted(versions.items())),
    }
    return [(label, str(value)) for label, value in rows.items() if value not in (None, "")]


def number(value: Any) -> Any:
    """Return the number, or None where there is none (NaN, NaT, None)."""
    return value if known(value) else None


def _minimising(plan: Plan) -> bool:
    return plan.prices.get("sense") == "minimize"


def _records(frame: pd.DataFrame) -> list[Block]:
    return [{str(key): value for key, value in row.items()} for row in frame.to_dict("records")]


def _line(record: Mapping[str, Any]) -> Block:
    group = record["group"]
    keys = json.loads(group) if isinstance(group, str) and group else group
    limit, used = number(record["limit"]), number(record["used"])
    return {
        "name": record["name"],
        "sense": SENSES.get(record["sense"], str(record["sense"]).replace("_", " ")),
        "group": group_words(keys),
        "keys": {str(k): _plain(v) for k, v in keys.items()} if isinstance(keys, dict) else {},
        "limit": limit,
        "used": used,
        "slack": number(record["slack"]),
        "share": float(used) / float(limit) if limit and used is not None else None,
        "price": number(record["price"]),
        "full": not bool(record["report_only"]) and known(record["slack"]) and record["slack"] <= 0,
        "penalty": number(record["penalty_paid"]) or 0,
        "report_only": bool(record["report_only"]),
    }


def _rule(name: str, sense: str, lines: list[Block]) -> Block:
    prices = [line["price"] for line in lines if line["price"] is not None]
    tightest = sorted(lines, key=lambda r: (not r["full"], -abs(r["price"] or 0), -(r["share"] or 0), r["group"]))
    return {
        "name": name,
        "sense": sense,
        "groups": len(lines),
        "full": sum(line["full"] for line in lines),
        "used": lines[0]["used"] if len(lines) == 1 else None,
        "limit": lines[0]["limit"] if len(lines) == 1 else None,
        "share": max((line["share"] for line in lines if line["share"] is not None), default=None),
        "price_low": min(prices, default=None),
        "price_high": max(prices, default=None),
        "penalty": sum(line["penalty"] for line in lines),
        "report_only": lines[0]["report_only"],
        "lines": tightest[:GROUPS_LISTED],
        "hidden": max(0, len(lines) - GROUPS_LISTED),
    }


def _plain(value: Any) -> str:
    return "" if value is None or value != value else str(value)
