"""Tiny random scenarios: at most twelve candidates, rules that often bind, amounts whose sums are exact.

``random_case(seed)`` uses the rules of the first cut; ``random_case(seed, rules="all")`` the whole language.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, Literal

import pandas as pd
from ruamel.yaml import YAML

from tests.oracle.random_rules import Rules

START = date(2026, 11, 23)
OFFERS = {"A": "loan", "B": "loan", "C": "card", "D": None}
MOST_CANDIDATES = 12

Scenario = dict[str, Any]
Tables = dict[str, pd.DataFrame]


def random_case(seed: int, rules: Literal["first", "all"] = "first") -> tuple[Scenario, Tables]:
    """Return a scenario as loaded from YAML, and its tables by table or file name.

    Parameters
    ----------
    seed : int
        Same seed, same case.
    rules : {"first", "all"}
        ``first``: eligibility (keep, drop); at_most of a customer with where, for_each, days and history; spacing;
        never with; totals with at_most, at_least, exactly, for_each, a limits table and penalties.
        ``all``: every rule of the language; timestamps, zones, lead days, consents, holdout and pins.
    """
    rng = Random(f"{rules}-{seed}")
    clock = rules == "all" and rng.random() < 0.4
    days = rng.randint(1, 10)
    tables = _tables(rng, days, clock=clock, everything=rules == "all")
    scenario: Scenario = {
        "version": 1,
        "name": f"random-{rules}-{seed}",
        "as_of": datetime(2026, 11, 22, 18, tzinfo=UTC),
        "horizon": {"start": START, "days": days},
        "data": {name: f"{name}.csv" for name in tables},
        "objective": {
            "maximize": rng.choice(["value", "value - cost", "score * value"]) if rules == "all" else "value"
        },
    }
    maker = Rules(rng, tables, days, clock=clock)
    maker.first(scenario)
    if rules == "all":
        maker.rest(scenario)
    return scenario, tables


def write(folder: Path, scenario: Scenario, tables: Tables) -> Path:
    """Write a case as files; return the scenario's path."""
    for name, table in tables.items():
        table.to_csv(folder / (name if name.endswith(".csv") else f"{name}.csv"), index=False)
    path = folder / "scenario.yaml"
    with path.open("w", encoding="utf-8") as file:
        YAML(typ="safe", pure=True).dump(scenario, file)
    return path


def _tables(rng: Random, days: int, *, clock: bool, everything: bool) -> Tables:
    customers = [f"c{n}" for n in range(1, rng.randint(1, 5) + 1)]
    channels = rng.choice([["email"], ["email", "sms"], ["email", "sms", "mail"]])
    slots = [_time(rng, START + timedelta(rng.randrange(days)), clock) for _ in range(rng.randint(1, 5))]
    keys = sorted(
        {
            (rng.choice(customers), rng.choice("ABCD"), rng.choice(channels), rng.choice(slots))
            for _ in range(rng.randint(3, MOST_CANDIDATES))
        }
    )
    tables = {
        "candidates": pd.DataFrame(
            [
                {
                    **dict(zip(("customer", "offer", "channel", "slot"), key, strict=True)),
                    "value": _value(rng),
                    "cost": round(rng.uniform(0, 3), 2),
                    "score": rng.randint(0, 9),
                }
                for key in keys
            ]
        ),
        "offers": pd.DataFrame({"offer": list(OFFERS), "family": list(OFFERS.values())}),
        "customers": _customers(rng, customers, everything=everything),
    }
    if everything:
        tables["channels"] = pd.DataFrame({"channel": ["email", "sms", "mail"], "lead_days": [0, 0, rng.randint(0, 3)]})
        tables["consents"] = pd.DataFrame(
            [
                {"customer": c, "channel": channel, "purpose": "marketing", "until": rng.choice([None, "2026-11-26"])}
                for c in customers
                for channel in channels
                if rng.random() < 0.8
            ],
            columns=["customer", "channel", "purpose", "until"],
        )
    if rng.random() < 0.7:
        tables["history"] = _history(rng, [*customers, "c0"], channels, days, clock=clock, everything=everything)
    return tables


def _value(rng: Random) -> float:
    """Return two to four decimals, mostly positive, now and then equal to another."""
    return rng.choice([round(rng.uniform(0, 10), rng.randint(2, 4)), 1.25, 2.5, round(rng.uniform(-3, 0), 3)])


def _time(rng: Random, day: date, clock: bool) -> str:
    return f"{day}T{rng.choice(['00:30', '08:00', '20:00', '23:30'])}:00+00:00" if clock else str(day)


def _customers(rng: Random, customers: list[str], *, everything: bool) -> pd.DataFrame:
    """The extra customer has history at most: no candidate."""
    everybody = ["c0", *customers]
    table = pd.DataFrame(
        {
            "customer": everybody,
            "segment": [rng.choice(["gold", "basic", None]) for _ in everybody],
            "branch": [rng.choice(["north", "south"]) for _ in everybody],
        }
    )
    if everything:
        table["household"] = [rng.choice(["h1", "h2", None]) for _ in everybody]
        table["own_cap"] = [rng.randint(0, 3) for _ in everybody]
        table["tz"] = [rng.choice(["UTC", "Asia/Tokyo", "America/New_York", None]) for _ in everybody]
    return table


def _history(
    rng: Random, customers: list[str], channels: list[str], days: int, *, clock: bool, everything: bool
) -> pd.DataFrame:
    rows = []
    for _ in range(rng.randint(1, 6)):
        day = START + timedelta(rng.choice([*range(-6, 0), *range(-3, 0), rng.randrange(days + 3), -20]))
        row = {
            "customer": rng.choice(customers),
            "offer": rng.choice("ABCD"),
            "channel": rng.choice(channels),
            "at": _time(rng, day, clock),
            "cost": round(rng.uniform(0, 2), 2),
        }
        if everything:
            refused = rng.random() < 0.3
            row["response"] = "refused" if refused else None
            row["response_at"] = _time(rng, day + timedelta(1), clock) if refused and rng.random() < 0.5 else None
        rows.append(row)
    return pd.DataFrame(rows)
