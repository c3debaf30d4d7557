"""What pydantic found, in our words: file, line, column, and the nearest name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, ValidationError

from optimizer.errors import Finding, cut, nearest
from optimizer.scenario.origin import Origin
from optimizer.scenario.shape import known_keys
from optimizer.scenario.yaml import Path


def from_validation(error: ValidationError, origin: Origin, top: type[BaseModel]) -> Iterator[tuple[Path, Finding]]:
    """Yield one finding for each of pydantic's, with the path that it is about."""
    for one in error.errors(include_url=False):
        path = _locate(one["loc"], origin.document.data)
        what, fix = _words(one, path, origin, top)
        about_key = what.startswith("unknown key")
        yield path, Finding("scenario", origin.where(path, key=about_key), what, fix, rule=origin.rule_at(path))


def split_fix(message: str) -> tuple[str, str]:
    """Split a message of ours into what is wrong and what comes after *Maybe*."""
    what, _, fix = message.partition("\nMaybe ")
    return what, fix.split("\nMaybe ")[0]


def _locate(loc: tuple[int | str, ...], data: Any) -> Path:
    """Return the path in the file; steps that only pydantic knows (names of alternatives) are left out."""
    path: list[int | str] = []
    for step in loc:
        inside = step in data if isinstance(data, dict) else isinstance(data, list) and isinstance(step, int)
        if inside:
            path.append(step)
            data = data[step]
    return tuple(path)


def _words(one: Any, path: Path, origin: Origin, top: type[BaseModel]) -> tuple[str, str]:
    kind, value = one["type"], one.get("input")
    key = path[-1] if path and isinstance(path[-1], str) else None
    prefix = f"{key}: " if key else ""
    if kind == "missing":
        return f"the key '{one['loc'][-1]}' is missing", f"add '{one['loc'][-1]}: …'"
    if kind == "extra_forbidden":
        known = known_keys(top, origin.document.data, path[:-1]) or ()
        near = nearest(str(key), known)
        return f"unknown key '{cut(key)}'", f"you meant '{near}'" if near else f"one of: {', '.join(known)}"
    if kind == "value_error":
        what, fix = split_fix(str(one["ctx"]["error"]))
        own = prefix if not what.startswith(("unknown key", "'" + str(key))) else ""
        return own + what, fix
    if kind == "literal_error":
        options = [option.strip("'") for option in one["ctx"]["expected"].replace(" or ", ", ").split(", ")]
        near = nearest(str(value), options)
        return f"{prefix}'{cut(value)}' is unknown", near or f"one of: {', '.join(options)}"
    message = one["msg"][:1].lower() + one["msg"][1:]
    if isinstance(value, dict | list):
        return prefix + message, ""
    return f"{prefix}{cut(value)}: {message.replace('input should be', 'it must be')}", ""
