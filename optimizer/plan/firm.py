"""A rolling horizon: contacts of its first days are firm, the others are an outlook that is planned again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from optimizer.data import open_tables
from optimizer.data.layout import KEYS
from optimizer.data.tables import Tables
from optimizer.errors import DataError, Finding
from optimizer.plan.audit.books import SqlBooks
from optimizer.plan.audit.run import AUDITED
from optimizer.plan.audit.side import Side
from optimizer.scenario import Scenario

if TYPE_CHECKING:
    import pyarrow as pa

    from optimizer.plan.plan import Plan

_TIMES = ("slots", "offers", "channels")
"""Tables that say when a contact is sent and arrives."""
_RULES = ("eligibility", "contact_policies", "constraints", "holdout", "pins", "stability")
ROW = "@row"


def timetable(scenario: Scenario) -> Scenario:
    """Return the scenario without rules, with the tables that tell when a contact is sent and arrives."""
    zones = not isinstance(scenario.horizon.timezone, str)
    kept = {*_TIMES, *(("customers",) if zones else ())}
    given = [name for name in scenario.data.model_fields_set if name not in kept]
    sections = [name for name in _RULES if name in scenario.model_fields_set]
    off: Mapping[str, Any] = dict.fromkeys([*sections, *(f"data.{name}" for name in given)])
    return scenario.resolved().replace({**off, "scores": None, "objective": {"maximize": "contacts"}})


def refuse_changed(plan: Plan, tables: Tables) -> None:
    """Raise if a table that tells times is no longer what the run read.

    Raises
    ------
    DataError
    """
    read = {(one["table"], one["path"]): one["sha256"] for one in plan.inputs}
    wrong = [
        Finding("data", one["path"], "is no longer what the run read", "run the scenario again, then go on with that")
        for one in tables.inputs_as_dicts()
        if read.get((one["table"], one["path"])) != one["sha256"]
    ]
    if wrong:
        raise DataError(wrong)


def is_firm(side: Side) -> str:
    """Return SQL for whether a planned contact is sent on a firm day."""
    horizon = side.books.scenario.horizon
    return f"({side.day('sending')} <= DATE '{horizon.firm.isoformat()}')"


def firm_days(scenario: Scenario, tables: Tables) -> dict[str, Any] | None:
    """Return the last firm day, and how many audited contacts are firm; None where all are."""
    if scenario.horizon.commit is None:
        return None
    side = Side(SqlBooks(scenario, tables, AUDITED), planned=True)
    test = is_firm(side)
    ((count,),) = tables.con.execute(f"SELECT count(*) FROM {side.source()} WHERE {test}").fetchall()
    return {"until": scenario.horizon.firm.isoformat(), "contacts": int(count)}


def firm_part(plan: Plan) -> pa.Table:
    """Return the contacts that are firm, in their order: all of them unless the horizon rolls.

    Raises
    ------
    DataError
        The tables that say when contacts are sent are not what the run read.
    """
    table = plan.table
    if plan.scenario.horizon.firm == plan.scenario.horizon.last or table.num_rows == 0:
        return table
    scenario = timetable(plan.scenario)
    keys = [name for name in KEYS if name in table.column_names]
    numbered = table.select(keys).append_column(ROW, [np.arange(table.num_rows)])
    with open_tables(scenario, {"candidates": numbered}) as tables:
        refuse_changed(plan, tables)
        side = Side(SqlBooks(scenario, tables, "candidates"), planned=True)
        test = is_firm(side)
        found = tables.con.execute(f'SELECT candidates."{ROW}" AS row FROM {side.source()} WHERE {test} ORDER BY 1')
        return table.take(found.fetchnumpy()["row"])
