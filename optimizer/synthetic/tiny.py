"""*tiny*: random rules of every kind on at most twelve candidates; what a brute force can check.

A few customers, offers, channels and days (over a month's end and a change of the clocks), sparse history before, in
and after the horizon, missing values here and there, and two to seven rules with small limits, so that most of them
bind and most scenarios are feasible. ``rules="first"`` keeps to the kinds that every engine knows from the beginning:
caps per customer, spacing, never … with, keep and drop, and totals of the whole plan.

In a test no file is needed:

>>> scenario, tables = tiny(seed=7, rules="first")
>>> sorted(tables)[:3]
['candidates', 'channels', 'customers']

``tables`` holds a frame for each table of ``scenario["data"]`` by its name there, and one for each limits or pins table
by the path that the scenario gives it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from optimizer.errors import UsageError
from optimizer.synthetic.draft import Draft
from optimizer.synthetic.market import Rules
from optimizer.synthetic.streams import stream
from optimizer.synthetic.tiny_rules import ALL, FIRST, Maker
from optimizer.synthetic.tiny_world import World

Tables = dict[str, pd.DataFrame]

MOST_CUSTOMERS = 5
SETS = ("first", "all")


def tiny(seed: int, rules: str = "all", customers: int | None = None) -> tuple[dict[str, Any], Tables]:
    """Make a random scenario and its tables.

    Parameters
    ----------
    seed : int
    rules : {'all', 'first'}
    customers : int, optional
        1 to 5; drawn if left out.

    Returns
    -------
    scenario : dict
        As it stands in the file; paths are ``candidates.parquet`` and the like.
    tables : dict of str to DataFrame
        Keys, dates and times are text.

    Raises
    ------
    UsageError
        If ``rules`` or ``customers`` is out of range.
    """
    if rules not in SETS:
        raise UsageError(f"unknown set of rules {rules!r}", fix=f"use one of {', '.join(SETS)}")
    if customers is not None and not 1 <= customers <= MOST_CUSTOMERS:
        raise UsageError(f"{customers} customers are not tiny", fix=f"ask for 1 to {MOST_CUSTOMERS}")
    world = World(stream(seed, "tiny"), rich=rules == "all", customers=customers)
    makers = ALL if world.rich else FIRST
    sections: dict[str, Rules] = {
        "eligibility": _draw(world, makers["eligibility"], (0, 0, 1, 1, 2)),
        "contact_policies": _draw(
            world, makers["contact_policies"], (1, 2, 2, 3, 4) if world.rich else (1, 1, 2, 2, 3)
        ),
        "constraints": _draw(world, makers["constraints"], (0, 1, 2, 2, 3) if world.rich else (0, 1, 1, 2, 2)),
    }
    scenario = {**world.head(), **{name: drawn for name, drawn in sections.items() if drawn}, **world.tail()}
    return scenario, world.tables


def _draw(world: World, makers: dict[str, Maker], counts: tuple[int, ...]) -> Rules:
    """Make some rules of different kinds, now and then one that is switched off."""
    drawn: Rules = []
    kinds = list(makers)
    for i in world.random.permutation(len(kinds))[: world.pick(counts)]:
        body = makers[kinds[i]](world)
        if body is None:  # this world has nothing that such a rule could speak of
            continue
        rule: dict[str, Any] = {"name": kinds[i], **body}
        if world.rich and world.chance(0.05):
            rule["enabled"] = False
        drawn.append(rule)
    return drawn


def build(draft: Draft, *, customers: int, seed: int, rules: str = "all") -> None:
    """Write an instance; ``rules`` is ``all`` or ``first``."""
    scenario, tables = tiny(seed, rules, customers)
    for name, frame in tables.items():
        path = Path(scenario["data"].get(name, name))
        if path.suffix == ".parquet":
            draft.parquet(path.stem, [pa.Table.from_pandas(frame, preserve_index=False)])
        else:
            draft.csv(path.stem, {column: frame[column].fillna("").tolist() for column in frame.columns})
    draft.scenario(scenario)
