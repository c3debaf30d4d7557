"""A small scenario whose tables a test replaces one by one."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent
from typing import Any

from optimizer.data import Tables, open_tables
from optimizer.scenario import Scenario

HEAD = """\
version: 1
name: t
as_of: 2026-11-22T18:00:00+00:00
horizon: {{start: 2026-11-23, days: 7, timezone: {zone}}}
data: {data}
objective: {{maximize: "{objective}"}}
"""

CANDIDATES = """\
customer,offer,channel,slot,propensity,value,cost
C1,card,email,2026-11-23,0.5,10,1
C1,loan,sms,2026-11-24,0.25,20,0.5
C2,card,email,2026-11-23,0.125,10,1
"""


def write(folder: Path, **tables: str | bytes) -> None:
    """Write ``name=csv`` as ``name.csv``."""
    for name, text in tables.items():
        content = text if isinstance(text, bytes) else dedent(text).encode()
        (folder / f"{name}.csv").write_bytes(content)


def scenario(
    folder: Path, *, rules: str = "", objective: str = "propensity * value - cost", zone: str = "UTC", **data: Any
) -> Scenario:
    """Return a scenario over the CSV files in a folder; ``data`` adds to its data section or overrides it."""
    named = {p.stem: p.name for p in sorted(folder.glob("*.csv"))} | data
    listed = ", ".join(f"{k}: {v}" for k, v in named.items())
    text = HEAD.format(data=f"{{{listed}}}", objective=objective, zone=zone)
    return Scenario.parse(text + dedent(rules), base=folder, file="t.yaml")


def opened(folder: Path, frames: dict[str, Any] | None = None, **options: Any) -> Tables:
    """Open the tables of :func:`scenario`."""
    return open_tables(scenario(folder, **options), frames)


def rows(tables: Tables, table: str, columns: str = "*") -> list[tuple[Any, ...]]:
    """Return a relation's rows, sorted."""
    return tables.con.execute(f"SELECT {columns} FROM {table} ORDER BY ALL").fetchall()
