"""What a run knows of its rows and offers, kept so that it can be explained later without solving again."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from optimizer.compile.build import Compiled
from optimizer.plan.audit.books import canonical
from optimizer.plan.tally import Tally
from optimizer.problem.primitives import UNLIMITED, IntArray, Rows, Switch
from optimizer.problem.problem import Problem
from optimizer.problem.removals import removable
from optimizer.problem.usage import counts_by_kind, entries, row_use

KEPT = 8
"""Contacts kept of each full row: so many of the least value, and so many of the least value for what they use."""
THINNED = 64
"""One of so many is looked at first, to see which can be left out."""

ROWS = pa.schema(
    [(name, pa.string()) for name in ("rule", "part", "group", "sort")]
    + [(name, pa.int64()) for name in ("decimals", "lower", "upper", "used")]
    + [(name, pa.float64()) for name in ("penalty", "price", "holds_from", "holds_to")]
)
KEY_COLUMNS = ("customer", "offer", "channel", "slot")
WHOLE = pa.list_(pa.field("element", pa.int64()))
"""Whole numbers, under the name that Parquet gives them."""
MARGINAL = pa.schema(
    [(name, pa.string()) for name in KEY_COLUMNS] + [("contribution", pa.float64()), ("row", WHOLE), ("amount", WHOLE)]
)
FATES = pa.schema([(name, pa.string()) for name in ("offer", "fate", "name")] + [("candidates", pa.int64())])


@dataclass(frozen=True, slots=True, eq=False)
class Insight:
    """Four small tables that a run leaves beside its plan.

    Attributes
    ----------
    rows : pyarrow.Table
        Each row of a constraint, and each cell of a lot or of a number of values (``sort``: ``row``, ``lot``,
        ``number``): limits and use in whole quanta of ``10 ** -decimals``; its price, in the objective's units per
        natural unit, and the range of limits in which that holds, an estimate.
    marginal : pyarrow.Table
        Of each full row, the contacts that are cheapest to lose, and what each uses of which rows (numbers of lines).
    fates : pyarrow.Table
        ``offer, fate, name, candidates``: where the candidates of each offer went.
    kinds : pyarrow.Table
        ``offer, channel, slot``: the different contacts that candidates proposed, in the columns and types they had.
    """

    rows: pa.Table
    marginal: pa.Table
    fates: pa.Table
    kinds: pa.Table


def make_insight(compiled: Compiled, chosen: IntArray, tally: Tally, contacts: pa.Table) -> Insight:
    """Put down what the run knows.

    Parameters
    ----------
    chosen : int array
        Positions of the plan's candidates, ascending.
    contacts : pyarrow.Table
        Their rows, with ``contribution``.
    """
    uses = [row_use(compiled.problem, block, chosen) for block in compiled.problem.blocks]
    lines = [line for number, use in enumerate(uses) for line in _lines(compiled, tally, number, use)]
    return Insight(
        rows=pa.Table.from_pylist(lines, ROWS),
        marginal=pa.Table.from_pylist(_marginal(compiled, chosen, tally, contacts), MARGINAL),
        fates=pa.Table.from_pylist(_fates(compiled, tally), FATES),
        kinds=_kinds(compiled),
    )


def _kinds(compiled: Compiled) -> pa.Table:
    """Return the different contacts, in the order of their hashes."""
    names = [name for name in KEY_COLUMNS[1:] if name in compiled.tables.original["candidates"]]
    listed = ", ".join(names)
    table: pa.Table = compiled.tables.con.sql(
        f'SELECT {listed} FROM "@kinds" GROUP BY ALL ORDER BY min(kind)'
    ).to_arrow_table()
    return table


def _lines(compiled: Compiled, tally: Tally, number: int, use: IntArray) -> list[dict[str, Any]]:
    """Return the lines of a block."""
    problem = compiled.problem
    block = problem.blocks[number]
    labels = _labels(block, len(use))
    if isinstance(block, Switch):
        sort = "lot" if block.lot is not None else "number"
        lower, upper = block.lot, block.most
        return [
            {"rule": block.rule, "part": sort, "group": label, "sort": sort, "decimals": block.decimals}
            | {"lower": lower, "upper": upper, "used": int(used)}
            for label, used in zip(labels, use, strict=True)
        ]
    sign = 1.0 if compiled.maximises else -1.0
    scale = 10.0 ** (block.decimals - problem.value_decimals)
    price = np.zeros(block.size) if tally.prices is None else np.asarray(tally.prices[block.name])
    low, high = tally.fall[number], tally.rise[number]
    penalty = None if block.penalty is None else float(block.penalty) * scale
    natural = 10.0**-block.decimals
    lines = []
    for row, label in enumerate(labels):
        limit = int(block.upper[row] if price[row] > 0 else block.lower[row])
        held = price[row] != 0 and abs(limit) < UNLIMITED
        lines.append(
            {
                "rule": block.rule,
                "part": block.part,
                "group": label,
                "sort": "row",
                "decimals": block.decimals,
                "lower": None if block.lower[row] <= -UNLIMITED else int(block.lower[row]),
                "upper": None if block.upper[row] >= UNLIMITED else int(block.upper[row]),
                "used": int(use[row]),
                "penalty": penalty,
                "price": None if tally.prices is None else sign * float(price[row]) * scale,
                "holds_from": (limit - low[row]) * natural if held else None,
                "holds_to": (limit + high[row]) * natural if held else None,
            }
        )
    return lines


def _labels(block: Rows | Switch, size: int) -> list[str]:
    """Return the canonical name of each row; a made-up rule may have given none."""
    return [canonical(json.loads(label)) for label in block.labels] or [canonical({"row": str(i)}) for i in range(size)]


def _marginal(compiled: Compiled, chosen: IntArray, tally: Tally, contacts: pa.Table) -> list[dict[str, Any]]:
    """Return the contacts that are cheapest to lose of each row that refuses somebody."""
    problem = compiled.problem
    refusing = {rule for rule, of_kind in tally.limits.items() if of_kind.any()}
    kept = cheapest(problem, chosen[removable(problem, chosen)], refusing)
    uses: list[dict[int, int]] = [{} for _ in kept]
    first = 0
    for block in problem.blocks:
        for who, row, amount in entries(problem, block, kept):
            for i, r, a in zip(who.tolist(), (row + first).tolist(), amount.tolist(), strict=True):
                uses[i][r] = uses[i].get(r, 0) + a
        first += block.uses.instances * problem.groups(block.partition)
    return [
        dict(zip(KEY_COLUMNS, key, strict=True))
        | {"contribution": contribution, "row": list(use), "amount": list(use.values())}
        for (*key, contribution), use in zip(told(compiled, kept, contacts), uses, strict=True)
    ]


def cheapest(problem: Problem, free: IntArray, rules: Collection[str]) -> IntArray:
    """Return the few contacts of each row of some rules that are worth least, and least for what they use; ascending.

    Parameters
    ----------
    free : int array
        Contacts to look at, ascending.
    """
    # Where all contacts of a kind use the same, the least of a row are among the least of their kinds.
    least_of_kinds = np.sort(free[least_of_each(problem.kind[free], problem.value[free], problem.kinds)])
    picked: list[IntArray] = [np.zeros(0, np.int64)]
    for block in problem.blocks:
        if block.rule not in rules:
            continue
        size = block.uses.instances * problem.groups(block.partition)
        among = least_of_kinds if counts_by_kind(block) else free
        value = problem.value[among]
        for who, row, amount in entries(problem, block, among):
            orders = (value[who], value[who] / np.maximum(amount, 1))
            picked += [among[who[least_of_each(row, order, size)]] for order in orders]
    return np.unique(np.concatenate(picked))


def least_of_each(row: IntArray, order: npt.NDArray[Any], rows: int) -> IntArray:
    """Return the positions of the few least of each row, the earlier of equal ones first, by row.

    Most are more than one of every so many of their row already: only the others are sorted.

    Parameters
    ----------
    row : (n,) int array
    order : (n,) array
        Numbers to compare.
    rows : int
    """
    every = _least(row[::THINNED], order[::THINNED])
    most = np.full(rows, np.inf)
    counted = np.bincount(row[::THINNED][every], minlength=rows)
    np.maximum.at(least := np.full(rows, -np.inf), row[::THINNED][every], order[::THINNED][every])
    most[counted == KEPT] = least[counted == KEPT]
    few = np.flatnonzero(order <= most[row])
    return few[_least(row[few], order[few])]


def _least(row: IntArray, order: npt.NDArray[Any]) -> IntArray:
    at = np.lexsort((order, row))
    rank = np.arange(len(at)) - np.searchsorted(row[at], row[at], "left")
    return at[rank < KEPT]


def told(compiled: Compiled, positions: IntArray, contacts: pa.Table) -> list[tuple[Any, ...]]:
    """Return the keys of some of the plan's contacts as text, and what each contributes."""
    con, problem = compiled.tables.con, compiled.problem
    asked = pa.table(
        {
            "at": np.arange(len(positions)),
            "ordinal": problem.customer_of(positions).astype(np.int64),
            "kind": problem.kind[positions].astype(np.int64),
        }
    )
    con.register("@asked", asked)
    con.register("@contacts", contacts)
    texts = ", ".join(f"CAST(x.{name} AS VARCHAR)" for name in KEY_COLUMNS)
    same = " AND ".join(
        f'x.{name} IS NOT DISTINCT FROM t."{name}"' for name in KEY_COLUMNS if name in contacts.schema.names
    )
    found = con.execute(
        f'SELECT {texts}, t.contribution FROM (SELECT a.at, u.customer, k.offer, k.channel, k.slot FROM "@asked" a '
        f'JOIN "@customers" u ON u.ordinal = a.ordinal JOIN "@kinds" k ON k.kind = a.kind) x '
        f'JOIN "@contacts" t ON {same} ORDER BY x.at'
    ).fetchall()
    con.unregister("@asked")
    con.unregister("@contacts")
    return found


