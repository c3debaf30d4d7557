"""How far the scores can be trusted, as plain data: ``scores.json`` in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optimizer.report.blocks import PRACTICES, Block

if TYPE_CHECKING:
    from optimizer.plan.plan import Plan

OFFERS_LISTED = 15
TITLES = {"offer": "By offer", "channel": "By channel", "tenth": "By height of the score, a tenth of the contacts each"}


def scores(plan: Plan) -> Block | None:
    """Return what past scores promised and what came true, and what that says of this plan; None if nothing is known.

    ``tables`` hold the groups, those first that promise most; ``sentences`` say the rest.
    """
    found = plan.scores
    if not found.get("judged"):
        return None
    tables = [
        {"title": TITLES[by], "rows": rows[:OFFERS_LISTED], "hidden": max(0, len(rows) - OFFERS_LISTED)}
        for by, rows in found["groups"].items()
        if len(rows) > 1
    ]
    keys = ("judged", "promised", "came", "low", "high", "verdict", "open", "without", "unusable", "runs")
    return {key: found[key] for key in keys} | {
        "tables": tables,
        "responses": found.get("responses"),
        "against": [
            {"name": PRACTICES.get(name, name.replace("_", " "))} | one
            for name, one in found.get("against", {}).items()
        ],
    }
