"""The minimum of a frequency rule: floors, with a declared reaction when they cannot be met."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np

from optimizer.language.limits import ColumnLimit, Limit
from optimizer.problem.primitives import BoolArray, Floor, IntArray, Overrides, Shortfall
from optimizer.rules.books import Line, Sum
from optimizer.rules.hours import stretches
from optimizer.rules.keys import Known, known_keys
from optimizer.rules.limits import per_quantum
from optimizer.rules.pairs import MICROSECONDS
from optimizer.rules.row_labels import shared_labels
from optimizer.rules.windows import Windowed, windowed
from optimizer.rules.world import demanded

if TYPE_CHECKING:
    from optimizer.problem.primitives import Primitive
    from optimizer.rules.books import Books
    from optimizer.rules.frequency import Frequency
    from optimizer.rules.world import Amount, Past, Scope, World


def compile_floor(rule: Frequency, need: Limit, world: World) -> Iterator[Primitive]:
    """Yield a floor: it is demanded of the customers that had a candidate, less what history gave them."""
    scope = world.scope(rule.name, where=rule.where, per=rule.per, for_each=rule.for_each)
    amount, past = world.counted(
        scope,
        rule.total,
        where=rule.where,
        clock="arrival",
        history=rule.sees_history and not rule.total.distinct,
        missed=[(">=", need)] if rule.penalty is not None else (),
        for_each=rule.for_each,
    )
    past_key: IntArray = np.zeros(0, np.int64)
    if rule.sees_history and rule.total.distinct:
        past, past_key = world.past_keys(scope, rule.total.distinct, where=rule.where, clock="arrival")
    group, label = world.reached(scope)
    found, there, used, known = _windows(rule, world, scope, amount, past, past_key)
    each = there.shape[1]
    if isinstance(need, ColumnLimit):
        wanted = world.own_limits(rule.name, need, scope, decimals=amount.decimals, down=False)[group]
    else:
        wanted = world.limits(rule.name, need, scope, decimals=amount.decimals, down=False)[label]
    missing = np.where(there, np.maximum(wanted[:, None] - used, 0), 0)
    cell, window = np.nonzero(missing)
    assert scope.partition is not None
    yield Floor(
        rule=rule.name,
        partition=scope.partition,
        uses=found.uses,
        need=np.zeros(found.uses.instances, np.int64),
        reaction=Shortfall.PENALTY if rule.penalty is not None else Shortfall(rule.if_short or "required"),
        measure=amount.measure,
        penalty=per_quantum(rule.penalty, amount.decimals),
        overrides=Overrides.of(group[cell], label[cell] * each + window, missing[cell, window], groups=scope.groups),
        key=world.keys(rule.total.distinct)[0] if rule.total.distinct else None,
        known_group=known.group,
        known_instance=known.instance,
        known_key=known.key,
        decimals=amount.decimals,
        labels=shared_labels(rule.per, scope, found, rule.within),
    )


def _windows(
    rule: Frequency, world: World, scope: Scope, amount: Amount, past: Past | None, past_key: IntArray
) -> tuple[Windowed, BoolArray, IntArray, Known]:
    """Return who counts in which window of which label, and what is asked of the reached (group, label) cells.

    Returns
    -------
    found : Windowed
        Instance label · windows + window.
    there : (cells, windows) bool array
        Whether the minimum is demanded.
    used : (cells, windows) int array
        What history gave.
    known : Known
        Of a total of different keys, those that history holds; no others are told.
    """
    group, label = world.reached(scope)
    if rule.within is not None and rule.within.seconds is not None:
        width = rule.within.seconds * MICROSECONDS
        spread = stretches(rule.name, scope, world.times("arrival").instant, width, weight=amount.weight)
        bounds = world.bounds(scope, "arrival")
        first, last = bounds.first(width)[group], bounds.last(width)[group]
        there, used = spread.past(rule.name, past, group, label, first, last, most=False)
        return spread.found, there, used, Known.none()
    spans = demanded(rule.within, world.first_day, world.last_day, world.history_start)
    found = windowed(scope, world.day("arrival"), spans, weight=amount.weight, past=past, keep_empty=True)
    width = found.uses.instances
    instance = label[:, None] * len(spans) + np.arange(len(spans))
    asked = group[:, None] * width + instance
    if rule.total.distinct:
        known = known_keys(found, past, past_key, hours=False)
        pairs, count = np.unique(known.group * width + known.instance, return_counts=True)
        return found, np.ones(asked.shape, bool), _lookup(pairs, count, asked), known
    used = _lookup(found.past_group * width + found.past_instance, found.past_used, asked)
    return found, np.ones(asked.shape, bool), used, Known.none()


def _lookup(keys: IntArray, numbers: IntArray, asked: IntArray) -> IntArray:
    """Return the number of each asked key (ascending keys), 0 where there is none."""
    if not len(keys):
        return np.zeros(asked.shape, np.int64)
    at = np.minimum(np.searchsorted(keys, asked), len(keys) - 1)
    return np.where(keys[at] == asked, numbers[at], 0)


def audit_floor(rule: Frequency, need: Limit, books: Books) -> Iterable[Line]:
    """Recount every demanded window of every customer that had a candidate; yield what is missing."""
    own = need.column if isinstance(need, ColumnLimit) else None
    rows = books.rows(
        where=rule.where,
        who=rule.per,
        each=rule.for_each,
        amount=rule.total,
        history=rule.sees_history,
        clock="arrival",
    )
    asked = books.reached(where=rule.where, who=rule.per, each=rule.for_each, own=own)
    key = "q.who", 'q."each"', "w.first", "w.last", "CAST(q.own AS VARCHAR)"
    if rule.within is not None and rule.within.seconds is not None:
        windows = _hours(rule.per, rule.within.seconds * MICROSECONDS, rows, asked, books)
        joined = (
            f'FROM {asked} q JOIN ({windows}) w ON w.who = q.who AND w."each" = q."each" '
            f'LEFT JOIN {rows} r ON r.who = q.who AND r."each" = q."each" '
            "AND r.instant >= w.first AND r.instant < w.last"
        )
    else:
        joined = (
            f"FROM {asked} q CROSS JOIN {books.demanded(rule.within)} w LEFT JOIN {rows} r "
            f'ON r.who = q.who AND r."each" = q."each" AND r.day BETWEEN w.first AND w.last'
        )
    if rule.total.distinct:
        both = "count(DISTINCT r.pick)"
        gone = f"{both} FILTER (NOT r.planned)"
        text = f"CAST(json_array({', '.join(key)}) AS VARCHAR)"
        counted = books.query(f"SELECT {text} AS key, {both} - {gone}, {gone} {joined} GROUP BY 1 ORDER BY 1")
        planned = {text: Sum(text, Decimal(new), Decimal(0)) for text, new, _ in counted}
        past = {text: Sum(text, Decimal(old), Decimal(0)) for text, _, old in counted}
    else:
        planned = {s.key: s for s in books.sums(key, "r.amount", f"{joined} AND r.planned", rule.total)}
        past = {s.key: s for s in books.sums(key, "r.amount", f"{joined} AND NOT r.planned", rule.total)}
    for text, used in planned.items():
        who, each, first, last, mine = json.loads(text)
        group = json.loads(each)
        wanted = Decimal(str(mine)) if isinstance(need, ColumnLimit) else books.limit(rule.name, need, group)
        left = max(Decimal(0), wanted - past[text].total)
        short = left - used.total
        if short <= used.slack:
            continue
        if rule.within is not None and not rule.within.ever:
            group["window"] = f"{first}/{last}"
        paid = short * rule.penalty if rule.penalty is not None else Decimal(0)
        effort = rule.if_short == "best_effort"
        soft = rule.penalty is not None or effort
        broken = not soft and not (rule.if_short == "all_or_nothing" and used.total == 0)
        group[rule.per] = who
        yield Line(rule.name, group, ">=", left, used.total, short, paid, broken=broken, effort=effort)


def _hours(per: str, width: int, rows: str, asked: str, books: Books) -> str:
    """Return SQL for ``(who, each, first, last)``: the windows of hours in which a minimum is hardest to meet.

    They begin where a contact leaves or is just about to come, or end with the horizon.
    """
    bounds, length = books.bounds(per), f"to_microseconds({width})"
    moments = (
        f'SELECT who, "each", instant AS start FROM {rows} UNION SELECT who, "each", instant - {length} FROM {rows} '
        f'UNION SELECT q.who, q."each", make_timestamp(b.closes) - {length} '
        f"FROM {asked} q JOIN {bounds} b ON b.who = q.who"
    )
    return (
        f'SELECT m.who, m."each", m.start AS first, m.start + {length} AS last FROM ({moments}) m '
        f"JOIN {bounds} b ON b.who = m.who WHERE epoch_us(m.start) "
        f"BETWEEN greatest(b.since, b.opens - {width} + 1) AND b.closes - {width}"
    )
