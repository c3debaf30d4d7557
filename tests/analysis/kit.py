"""A scenario of inline rules over an inline table, and what is said when it is infeasible."""

from __future__ import annotations

import io
from pathlib import Path
from textwrap import dedent
from typing import Any

import pandas as pd
import pytest

from optimizer import Scenario, solve
from optimizer.errors import InfeasibleError

HEAD = """
version: 1
name: clash
as_of: 2026-11-22T18:00:00+00:00
horizon: {start: 2026-11-23, days: 7}
data: {candidates: candidates.csv}
objective: {maximize: value}
"""


def table(text: str) -> pd.DataFrame:
    """Return an inline CSV as a frame."""
    return pd.read_csv(io.StringIO(dedent(text).strip()), skipinitialspace=True)


def crowd(customers: int, offers: str = "A", slots: tuple[str, ...] = ("2026-11-23",), **columns: Any) -> pd.DataFrame:
    """Return a candidate of value 1 for every customer, offer and slot; further columns are functions of the number."""
    keys = [(f"c{n:03}", offer, slot) for n in range(customers) for offer in offers for slot in slots]
    frame = pd.DataFrame(keys, columns=["customer", "offer", "slot"]).assign(value=1.0)
    for name, of in columns.items():
        frame[name] = [of(int(customer[1:])) for customer in frame["customer"]]
    return frame


def scenario(folder: Path, rules: str, candidates: pd.DataFrame, **tables: pd.DataFrame) -> Scenario:
    """Write the tables and return the scenario; ``data`` and further sections may be among the rules."""
    for name, frame in {"candidates": candidates, **tables}.items():
        frame.to_csv(folder / f"{name}.csv", index=False)
    head = HEAD
    if tables:
        named = ", ".join(f"{name}: {name}.csv" for name in ("candidates", *tables) if name != "booked")
        head = head.replace("{candidates: candidates.csv}", f"{{{named}}}")
    return Scenario.parse(head + dedent(rules), base=folder, file="scenario.yaml")


def refused(wanted: Scenario, **options: Any) -> InfeasibleError:
    """Return the error of an infeasible scenario, whose relaxation has been tried: it must lead to a plan."""
    with pytest.raises(InfeasibleError) as caught:
        solve(wanted, **options)
    relaxation = caught.value.diagnosis["relaxation"]
    if relaxation is not None:
        assert solve(wanted.replace(relaxation["changes"])).termination.reason == "optimal"
    return caught.value
