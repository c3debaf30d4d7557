"""The file of policy tests: small cases with their tables, and what is expected of them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from optimizer.errors import Finding, ScenarioError, UsageError, cut, nearest
from optimizer.scenario import Scenario, yaml
from optimizer.scenario.words import Moment

SUFFIX = ".tests.yaml"


def _rows(value: object) -> object:
    """Read a small table: CSV text, or a list of rows."""
    if isinstance(value, str):
        reader = csv.DictReader(io.StringIO(value.strip()), skipinitialspace=True)
        rows = [{(k or "").strip(): (v or "").strip() for k, v in row.items()} for row in reader]
        if not rows:
            raise ValueError("an empty table\nMaybe a header line, and rows below it")
        return [{key: text for key, text in row.items() if text != ""} for row in rows]
    if isinstance(value, list) and all(isinstance(row, Mapping) for row in value):
        return [{key: _text(cell) for key, cell in row.items() if cell is not None} for row in value]
    raise ValueError("a table is CSV text or a list of rows\nMaybe '[{customer: ann, offer: loan}]'")


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _match(value: object) -> object:
    if not isinstance(value, Mapping) or not value:
        raise ValueError(f"{cut(value)} names no candidate\nMaybe {{offer: loan}}, as many columns as it takes")
    return {str(key): _text(cell) for key, cell in value.items()}


def _names(value: object) -> object:
    return (value,) if isinstance(value, str) else value


Row = dict[str, str]
Table = Annotated[list[Row], BeforeValidator(_rows)]
Match = Annotated[Row, BeforeValidator(_match)]
Names = Annotated[tuple[str, ...], BeforeValidator(_names)]


class Expectation(BaseModel):
    """One of: a candidate is refused, a candidate is allowed, a plan breaks rules (or none)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    refused: Match | None = Field(None, description="The candidate that is refused, beside the case's plan.")
    by: Names = Field((), description="The rules that refuse it, all of them; any, if left out.")
    allowed: Match | None = Field(None, description="The candidate that nothing refuses, beside the case's plan.")
    plan: list[Match] | None = Field(None, description="The contacts that are judged together.")
    breaks: Names | None = Field(None, description="The rules that they break: these and no others; [] for none.")

    @model_validator(mode="after")
    def _one_of_three(self) -> Expectation:
        given = [name for name in ("refused", "allowed", "plan") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError("an expectation is one of 'refused', 'allowed' and 'plan'\nMaybe split it in two")
        if self.by and self.refused is None:
            raise ValueError("'by' belongs to 'refused'\nMaybe 'breaks', for a plan")
        if (self.breaks is None) == (self.plan is not None):
            raise ValueError("'plan' and 'breaks' go together\nMaybe 'breaks: []' for a plan that keeps every rule")
        return self

    @property
    def rules(self) -> tuple[str, ...]:
        """The rules that it names."""
        return self.by + (self.breaks or ())


class Case(BaseModel):
    """Given these tables, expect this."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(description="What the case shows.")
    as_of: Moment | None = Field(None, description="'Now'; without it the scenario's, or the day before its horizon.")
    candidates: Table = Field(description="What could be sent.")
    history: Table = Field(default_factory=list, description="What was sent; nothing, if left out.")
    customers: Table = Field(default_factory=list, description="Columns of customers that matter.")
    consents: Table | None = Field(None, description="Who consented to what; everybody to everything, if left out.")
    offers: Table | None = Field(None, description="In place of the scenario's table.")
    channels: Table | None = Field(None, description="In place of the scenario's table.")
    slots: Table | None = Field(None, description="In place of the scenario's table.")
    plan: list[Match] = Field(default_factory=list, description="What is in the plan already.")
    expect: list[Expectation] = Field(min_length=1, description="What must come out.")


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    cases: list[Case] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class Cases:
    """The cases of a file, and where each stands in it."""

    cases: tuple[Case, ...]
    places: tuple[str, ...]


def cases_beside(scenario: Path) -> Path:
    """Return where a scenario's policy tests are looked for: ``scenario.tests.yaml`` beside ``scenario.yaml``."""
    return scenario.with_name(scenario.stem + SUFFIX)


def read_cases(path: Path, scenario: Scenario) -> Cases:
    """Read a file of policy tests.

    Raises
    ------
    UsageError
        There is no such file.
    ScenarioError
        All that is wrong with it, each with its line.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        fix = f"write cases into {path.name}, or name the file with --cases"
        raise UsageError(f"no policy tests: {error.strerror}", where=str(path), fix=fix) from None
    document = yaml.read(yaml.decode(raw, str(path)), str(path))
    try:
        file = _File.model_validate(document.data)
    except ValidationError as error:
        raise ScenarioError(list(_told(error, document, str(path)))) from None
    findings = list(_unknown_rules(file.cases, document, str(path), scenario))
    if findings:
        raise ScenarioError(findings)
    places = tuple(_place(document, str(path), ("cases", n)) for n in range(len(file.cases)))
    return Cases(tuple(file.cases), places)


def _told(error: ValidationError, document: yaml.Document, file: str) -> Iterator[Finding]:
    for one in error.errors(include_url=False):
        what, _, fix = str(one.get("ctx", {}).get("error", one["msg"])).partition("\nMaybe ")
        if one["type"] == "extra_forbidden":
            known = [*Case.model_fields, *Expectation.model_fields, "cases"]
            near = nearest(str(one["loc"][-1]), known)
            what, fix = f"unknown key '{cut(one['loc'][-1])}'", f"you meant '{near}'" if near else "leave it out"
        elif one["type"] == "missing":
            what, fix = f"the key '{one['loc'][-1]}' is missing", f"add '{one['loc'][-1]}: …'"
        yield Finding("tests", _place(document, file, one["loc"]), what, fix)


def _place(document: yaml.Document, file: str, path: tuple[Any, ...]) -> str:
    for size in range(len(path), 0, -1):
        found = document.keys.get(path[:size]) or document.values.get(path[:size])
        if found:
            return f"{file}, line {found[0]}, column {found[1]}"
    return file


def _unknown_rules(cases: list[Case], document: yaml.Document, file: str, scenario: Scenario) -> Iterator[Finding]:
    names = [rule.name for rule in scenario.rules()]
    for number, case in enumerate(cases):
        for place, expectation in enumerate(case.expect):
            for rule in expectation.rules:
                if rule not in names:
                    near = nearest(rule, names)
                    where = _place(document, file, ("cases", number, "expect", place))
                    fix = f"you meant '{near}'" if near else f"one of: {', '.join(names)}"
                    yield Finding("tests", where, f"no enabled rule is called '{cut(rule)}'", fix)
