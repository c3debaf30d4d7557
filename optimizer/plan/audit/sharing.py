"""Who is decided together with whoever falls short: customers who share policies, by connected components."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow as pa

from optimizer.data.layout import literal
from optimizer.plan.audit.books import SqlBooks
from optimizer.plan.audit.side import Side

UNITS = '"@units"'
"""Relation ``(customer text, unit)`` of the customers in question, with or without candidates."""

Owner = tuple[str, str]
"""Who shares a policy: ``per``, and the text that says whom."""


def units_of(books: SqlBooks, pers: Sequence[str], short: Sequence[Owner]) -> Mapping[Owner, int]:
    """Put down the units of some owners as a relation; return the unit of each owner in them.

    Parameters
    ----------
    books : SqlBooks
    pers : sequence of str
        ``per`` of every policy.
    short : sequence of owner
    """
    con = books.tables.con
    if set(pers) <= {"customer"}:
        unit: Mapping[Owner, int] = {owner: number for number, owner in enumerate(sorted(set(short)))}
        members = pa.table({"customer": [who for _, who in unit], "unit": pa.array(unit.values(), pa.int64())})
    else:
        _share(books, pers)
        _reach(books, short)
        found = con.execute('SELECT s.customer, s.per, s.who FROM "@sharing" s SEMI JOIN "@reach" USING (customer)')
        unit, members = _components(found.fetchall())
    con.register("@members", members)
    con.execute(f'CREATE OR REPLACE TEMP TABLE {UNITS} AS SELECT customer, unit FROM "@members"')
    con.unregister("@members")
    return unit


def _share(books: SqlBooks, pers: Sequence[str]) -> None:
    """Create ``"@sharing"`` ``(customer, per, who)``: whose policies each customer shares."""
    parts = []
    for per in sorted({*pers, "customer"}):
        for planned in (True, False) if books.tables.has("history") else (True,):
            side = Side(books, planned=planned, relation=books.read if planned else None)
            base = "candidates" if planned else "history"
            listed = f"CAST({base}.customer AS VARCHAR) AS customer, {literal(per)} AS per, {side.who(per)} AS who"
            parts.append(f"SELECT {listed} FROM {side.source()}")
    books.tables.con.execute(f'CREATE OR REPLACE TEMP TABLE "@sharing" AS {" UNION ".join(parts)}')


def _reach(books: SqlBooks, short: Sequence[Owner]) -> None:
    """Create ``"@reach"`` ``(customer)``: everybody who shares something with the owners, or with somebody who does."""
    con = books.tables.con
    con.register("@short", pa.table({"per": [per for per, _ in short], "who": [who for _, who in short]}))
    con.execute('CREATE OR REPLACE TEMP TABLE "@reach" AS SELECT DISTINCT customer FROM "@sharing" '
                'SEMI JOIN "@short" USING (per, who)')  # fmt: skip
    con.unregister("@short")
    while True:
        ((more,),) = con.execute(
            'INSERT INTO "@reach" SELECT DISTINCT o.customer FROM "@sharing" o SEMI JOIN '
            '(SELECT s.per, s.who FROM "@sharing" s SEMI JOIN "@reach" USING (customer)) m USING (per, who) '
            'ANTI JOIN "@reach" r ON r.customer = o.customer'
        ).fetchall()
        if not more:
            return


def _components(shared: Sequence[tuple[str, str, str]]) -> tuple[Mapping[Owner, int], pa.Table]:
    """Return the unit of each owner, and the table of the customers' units, numbered by their lowest owner."""
    parent: dict[Owner, Owner] = {}

    def root(one: Owner) -> Owner:
        while parent.setdefault(one, one) != one:
            parent[one] = parent[parent[one]]
            one = parent[one]
        return one

    for customer, per, who in shared:
        a, b = root(("customer", customer)), root((per, who))
        parent[max(a, b)] = min(a, b)
    number = {one: i for i, one in enumerate(sorted({root(one) for one in parent}))}
    customers = sorted({customer for customer, _, _ in shared})
    units = pa.array([number[root(("customer", one))] for one in customers], pa.int64())
    return {one: number[root(one)] for one in parent}, pa.table({"customer": customers, "unit": units})
