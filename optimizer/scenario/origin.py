"""Where a scenario came from: what the file says, its name, and its folder."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path as FilePath
from pathlib import PurePath
from typing import Any

from optimizer.errors import cut
from optimizer.scenario.shape import find
from optimizer.scenario.yaml import Document, Path, Position


@dataclass(frozen=True)
class Origin:
    """What a scenario was made of. Scenarios are equal whatever their origins.

    Parameters
    ----------
    document : Document
    file : str
        As messages name it.
    base : pathlib.Path
        Folder that paths are relative to.
    read_at : datetime
        The clock when it was read: "now" where the file does not say.
    changed : frozenset of path
        What no longer is as the file says: it was set for this run.
    """

    document: Document
    file: str = "scenario"
    base: FilePath = FilePath()
    read_at: dt.datetime = field(default_factory=lambda: dt.datetime.now(dt.UTC))
    changed: frozenset[Path] = frozenset()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Origin)

    def __hash__(self) -> int:
        return 0

    def holds(self, path: Path) -> bool:
        """Whether there is something at a path."""
        data: Any = self.document.data
        for step in path:
            inside = step in data if isinstance(data, dict) else isinstance(data, list) and step in range(len(data))
            if not inside:
                return False
            data = data[step]
        return True

    def position(self, path: Path, *, key: bool = True) -> Position | None:
        """Return where a key (or, with ``key=False``, its value) stands."""
        first, second = self.document.keys, self.document.values
        if not key:
            first, second = second, first
        return first.get(path) or second.get(path)

    def where(self, path: Path, *, key: bool = True) -> str:
        """Return ``file, line L, column C``; of the nearest thing around it for what the text does not hold."""
        found = self.position(path, key=key)
        if found:
            return f"{self.file}, line {found[0]}, column {found[1]}"
        dotted = self.dotted(path)
        if any(path[:size] in self.changed for size in range(1, len(path) + 1)):
            return f"{self.file}, {dotted} as set for this run"
        for size in range(len(path) - 1, 0, -1):
            around = self.position(path[:size])
            if around:
                return f"{self.file}, line {around[0]}, column {around[1]} ({dotted})"
        return f"{self.file}, {dotted}" if dotted else self.file

    def dotted(self, path: Path) -> str:
        """Return the path as people write it, rules by their names."""
        data: Any = self.document.data
        steps = []
        for step in path:
            try:
                data = data[step]
            except (LookupError, TypeError):
                data = None
            named = isinstance(step, int) and isinstance(data, dict) and "name" in data
            steps.append(str(data["name"]) if named else str(step))
        return ".".join(steps)

    def rule_at(self, path: Path) -> str | None:
        """Return the name of the rule that a path lies in."""
        return self.dotted(path[:2]).split(".", 1)[1] if len(path) >= 2 and isinstance(path[1], int) else None

    def find(self, dotted: str) -> tuple[Path, tuple[str, ...]]:
        """Return the path of what is written so, and the steps that lead nowhere."""
        return find(self.document.data, dotted)


def plain(value: Any) -> Any:
    """Return a value as a scenario file would hold it: new mappings, lists, text, numbers, booleans.

    Keys whose value is None are left out: no file has them.

    Raises
    ------
    ValueError
        A value that no file could say.
    """
    if value is None or isinstance(value, bool | str | int | Decimal):
        return value
    if isinstance(value, float):
        return Decimal(repr(value)) if value - value == 0 else value
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items() if inner is not None}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, PurePath):
        return str(value)
    if hasattr(value, "item"):  # a number of numpy's
        return plain(value.item())
    raise ValueError(f"{type(value).__name__} {cut(value)!r} cannot stand in a scenario\nMaybe give text or a number")
