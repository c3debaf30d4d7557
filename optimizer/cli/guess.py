"""What a table of candidates tells about the scenario that it could have: ``init --from``."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import jinja2

from optimizer.errors import DataError, Finding, nearest

KEYS = ("customer", "offer", "channel", "slot")
SUFFIXES = (".parquet", ".csv")
CHANCE = ("propensity", "probability", "response_probability", "score")
WORTH = ("value", "margin", "profit", "revenue", "gain", "benefit")
ALIKE = {
    "customer": ("customer", "client", "subscriber", "msisdn", "household_id", "member"),
    "offer": ("offer", "campaign", "product", "action", "treatment"),
    "channel": ("channel",),
    "slot": ("slot", "send_at", "send_date"),
}
"""Parts of what others call the keys."""
EXPECTED = ("expected_value", "expected_profit", "expected_margin", "utility", "contribution")
NUMBERS = re.compile(r"^(DECIMAL|DOUBLE|FLOAT|U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?)")
CHANNELS_LISTED = 6


@dataclass(frozen=True)
class Look:
    """What was seen in a table of candidates.

    Parameters
    ----------
    path : Path
    columns : mapping of column name to DuckDB type
        Keys by our names.
    renamed : mapping of key to column name
        Keys that the table calls otherwise.
    rows, customers : int
    first, last : date, optional
        First and last day of the slots; None where there is no slot column.
    channels : tuple of str
        Most used first.
    cost : float, optional
        Mean of the ``cost`` column.
    """

    path: Path
    columns: dict[str, str]
    renamed: dict[str, str]
    rows: int
    customers: int
    first: date | None
    last: date | None
    channels: tuple[str, ...]
    cost: float | None

    def numeric(self, names: Sequence[str]) -> str | None:
        """Return the first column of numbers that has one of the names, in capitals or not."""
        folded = {column.casefold(): column for column in self.columns if NUMBERS.match(self.columns[column])}
        return next((folded[name] for name in names if name in folded), None)

    @property
    def objective(self) -> str:
        """The expression that is most likely meant to be maximised."""
        chance, worth, expected = self.numeric(CHANCE), self.numeric(WORTH), self.numeric(EXPECTED)
        gain = expected or (f"{chance} * {worth}" if chance and worth else worth or chance or "contacts")
        cost = self.numeric(("cost",))
        return f"{gain} - {cost}" if cost else gain


def look(path: Path) -> Look:
    """Read what ``init --from`` needs to know about a table of candidates.

    Raises
    ------
    DataError
        If the file cannot be read, has no ``customer`` or ``offer`` column, no rows, or slots that are no dates.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise DataError(
            f"{path.suffix or 'no suffix'} is not a kind of table that is known here",
            where=str(path),
            fix="convert it to .parquet or .csv",
        )
    if not path.is_file():
        raise DataError("there is no such file", where=str(path), fix="check the path")
    with duckdb.connect() as db:
        try:
            db.execute("SET TimeZone = 'UTC'")
            table = db.read_parquet(str(path)) if suffix == ".parquet" else db.read_csv(str(path))
            found = dict(zip(table.columns, map(str, table.types), strict=True))
            renamed = _key_columns(path, found)
            _refuse_decimal_commas(table, path, found)
            called = {theirs: ours for ours, theirs in renamed.items()}
            listed = ", ".join(f"{quoted(name)} AS {quoted(called.get(name, name))}" for name in found)
            table.project(listed).create_view("candidates")
            return _look(db, path, {called.get(name, name): kind for name, kind in found.items()}, renamed)
        except duckdb.Error as error:
            what = str(error).splitlines()[0]
            raise DataError(f"cannot be read: {what}", where=str(path), fix="check that the file is whole") from None


