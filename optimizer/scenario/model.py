"""The scenario: everything that a planner wrote, checked and frozen."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import zoneinfo
from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import (
    Field,
    ModelWrapValidatorHandler,
    PrivateAttr,
    ValidationError,
    ValidationInfo,
    model_validator,
)

from optimizer.errors import Finding, MachineError, ScenarioError, nearest
from optimizer.language.limits import TableLimit
from optimizer.rules.base import Rule
from optimizer.rules.stability import Stability
from optimizer.scenario import changes, checks, yaml
from optimizer.scenario.earlier import earlier_run, is_runs
from optimizer.scenario.findings import from_validation, split_fix
from optimizer.scenario.origin import Origin, plain
from optimizer.scenario.rule_lists import Constraints, ContactPolicies, Eligibility
from optimizer.scenario.sections import (
    UNSAID,
    Data,
    Files,
    Holdout,
    Horizon,
    Objective,
    Pins,
    Scores,
    Section,
    Solve,
)
from optimizer.scenario.words import Moment, Name

__all__ = ["Scenario"]


class Scenario(Section):
    """What to plan, over which days, from which tables, and what must hold.

    Read with :meth:`load`, :meth:`parse` or :meth:`from_dict`; changed, into a new one, with :meth:`replace`.

    Examples
    --------
    >>> scenario = Scenario.from_dict({
    ...     "version": 1, "name": "spring", "horizon": {"start": "2026-11-23", "days": 7},
    ...     "objective": {"maximize": "propensity * value"},
    ... })
    >>> scenario.horizon.last.isoformat()
    '2026-11-29'
    """

    version: Literal[1] = Field(description="Version of the file's form: 1.")
    name: Name = Field(description="Names the runs.")
    as_of: Moment | None = Field(None, description="'Now' for the run, with its offset from UTC; else the clock.")
    horizon: Horizon = Field(description="The days that are planned.")
    data: Data = Field(default_factory=Data, description="Where the tables are, and what must hold for them.")
    objective: Objective = Field(description="What the plan is best at.")
    eligibility: Eligibility = Field((), description="Candidates that may not be used; counted per rule.")
    contact_policies: ContactPolicies = Field((), description="What holds for each customer, history included.")
    constraints: Constraints = Field((), description="What holds for the whole plan.")
    holdout: Holdout | None = Field(None, description="Customers left out of the plan, to measure what it is worth.")
    pins: Pins | None = Field(None, description="Contacts that are decided already.")
    scores: Scores = Field(default_factory=Scores, description="What shows whether the scores came true.")
    solve: Solve = Field(default_factory=Solve, description="How the plan is looked for.")
    stability: Stability | None = Field(None, description="Keep close to the plan of an earlier run.")

    _origin: Origin = PrivateAttr()

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read a scenario file.

        Raises
        ------
        ScenarioError
            All that is wrong with it, each with its line and column.
        MachineError
            The file may not be read.
        """
        path = Path(path)
        try:
            raw = path.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            beside = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
            near = nearest(path.name, beside)
            fix = f"you meant '{path.parent / near}'" if near else "contactopt init writes one to start from"
            raise ScenarioError("no such file", where=str(path), fix=fix) from None
        except IsADirectoryError:
            raise ScenarioError("this is a folder", where=str(path), fix=f"{path / 'scenario.yaml'}") from None
        except OSError as error:
            raise MachineError(
                f"cannot be read: {error.strerror}", where=str(path), fix="check the file and its permissions"
            ) from error
        return cls.parse(yaml.decode(raw, str(path)), base=path.resolve().parent, file=str(path))

    @classmethod
    def parse(cls, text: str, base: str | Path = ".", *, file: str = "scenario") -> Self:
        """Read a scenario from the text of a file.

        Parameters
        ----------
        text : str
        base : path
            Folder that paths in it are relative to.
        file : str
            What messages call it.

        Raises
        ------
        ScenarioError
            All that is wrong with it, each with its line and column.
        """
        return cls._of(Origin(yaml.read(text, file), file, Path(base).resolve()))

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], base: str | Path = ".") -> Self:
        """Make a scenario of plain data, as a file would hold it; keys that are None are left out.

        Raises
        ------
        ScenarioError
            All that is wrong with it.
        """
        try:
            document = yaml.Document(plain(data))
        except ValueError as error:
            what, fix = split_fix(str(error))
            raise ScenarioError(what, where="scenario", fix=fix) from None
        return cls._of(Origin(document, base=Path(base).resolve()))

    @classmethod
    def _of(cls, origin: Origin) -> Self:
        found = [*checks.text(origin)]
        settled = {path for path, _ in found}
        try:
            scenario = cls.model_validate(origin.document.data, context=origin)
        except ValidationError as error:
            found += [one for one in from_validation(error, origin, cls) if one[0] not in settled]
        else:
            found += checks.rules(scenario, origin)
        if found:
            order = sorted(found, key=lambda one: origin.position(one[0]) or (0, 0))
            raise ScenarioError([finding for _, finding in order])
        return scenario

    @model_validator(mode="wrap")
    @classmethod
    def _remember(cls, value: Any, build: ModelWrapValidatorHandler[Self], info: ValidationInfo) -> Self:
        scenario = build(value)
        if scenario is not value:
            origin = info.context if isinstance(info.context, Origin) else Origin(yaml.Document(plain(value)))
            scenario._origin = origin
            if scenario.horizon.start == UNSAID:
                tomorrow = scenario.today + dt.timedelta(days=1)
                horizon = scenario.horizon.model_copy(update={"start": tomorrow})
                scenario = scenario.model_copy(update={"horizon": horizon})
        return scenario

    @property
    def base(self) -> Path:
        """Folder that paths in it are relative to."""
        return self._origin.base

    @property
    def file(self) -> str:
        """What messages call it."""
        return self._origin.file

    @property
    def now(self) -> dt.datetime:
        """``as_of``; where the file has none, the moment at which it was read."""
        return self.as_of or self._origin.read_at

    @property
    def today(self) -> dt.date:
        """The local date of :attr:`now` in the horizon's time zone (UTC where each customer has its own)."""
        zone = self.horizon.timezone
        return self.now.astimezone(zoneinfo.ZoneInfo(zone if isinstance(zone, str) else "UTC")).date()

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """What is legal, and yet probably not meant."""
        found = list(checks.doubts(self, self._origin))
        if self.stability is not None and self.resolved().stability != self.stability:
            settled = self.resolved().stability
            if settled is not None and not settled.enabled:
                what = f"{self.stability.previous} has no run of an earlier date: the plan stays close to nothing"
                fix = "check the path, unless this is the first night"
                found.append(Finding("scenario", self.where("stability.previous"), what, fix, rule="stability"))
        return tuple(found)

    @property
    def scenario_hash(self) -> str:
        """SHA-256 of what the file says: comments, blanks, the order of keys and ways of writing numbers aside."""
        text = json.dumps(_canonical(self._origin.document.data), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()

    def rules(self) -> tuple[Rule, ...]:
        """Return the enabled rules of all three sections, each by name: their order in the file means nothing.

        Stability comes last, as a constraint.
        """
        last = () if self.stability is None else (self.stability,)
        sections = (self.eligibility, self.contact_policies, self.constraints, last)
        return tuple(r for rules in sections for r in sorted(rules, key=lambda r: r.name) if r.enabled)

    def rule_path(self, rule: Rule) -> str:
        """Return the path of a rule: ``constraints.budget``."""
        return rule.name if rule is self.stability else f"{rule.section}.{rule.name}"

    def position(self, path: str) -> tuple[int, int] | None:
        """Return line and column, from 1, of ``constraints.budget.at_most``; None if the text does not hold it."""
        found, missing = self._origin.find(path)
        return None if missing else self._origin.position(found)

    def where(self, path: str) -> str:
        """Return ``file, line L, column C`` of a path, or of the nearest thing around it."""
        found, missing = self._origin.find(path)
        return self._origin.where((*found, *missing))

    def named_files(self) -> dict[str, Path]:
        """Return the files and globs that the scenario names, by what names each; a ledger in a file is one."""
        found = {
            f"data.{table}": self.base / path
            for table, source in self.data.sources().items()
            if isinstance(source, Files)
            for path in source.path
        }
        for rule in self.rules():
            for key, limit in rule:
                if isinstance(limit, TableLimit):
                    found[f"{self.rule_path(rule)}.{key}"] = self.base / limit.table
        for key, written in () if self.pins is None else self.pins:
            if written is not None:
                found[f"pins.{key}"] = self.base / written
        if self.stability is not None:
            found["stability.previous"] = self.base / self.stability.previous
        ledger = self.data.ledger
        if ledger is not None and "://" not in ledger and "${" not in ledger:
            found["data.ledger"] = self.base / ledger.removeprefix("duckdb:")
        return found

    def replace(self, values: Mapping[str, Any]) -> Self:
        """Return a new scenario in which some values are others.

        Parameters
        ----------
        values : mapping of path to value
            ``{"constraints.budget.at_most": 90_000, "solve.gap": 1e-5}``: rules go by their names. None takes a key
            out.

        Raises
        ------
        ScenarioError
            A path that leads nowhere, or values that do not make a scenario. All at once.
        """
        return type(self)._of(changes.apply(type(self), self._origin, values))

    def with_settings(self, settings: Iterable[str]) -> Self:
        """Return a new scenario with ``PATH=VALUE`` settings of a command line; values are read as YAML.

        Raises
        ------
        UsageError
            A setting that is not ``PATH=VALUE``, or as :meth:`replace`.
        """
        found = changes.read_settings(settings)
        return self.replace(found) if found else self

    def resolved(self) -> Self:
        """Return the scenario with its "now", and the run to stay close to, written down.

        That is what a run folder keeps: the run behind a link, or the newest earlier one of a folder of runs. Where
        there is none yet, stability is switched off.
        """
        settled: dict[str, Any] = {} if self.as_of is not None else {"as_of": self.now}
        if self.stability is not None and self.stability.enabled:
            given = self.base / self.stability.previous
            if is_runs(given, self.name):
                earlier = earlier_run(given, self.name, self.today)
                settled |= {"stability.enabled": False} if earlier is None else {"stability.previous": str(earlier)}
            elif os.path.abspath(given) != str(given.resolve()):  # noqa: PTH100 - links are what this is about
                settled["stability.previous"] = str(given.resolve())
        return self.replace(settled) if settled else self

    def to_yaml(self) -> str:
        """Write it as a file: what was read and replaced, ``${…}`` as written, without comments."""
        return yaml.write(self._origin.document.data)

    def __repr__(self) -> str:
        return str(self)

    def __str__(self) -> str:
        sides = "maximize" if self.objective.maximize is not None else "minimize"
        counts = (len(self.eligibility), len(self.contact_policies), len(self.constraints))
        return (
            f"Scenario {self.name}: {self.horizon.days} days from {self.horizon.start}\n"
            f"{sides} {self.objective.expression}\n"
            "{} eligibility rules, {} contact policies, {} constraints".format(*counts)
        )


def _canonical(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _canonical(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_canonical(inner) for inner in value]
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return str(Decimal(value).normalize())
    return value
