"""What a run knows of its rows and offers, kept so that it can be explained later without solving again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from optimizer.compile.build import Compiled
from optimizer.plan.audit.books import canonical
from optimizer.problem.primitives import UNLIMITED, BoolArray, IntArray, Rows, Switch
from optimizer.problem.removals import removable
from optimizer.problem.usage import entries, row_use

NEAR = 0.1
"""A price holds while it moves by no more than this share of itself."""
KEPT = 8
"""Contacts kept of each full row: so many of the least value, and so many of the least value for what they use."""

Floats = npt.NDArray[np.float64]
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


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """A plan beside all candidates that are not in it.

    Parameters
    ----------
    chosen : int array
        Ascending.
    prices : mapping of block name to float array, optional
        In value quanta per row quantum.
    margin : (candidates,) float array
        At the prices, in value quanta; the value where there are none.
    policies, limits : mapping of rule to (candidates,) bool array
        Unchosen candidates that would break each policy, and each constraint.
    """

    chosen: IntArray
    prices: Mapping[str, Floats] | None
    margin: Floats
    policies: Mapping[str, BoolArray]
    limits: Mapping[str, BoolArray]

    def refused(self, by: Mapping[str, BoolArray]) -> BoolArray:
        """Return the unchosen candidates that any of some rules refuses."""
        out = np.zeros(len(self.margin), bool)
        for mask in by.values():
            out |= mask
        out[self.chosen] = False
        return out


def make_insight(compiled: Compiled, judged: Judged) -> Insight:
    """Put down what the run knows."""
    lines = [line for block in compiled.problem.blocks for line in _lines(compiled, judged, block)]
    return Insight(
        rows=pa.Table.from_pylist(lines, ROWS),
        marginal=pa.Table.from_pylist(_marginal(compiled, judged), MARGINAL),
        fates=pa.Table.from_pylist(_fates(compiled, judged), FATES),
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


def _lines(compiled: Compiled, judged: Judged, block: Rows | Switch) -> list[dict[str, Any]]:
    """Return the lines of a block."""
    problem = compiled.problem
    use = row_use(problem, block, judged.chosen)
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
    price = np.zeros(block.size) if judged.prices is None else np.asarray(judged.prices[block.name])
    low, high = _range(compiled, judged, block, price)
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
                "price": None if judged.prices is None else sign * float(price[row]) * scale,
                "holds_from": (limit - low[row]) * natural if held else None,
                "holds_to": (limit + high[row]) * natural if held else None,
            }
        )
    return lines


def _labels(block: Rows | Switch, size: int) -> list[str]:
    """Return the canonical name of each row; a made-up rule may have given none."""
    return [canonical(json.loads(label)) for label in block.labels] or [canonical({"row": str(i)}) for i in range(size)]


def _range(compiled: Compiled, judged: Judged, block: Rows, price: Floats) -> tuple[Floats, Floats]:
    """Estimate how far each limit may fall and rise while its price moves by no more than a tenth.

    A lower limit gives up the chosen contacts whose margins are smallest; a higher one takes in the free candidates
    whose margins are least below 0. Counted are those whose margin is within a tenth of what they pay for the row.
    """
    problem = compiled.problem
    fall, rise = np.zeros(block.size), np.zeros(block.size)
    if not price.any():
        return fall, rise
    inside = np.zeros(problem.candidates, bool)
    inside[judged.chosen] = True
    charge = np.abs(problem.value - judged.margin)
    close = (np.abs(judged.margin) <= NEAR * charge) & (inside | ~judged.refused(judged.policies))
    near = np.flatnonzero(close)
    for who, row, amount in entries(problem, block, near):
        margin = np.abs(judged.margin[near[who]])
        counted = (margin <= NEAR * np.abs(price[row] * amount)) & (amount > 0)
        mine = inside[near[who]]
        np.add.at(fall, row[counted & mine], amount[counted & mine])
        np.add.at(rise, row[counted & ~mine], amount[counted & ~mine])
    return fall, rise


def _marginal(compiled: Compiled, judged: Judged) -> list[dict[str, Any]]:
    """Return the contacts that are cheapest to lose of each row that refuses somebody."""
    problem = compiled.problem
    free = np.flatnonzero(removable(problem, judged.chosen))
    picked: list[IntArray] = []
    for block in problem.blocks:
        if block.rule not in judged.limits or not judged.limits[block.rule].any():
            continue
        for who, row, amount in entries(problem, block, judged.chosen[free]):
            value = problem.value[judged.chosen[free[who]]]
            for order in (value, value / np.maximum(amount, 1)):
                at = np.lexsort((order, row))
                rank = np.arange(len(at)) - np.searchsorted(row[at], row[at], "left")
                picked.append(judged.chosen[free[who[at[rank < KEPT]]]])
    kept = np.unique(np.concatenate([np.zeros(0, np.int64), *picked]))
    uses: list[dict[int, int]] = [{} for _ in kept]
    first = 0
    for block in problem.blocks:
        for who, row, amount in entries(problem, block, kept):
            for i, r, a in zip(who.tolist(), (row + first).tolist(), amount.tolist(), strict=True):
                uses[i][r] = uses[i].get(r, 0) + a
        first += block.uses.instances * problem.groups(block.partition)
    return [
        dict(zip(KEY_COLUMNS, key, strict=True))
        | {"contribution": float(compiled.contribution[j]), "row": list(use), "amount": list(use.values())}
        for j, key, use in zip(kept.tolist(), keys_of(compiled, kept), uses, strict=True)
    ]


def keys_of(compiled: Compiled, positions: IntArray) -> list[tuple[str | None, ...]]:
    """Return the keys of some candidates as text."""
    con, problem = compiled.tables.con, compiled.problem
    asked = pa.table(
        {
            "at": np.arange(len(positions)),
            "ordinal": problem.customer[positions].astype(np.int64),
            "kind": problem.kind[positions].astype(np.int64),
        }
    )
    con.register("@asked", asked)
    texts = ", ".join(f"CAST({name} AS VARCHAR)" for name in ("u.customer", "k.offer", "k.channel", "k.slot"))
    found = con.execute(
        f'SELECT {texts} FROM "@asked" a JOIN "@customers" u ON u.ordinal = a.ordinal '
        f'JOIN "@kinds" k ON k.kind = a.kind ORDER BY a.at'
    ).fetchall()
    con.unregister("@asked")
    return found


def _fates(compiled: Compiled, judged: Judged) -> list[dict[str, Any]]:
    """Count, by offer, where candidates went; ``policy`` and ``limit`` count a candidate under each rule it breaks."""
    problem = compiled.problem
    con = compiled.tables.con
    named = con.execute('SELECT CAST(offer AS VARCHAR) FROM "@kinds" ORDER BY kind').fetchall()
    offers = sorted({offer for (offer,) in named}, key=lambda offer: (offer is None, offer))
    code = np.array([offers.index(offer) for (offer,) in named], np.int64)
    mine = code[problem.kind]
    counts: dict[tuple[int, str, str], int] = {}

    def count(fate: str, name: str, of: IntArray) -> None:
        for offer in np.flatnonzero(of).tolist():
            counts[offer, fate, name] = int(of[offer])

    def by_offer(mask: BoolArray) -> IntArray:
        return np.bincount(mine[mask], minlength=len(offers))

    chosen = np.zeros(problem.candidates, bool)
    chosen[judged.chosen] = True
    policies, limits = judged.refused(judged.policies), judged.refused(judged.limits)
    assert compiled.turned_away is not None
    for step, refused in zip(compiled.funnel, compiled.turned_away, strict=True):
        count("ineligible", step.reason, np.bincount(code, weights=refused, minlength=len(offers)).astype(np.int64))
    count("eligible", "", np.bincount(mine, minlength=len(offers)))
    count("chosen", "", by_offer(chosen))
    count("refused", "", by_offer(policies))
    count("full", "", by_offer(limits & ~policies))
    count("priced out", "", by_offer(~chosen & ~policies & ~limits))
    for fate, masks in (("policy", judged.policies), ("limit", judged.limits)):
        for rule, mask in masks.items():
            count(fate, rule, by_offer(mask & ~chosen))
    best = _best_of_unit(compiled, judged)[np.repeat(np.arange(problem.units), np.diff(problem.unit_start))]
    lost = policies & (best >= 0)
    pairs = np.bincount(mine[lost] * len(offers) + mine[best[lost]], minlength=len(offers) ** 2)
    for pair in np.flatnonzero(pairs).tolist():
        counts[pair // len(offers), "beaten by", offers[pair % len(offers)]] = int(pairs[pair])
    return [
        {"offer": offers[offer], "fate": fate, "name": name, "candidates": number}
        for (offer, fate, name), number in sorted(counts.items(), key=lambda one: (one[0][0], str(one[0][1:])))
    ]


def _best_of_unit(compiled: Compiled, judged: Judged) -> IntArray:
    """Return the chosen candidate of the highest margin in each unit, −1 where none is chosen."""
    start = compiled.problem.unit_start
    unit = np.searchsorted(start, judged.chosen, "right") - 1
    order = np.lexsort((judged.margin[judged.chosen], unit))
    best = np.full(compiled.problem.units, -1, np.int64)
    best[unit[order]] = judged.chosen[order]
    return best
