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
    rows: int
    customers: int
    first: date | None
    last: date | None
    channels: tuple[str, ...]
    cost: float | None

    def numeric(self, names: Sequence[str]) -> str | None:
        """Return the first of the names that is a column of numbers."""
        return next((name for name in names if NUMBERS.match(self.columns.get(name, ""))), None)

    @property
    def objective(self) -> str:
        """The expression that is most likely meant to be maximised."""
        chance, worth, expected = self.numeric(CHANCE), self.numeric(WORTH), self.numeric(EXPECTED)
        gain = expected or (f"{chance} * {worth}" if chance and worth else worth or chance or "contacts")
        return f"{gain} - cost" if self.numeric(("cost",)) else gain


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
            table.create_view("candidates")
            columns = {name: str(kind) for name, kind, *_ in db.execute("DESCRIBE candidates").fetchall()}
            _check_keys(path, columns)
            return _look(db, path, columns)
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


def _check_keys(path: Path, columns: dict[str, str]) -> None:
    findings = []
    for key in ("customer", "offer"):
        if key not in columns:
            guess = nearest(key, columns) or next((c for c in columns if key in c.casefold()), None)
            cure = f"rename {guess!r} to {key!r}" if guess else f"name the column of {key} ids {key!r}"
            findings.append(Finding("data", f"{path} · {key}", f"no such column; found {', '.join(columns)}", cure))
    if findings:
        raise DataError(findings)


def _look(db: duckdb.DuckDBPyConnection, path: Path, columns: dict[str, str]) -> Look:
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
    return Look(path, columns, rows, customers, _day(first), _day(last), tuple(c for (c,) in channels), cost)


def _one_channel(channel: str) -> tuple[str, str]:
    """Return a name for a rule about one channel, and the rule's condition."""
    name = re.sub(r"[^A-Za-z0-9_-]+", "-", channel).strip("-") or "channel"
    return f"{name}-a-day", "channel = '{}'".format(channel.replace("'", "''"))


def _day(moment: date | datetime | None) -> date | None:
    return moment.date() if isinstance(moment, datetime) else moment
