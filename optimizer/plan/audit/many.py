"""Many plans side by side, each of one unit, judged by the rules as the audited one is.

The rules never look across those who share a policy. So a plan's number before the name of whoever shares one is enough
to let any rule, also one that this file has never heard of, recount thousands of plans at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import pyarrow as pa

from optimizer.data.layout import CANDIDATES, HISTORY
from optimizer.plan.audit.books import SqlBooks
from optimizer.plan.audit.sharing import UNITS
from optimizer.rules.base import Rule
from optimizer.rules.books import Line

PLANS, CHOSEN = '"@plans of units"', '"@contacts of plans"'
READ, PAST = '"@read of units"', '"@past of units"'
MARK = "\x1e"

Plan = tuple[int, ...]
"""Numbers of the contacts."""


@dataclass(slots=True)
class Verdict:
    """What the rules say of one plan.

    Parameters
    ----------
    short : Decimal
        By how much its best efforts fall short, in all.
    illegal : bool
        Whether a rule is broken.
    for_good : bool
        Whether one is that more contacts cannot mend.
    """

    short: Decimal = Decimal(0)
    illegal: bool = False
    for_good: bool = False


class ManyPlans(SqlBooks):
    """The books over many plans, each of one unit.

    Parameters
    ----------
    books : SqlBooks
    contacts : str
        Relation of the contacts that the plans are made of, by number, with their columns.
    """

    def __init__(self, books: SqlBooks, contacts: str) -> None:
        super().__init__(books.scenario, books.tables, CHOSEN)
        self._from = contacts
        self._enter(pa.table({"plan": pa.array([], pa.int64()), "unit": pa.array([], pa.int64())}))
        for relation, table in ((READ, CANDIDATES), (PAST, HISTORY)):
            if self.tables.has(table):
                self.tables.con.execute(
                    f'CREATE OR REPLACE TEMP TABLE {relation} AS SELECT u.unit AS "@unit", t.* FROM {table} t '
                    f"JOIN {UNITS} u ON u.customer = CAST(t.customer AS VARCHAR)"
                )
                self.tables.con.execute(
                    f'CREATE OR REPLACE TEMP VIEW "@many {table}" AS SELECT p.plan AS "@plan", t.* '
                    f'FROM {relation} t JOIN {PLANS} p ON p.unit = t."@unit"'
                )
        self.read, self.past = f'"@many {CANDIDATES}"', f'"@many {HISTORY}"'

    def owner(self, base: str, who: str) -> str:
        """Return SQL of who shares a policy, told apart by plan."""
        return f'CAST({base}."@plan" AS VARCHAR) || chr({ord(MARK)}) || {who}'

    def of_all(self, units: Sequence[int], where: str) -> None:
        """Enter one plan for each unit, numbered like the units: all of its contacts for which a condition is true."""
        numbers = pa.array(units, pa.int64())
        self._enter(pa.table({"plan": numbers, "unit": numbers}))
        self._choose(
            f'SELECT p.plan AS "@plan", f.* FROM {self._from} f JOIN {PLANS} p ON p.unit = f."@unit" WHERE {where}'
        )

    def of(self, units: Sequence[int], plans: Sequence[Plan]) -> None:
        """Enter plans, numbered from 0 in their order, each with its unit."""
        self._enter(pa.table({"plan": np.arange(len(plans)), "unit": pa.array(units, pa.int64())}))
        contact = np.fromiter((one for plan in plans for one in plan), np.int64)
        held = pa.table({"plan": np.repeat(np.arange(len(plans)), [len(plan) for plan in plans]), "contact": contact})
        self.tables.con.register("@held", held)
        self._choose(f'SELECT h.plan AS "@plan", f.* FROM "@held" h JOIN {self._from} f ON f."@contact" = h.contact')
        self.tables.con.unregister("@held")

    def judged(self, rules: Sequence[Rule], plans: Sequence[int]) -> dict[int, Verdict]:
        """Return what the rules say of the plans of these numbers."""
        found = {plan: Verdict() for plan in plans}
        for zone in self.clockwork.assumptions:
            self.clockwork.assume(zone)
            for rule in rules:
                for line in rule.audit(self):
                    for plan in _plans(line, plans):
                        verdict = found[plan]
                        if line.effort and zone == self.clockwork.assumptions[0]:
                            verdict.short += line.excess
                        verdict.illegal |= line.broken
                        verdict.for_good |= line.broken and rule.only_forbids(self)
                self.forget()
        return found

    def _enter(self, plans: pa.Table) -> None:
        self.tables.con.register("@entered plans", plans)
        self.tables.con.execute(f'CREATE OR REPLACE TEMP TABLE {PLANS} AS SELECT * FROM "@entered plans"')
        self.tables.con.unregister("@entered plans")

    def _choose(self, sql: str) -> None:
        self.tables.con.execute(f"CREATE OR REPLACE TEMP TABLE {CHOSEN} AS {sql}")


def _plans(line: Line, every: Sequence[int]) -> Sequence[int]:
    """Return the plan that a line speaks of; all of them where it does not say whom it is about."""
    for name in line.group.values():
        if isinstance(name, str) and MARK in name:
            return (int(name.partition(MARK)[0]),)
    return every
