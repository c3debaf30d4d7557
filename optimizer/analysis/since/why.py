"""Why contacts of an earlier plan are not in tonight's, each told once: by the first cause that suffices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from optimizer.compile.build import Compiled
from optimizer.data.key_tables import read_keys
from optimizer.data.layout import KEYS, quote
from optimizer.plan.audit.books import SqlBooks
from optimizer.plan.audit.previous import standing
from optimizer.problem.margins import Charges
from optimizer.problem.primitives import IntArray
from optimizer.problem.problem import Problem
from optimizer.problem.refusals import refusals
from optimizer.problem.solution import Solution
from optimizer.problem.units import part_of, where
from optimizer.problem.usage import entries, row_refusals, row_use

ASKED, KEYED = '"@asked since"', '"@keyed since"'
INSTEAD = {
    "other slot": "sent in another slot",
    "other channel": "sent by another channel",
    "other offer": "another offer to the customer",
}
CAUSES = ("no candidate any more", "not eligible any more", *INSTEAD.values(), "refused", "priced out", "left out")
Told = tuple[str, str | None, int, float]
AT_ONCE = 20_000
"""Dropped contacts that are judged together."""


@dataclass(frozen=True, slots=True, eq=False)
class Why:
    """What tonight's answer is told from."""

    compiled: Compiled
    solution: Solution


def reasons(why: Why, pairs: pa.Table) -> list[dict[str, Any]]:
    """Return ``why, rule, contacts, value`` of the earlier contacts that are not in the plan as they were.

    ``why`` is *no candidate any more*, *not eligible any more* (``rule`` says by what), what is sent instead, or for
    those that were dropped: *refused* by a contact policy or a limit with the rest of the plan as it stands, *priced
    out* (``rule`` is the limit it would have to pay most for), or *left out* though it would fit.

    Parameters
    ----------
    why : Why
    pairs : pyarrow.Table
        Of :class:`~optimizer.analysis.moves.Moves`.
    """
    con = why.compiled.tables.con
    con.register("@pairs since", pairs)
    keys = [k for k in KEYS if k in why.compiled.tables.original["candidates"]]
    old = ", ".join("customer" if k == "customer" else f"{k}_before AS {k}" for k in keys)
    asked = con.sql(
        f'SELECT {old}, kind AS "@kind", value_before AS "@value" FROM "@pairs since" '
        "WHERE kind NOT IN ('kept', 'added')"
    ).to_arrow_table()
    con.unregister("@pairs since")
    if not asked.num_rows:
        return []
    _put_down(why, asked, keys)
    unknown = f'NOT EXISTS (SELECT 1 FROM {ASKED} a WHERE a."@contact" = k.contact)'
    told: list[Told] = [("no candidate any more", None, *_take(why, unknown))]
    for name, refused in standing(SqlBooks(why.compiled.scenario, why.compiled.tables, ASKED)):
        told.append(("not eligible any more", name, *_take(why, f"k.contact IN ({refused})")))
    told += [(said, None, *_take(why, f"k.kind = '{kind}'")) for kind, said in INSTEAD.items()]
    told += _dropped(why)
    found: dict[tuple[str, str | None], tuple[int, float]] = {}
    for cause, rule, contacts, value in told:
        if contacts:
            before = found.get((cause, rule), (0, 0.0))
            found[cause, rule] = before[0] + contacts, before[1] + value
    ranked = sorted(found.items(), key=lambda one: (-one[1][0], one[0][0], one[0][1] or ""))
    return [{"why": c, "rule": rule, "contacts": n, "value": value} for (c, rule), (n, value) in ranked]


def _put_down(why: Why, asked: pa.Table, keys: list[str]) -> None:
    """Create the asked contacts with numbers, and those of them that are candidates, with all their columns."""
    tables = why.compiled.tables
    con = tables.con
    typed = read_keys(tables, asked.select(keys), what="the earlier run", whole=True, ordered=True)
    number = pa.array(np.arange(asked.num_rows))
    con.register("@typed", typed.append_column("contact", number))
    con.register("@told since", asked.select(["@kind", "@value"]).append_column("contact", number))
    con.execute(
        f'CREATE OR REPLACE TEMP TABLE {KEYED} AS SELECT t.*, o."@kind" AS kind, o."@value" AS value '
        'FROM "@typed" t JOIN "@told since" o USING (contact)'
    )
    same = " AND ".join(f"k.{quote(key)} = c.{quote(key)}" for key in keys)
    con.execute(
        f'CREATE OR REPLACE TEMP TABLE {ASKED} AS SELECT DISTINCT ON (k.contact) k.contact AS "@contact", c.* '
        f"FROM {tables.valid} c JOIN {KEYED} k ON {same}"
    )
    con.unregister("@typed")
    con.unregister("@told since")


