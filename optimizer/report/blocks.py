"""What the report says, as plain data: plan in, dictionaries and lists out.

The page and the terminal summary are two drawings of the same blocks, so they cannot disagree. Nothing here depends
on the clock, the run's id or the machine: the same plan gives the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from optimizer.report.numbers import group_words, known
from optimizer.rules.total import PlanTotal

if TYPE_CHECKING:
    import pandas as pd

    from optimizer.plan.plan import Plan
    from optimizer.scenario import Scenario

Block = dict[str, Any]
Lines = dict[tuple[str, str], list[Block]]

GROUPS_LISTED = 40
"""Groups of one rule that are listed; constraints.csv has all of them."""
GROUPS_DRAWN = 600
"""Groups of two keys that are laid out as a table."""
TWO_KEYS = 2
NORMAL_95 = 1.96
SENSES = {"<=": "at most", "≤": "at most", ">=": "at least", "≥": "at least", "=": "exactly", "==": "exactly"}

PRACTICES = {
    "value": "highest value first",
    "value_per_cost": "best value per cost first",
    "priority": "by offer priority",
    "first_come": "first come, first served",
}
"""What people do today, in their words."""


def answer(plan: Plan) -> Block:
    """Return the answer: what the plan is worth, how sure that is, and what stopped the search early."""
    keys = ("scenario", "contacts", "customers_contacted", "customers", "candidates", "eligible", "bound_by")
    termination = plan.termination
    return {key: plan.summary.get(key) for key in keys} | {
        "optimal": termination.reason == "optimal",
        "minimising": _minimising(plan),
        "reached": termination.limit in (None, "gap"),
        "stopped": None if termination.limit in (None, "gap") else termination.words,
        "detail": termination.detail,
        "days": days(plan.scenario),
        "objective": number(plan.objective),
        "bound": number(plan.bound),
        "gap": number(plan.gap),
        "value": number(plan.value),
        "penalties": number(plan.penalties),
        "sentences": list(plan.sentences),
        "sample": plan.summary.get("sample"),
    }


def days(scenario: Scenario) -> str:
    """Say which days are planned."""
    first, last = scenario.horizon.start, scenario.horizon.last
    if first == last:
        return f"{first:%A} {first.day} {first:%B %Y}"
    begin = f"{first:%a} {first.day} {first:%b}" + ("" if first.year == last.year else f" {first.year}")
    return f"{begin} – {last:%a} {last.day} {last:%b %Y}, {scenario.horizon.days} days"


def spending(plan: Plan, found: Sequence[Block]) -> list[Block]:
    """Return what the plan spends: of its rules, the totals of an amount over all contacts that have an upper limit."""
    totals = {
        rule.name: rule.total.text
        for rule in plan.scenario.rules()
        if isinstance(rule, PlanTotal) and not rule.total.counts and not rule.report_only
        if rule.where is None and rule.within is None
    }
    return [
        {"what": totals[rule["name"]], "rule": rule["name"], **{key: rule[key] for key in ("used", "limit", "share")}}
        for rule in found
        if rule["name"] in totals and rule["sense"] == "at most" and rule["groups"] == 1
    ]


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
        said = PRACTICES.get(name, name.replace("_", " "))
        rows.append({"name": said, "kind": "baseline", "objective": value, "gain": gain})
    return rows if bound is not None else rows[1:]


def best_practice(plan: Plan) -> Block | None:
    """Return the best of what people do today; None where none of it found a plan."""
    return next((row for row in comparison(plan) if row["kind"] == "baseline" and row["objective"] is not None), None)


def rules(plan: Plan, lines: Lines | None = None) -> list[Block]:
    """Return one block per constraint and sense, in the order of the file; its tightest groups first.

    ``groups`` is how many rows it has, ``full`` how many of them have used their limit up, ``share`` the largest
    used / limit, and ``price_low``, ``price_high`` the range of what one more unit of the limit is worth.

    Parameters
    ----------
    plan : Plan
    lines : mapping, optional
        Of :func:`constraint_lines`, if they are there already.
    """
    words = _words(plan)
    found = constraint_lines(plan) if lines is None else lines
    return [_rule(name, sense, mine, words) for (name, sense), mine in found.items()]


def policies(plan: Plan) -> list[Block]:
    """Return what each contact policy says, refused and costs, dearest first.

    ``spread`` is half the width of a 95 % interval around ``value_lost`` where that was estimated from a sample.
    """
    words = _words(plan)
    rows = [
        {
            "name": row["name"],
            "words": words.get(row["name"], ""),
            "refused": number(row["refused"]),
            "value_lost": number(row["value_lost"]),
            "spread": NORMAL_95 * (number(row.get("value_lost_error")) or 0),
        }
        for row in records(plan.policies)
    ]
    return sorted(rows, key=lambda row: (-(row["value_lost"] or 0), -(row["refused"] or 0), row["name"]))


def funnel(plan: Plan) -> list[Block]:
    """Return how many candidates each reason drops, alone and in order, and how many are left after it.

    A reason that no candidate gives is left out.
    """
    left = plan.summary.get("candidates") or 0
    steps = []
    for row in records(plan.funnel):
        left -= row["in_order"]
        if row["alone"]:
            steps.append({"reason": row["reason"], "alone": row["alone"], "in_order": row["in_order"], "left": left})
    return steps


def capacities(plan: Plan, lines: Lines | None = None) -> list[Block]:
    """Return the constraints that hold per group and cap something: use and limit of each group, in order.

    Unlike in :func:`rules`, two keys keep all their groups as long as they make a table that can be read.
    """
    words = _words(plan)
    found = constraint_lines(plan) if lines is None else lines
    return [
        _rule(name, sense, sorted(mine, key=lambda line: line["group"]), words, drawn=True)
        for (name, sense), mine in found.items()
        if len(mine) > 1 and sense == "at most"
    ]


def number(value: Any) -> Any:
    """Return the number, or None where there is none (NaN, NaT, None)."""
    return value if known(value) else None


def _minimising(plan: Plan) -> bool:
    return plan.prices.get("sense") == "minimize"


def records(frame: pd.DataFrame) -> list[Block]:
    """Return the rows of a frame as dictionaries."""
    return [{str(key): value for key, value in row.items()} for row in frame.to_dict("records")]


def _words(plan: Plan) -> dict[str, str]:
    return {rule.name: rule.words() for rule in plan.scenario.rules()}


def constraint_lines(plan: Plan) -> Lines:
    """Return the lines of the constraints by name and sense, each as plain data."""
    found: Lines = {}
    holds = _ranges(plan)
    for record in records(plan.constraints):
        line = _line(record)
        line["holds"] = holds.get((record["name"], record["group"])) if line["price"] else None
        found.setdefault((line["name"], line["sense"]), []).append(line)
    return found


def _ranges(plan: Plan) -> dict[tuple[str, str], tuple[float, float]]:
    """Return the limits between which a price holds, by rule and group, where that is more than the limit itself."""
    if plan.insight is None:
        return {}
    columns = [plan.insight.rows[name].to_pylist() for name in ("rule", "group", "holds_from", "holds_to")]
    return {
        (rule, group): (low, high)
        for rule, group, low, high in zip(*columns, strict=True)
        if low is not None and low < high
    }


def _line(record: Mapping[str, Any]) -> Block:
    group = record["group"]
    keys = json.loads(group) if isinstance(group, str) and group else group
    limit, used = number(record["limit"]), number(record["used"])
    return {
        "name": record["name"],
        "sense": SENSES.get(record["sense"], str(record["sense"]).replace("_", " ")),
        "group": group_words(keys),
        "keys": {str(k): plain(v) for k, v in keys.items()} if isinstance(keys, dict) else {},
        "limit": limit,
        "used": used,
        "slack": number(record["slack"]),
        "share": float(used) / float(limit) if limit and used is not None else None,
        "price": number(record["price"]),
        "full": not bool(record["report_only"]) and known(record["slack"]) and record["slack"] <= 0,
        "penalty": number(record["penalty_paid"]) or 0,
        "report_only": bool(record["report_only"]),
    }


def _rule(name: str, sense: str, lines: list[Block], words: Mapping[str, str], *, drawn: bool = False) -> Block:
    """Sum a rule's lines up; the tightest of them are listed, or as many as can be drawn, in their order."""
    prices = [line["price"] for line in lines if line["price"] is not None]
    tightest = sorted(lines, key=lambda r: (not r["full"], -abs(r["price"] or 0), -(r["share"] or 0), r["group"]))
    most = GROUPS_DRAWN if drawn and len(lines[0]["keys"]) == TWO_KEYS else GROUPS_LISTED
    listed = tightest[:most]
    if drawn:
        listed = lines if len(lines) <= most else sorted(listed, key=lambda line: line["group"])
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
        "holds": lines[0]["holds"] if len(lines) == 1 else None,
        "dearest": max(map(abs, prices), default=None),
        "penalty": sum(line["penalty"] for line in lines),
        "report_only": lines[0]["report_only"],
        "words": words.get(name, ""),
        "lines": listed,
        "hidden": len(lines) - len(listed),
    }


def plain(value: Any) -> str:
    """Return a cell of a frame as text; nothing where there is no value."""
    return "" if value is None or value != value else str(value)
