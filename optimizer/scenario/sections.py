"""The sections of a scenario file, other than its rules."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from optimizer.errors import cut, nearest
from optimizer.language.durations import Duration, Window
from optimizer.language.expressions import Expression
from optimizer.language.limits import Share, Unsigned, Whole
from optimizer.language.ranges import Range
from optimizer.language.sizes import Size
from optimizer.scenario.environment import expand, refuse_password, refuse_writing
from optimizer.scenario.words import LocalDate, Text, Zone, zone

__all__ = [
    "Data",
    "Database",
    "Files",
    "Holdout",
    "Horizon",
    "Objective",
    "Pins",
    "Scores",
    "Section",
    "Solve",
    "Source",
]

ENGINES = ("auto", "exact", "decomposition", "greedy", "pulp")
LONGEST_HORIZON = 3_660
UNSAID = dt.date.min
"""A horizon's start until its scenario, which knows the date of "now", has been read."""
TABLES = ("candidates", "customers", "offers", "channels", "slots", "history", "consents")


class Section(BaseModel):
    """Part of the file: frozen, and no key that it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ZoneColumn(Section):
    """Each customer's own time zone."""

    column: Text = Field(description="A column of the customers table that holds IANA names.")
    default: Zone = Field(
        "UTC",
        description="The zone of times without an offset, and, for constraints, of customers whose column is empty.",
    )


def _zone_or_column(value: object) -> Any:
    """Choose by shape, so that one mistake is one error."""
    if isinstance(value, ZoneColumn):
        return value
    return ZoneColumn.model_validate(value) if isinstance(value, Mapping) else zone(value)


class Horizon(Section):
    """The days that are planned."""

    start: LocalDate = Field(
        default_factory=lambda: UNSAID, description="First local day; the day after 'now', unless said."
    )
    days: Whole = Field(ge=1, le=LONGEST_HORIZON, description="How many days.")
    timezone: Annotated[Zone | ZoneColumn, BeforeValidator(_zone_or_column)] = Field(
        "UTC", description="Whose days they are: an IANA name, or a column of the customers table."
    )

    commit: Window | None = Field(None, description="The first days whose contacts are firm; all, unless said.")

    @model_validator(mode="after")
    def _firm_days(self) -> Self:
        if self.commit is not None and not 1 <= (self.commit.days or 0) <= self.days:
            raise ValueError(f"'commit' is 1 to {self.days} of the horizon's days\nMaybe commit: 1 day")
        return self

    @property
    def last(self) -> dt.date:
        """Last local day."""
        return self.start + dt.timedelta(days=self.days - 1)

    @property
    def firm(self) -> dt.date:
        """Last local day whose contacts are firm: later ones are an outlook, and planned again."""
        days = self.days if self.commit is None or self.commit.days is None else self.commit.days
        return self.start + dt.timedelta(days=days - 1)


class Source(Section):
    """Where a table comes from, and what its columns are called there."""

    columns: dict[Text, Text] = Field(
        default_factory=dict, description="Our name of a column: its name in the source ({customer: CustomerID})."
    )

    @model_validator(mode="after")
    def _once(self) -> Self:
        theirs = [name.casefold() for name in self.columns.values()]
        twice = next((name for name in theirs if theirs.count(name) > 1), None)
        if twice is not None:
            raise ValueError(f"'columns' takes '{cut(twice)}' for two columns\nMaybe one of them is another column")
        return self


def _paths(value: object) -> Any:
    if isinstance(value, list | tuple):
        if not value:
            raise ValueError("an empty list of files\nMaybe leave the key out")
        return tuple(_path(item) for item in value)
    return (_path(value),)


class Files(Source):
    """A table in files."""

    path: Annotated[tuple[str, ...], BeforeValidator(_paths)] = Field(
        description="Path, glob or folder relative to the scenario, or a list of them."
    )


class Database(Source):
    """A table read from a database."""

    url: Text = Field(description="Address, usually '${NAME}': read from the environment when it is used.")
    query: Text | None = Field(None, description="What to read.")
    table: Text | None = Field(None, description="Or the table to read whole.")

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.query is None) == (self.table is None):
            raise ValueError("a database needs either 'query' or 'table'\nMaybe 'table: candidates'")
        refuse_password(self.url)
        refuse_writing(self.query)
        return self

    def address(self, where: str = "data") -> str:
        """Return the address with ``${…}`` filled in: for the connection alone, never to be shown or stored.

        Raises
        ------
        MachineError
            A variable is not set.
        """
        return expand(self.url, where=where)


def _source(value: object) -> Any:
    """Choose the kind of source by its shape, so that one mistake is one error."""
    if isinstance(value, Source):
        return value
    if isinstance(value, Mapping):
        in_files = "path" in value and not {"url", "query", "table"} & value.keys()
        return (Files if in_files else Database).model_validate(value)
    return Files(path=value)


