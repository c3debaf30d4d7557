"""What is doubtful about a compiled night: duplicates, no candidate left, rules that reach none."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from optimizer.compile.read import Read
from optimizer.compile.sight import bind
from optimizer.data.layout import CANDIDATES, HISTORY, quote
from optimizer.data.tables import Tables
from optimizer.errors import Finding, cut, nearest
from optimizer.problem.primitives import Primitive
from optimizer.rules.base import Rule
from optimizer.scenario import Scenario

if TYPE_CHECKING:
    from optimizer.compile.build import FunnelStep

MOST = 10_000
"""Columns with more values than this hold ids rather than names."""


def doubts_of(
    scenario: Scenario,
    tables: Tables,
    read: Read,
    rules: Iterable[Rule],
    primitives: Iterable[Primitive],
    funnel: Iterable[FunnelStep],
) -> tuple[Finding, ...]:
    """Warn of duplicates, of a night without candidates, and of rules that reach none."""
    found = []
    label = tables.rows.bound[CANDIDATES].label
    if read.duplicates:
        what = "identical rows were counted once"
        found.append(Finding("data", label, what, "drop duplicates", count=read.duplicates))
    if len(read.kind) and np.all(read.refused != 0):
        why = ", ".join(f"'{step.reason}' refuses {step.in_order:,}" for step in funnel if step.in_order)
        what = f"no candidate is left, and the plan is empty: {why}"
        fix = "check as_of and horizon, the eligibility rules, and that the tables are tonight's"
        return (*found, Finding("data", label, what, fix))
    reaching = {p.rule for p in primitives if len(p.uses.instance)}
    found += [
        Finding(
            "scenario",
            scenario.where(f"{scenario.rule_path(rule)}.where"),
            f"'{rule.name}' matches no candidate",
            _meant(rule, tables) or "check its condition",
            rule=rule.name,
        )
        for rule in rules
        if rule.section != "eligibility" and rule.name not in reaching
    ]
    return tuple(found)


def _meant(rule: Rule, tables: Tables) -> str:
    """Return a fix that names the value nearest to one which the rule compares with and no row holds; else nothing."""
    needs = rule.needs()
    for condition in (*needs.splits, *needs.conditions):
        for column, text in bind(tables.catalog, condition).texts():
            if column.table == HISTORY or column.name == "customer":
                continue
            name, table = quote(column.name), quote(column.table or "")
            query = f"SELECT DISTINCT CAST({name} AS VARCHAR) FROM {table} WHERE {name} IS NOT NULL LIMIT {MOST}"
            known = sorted(value for (value,) in tables.con.execute(query).fetchall())
            if text not in known and len(known) < MOST:
                near = nearest(text, known)
                some = ", ".join(f"'{cut(value, 20)}'" for value in known[:5])
                return f"you meant '{cut(near)}'" if near else f"{column.name} is one of {some}" if some else ""
    return ""
