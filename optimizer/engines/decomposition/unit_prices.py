"""Prices of a unit's own ties, from its LP, and the bound that follows from them.

Every tie but the reactions without a price is a row Σ weight · x ≤ slack that each legal set obeys. Prices on these
rows leave each candidate with a *rest* of its margin, and for any prices ≥ 0

    Σ margin · x  ≤  Σ_t price_t · min(slack_t, open_t) + Σ_j max(rest_j, 0)

over what is open, where slack_t is what is left of a tie's limit and open_t what the open candidates could use of it.
The prices are whole numbers, so that the bound is exact whatever the LP's floats were.
"""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

import numpy as np

from optimizer.engines.decomposition.general_kernel import (
    CAP,
    CONFLICT,
    KEYS,
    NEEDING,
    NEEDS,
    PENALTY,
    REQUIRED,
    SERVING,
    A,
    B,
)
from optimizer.engines.decomposition.unit_lp import UPPER, relax
from optimizer.engines.jit import inlined_part, part

STEPS, STEPS_A_ROW = 100, 4
"""Steps of the LP at most: so many, and so many more for each row."""
PARTS = 5_040
"""A key of a distinct counter counts so many parts, which the candidates that have it share."""
LARGE = 2.0**61
"""Most that the ties may weigh together: the bound's sums stay below 64 bits."""


@part
def price_ties(unit, size, must, margin, rules, desk):
    """Price the ties over the candidates in order: all but the first ``must`` are open to choice."""
    base, first_tie = rules.first[unit], rules.tie_start[unit]
    ties, first = rules.tie_start[unit + 1] - first_tie, rules.entry_start[base]
    _weigh(unit, size, rules, desk)
    unit_of_value = 1.0
    for i in range(size):
        unit_of_value = max(unit_of_value, abs(float(margin[desk.order[i]])))
    rows = _write_rows(unit, size, must, unit_of_value, rules, desk)
    _write_columns(unit, size, must, margin, unit_of_value, rules, desk)
    lp = desk.lp
    relax(size - must, rows, STEPS + STEPS_A_ROW * rows, lp)
    for i in range(size):
        desk.share[desk.order[i]] = 1.0 if i < must or lp.state[i - must] == UPPER else 0.0
    for r in range(rows):
        if 0 <= lp.basic[r] < size - must:
            desk.share[desk.order[must + lp.basic[r]]] = lp.level[r]
    heavy = 0.0
    for t in range(ties):
        desk.price[t] = 0
        if desk.row[t] >= 0:
            price = max(lp.price[desk.row[t]], 0.0) * unit_of_value / desk.scale[t]
            if rules.kind[first_tie + t] == PENALTY:
                price = min(price, float(rules.penalty[rules.cost[first_tie + t]]))
            heavy += price * float(abs(desk.slack[t]) - desk.below[t])
            if heavy < LARGE:
                desk.price[t] = np.int64(price)
    for i in range(size):
        j = desk.order[i]
        desk.rest[j] = margin[j]
        for e in range(rules.entry_start[base + j], rules.entry_start[base + j + 1]):
            desk.rest[j] -= desk.price[rules.tie[e]] * desk.weight[e - first]


@part
def _weigh(unit, size, rules, desk):
    """Write each tie as a row: its slack, each entry's weight, and what is open."""
    base, first_tie = rules.first[unit], rules.tie_start[unit]
    ties, first, room = rules.tie_start[unit + 1] - first_tie, rules.entry_start[base], rules.room[unit]
    _count_sides(unit, size, rules, desk)
    for t in range(ties):
        kind, limit = rules.kind[first_tie + t], rules.limit[first_tie + t]
        desk.open[t], desk.below[t] = 0, 0
        if kind == CAP:
            desk.slack[t] = limit
        elif kind == KEYS:
            desk.slack[t] = PARTS * limit
        elif kind == CONFLICT:
            desk.slack[t] = desk.on_a[t] * desk.on_b[t]
        elif kind == NEEDS:
            desk.slack[t] = 0
        else:
            desk.slack[t] = -limit
    for i in range(size):
        j = desk.order[i]
        for e in range(rules.entry_start[base + j], rules.entry_start[base + j + 1]):
            t, w = rules.tie[e], rules.weight[e]
            kind = rules.kind[first_tie + t]
            if kind == KEYS:
                w = PARTS // max(min(desk.seen[rules.token[e]], room), 1) if rules.token[e] >= 0 else 0
            elif kind == CONFLICT:
                w = desk.on_b[t] if w == A else desk.on_a[t] if w == B else desk.on_a[t] * desk.on_b[t]
            elif kind == NEEDS:
                w = ((w & NEEDING) != 0) - desk.on_a[t] * ((w & SERVING) != 0)
            elif kind != CAP:
                w = -w
            desk.weight[e - first] = w
            desk.open[t] += max(w, 0)
            desk.below[t] += min(w, 0)
    for token in range(rules.most_tokens):
        desk.seen[token] = 0