def _path(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("a source is a path, a glob, or {url, query}\nMaybe candidates.parquet")
    return value


AnySource = Annotated[
    Files | Database, BeforeValidator(_source, json_schema_input_type=str | list[str] | Files | Database)
]
"""A path or glob relative to the file, a list of them, either with other names of columns; or a database."""


class Data(Section):
    """Where the tables are, and what must hold for them."""

    candidates: AnySource | None = Field(None, description="customer, offer [, channel] [, slot], and any measures.")
    customers: AnySource | None = Field(None, description="Key customer: segment, household, …")
    offers: AnySource | None = Field(None, description="Key offer.")
    channels: AnySource | None = Field(None, description="Key channel.")
    slots: AnySource | None = Field(None, description="Key slot: start (timestamp or date) [, end].")
    history: AnySource | None = Field(None, description="customer, offer, channel, at [, response, …].")
    consents: AnySource | None = Field(None, description="customer, channel [, purpose] [, from] [, until].")
    ledger: Annotated[Text, AfterValidator(refuse_password)] | None = Field(
        None, description="What earlier runs committed, read as history: a DuckDB file, or '${NAME}' of a PostgreSQL."
    )
    on_invalid: Literal["fail", "reject"] = Field("fail", description="What to do with rows that hold invalid values.")
    max_reject_share: Share = Field(Decimal("0.01"), description="Most rows that may be rejected.")
    on_null: Literal["warn", "fail"] = Field("warn", description="What to do when a condition comes out NULL.")
    expect: dict[str, Range] = Field(default_factory=dict, description="Range of each column's numbers.")
    history_max_age: Duration | None = Field(None, description="The newest history row may be no older than this.")
    history_since: LocalDate | None = Field(None, description="History is complete from this day on.")

    def expected(self, column: str) -> Range:
        """Return the range that a column's numbers must lie in; ``any`` if nothing is said of it."""
        usual = {"propensity": Range(Decimal(0), Decimal(1)), "cost": Range(Decimal(0))}
        return self.expect.get(column, usual.get(column, Range()))

    def sources(self) -> dict[str, Files | Database]:
        """Return the sources that are given, by table."""
        found = {table: getattr(self, table) for table in TABLES}
        return {table: source for table, source in found.items() if source is not None}


class Objective(Section):
    """What the plan is best at: exactly one of the two."""

    maximize: Expression | None = Field(None, description="Summed over the plan's contacts, as large as possible.")
    minimize: Expression | None = Field(None, description="Summed over the plan's contacts, as small as possible.")

    @model_validator(mode="after")
    def _one_of_two(self) -> Objective:
        if (self.maximize is None) == (self.minimize is None):
            raise ValueError("an objective is either 'maximize' or 'minimize'\nMaybe maximize: propensity * value")
        return self

    @property
    def expression(self) -> Expression:
        """What a contact contributes."""
        found = self.maximize if self.maximize is not None else self.minimize
        assert found is not None
        return found


class Holdout(Section):
    """Customers left out of the plan, to measure what it is worth."""

    share: Share = Field(description="Share of the customers.")
    by: Text = Field("customer", description="Column whose values are held out whole.")
    salt: Text = Field(description="Changes who is held out.")


def _key_file(value: object) -> object:
    if isinstance(value, str) and value.strip():
        return value
    raise ValueError("pins are one file of candidate keys\nMaybe keep: booked.csv")


KeyFile = Annotated[str, BeforeValidator(_key_file)]


class Pins(Section):
    """Contacts that are decided already."""

    keep: KeyFile | None = Field(None, description="Candidate keys that must be in the plan.")
    forbid: KeyFile | None = Field(None, description="Candidate keys that must not be in the plan.")

    @model_validator(mode="after")
    def _one_at_least(self) -> Pins:
        if self.keep is None and self.forbid is None:
            raise ValueError("pins name a table\nMaybe keep: booked.csv")
        if self.keep == self.forbid:
            raise ValueError("'keep' and 'forbid' name the same table\nMaybe one of them is another file")
        return self


def _engine(value: object) -> object:
    family = str(value).partition(":")[0]
    if family not in ENGINES:
        near = nearest(family, ENGINES)
        raise ValueError(f"'{cut(value)}' is unknown\nMaybe " + (f"'{near}'" if near else ", ".join(ENGINES)))
    return value


class Solve(Section):
    """How the plan is looked for."""

    engine: Annotated[str, BeforeValidator(_engine)] = Field(
        "auto", description="Who solves: auto, exact, decomposition, greedy[:ORDER] or pulp[:SOLVER]."
    )
    gap: Unsigned = Field(Decimal("0.0001"), description="Relative distance from the proven best at which to stop.")
    time_limit: Duration | None = Field(None, description="Stop after this long, with the best plan found.")
    memory_limit: Size | None = Field(None, description="Stay below this much memory.")
    seed: Whole = Field(0, ge=0, lt=2**63, description="Breaks ties.")
    threads: Whole | None = Field(None, ge=1, le=4_096, description="Threads to use; all cores unless said.")

    @property
    def workers(self) -> int:
        """Threads to use."""
        return self.threads or os.cpu_count() or 1


class Scores(Section):
    """What shows whether the scores came true."""

    came_true: Expression | None = Field(
        None, description="A history row for which this is true had the response that was scored."
    )
    promised: Text = Field("propensity", description="The column of the candidates, and of history, that promised it.")
    within: Duration | None = Field(None, description="Contacts younger than this may still be answered: not judged.")
    runs: Text | None = Field(None, description="Earlier run folders, a glob: what their plans promised.")
