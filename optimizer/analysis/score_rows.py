"""Past contacts with what their scores promised and whether it came true, as one relation."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from optimizer.data.layout import HISTORY, NUMBERS, VISIBLE_IN_HISTORY, family, quote
from optimizer.data.names import spelled
from optimizer.data.tables import Tables
from optimizer.errors import DataError, Finding
from optimizer.plan.plan import Plan
from optimizer.scenario import Scenario

JUDGED = '"@judged"'
PLANNED = "@planned"
KEY_OF = {"offers": "offer", "channels": "channel", "customers": "customer"}


def came_true(scenario: Scenario, tables: Tables) -> str | None:
    """Return SQL of whether a history row had the response that was scored; None where nothing tells.

    Where the scenario does not say, a ``response`` that is true or false, or a number, speaks for itself.
    """
    if scenario.scores.came_true is not None:
        return tables.catalog.bind(scenario.scores.came_true, tables=VISIBLE_IN_HISTORY).sql(spelled)
    kind = family(tables.columns[HISTORY].get("response", ""))
    if "response" not in tables.original.get(HISTORY, ()):
        return None
    if kind == "boolean":
        return "history.response"
    return "history.response = 1" if kind in NUMBERS else None


def judge_rows(scenario: Scenario, tables: Tables, came: str) -> tuple[dict[str, int], list[Finding]]:
    """Write the contacts that can be judged to :data:`JUDGED`: ``offer, channel, promised, came``, sorted by promise.

    What was promised is history's own column of that name, or else what the latest earlier run planned for the same
    customer, offer, channel and day.

    Returns
    -------
    counts : dict of str to int
        ``open`` (too young to judge), ``without`` (nobody promised anything), ``unusable`` (no share), ``runs``.
    findings : list of Finding
        Runs that cannot be read.
    """
    plans, findings = _runs(scenario)
    con, name = tables.con, scenario.scores.promised
    con.register(PLANNED, _promises(plans, name))
    promised, matched = "s.own", ""
    if plans:
        promised = "coalesce(s.own, p.promised)"
        matched = (
            f' LEFT JOIN "{PLANNED}" p ON p.customer = s.customer AND p.offer = s.offer '
            "AND coalesce(p.channel = s.channel, true) AND CAST(s.moment AS DATE) BETWEEN p.first AND p.last "
            "QUALIFY row_number() OVER (PARTITION BY s.id ORDER BY p.run DESC, p.promised) = 1"
        )
    con.execute(
        'CREATE OR REPLACE TEMP TABLE "@judged rows" AS SELECT s.customer, s.offer, s.channel, s.moment, s.came, '
        f"s.open, {promised} AS promised FROM ({sent_contacts(scenario, tables, came)}) s{matched}"
    )
    con.unregister(PLANNED)
    share = "promised BETWEEN 0 AND 1"
    ((young, without, unusable),) = con.execute(
        "SELECT count_if(open), count_if(NOT open AND promised IS NULL), "
        f'count_if(NOT open AND NOT coalesce({share}, true)) FROM "@judged rows"'
    ).fetchall()
    con.execute(
        f'CREATE OR REPLACE TEMP TABLE {JUDGED} AS SELECT offer, channel, promised, came FROM "@judged rows" '
        f"WHERE NOT open AND {share} ORDER BY promised, offer, channel, customer, moment, came"
    )
    return {"open": young, "without": without, "unusable": unusable, "runs": len(plans)}, findings


def sent_contacts(scenario: Scenario, tables: Tables, came: str) -> str:
    """Return the query of all past contacts: ``id, customer, offer, channel, moment, own, came, open``.

    ``own`` is what history itself promised, ``open`` true for contacts that may still be answered.
    """
    name, own = scenario.scores.promised, "NULL"
    if family(tables.columns[HISTORY].get(name, "")) in NUMBERS:
        own = f"CAST(history.{quote(name)} AS DOUBLE)"
    joined = "".join(
        f" LEFT JOIN {table} ON {table}.{key} = history.{key}" for table, key in KEY_OF.items() if tables.has(table)
    )
    last = scenario.now.astimezone(dt.UTC).replace(tzinfo=None)
    if scenario.scores.within is not None:
        last -= dt.timedelta(seconds=float(scenario.scores.within.seconds))
    return (
        "SELECT *, moment > TIMESTAMP "
        f"'{last:%Y-%m-%d %H:%M:%S.%f}' AS open FROM (SELECT row_number() OVER () AS id, "
        "CAST(history.customer AS VARCHAR) AS customer, CAST(history.offer AS VARCHAR) AS offer, "
        "CAST(history.channel AS VARCHAR) AS channel, "
        'coalesce(CAST(history."@instant" AS TIMESTAMP), CAST(history."@date" AS TIMESTAMP)) AS moment, '
        f"{own} AS own, coalesce({came}, false) AS came FROM history{joined})"
    )


def _runs(scenario: Scenario) -> tuple[list[Plan], list[Finding]]:
    """Load the earlier runs, the latest last; ``latest``, which points to one of them, is not one more."""
    pattern = scenario.scores.runs
    if pattern is None:
        return [], []
    base = Path(pattern).anchor or scenario.base
    parts = str(Path(pattern).relative_to(Path(pattern).anchor))
    plans: dict[str, Plan] = {}
    findings: list[Finding] = []
    for folder in sorted({path.resolve() for path in Path(base).glob(parts)}):
        if (folder / "manifest.json").is_file():
            try:
                plan = Plan.load(folder)
            except DataError as error:
                findings += error.findings
            else:
                plans[str(plan.summary["run_id"])] = plan
    return [plans[run] for run in sorted(plans)], findings


def _promises(plans: list[Plan], name: str) -> pa.Table:
    """Return what the plans promised: a row for each contact, with the days on which it may have been sent."""
    schema = pa.schema(
        [
            ("run", pa.int64()),
            *((key, pa.string()) for key in ("customer", "offer", "channel")),
            ("first", pa.date32()),
            ("last", pa.date32()),
            ("promised", pa.float64()),
        ]
    )
    parts = [schema.empty_table()]
    for run, plan in enumerate(plans):
        table, horizon = plan.table, plan.scenario.horizon
        if name not in table.column_names:
            continue
        size = table.num_rows
        texts = {
            key: pc.cast(table[key], pa.string()) if key in table.column_names else pa.nulls(size, pa.string())
            for key in ("customer", "offer", "channel", "slot")
        }
        # A slot that is a date, or begins with one, names its day; any other may be any day of that horizon.
        days = [_day(slot) for slot in texts["slot"].to_pylist()]
        parts.append(
            pa.table(
                [
                    pa.array([run] * size, pa.int64()),
                    texts["customer"],
                    texts["offer"],
                    texts["channel"],
                    pa.array([day or horizon.start for day in days], pa.date32()),
                    pa.array([day or horizon.last for day in days], pa.date32()),
                    pc.cast(table[name], pa.float64()),
                ],
                schema=schema,
            )
        )
    return pa.concat_tables(parts)


def _day(slot: str | None) -> dt.date | None:
    try:
        return dt.date.fromisoformat((slot or "")[:10])
    except ValueError:
        return None
