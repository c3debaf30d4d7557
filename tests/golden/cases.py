"""What a golden case is: a scenario, tables, and what must come out, worked out by hand from one line of the semantics.

Whoever can read a scenario and tables can be held against the cases: the oracle now, any engine or audit later.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import pandas as pd
from ruamel.yaml import YAML

KEYS = ("customer", "offer", "channel", "slot")
STANDARD = ("candidates", "customers", "offers", "channels", "slots", "history", "consents")

DEFAULTS = {
    "version": "version: 1",
    "name": "name: golden",
    "as_of": "as_of: 2026-11-22T18:00:00+00:00",
    "horizon": "horizon: {start: 2026-11-23, days: 7}  # Monday to Sunday",
    "objective": "objective: {maximize: value}",
}
"""Lines that a case's scenario gets unless it has them."""

Key = tuple[str, ...]
Plan = tuple[str | Key, ...]


def keys(plan: Plan) -> frozenset[Key]:
    """Return candidate keys; ``"c1 A 2026-11-23"`` is short for the tuple of its words."""
    return frozenset(tuple(key.split()) if isinstance(key, str) else key for key in plan)


@dataclass(frozen=True)
class Best:
    """The best objective and, where only one plan reaches it, that plan."""

    objective: str
    plan: Plan | None = None

    @property
    def value(self) -> Fraction:
        return Fraction(self.objective)


@dataclass(frozen=True)
class Infeasible:
    """No plan obeys every rule."""


@dataclass(frozen=True)
class Dropped:
    """All the candidates that may not be used, each with a reason."""

    reasons: Mapping[str, str]


@dataclass(frozen=True)
class Breaks:
    """A plan and the names of all the rules that it breaks; none if it is legal."""

    plan: Plan
    rules: tuple[str, ...] = ()


@dataclass(frozen=True)
class RefusedInput:
    """The scenario or a table is in error; nothing is solved."""


Expectation = Best | Infeasible | Dropped | Breaks | RefusedInput


@dataclass(frozen=True)
class Case:
    """One golden case.

    Parameters
    ----------
    line : int
        The line of the semantics that it is about.
    name : str
        The claim.
    scenario : str
        YAML without what ``DEFAULTS`` gives and without the tables' names; a ``data:`` section only in flow style.
    tables : mapping of str to str or frame
        CSV text by table name, or by file name for limits and pins.
    expect : tuple of Expectation
    """

    line: int
    name: str
    scenario: str
    tables: Mapping[str, str | pd.DataFrame]
    expect: tuple[Expectation, ...]

    def document(self) -> str:
        """Return the whole scenario file; tables lie beside it as CSV."""
        text = _dedented(self.scenario)
        heads = {line.split(":")[0] for line in text.splitlines()}
        files = ", ".join(f"{name}: {name}.csv" for name in STANDARD if name in self.tables)
        own = "data: {"
        text = text.replace(own, f"{own}{files}, ", 1) if own in text else f"{own}{files}}}\n{text}"
        return "\n".join([*(line for key, line in DEFAULTS.items() if key not in heads), text])

    def load(self) -> tuple[dict[str, Any], dict[str, pd.DataFrame]]:
        """Return the scenario as a dict and the tables as frames, by table or file name."""
        frames = {name: frame(table) if isinstance(table, str) else table for name, table in self.tables.items()}
        return YAML(typ="safe", pure=True).load(self.document()), frames

    def write(self, folder: Path) -> Path:
        """Write the scenario and its tables as files; return the scenario's path."""
        for name, table in self.tables.items():
            text = table.to_csv(index=False) if isinstance(table, pd.DataFrame) else _dedented(table)
            (folder / (f"{name}.csv" if name in STANDARD else name)).write_text(text, encoding="utf-8")
        path = folder / "scenario.yaml"
        path.write_text(self.document(), encoding="utf-8")
        return path


def frame(text: str) -> pd.DataFrame:
    """Return inline CSV as a frame: keys stay text, an empty cell is missing, other columns find their type."""
    table = pd.read_csv(io.StringIO(_dedented(text)), dtype=str, keep_default_na=False, na_values=[""])
    for name in table.columns:
        if name not in KEYS:
            table[name] = _typed(table[name])
    return table


def _typed(column: pd.Series[Any]) -> pd.Series[Any]:
    known = column.dropna()
    if len(known) and known.isin(["true", "false"]).all():
        return column.map({"true": True, "false": False}).astype(object)
    try:
        return pd.to_numeric(column)
    except ValueError:
        return column


def _dedented(text: str) -> str:
    """Strip every line's common indent; the first line may stand beside the quotes."""
    lines = text.strip("\n").splitlines()
    margin = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
    return "\n".join(line[margin:].rstrip() for line in lines if line.strip()) + "\n"
