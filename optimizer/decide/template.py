"""A scenario compiled over examples: each kind of contact, class of customer and past contact that there is, once.

Two openings of the tables: the first has all customers and all history, and tells what is different among them; the
second has one invented customer for each class and for each (class, past contact), so that the ordinary compiler says
what each of them means for every policy.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from optimizer.analysis.explain.run import Run
from optimizer.compile.build import Compiled, compile_scenario
from optimizer.data import open_tables
from optimizer.data.history import TIMES
from optimizer.data.layout import family, literal, quote
from optimizer.data.tables import Tables
from optimizer.data.times import local_day
from optimizer.language.expressions import Expression
from optimizer.language.limits import ColumnLimit
from optimizer.problem.primitives import IntArray
from optimizer.rules.base import Rule
from optimizer.rules.consent import Consent
from optimizer.rules.frequency import Frequency
from optimizer.rules.keep import Drop, Keep
from optimizer.rules.never_with import NeverWith
from optimizer.rules.spacing import Spacing

BY_DAY = (Frequency, Spacing, NeverWith)
"""Policies that look at days alone, unless their window is in hours."""
MOST_EVENTS = 200_000


class SlowError(Exception):
    """What keeps a scenario from being decided by tables; requests are compiled one by one."""


@dataclass(frozen=True, eq=False)
class Template:
    """A scenario over examples.

    Attributes
    ----------
    tables : Tables
        All customers and history, one example of each kind as candidates.
    compiled : Compiled
        Over the invented customers.
    classes : IntArray
        The invented customer, by ordinal, of each class.
    events : IntArray
        The invented customer of each (class, past contact).
    event_class : IntArray
    """

    tables: Tables
    compiled: Compiled
    classes: IntArray
    events: IntArray
    event_class: IntArray


def examine(run: Run) -> list[Rule]:
    """Return the rules that matter, after refusing those that tables cannot tell.

    Raises
    ------
    SlowError
    """
    scenario = run.scenario
    if not isinstance(scenario.horizon.timezone, str):
        raise SlowError("customers have time zones of their own")
    if scenario.pins is not None:
        raise SlowError("candidates are pinned")
    rules = [rule for rule in scenario.rules() if not getattr(rule, "report_only", False)]
    for rule in rules:
        if getattr(rule, "per", "customer") != "customer":
            raise SlowError(f"'{rule.name}' is shared by customers")
        if isinstance(rule, Frequency) and (rule.minimum is not None or not rule.total.contacts):
            raise SlowError(f"'{rule.name}' is a minimum, or counts something else than contacts")
        if rule.section == "eligibility" and not isinstance(rule, Keep | Drop):
            raise SlowError(f"'{rule.name}' looks at {'consents' if isinstance(rule, Consent) else 'the hour'}")
    return rules


def make_template(run: Run, rules: list[Rule], kinds: pa.Table) -> Template:
    """Compile a run's scenario over examples.

    Raises
    ------
    SlowError
        There is no example, or something that tables cannot tell.
    """
    scenario = run.scenario.replace({"data.max_reject_share": 1, "data.history_max_age": None})
    planned = run.table if run.folder is None else pq.read_table(run.folder / "contacts.parquet")
    if planned is None or not planned.num_rows:
        raise SlowError("the run's plan is empty: there is no example of a candidate")
    example = planned.slice(0, 1).drop_columns(["contribution"])
    frames = {name: frame for name, frame in run.frames.items() if name != "candidates"}
    customer = example["customer"].to_pylist() * kinds.num_rows
    everything = open_tables(scenario, frames | {"candidates": _proposed(example, kinds, customer)})
    con = everything.con
    columns = _class_columns(everything, rules)
    has_people = everything.has("customers")
    listed = ", ".join(quote(c) for c in columns)
    if has_people:
        raw = ", ".join(quote(c) for c in everything.original["customers"])
        distinct = f"DISTINCT ON ({listed}) {raw}" if columns else raw
        con.execute(f'CREATE TEMP TABLE "@example" AS SELECT {distinct} FROM customers {"" if columns else "LIMIT 1"}')
        same = " AND ".join(f"e.{quote(c)} IS NOT DISTINCT FROM u.{quote(c)}" for c in columns) or "true"
        con.execute(
            'CREATE TEMP TABLE "@class" AS SELECT *, row_number() OVER () - 1 AS "@class" FROM "@example"; '
            f'CREATE TEMP TABLE "@people" AS SELECT u.*, e."@class" FROM customers u JOIN "@class" e ON {same}'
        )
    else:
        con.execute('CREATE TEMP TABLE "@class" AS SELECT 0 AS "@class"')
    _list_events(everything, rules, has_people)
    ((classes,),) = con.execute('SELECT count(*) FROM "@class"').fetchall()
    ((events,),) = con.execute('SELECT count(*) FROM "@events"').fetchall()
    if events > MOST_EVENTS:
        raise SlowError(f"history has {events:,} different contacts")
    ids = _invented(everything.columns["candidates"]["customer"], classes + events)
    for_class, for_event = ids[:classes], ids[classes:]
    who = for_class[:1] * kinds.num_rows + ids[1:]
    keys = pa.concat_tables([kinds, *([kinds.slice(0, 1)] * (len(ids) - 1))]).combine_chunks()
    mine = frames | {"candidates": _proposed(example, keys, who)}
    named = pa.table({"@id": ids, "@class": pa.array(_classes(con, classes), pa.int64())})
    con.register("@named", named)
    if has_people:
        rest = ", ".join(f"e.{quote(c)}" for c in everything.original["customers"] if c != "customer")
        more = f", {rest}" if rest else ""
        mine["customers"] = con.sql(
            f'SELECT n."@id" AS customer{more} FROM "@named" n JOIN "@class" e USING ("@class")'
        ).to_arrow_table()
    if everything.has("history"):
        con.register("@event_ids", pa.table({"@event": np.arange(events), "@id": for_event}))
        mine["history"] = con.sql(
            'SELECT i."@id" AS customer, * EXCLUDE ("@event", "@class", "@id") FROM "@events" JOIN "@event_ids" i '
            'USING ("@event")'
        ).to_arrow_table()
        if not events:
            raise SlowError("the history is empty")
    compiled = compile_scenario(_without_ledger(scenario), open_tables(_without_ledger(scenario), mine))
    if compiled.kinds.tested or compiled.kinds.columns:
        raise SlowError("a policy or a limit looks at what only a candidate can tell")
    order = dict(compiled.tables.con.execute('SELECT CAST(customer AS VARCHAR), ordinal FROM "@customers"').fetchall())
    ordinal = np.array([order[str(i)] for i in ids], np.int64)
    event_class = np.array(
        [c for (c,) in con.execute('SELECT "@class" FROM "@events" ORDER BY "@event"').fetchall()], np.int64
    )
    return Template(everything, compiled, ordinal[:classes], ordinal[classes:], event_class)


def _without_ledger(scenario: Any) -> Any:
    return scenario if scenario.data.ledger is None else scenario.replace({"data.ledger": None})


def _classes(con: Any, classes: int) -> list[int]:
    found = con.execute('SELECT "@class" FROM "@events" ORDER BY "@event"').fetchall()
    return [*range(classes), *(c for (c,) in found)]


def _proposed(example: pa.Table, kinds: pa.Table, customers: list[Any]) -> pa.Table:
    """Return candidates: the example's measures, with the keys of each kind and a customer each."""
    columns = []
    for one in example.schema:
        if one.name == "customer":
            columns.append(pa.array(customers, one.type))
        elif one.name in kinds.column_names:
            columns.append(kinds[one.name].cast(one.type))
        else:
            value = example[one.name][0].as_py()
            columns.append(pa.array([value] * kinds.num_rows, one.type))
    return pa.table(columns, schema=example.schema)


