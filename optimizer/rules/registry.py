"""Finds a rule's class by the keys that the planner wrote. A new file in this folder is found by itself."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable, Iterator
from functools import cache
from typing import get_args

from optimizer.errors import nearest
from optimizer.rules.base import Rule, Section

sections: tuple[str, ...] = get_args(Section)


@cache
def _import_folder() -> None:
    import optimizer.rules as folder

    for module in pkgutil.iter_modules(folder.__path__):
        importlib.import_module(f"{folder.__name__}.{module.name}")


def _descendants(cls: type[Rule]) -> Iterator[type[Rule]]:
    for child in cls.__subclasses__():
        yield child
        yield from _descendants(child)


def models(section: str) -> tuple[type[Rule], ...]:
    """Return the rule classes of a section, by name."""
    _import_folder()
    found = {c for c in _descendants(Rule) if "marks" in vars(c) and c.section == section}
    return tuple(sorted(found, key=lambda c: c.__name__))


def model_for(section: str, keys: Iterable[str]) -> type[Rule]:
    """Return the class that the keys of one rule mark.

    Raises
    ------
    ValueError
        No kind of rule has these keys; the message says which come nearest.
    """
    written = set(keys)
    kinds = models(section)
    best: tuple[int, type[Rule]] | None = None
    for kind in kinds:
        for mark in kind.marks:
            if mark <= written and (best is None or len(mark) > best[0]):
                best = (len(mark), kind)
    if best is not None:
        return best[1]
    marking = sorted({key for kind in kinds for mark in kind.marks for key in mark})
    fields = {field for kind in kinds for field in kind.model_fields}
    for key in sorted(written - {"name", "enabled"}):
        if key not in marking and key not in fields and (near := nearest(key, marking)):
            raise ValueError(f"unknown key '{key}'\nMaybe you meant '{near}'")
    known = "; ".join(" + ".join(sorted(mark)) for kind in kinds for mark in kind.marks)
    raise ValueError(f"no kind of rule has just these keys: {', '.join(sorted(written))}\nMaybe one of: {known}")
