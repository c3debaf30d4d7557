"""Where the contacts go, as plain data: by customer, by channel and slot, by segment and offer."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import duckdb

from optimizer.report.blocks import Block
from optimizer.report.numbers import NOTHING
from optimizer.rules.frequency import Frequency

if TYPE_CHECKING:
    from optimizer.plan.plan import Plan
    from optimizer.scenario import Scenario

MOST_CONTACTS = 10
MOST_ROWS = 24
MOST_COLUMNS = 28
"""Four weeks of days."""
OTHERS = "all others"
CONTACTS = "@contacts"


def frequencies(plan: Plan) -> list[Block]:
    """Return how many customers get 0, 1, 2, … contacts; the last step may stand for its number *or more*."""
    customers = dict(
        _query(
            plan,
            'SELECT n, count(*) FROM (SELECT count(*) AS n FROM "@contacts" GROUP BY customer) GROUP BY n ORDER BY n',
        )
    )
    customers[0] = max(0, (plan.summary.get("customers") or 0) - sum(customers.values()))
    last = min(max(customers), MOST_CONTACTS)
    return [{"contacts": n, "customers": customers.get(n, 0), "or_more": False} for n in range(last)] + [
        {
            "contacts": last,
            "customers": sum(c for n, c in customers.items() if n >= last),
            "or_more": last < max(customers),
        }
    ]


def caps(plan: Plan, steps: Sequence[Block]) -> list[Block]:
    """Return the policies that cap all contacts of a customer over the whole horizon, lowest cap first.

    ``customers`` is how many get as many as that by this plan alone; history is not counted.

    Parameters
    ----------
    plan : Plan
    steps : sequence of dict
        Of :func:`frequencies`.
    """
    found = [
        {
            "name": rule.name,
            "cap": int(rule.cap),
            "customers": sum(step["customers"] for step in steps if step["contacts"] >= int(rule.cap)),
        }
        for rule in plan.scenario.rules()
        if isinstance(rule, Frequency) and isinstance(rule.cap, Decimal) and _caps_all(rule, plan.scenario)
    ]
    return sorted((one for one in found if one["cap"] <= MOST_CONTACTS), key=lambda one: (one["cap"], one["name"]))


def _caps_all(rule: Frequency, scenario: Scenario) -> bool:
    window = rule.within
    if not rule.total.contacts or rule.where is not None or rule.for_each or rule.per != "customer":
        return False
    return window is None or window.ever or (window.days or 0) >= scenario.horizon.days


def schedule(plan: Plan) -> Block | None:
    """Return the planned contacts by slot and channel: ``rows`` (channels), ``columns`` (slots), ``cells``, ``unit``.

    Slots are gathered by day where they are many. None when the plan is empty or its contacts have neither.
    """
    there = plan.to_arrow().column_names
    axes = [axis for axis in ("channel", "slot") if axis in there]
    if not axes or not plan.to_arrow().num_rows:
        return None
    listed = {"channel": "'contacts'", "slot": "'all slots'"} | {axis: _text(axis) for axis in axes}
    found = _query(plan, f'SELECT {listed["channel"]}, {listed["slot"]}, count(*) FROM "@contacts" GROUP BY ALL')
    unit = "slot"
    if len({slot for _, slot, _ in found}) > MOST_COLUMNS:
        found, unit = [(channel, slot[:10], n) for channel, slot, n in found], "day"
    rows = _largest(((channel, n) for channel, _, n in found), MOST_ROWS)
    columns = sorted({slot for _, slot, _ in found})
    return _table(found, sorted(rows), columns[:MOST_COLUMNS]) | {"unit": unit}


def groups(plan: Plan) -> list[Block]:
    """Return the contacts by offer and by each column that describes customers or offers.

    Each block has ``by``, ``rows`` (its values), ``columns`` (offers, the most used first) and ``cells``; by channel
    where the contacts have one.
    """
    found: dict[str, list[tuple[str, str, int]]] = {}
    for group, contacts in plan.breakdown.itertuples(index=False):
        keys = json.loads(group)
        offer = keys.pop("offer")
        ((by, value),) = keys.items()
        found.setdefault(by, []).append((NOTHING if value is None else str(value), offer, int(contacts)))
    if "channel" in plan.to_arrow().column_names:
        found["channel"] = _query(
            plan, f'SELECT {_text("channel")}, {_text("offer")}, count(*) FROM "@contacts" GROUP BY ALL'
        )
    blocks = []
    for by, cells in found.items():
        offers = _largest(((offer, n) for _, offer, n in cells), MOST_ROWS)
        values = sorted(_largest(((value, n) for value, _, n in cells), MOST_ROWS))
        # Offers run down the side, for they are many and their names long.
        blocks.append({"by": by} | _table([(offer, value, n) for value, offer, n in cells], offers, values))
    return [block for block in blocks if block["rows"] and len(block["columns"]) > 1]


def _table(cells: Iterable[tuple[str, str, int]], rows: Sequence[str], columns: Sequence[str]) -> Block:
    """Lay counts out by rows and columns; what is in neither is gathered under *all others*."""
    places: dict[tuple[str, str], int] = {}
    for row, column, n in cells:
        place = (row if row in rows else OTHERS, column if column in columns else OTHERS)
        places[place] = places.get(place, 0) + n
    rows = [*rows, *([OTHERS] if any(row == OTHERS for row, _ in places) and OTHERS not in rows else [])]
    columns = [*columns, *([OTHERS] if any(c == OTHERS for _, c in places) and OTHERS not in columns else [])]
    return {"rows": rows, "columns": columns, "cells": [[places.get((r, c), 0) for c in columns] for r in rows]}


def _largest(counted: Iterable[tuple[str, int]], most: int) -> list[str]:
    totals: dict[str, int] = {}
    for name, n in counted:
        totals[name] = totals.get(name, 0) + n
    return sorted(totals, key=lambda name: (-totals[name], name))[:most]


def _text(column: str) -> str:
    return f"coalesce(CAST(\"{column}\" AS VARCHAR), '{NOTHING}')"


def _query(plan: Plan, sql: str) -> list[tuple[Any, ...]]:
    """Count in the database, for a frame of millions of rows is dear to build."""
    with duckdb.connect() as con:
        con.register(CONTACTS, plan.to_arrow())
        return con.execute(sql).fetchall()