def _invented(kind: str, count: int) -> list[Any]:
    """Return ids of invented customers in the type of the real ones."""
    if family(kind) == "text":
        return [f"example {i}" for i in range(count)]
    if family(kind) == "integer":
        return list(range(count))
    raise SlowError(f"customers' ids are {kind}")


def _class_columns(tables: Tables, rules: list[Rule]) -> list[str]:
    """Return the customers columns that policies and limits look at."""
    found: dict[str, None] = {}
    for rule in rules:
        if rule.section == "eligibility":
            continue
        needs = rule.needs()
        named = [c for e in needs.expressions for c in tables.catalog.bind_with_history(e).columns]
        named += [tables.catalog.column(name) for name in needs.labels]
        limits = [getattr(rule, key, None) for key in ("at_most", "at_least", "exactly")]
        named += [tables.catalog.column(limit.column) for limit in limits if isinstance(limit, ColumnLimit)]
        if any(c.name == "customer" and c.table in ("candidates", "customers") for c in named):
            raise SlowError(f"'{rule.name}' looks at customers' ids")
        found |= {c.name: None for c in named if c.table == "customers"}
    return list(found)


def _by_day(rules: list[Rule]) -> bool:
    """Whether no policy asks when on its day a past contact was."""
    for rule in rules:
        window = getattr(rule, "within", None) or getattr(rule, "spacing", None)
        if rule.section == "contact_policies" and (
            not isinstance(rule, BY_DAY) or (window is not None and window.seconds is not None)
        ):
            return False
    return True


