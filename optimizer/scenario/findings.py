"""What pydantic found, in our words: file, line, column, and the nearest name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, ValidationError

from optimizer.errors import Finding, cut, nearest
from optimizer.scenario.origin import Origin
from optimizer.scenario.shape import known_keys
from optimizer.scenario.yaml import Path

_EXAMPLES = {
    "keys with values": "{key: value}",
    "a list": "[…], or a '-' before each item",
    "text": "put it in quotes",
    "true or false": "true",
    "a whole number": "1",
}
_MUST_BE = {
    "model_type": "keys with values",
    "dict_type": "keys with values",
    "tuple_type": "a list",
    "list_type": "a list",
    "string_type": "text",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
}


def from_validation(error: ValidationError, origin: Origin, top: type[BaseModel]) -> Iterator[tuple[Path, Finding]]:
    """Yield the findings of a failed validation, each with the path that it is about."""
    located = [(_locate(one["loc"], origin.document.data), one) for one in error.errors(include_url=False)]
    unknown = {path: _near(path, origin, top) for path, one in located if one["type"] == "extra_forbidden"}
    for path, one in located:
        if one["type"] == "missing" and (*path, one["loc"][-1]) in ((*p[:-1], near) for p, near in unknown.items()):
            continue  # misspelt, and told so
        if path in unknown:
            near = unknown[path]
            others = ", ".join(known_keys(top, origin.document.data, path[:-1]) or ())
            what, fix = f"unknown key '{cut(path[-1])}'", f"you meant '{near}'" if near else f"one of: {others}"
        else:
            what, fix = _words(one, path, origin)
        place = _narrowed(path, what, origin)
        about_key = what.startswith("unknown key")
        yield place, Finding("scenario", origin.where(place, key=about_key), what, fix, rule=origin.rule_at(path))


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


def _near(path: Path, origin: Origin, top: type[BaseModel]) -> str | None:
    return nearest(str(path[-1]), known_keys(top, origin.document.data, path[:-1]) or ())


def _narrowed(path: Path, what: str, origin: Origin) -> Path:
    """Return the path of the key that a message about a whole rule begins with (``'at_most: 1.5' limits …``)."""
    begin = re.match(r"'(\w+)", what)
    inner = (*path, begin[1]) if begin else path
    return inner if origin.holds(inner) else path


def _words(one: Any, path: Path, origin: Origin) -> tuple[str, str]:
    kind, value = one["type"], one["input"]
    if kind == "missing":
        return f"the key '{one['loc'][-1]}' is missing", f"add '{one['loc'][-1]}: …'"
    key = next((step for step in reversed(path) if isinstance(step, str)), "")
    whole = (len(path) == 2 and path[-1] != key) or (kind == "value_error" and isinstance(value, dict))
    prefix = "" if whole or not key else f"{key}: "  # what concerns a whole rule or section speaks for itself
    if kind == "value_error":
        what, fix = split_fix(str(one["ctx"]["error"]))
        return ("" if what.startswith("unknown key") else prefix) + what, fix
    if kind == "literal_error":
        options = [option.strip("'") for option in one["ctx"]["expected"].replace(" or ", ", ").split(", ")]
        near = nearest(str(value), options) or (options[0] if len(options) == 1 else None)
        return f"{prefix}'{cut(value)}' is unknown", f"'{near}'" if near else f"one of: {', '.join(options)}"
    if kind == "string_pattern_mismatch":
        fix = "use letters, digits, '-' and '_' alone" if key == "name" else "write it in that form"
        return f"{prefix}'{cut(value)}' does not have the form {one['ctx']['pattern']}", fix
    if kind in _MUST_BE:
        return f"{prefix}{cut(value)!r} must be {_MUST_BE[kind]}", _EXAMPLES[_MUST_BE[kind]]
    message = one["msg"].replace("Input should be", "must be").split(",")[0]
    return f"{prefix}{cut(value)} {message[:1].lower()}{message[1:]}", "leave it out: the default holds then"