def _take(why: Why, test: str) -> tuple[int, float]:
    """Count the contacts of which something is true, and what they were worth; they are told now, and go."""
    con = why.compiled.tables.con
    gone = f"FROM {KEYED} k WHERE {test}"
    ((contacts, value),) = con.execute(f"SELECT count(*), coalesce(fsum(value ORDER BY value), 0) {gone}").fetchall()
    if contacts:
        con.execute(f"DELETE {gone}")
    return int(contacts), float(value)


def _dropped(why: Why) -> list[Told]:
    """Judge what is left: eligible contacts whose customer gets nothing instead."""
    problem = why.compiled.problem
    keys = " AND ".join(f"x.{key} IS NOT DISTINCT FROM a.{quote(key)}" for key in KEYS[1:])
    found: dict[str, Any] = why.compiled.tables.con.execute(
        f'SELECT k.contact, k.value, u.ordinal, x.kind FROM {KEYED} k JOIN {ASKED} a ON a."@contact" = k.contact '
        f'JOIN "@customers" u ON u.customer = a.customer JOIN "@kinds" x ON {keys} ORDER BY k.contact, x.kind'
    ).fetchnumpy()
    position = _positions(problem, found["ordinal"], found["kind"])
    there = position >= 0
    order = np.argsort(position[there], kind="stable")
    position, value = position[there][order], found["value"][there][order]
    told: list[Told] = []
    chosen = np.sort(why.solution.chosen)
    uses = [row_use(problem, block, chosen) for block in problem.blocks] if len(position) else []
    for first in range(0, len(position), AT_ONCE):
        part = slice(first, first + AT_ONCE)
        told += _judged(problem, why.solution, chosen, uses, position[part], value[part])
    return told


def _positions(problem: Problem, customer: IntArray, kind: IntArray) -> IntArray:
    """Return where the candidate of each customer and kind is; -1 where there is none."""
    start = np.asarray(problem.customer_start)
    at = start[customer].copy()
    end, out = start[customer + 1], np.full(len(customer), -1, np.int64)
    left = np.flatnonzero(at < end)
    while len(left):
        hit = problem.kind[at[left]] == kind[left]
        out[left[hit]] = at[left[hit]]
        left = left[~hit]
        at[left] += 1
        left = left[at[left] < end[left]]
    return out


def _judged(
    problem: Problem,
    solution: Solution,
    chosen: IntArray,
    uses: Sequence[IntArray],
    asked: IntArray,
    value: np.ndarray[Any, Any],
) -> list[Told]:
    """Return the cause of each asked candidate, ascending, in a unit that is looked at with the whole plan.

    Parameters
    ----------
    chosen : (contacts,) int array
        The whole plan, ascending.
    uses : sequence of int arrays
        What it uses of each block's rows.
    asked : (n,) int array
    value : (n,) float array
        What the earlier plan's contacts were worth.
    """
    part = part_of(problem, np.unique(np.searchsorted(problem.unit_start, asked, "right") - 1))
    mine, here = where(chosen, part.candidates), where(asked, part.candidates)
    told: dict[int, tuple[str, str | None]] = {}
    for masks in (refusals(part.problem, mine, uses=uses), row_refusals(part.problem, mine, uses=uses)):
        for rule, mask in masks.items():
            for i in np.flatnonzero(mask[here]).tolist():
                told.setdefault(i, ("refused", rule))
    margin = Charges(problem, solution.prices).margins(part.problem)[here]
    dearest = _dearest(problem, solution, asked)
    return [
        (*told.get(i, ("priced out", dearest[i]) if margin[i] <= 0 else ("left out", None)), 1, float(value[i]))
        for i in range(len(asked))
    ]


def _dearest(problem: Problem, solution: Solution, asked: IntArray) -> list[str | None]:
    """Return, for each candidate, the rule whose limits it would pay most for."""
    paid: dict[str, np.ndarray[Any, Any]] = {}
    for block in problem.rows if solution.prices is not None else ():
        assert solution.prices is not None
        price = np.asarray(solution.prices[block.name])
        for who, row, amount in entries(problem, block, asked):
            charge = paid.setdefault(block.rule, np.zeros(len(asked)))
            np.add.at(charge, who, price[row] * amount)
    most = np.zeros(len(asked))
    best: list[str | None] = [None] * len(asked)
    for rule, charge in paid.items():
        for i in np.flatnonzero(charge > most).tolist():
            best[i] = rule
        np.maximum(most, charge, out=most)
    return best