def scenario_text(seen: Look, folder: Path) -> str:
    """Return a commented scenario around the candidates, for a scenario.yaml in ``folder``."""
    folder = folder.resolve()
    path = seen.path.resolve()
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("optimizer.cli", "templates"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )  # YAML, not HTML: everything that comes from the table goes through the `quoted` filter
    environment.filters["quoted"] = lambda value: json.dumps(str(value), ensure_ascii=False)
    start = seen.first or date.today()
    return environment.get_template("around.yaml.j2").render(
        seen=seen,
        name=re.sub(r"[^A-Za-z0-9_-]+", "-", folder.name).strip("-") or "first",
        path=path.relative_to(folder) if path.is_relative_to(folder) else path,
        start=start,
        days=((seen.last or start) - start).days + 1,
        extra=[column for column in seen.columns if column not in KEYS and column.isidentifier()],
        budget=None if not seen.cost or seen.cost <= 0 else round(seen.cost * seen.customers, 2),
        channel_rules=[_one_channel(channel) for channel in seen.channels[:CHANNELS_LISTED]],
        a_day=max(1, seen.customers // 10),
    )


def quoted(name: str) -> str:
    """Return a column's name as SQL."""
    return '"' + name.replace('"', '""') + '"'


def _key_columns(path: Path, columns: dict[str, str]) -> dict[str, str]:
    """Return the keys that the table calls otherwise (``CustomerID``), each with its name there."""
    findings: list[Finding] = []
    renamed: dict[str, str] = {}
    for key in KEYS:
        if key in columns:
            continue
        near = nearest(key, columns)
        alike = [c for c in columns if any(word in c.casefold() for word in ALIKE[key])] or ([near] if near else [])
        if len(alike) == 1 and alike[0] not in renamed.values():
            renamed[key] = alike[0]
        elif key in KEYS[:2]:
            several = len(alike) > 1
            what = f"could be any of {', '.join(alike)}" if several else f"found {', '.join(columns)}"
            cure = f"rename the one with the {key}'s ids to '{key}'"
            findings.append(Finding("data", f"{path} · {key}", f"no such column; {what}", cure))
    if findings:
        raise DataError(findings)
    return renamed


def _refuse_decimal_commas(table: duckdb.DuckDBPyRelation, path: Path, columns: dict[str, str]) -> None:
    """Raise where numbers have decimal commas: as text they would silently be left out of the objective."""
    findings = []
    for name, kind in columns.items():
        if kind == "VARCHAR" and name.casefold() in (*CHANCE, *WORTH, *EXPECTED, "cost"):
            found = table.filter(f"{quoted(name)} IS NOT NULL").project(quoted(name)).limit(1).fetchall()
            if found and re.fullmatch(r"\s*-?[\d.]*,\d+\s*", found[0][0]):
                where, fix = f"{path} · {name} = {found[0][0]!r}", "write numbers with a decimal point: 0.12"
                findings.append(Finding("data", where, "is text, not a number", fix))
    if findings:
        raise DataError(findings)


def _look(db: duckdb.DuckDBPyConnection, path: Path, columns: dict[str, str], renamed: dict[str, str]) -> Look:
    def one(sql: str) -> tuple[Any, ...]:
        return db.execute(sql).fetchone() or ()

    rows, customers = one('SELECT count(*), count(DISTINCT "customer") FROM candidates')
    if not rows:
        raise DataError("has no rows", where=str(path), fix="check the job that writes it")
    first = last = None
    if "slot" in columns:
        unread, first, last = one(
            """SELECT min(slot) FILTER (moment IS NULL), min(moment)::DATE, max(moment)::DATE
               FROM (SELECT slot, try_cast(slot AS TIMESTAMPTZ) AS moment
                     FROM (SELECT DISTINCT "slot"::VARCHAR AS slot FROM candidates))"""
        )
        if unread is not None or first is None:
            raise DataError(
                f"{unread!r} is neither a date nor a time",
                where=f"{path} · slot",
                fix="write slots as 2026-11-23 or 2026-11-23T18:00, or begin with `init` alone and add a slots table",
            )
    channels: list[tuple[Any, ...]] = []
    if "channel" in columns:
        channels = db.execute(
            'SELECT "channel"::VARCHAR FROM candidates WHERE "channel" IS NOT NULL GROUP BY 1 ORDER BY count(*) DESC, 1'
        ).fetchall()
    cost = one('SELECT avg("cost") FROM candidates')[0] if NUMBERS.match(columns.get("cost", "")) else None
    return Look(path, columns, renamed, rows, customers, _day(first), _day(last), tuple(c for (c,) in channels), cost)


def _one_channel(channel: str) -> tuple[str, str]:
    """Return a name for a rule about one channel, and the rule's condition."""
    name = re.sub(r"[^A-Za-z0-9_-]+", "-", channel).strip("-") or "channel"
    return f"{name}-a-day", "channel = '{}'".format(channel.replace("'", "''"))


def _day(moment: date | datetime | None) -> date | None:
    return moment.date() if isinstance(moment, datetime) else moment
