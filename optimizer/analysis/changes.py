"""In what two scenarios differ, rule by rule."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from optimizer.data.layout import TABLES
from optimizer.scenario import Scenario
from optimizer.scenario.yaml import read

RULES = ("eligibility", "contact_policies", "constraints")
SILENT = ("version", "name", "solve")
"""Sections that change no plan: what it is called, and how it is looked for."""
DEFAULTS = {"enabled": True, "report_only": False}
"""What a rule says when it says nothing."""


@dataclass(frozen=True, slots=True)
class Change:
    """One value that the second scenario has otherwise.

    Parameters
    ----------
    part : str
        What it belongs to: ``constraints.budget``, ``objective``, ``horizon``, …
    path : str
        ``constraints.budget.at_most``.
    before, after : Any
        Plain values; None where there is none.
    """

    part: str
    path: str
    before: Any
    after: Any


def changes(first: Scenario, second: Scenario) -> tuple[Change, ...]:
    """Return in what the second scenario differs from the first, in the order of the file.

    The order of rules, comments and ways of writing a number mean nothing. Paths of tables are compared as the files
    that they lead to. ``solve`` is left out: it changes how a plan is looked for, not which plans there are.
    """
    mine, other = document(first), document(second)
    return tuple(
        change
        for section in dict.fromkeys((*mine, *other))
        if section not in SILENT
        for change in _section(section, mine.get(section), other.get(section))
    )


def document(scenario: Scenario) -> dict[str, Any]:
    """Return what the scenario's file says, as plain values, its paths absolute."""
    data: dict[str, Any] = read(scenario.to_yaml(), scenario.file).data
    _root(data.get("data"), TABLES, scenario.base)
    _root(data.get("pins"), ("keep", "forbid"), scenario.base)
    for rule in data.get("constraints", ()):
        for limit in rule.values():
            _root(limit, ("table",), scenario.base)
    return data


def _root(section: Any, keys: tuple[str, ...], base: Path) -> None:
    """Make the paths of a section absolute; a database has none."""
    for key in keys if isinstance(section, dict) else ():
        value = section.get(key)
        if isinstance(value, str):
            section[key] = str(base / value)
        elif isinstance(value, list):
            section[key] = [str(base / one) for one in value]
        else:
            _root(value, ("path",), base)


def _section(name: str, before: Any, after: Any) -> Iterator[Change]:
    if name not in RULES:
        yield from _values(name, name, before, after)
        return
    mine, other = ({str(rule["name"]): rule for rule in rules or ()} for rules in (before, after))
    for rule in dict.fromkeys((*mine, *other)):
        part = f"{name}.{rule}"
        if rule in mine and rule in other:
            yield from _values(part, part, DEFAULTS | mine[rule], DEFAULTS | other[rule])
        elif (mine | other)[rule].get("enabled", True):
            yield Change(part, part, said(mine.get(rule)), said(other.get(rule)))


def _values(part: str, path: str, before: Any, after: Any) -> Iterator[Change]:
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in dict.fromkeys((*before, *after)):
            yield from _values(part, f"{path}.{key}", before.get(key), after.get(key))
    elif before != after:
        yield Change(part, path, said(before), said(after))


def said(value: Any) -> Any:
    """Return a value of the file as JSON can hold it."""
    if isinstance(value, Mapping):
        return {str(key): said(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [said(inner) for inner in value]
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value
