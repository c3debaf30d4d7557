"""What a rule that matches nothing was probably meant to name."""

from __future__ import annotations

from optimizer.compile.sight import bind
from optimizer.data.layout import HISTORY, quote
from optimizer.data.tables import Tables
from optimizer.errors import cut, nearest
from optimizer.rules.base import Rule

MOST = 10_000
"""Columns with more values than this hold ids rather than names."""


def meant(rule: Rule, tables: Tables) -> str:
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