@part
def _count_sides(unit, size, rules, desk):
    """Count who stands where: on the sides of conflicts, in need, and with which key."""
    base, first_tie, room = rules.first[unit], rules.tie_start[unit], rules.room[unit]
    ties = rules.tie_start[unit + 1] - first_tie
    for t in range(ties):
        desk.on_a[t], desk.on_b[t] = 0, 0
    for token in range(rules.most_tokens):
        desk.seen[token] = 0
    for i in range(size):
        j = desk.order[i]
        for e in range(rules.entry_start[base + j], rules.entry_start[base + j + 1]):
            t, w = rules.tie[e], rules.weight[e]
            kind = rules.kind[first_tie + t]
            if kind == CONFLICT:
                desk.on_a[t] += w == A
                desk.on_b[t] += w == B
            elif kind == NEEDS:
                desk.on_a[t] += (w & NEEDING) != 0
            elif kind == KEYS and rules.token[e] >= 0:
                desk.seen[rules.token[e]] += 1
    for t in range(ties):
        desk.on_a[t] = max(min(desk.on_a[t], room), 1)
        desk.on_b[t] = max(min(desk.on_b[t], room), 1)


@part
def _write_rows(unit, size, must, unit_of_value, rules, desk):
    """Write the LP's right-hand sides; return how many rows there are: ties that cannot bind have none."""
    base, first_tie = rules.first[unit], rules.tie_start[unit]
    ties, first, lp = rules.tie_start[unit + 1] - first_tie, rules.entry_start[base], desk.lp
    rows = 0
    for t in range(ties):
        kind = rules.kind[first_tie + t]
        priced = kind <= NEEDS or kind == REQUIRED or kind == PENALTY  # the other reactions do not add up
        binds = priced and (desk.slack[t] < desk.open[t] or desk.slack[t] < 0)
        desk.row[t] = rows if binds else -1
        rows += binds
        desk.scale[t] = 1.0
    for i in range(size):
        for e in range(rules.entry_start[base + desk.order[i]], rules.entry_start[base + desk.order[i] + 1]):
            t = rules.tie[e]
            desk.scale[t] = max(desk.scale[t], abs(float(desk.weight[e - first])))
    for t in range(ties):
        r = desk.row[t]
        if r >= 0:
            lp.limit[r] = float(desk.slack[t]) / desk.scale[t]
            lp.dear[r] = np.inf
            if rules.kind[first_tie + t] == PENALTY:
                lp.dear[r] = float(rules.penalty[rules.cost[first_tie + t]]) / unit_of_value * desk.scale[t]
    for i in range(must):
        for e in range(rules.entry_start[base + desk.order[i]], rules.entry_start[base + desk.order[i] + 1]):
            t = rules.tie[e]
            if desk.row[t] >= 0:
                lp.limit[desk.row[t]] -= desk.weight[e - first] / desk.scale[t]
    return rows


@part
def _write_columns(unit, size, must, margin, unit_of_value, rules, desk):
    """Write the LP's columns: the candidates that are open to choice."""
    base = rules.first[unit]
    first, lp = rules.entry_start[base], desk.lp
    entries = 0
    lp.start[0] = 0
    for i in range(must, size):
        j = desk.order[i]
        lp.margin[i - must] = margin[j] / unit_of_value
        for e in range(rules.entry_start[base + j], rules.entry_start[base + j + 1]):
            t, w = rules.tie[e], desk.weight[e - first]
            if desk.row[t] >= 0 and w != 0:
                lp.row[entries], lp.weight[entries] = desk.row[t], w / desk.scale[t]
                entries += 1
        lp.start[i - must + 1] = entries


@part
def bound_of(unit, size, rules, desk):
    """Return the bound of the candidates in order, when none of them is decided."""
    bound = np.int64(0)
    for t in range(rules.tie_start[unit + 1] - rules.tie_start[unit]):
        if desk.price[t]:
            bound += desk.price[t] * min(desk.slack[t], desk.open[t])
    for i in range(size):
        bound += max(desk.rest[desk.order[i]], 0)
    return bound


@inlined_part
def hold(j, sign, chosen, base, first, rules, desk):
    """Move what is left and open of the ties when a candidate is decided (−1: open again); return the change."""
    change = np.int64(0)
    for e in range(rules.entry_start[base + j], rules.entry_start[base + j + 1]):
        t = rules.tie[e]
        price = desk.price[t]
        if price:
            w = desk.weight[e - first]
            change -= price * min(desk.slack[t], desk.open[t])
            if chosen:
                desk.slack[t] -= sign * w
            desk.open[t] -= sign * max(w, 0)
            change += price * min(desk.slack[t], desk.open[t])
    return change


@inlined_part
def loss(j, chosen, desk):
    """Return what deciding a candidate costs of the bound at least."""
    return max(-desk.rest[j], 0) if chosen else max(desk.rest[j], 0)