def offers_of(compiled: Compiled) -> tuple[list[str | None], IntArray]:
    """Return the offers, sorted, and the number of each kind's."""
    named = compiled.tables.con.execute('SELECT CAST(offer AS VARCHAR) FROM "@kinds" ORDER BY kind').fetchall()
    offers = sorted({offer for (offer,) in named}, key=lambda offer: (offer is None, offer))
    number = {offer: i for i, offer in enumerate(offers)}
    return offers, np.array([number[offer] for (offer,) in named], np.int64)


def _fates(compiled: Compiled, tally: Tally) -> list[dict[str, Any]]:
    """Count, by offer, where candidates went; ``policy`` and ``limit`` count a candidate under each rule it breaks."""
    offers, _ = offers_of(compiled)
    counts: dict[tuple[int, str, str], int] = {}

    def count(fate: str, name: str, of_kind: IntArray) -> None:
        of = np.zeros(len(offers), np.int64)
        np.add.at(of, tally.offer, of_kind)
        for offer in np.flatnonzero(of).tolist():
            counts[offer, fate, name] = int(of[offer])

    assert compiled.turned_away is not None
    for step, refused in zip(compiled.funnel, compiled.turned_away, strict=True):
        count("ineligible", step.reason, refused)
    count("eligible", "", tally.eligible)
    count("chosen", "", tally.chosen)
    count("refused", "", tally.refused)
    count("full", "", tally.full)
    count("priced out", "", tally.eligible - tally.chosen - tally.refused - tally.full)
    for fate, rules in (("policy", tally.policies), ("limit", tally.limits)):
        for rule, of_kind in rules.items():
            count(fate, rule, of_kind)
    for one, other in np.argwhere(tally.beaten).tolist():
        counts[one, "beaten by", str(offers[other])] = int(tally.beaten[one, other])
    return [
        {"offer": offers[offer], "fate": fate, "name": name, "candidates": number}
        for (offer, fate, name), number in sorted(counts.items(), key=lambda one: (one[0][0], str(one[0][1:])))
    ]
