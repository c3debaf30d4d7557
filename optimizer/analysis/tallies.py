"""Contacts counted by any columns that the scenario's tables have: offer, channel, segment."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from optimizer.compile.sight import joins, quoted
from optimizer.data import open_tables
from optimizer.data.layout import KEY_TABLE, KEYS
from optimizer.errors import Finding, OptimizerError, UsageError
from optimizer.plan.plan import Plan
from optimizer.scenario import Scenario
from optimizer.scenario.findings import split_fix

SEGMENT = "segment"
"""Column of the customers that is counted by where there is one and nothing else is asked for."""
Tally = dict[tuple[str, ...], tuple[int, float]]
"""Contacts and their summed contribution, by the columns' values as text."""
NONE = "–"


def tally(plan: Plan, by: Sequence[str]) -> Tally:
    """Count the contacts of a plan by some columns.

    Parameters
    ----------
    plan : Plan
    by : sequence of str
        Columns of the contacts, or of the key tables that the scenario names: ``segment``, ``offers.family``.

    Raises
    ------
    UsageError
        All columns that there are not; the nearest is named.
    DataError
        A key table can no longer be read.
    """
    if not plan.table.num_rows:
        return {}
    with open_tables(_bare(plan.scenario), {"candidates": _contacts(plan)}) as tables:
        columns, findings = [], []
        for name in by:
            try:
                columns.append(tables.catalog.column(name))
            except ValueError as error:
                what, fix = split_fix(str(error))
                findings.append(Finding("usage", f"--by {name}", what, fix))
        if findings:
            raise UsageError(findings)
        listed = ", ".join(f"coalesce(CAST({quoted(c)} AS VARCHAR), '{NONE}')" for c in columns)
        rows = tables.con.execute(
            f'SELECT {listed}, count(*), fsum("@contribution" ORDER BY "@contribution") '
            f"FROM candidates{joins(frozenset(c.table or '' for c in columns))} "
            f"GROUP BY ALL ORDER BY ALL"
        ).fetchall()
    return {tuple(values): (count, value) for *values, count, value in rows}


def usual(plans: Sequence[Plan]) -> tuple[str, ...]:
    """Return the columns to count by when none are asked for: offer, channel and segment, as far as there are such."""
    there = set.intersection(*(set(plan.table.column_names) for plan in plans))
    return (*(key for key in KEYS[1:3] if key in there), *((SEGMENT,) if all(map(_has_segment, plans)) else ()))


def _has_segment(plan: Plan) -> bool:
    try:
        return bool(tally(plan, [SEGMENT])) or not plan.table.num_rows
    except OptimizerError:
        return False


def _contacts(plan: Plan) -> pa.Table:
    """Return the contacts, their contribution under a name that no other column has."""
    names = ["@contribution" if name == "contribution" else name for name in plan.table.column_names]
    return plan.table.rename_columns(names)


def _bare(scenario: Scenario) -> Scenario:
    """Return a scenario that has the key tables and no rules, so that nothing else is read or checked."""
    named = {
        table: source.model_dump(mode="json", exclude_none=True)
        for table, source in scenario.data.sources().items()
        if table in KEY_TABLE.values()
    }
    return Scenario.from_dict(
        {
            "version": 1,
            "name": scenario.name,
            "horizon": scenario.horizon.model_dump(mode="json", exclude_none=True),
            "data": named,
            "objective": {"maximize": "1"},
        },
        base=scenario.base,
    )
