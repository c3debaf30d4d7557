"""Changes to what a file says, by path: ``constraints.budget.at_most``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from pydantic import BaseModel

from optimizer.errors import Finding, ScenarioError, UsageError, cut, nearest
from optimizer.scenario import yaml
from optimizer.scenario.findings import split_fix
from optimizer.scenario.origin import Origin, plain
from optimizer.scenario.shape import known_keys
from optimizer.scenario.yaml import Document, Path


def apply(top: type[BaseModel], origin: Origin, values: Mapping[str, Any]) -> Origin:
    """Return what the file would say with some values changed, and which were.

    Parameters
    ----------
    top : type
        Model of the whole file: says which keys there may be.
    origin : Origin
    values : mapping of path to value
        None takes a key out.

    Raises
    ------
    ScenarioError
        All paths that lead nowhere.
    """
    findings = []
    for dotted, value in values.items():
        try:
            origin = _changed(top, origin, dotted, value)
        except ValueError as error:
            what, fix = split_fix(str(error))
            findings.append(Finding("scenario", f"{origin.file}, {cut(dotted)}", what, fix))
    if findings:
        raise ScenarioError(findings)
    return origin


def _changed(top: type[BaseModel], origin: Origin, dotted: str, value: Any) -> Origin:
    path, missing = origin.find(dotted)
    if not path and not missing:
        raise ValueError("an empty path\nMaybe 'constraints.budget.at_most'")
    data = plain(origin.document.data)
    if missing:
        path = (*path, *_new_keys(top, data, path, missing))
    *above, last = path
    holder = data
    for step in above:
        holder = holder.setdefault(step, {}) if isinstance(holder, dict) else holder[step]
    if value is not None:
        holder[last] = plain(value)
    elif isinstance(holder, list):
        raise ValueError("a rule cannot be taken out\nMaybe set its 'enabled' to false")
    else:
        holder.pop(last, None)
    return replace(origin, document=_forget(origin.document, data, path), changed=origin.changed | {path})


def _new_keys(top: type[BaseModel], data: Any, path: Path, missing: tuple[str, ...]) -> Path:
    """Return the keys to add below a path, if the models know them."""
    here: Any = data
    for step in path:
        here = here[step]
    if isinstance(here, list):
        names = [str(rule["name"]) for rule in here]
        raise ValueError(_unknown("rule", missing[0], names))
    if not isinstance(here, dict):
        raise ValueError(f"'{path[-1]}' is a value: nothing lies below it\nMaybe leave out what follows it")
    new: Path = ()
    for number, step in enumerate(missing):
        known = known_keys(top, data, (*path, *new))
        if known is None:
            return (*new, ".".join(missing[number:]))
        if step not in known:
            raise ValueError(_unknown("key", step, known))
        new = (*new, step)
    return new


def _unknown(what: str, name: str, known: Iterable[str]) -> str:
    known = list(known)
    near = nearest(name, known)
    fix = f"you meant '{near}'" if near else f"one of: {', '.join(known)}" if known else "there is none to change"
    return f"unknown {what} '{cut(name)}'\nMaybe {fix}"


def _forget(document: Document, data: dict[str, Any], path: Path) -> Document:
    """Keep the positions of all that still stands where it stood."""

    def outside(places: dict[Path, yaml.Position]) -> dict[Path, yaml.Position]:
        return {place: at for place, at in places.items() if place[: len(path)] != path}

    return Document(data, outside(document.keys), outside(document.values))


def read_settings(settings: Iterable[str]) -> dict[str, Any]:
    """Read ``PATH=VALUE`` settings: plain words as YAML means them, and quoted text, lists and mappings.

    Raises
    ------
    UsageError
        All settings that are not of this form.
    """
    found: dict[str, Any] = {}
    findings = []
    for setting in settings:
        path, equals, value = setting.partition("=")
        where = f"--set {cut(setting)}"
        try:
            if not equals or not path.strip():
                raise ValueError("a setting is PATH=VALUE\nMaybe constraints.budget.at_most=90000")
            found[path.strip()] = _value(value.strip(), where)
        except ValueError as error:
            what, fix = split_fix(str(error))
            findings.append(Finding("usage", where, what, fix))
        except ScenarioError as error:
            findings += [Finding("usage", where, one.what, one.fix) for one in error.findings]
    if findings:
        raise UsageError(findings)
    return found


def _value(text: str, where: str) -> Any:
    if text[:1] in ("'", '"', "[", "{"):
        return yaml.read(f"value: {text}", where).data["value"]
    return yaml.scalar(text)