def _list_events(tables: Tables, rules: list[Rule], has_people: bool) -> None:
    """Create ``"@events"``, the different past contacts of each class, and ``"@had"``, which customer had which."""
    con = tables.con
    if not tables.has("history"):
        con.execute('CREATE TEMP TABLE "@events" AS SELECT 0 AS "@event", 0 AS "@class" LIMIT 0')
        con.execute('CREATE TEMP TABLE "@had" AS SELECT \'\' AS customer, 0 AS "@event" LIMIT 0')
        return
    wanted = {"offer", "channel", "slot", *(c.name for e in _seen(tables, rules) for c in e)}
    wanted |= {n for rule in rules for n in (label.rsplit(".", 1)[-1] for label in rule.needs().labels)}
    there = [c for c in tables.original["history"] if c in wanted and c not in TIMES]
    zone, by_day = literal(tables.zone), _by_day(rules)
    columns = [f"h.{quote(c)} AS {quote(c)}" for c in there]
    for column, prefix in TIMES.items():
        if column not in tables.original["history"]:
            continue
        day = local_day(f'h."{prefix}date"', f'h."{prefix}instant"', zone)
        columns.append(f"{day if by_day else 'h.' + quote(column)} AS {quote(column)}")
    cls = 'u."@class"' if has_people else "0"
    join = ' JOIN "@people" u ON u.customer = h.customer' if has_people else ""
    names = ", ".join(['"@class"', *(quote(c.rsplit(" AS ", 1)[1].strip('"')) for c in columns)])
    con.execute(
        f'CREATE TEMP TABLE "@rows" AS SELECT h.customer AS "@customer", {cls} AS "@class", {", ".join(columns)} '
        f"FROM history h{join}; "
        f'CREATE TEMP TABLE "@events" AS SELECT row_number() OVER () - 1 AS "@event", * FROM '
        f'(SELECT DISTINCT {names} FROM "@rows")'
    )
    same = " AND ".join(f"r.{n} IS NOT DISTINCT FROM e.{n}" for n in names.split(", "))
    con.execute(
        f'CREATE TEMP TABLE "@had" AS SELECT r."@customer" AS customer, e."@event" FROM "@rows" r '
        f'JOIN "@events" e ON {same}'
    )


def _seen(tables: Tables, rules: list[Rule]) -> list[Any]:
    """Return the columns of each expression of the rules."""
    expressions: list[Expression] = [e for rule in rules for e in rule.needs().expressions]
    return [tables.catalog.bind_with_history(e).columns for e in expressions]
