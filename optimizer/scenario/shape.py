"""Which keys belong where in the file: for suggestions, and for changing a value by its path."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from optimizer.rules.registry import model_for, sections
from optimizer.scenario.yaml import Path, Step


def known_keys(top: type[BaseModel], data: Any, path: Path) -> tuple[str, ...] | None:
    """Return the keys that the mapping at a path may have.

    Parameters
    ----------
    top : type
        Model of the whole file.
    data : dict
        What the file says; tells the kind of each rule.
    path : tuple

    Returns
    -------
    tuple of str or None
        None where any key may stand (or nothing is known).
    """
    if len(path) >= 2 and path[0] in sections:
        try:
            kinds: list[type[BaseModel]] = [model_for(str(path[0]), data[path[0]][path[1]])]
        except (ValueError, TypeError, LookupError):
            return None
        path = path[2:]
    else:
        kinds = [top]
    for step in path:
        types = [_fields(kind)[step].annotation for kind in kinds if step in _fields(kind)]
        kinds = [model for annotation in types for model in _models(annotation)]
    return tuple(dict.fromkeys(str(key) for kind in kinds for key in _fields(kind))) or None


def _fields(kind: type[BaseModel]) -> dict[Step, FieldInfo]:
    """Return the fields as the file calls them."""
    return {field.alias or name: field for name, field in kind.model_fields.items()}


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    """Yield the models that a type may stand for."""
    for part in get_args(annotation):
        yield from _models(part)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation


def find(data: Any, dotted: str) -> tuple[Path, tuple[str, ...]]:
    """Return the path of what is written so, and the steps that lead nowhere.

    Parameters
    ----------
    data : dict
        What the file says.
    dotted : str
        ``constraints.budget.at_most``: list items go by their ``name``, and keys may hold dots.
    """
    path: list[str | int] = []
    rest = dotted.split(".") if dotted else []
    while rest:
        found = _step(data, rest)
        if found is None:
            break
        key, size = found
        path.append(key)
        data = data[key]
        del rest[:size]
    return tuple(path), tuple(rest)


def _step(data: Any, rest: Sequence[str]) -> tuple[str | int, int] | None:
    """Return the next key or list position, and how many of the steps it takes."""
    if isinstance(data, list):
        for position, item in enumerate(data):
            if isinstance(item, dict) and str(item.get("name")) == rest[0]:
                return position, 1
    if isinstance(data, dict):
        for size in range(len(rest), 0, -1):
            if ".".join(rest[:size]) in data:
                return ".".join(rest[:size]), size
    return None
