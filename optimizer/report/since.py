"""What changed since an earlier plan, as plain data: the value step by step, who changed, why, and what was asked."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from optimizer.report.blocks import SENSES, Block
from optimizer.report.numbers import amount, whole

if TYPE_CHECKING:
    from optimizer.plan.plan import Plan

OFFERS_LISTED = 24
RULES_LISTED = 24
REASONS_LISTED = 16
SAME_PRICE = 0.005
"""Prices that differ by less than this share of themselves are told as the same."""

STEPS = {
    "over": "on days that are over, or no longer planned",
    "kept": "stay as they were",
    "other slot": "now in another slot",
    "other channel": "now by another channel",
    "other offer": "customer now gets another offer",
    "dropped": "dropped, with nothing in its place",
    "new day": "new, on days that plan did not reach",
    "added": "new, on days that both plan",
}
REASONS = {
    "no candidate any more": "no longer proposed: the contact is not among the candidates",
    "not eligible any more": "no longer eligible",
    "sent in another slot": "the same offer goes out in another slot",
    "sent by another channel": "the same offer goes out by another channel",
    "another offer to the customer": "another offer to the same customer took its place",
    "refused": "would break a rule beside the rest of the plan",
    "priced out": "worth less than what its use of limits is worth to others",
    "left out": "would fit and pay, but the search stopped at the asked gap",
}


def since(plan: Plan) -> Block | None:
    """Return what changed since the earlier plan that the run was held against; None where there is none."""
    known = plan.since
    if known is None:
        return None
    return {
        "day": _day(known["business_date"]),
        "planned": [known["first"], known["last"]],
        "verdict": verdict(known, minimising=plan.prices.get("sense") == "minimize"),
        "steps": steps(known, minimising=plan.prices.get("sense") == "minimize"),
        "reasons": _reasons(known),
        "reasons_hidden": max(0, len(known["reasons"]) - REASONS_LISTED),
        "words": list(known["words"]),
        "settings": _settings(known),
        "rules": _rules(known),
        "tables": list(known["tables"]),
        "counts": {key: known["summary"][key] for key in ("candidates", "eligible", "customers")},
        "offers": known["offers"][:OFFERS_LISTED],
        "offers_hidden": max(0, len(known["offers"]) - OFFERS_LISTED),
    }


def _day(iso: str) -> str:
    day = dt.date.fromisoformat(iso)
    return f"{day:%A} {day.day} {day:%B %Y}"


def verdict(known: Mapping[str, Any], *, minimising: bool) -> str:
    """Say in a sentence by how much the plan differs in value, and whether the gaps could hide that."""
    found, (before, after) = known["difference"], known["summary"]["objective"]
    ends = f"{amount(after)} after {amount(before)}"
    if found is None:
        return f"{ends}; but the objectives are different sums, so these are not held against each other."
    if found["objective"] == 0:
        return f"The same {'cost' if minimising else 'value'}: {amount(after)}."
    word = ("costs {} more" if found["objective"] > 0 else "costs {} less") if minimising else None
    word = word or ("is worth {} more" if found["objective"] > 0 else "is worth {} less")
    said = f"This plan {word.format(amount(abs(found['objective'])))}: {ends}."
    if found["room"] is None:
        return f"{said} Nothing is proven of the best possible: a bound is missing."
    if found["proven"]:
        return f"{said} The two gaps together could not hide so much: that the best possible has changed is proven."
    return f"{said} No difference of the best possible is proven: the gaps add up to {amount(found['room'])}."


def steps(known: Mapping[str, Any], *, minimising: bool) -> list[Block]:
    """Return the steps from the earlier objective to this one; their ``change`` add up to the difference."""
    rows = [
        {
            "what": STEPS[one["step"]],
            "contacts": one["contacts"],
            "change": _less(one["value_after"], one["value_before"]),
        }
        | ({"note": _rescored(one)} if one["step"] == "kept" else {"note": ""})
        for one in known["steps"]
    ]
    before, after = known["summary"]["penalties"]
    paid = _less(after, before) if minimising else _less(before, after)
    if paid:
        rows.append({"what": "penalties", "contacts": None, "change": paid, "note": ""})
    widest = max((abs(row["change"]) for row in rows), default=0) or 1
    return [row | {"share": row["change"] / widest} for row in rows]


def _less(one: float, other: float) -> float:
    return math.fsum((one, -other))


def _rescored(one: Mapping[str, Any]) -> str:
    if not one["rose"] and not one["fell"]:
        return "at the same value"
    return f"{whole(one['rose'])} worth more than then, {whole(one['fell'])} less"


def _reasons(known: Mapping[str, Any]) -> list[Block]:
    return [
        {"what": REASONS[one["why"]], "rule": one["rule"], "contacts": one["contacts"], "value": one["value"]}
        for one in known["reasons"][:REASONS_LISTED]
    ]


def _settings(known: Mapping[str, Any]) -> list[Block]:
    """Return the changed values that no rule's sentence tells: the objective, the holdout, limits tables."""
    told = {one["name"] for one in known["words"]}
    return [change for change in known["changes"] if change["part"].partition(".")[2] not in told]


def _differs(rule: Mapping[str, Any]) -> bool:
    before, after = rule["before"], rule["after"]
    if before is None or after is None or any(before[key] != after[key] for key in ("groups", "full", "limit")):
        return True
    return any(not _alike(before[key], after[key]) for key in ("price_low", "price_high"))


def _alike(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return abs(one - other) <= SAME_PRICE * max(abs(one), abs(other))


def _rules(known: Mapping[str, Any]) -> list[Block]:
    """Return the constraints whose limit, fullness or price is another, the greatest change of price first."""
    rows = [rule | {"sense": SENSES.get(rule["sense"], rule["sense"])} for rule in known["rules"] if _differs(rule)]
    rows.sort(key=lambda rule: -abs(_dearest(rule["after"]) - _dearest(rule["before"])))
    return rows[:RULES_LISTED]


def _dearest(account: Mapping[str, Any] | None) -> float:
    prices = [account[key] for key in ("price_low", "price_high") if account[key] is not None] if account else []
    return max(prices, key=abs, default=0.0)
