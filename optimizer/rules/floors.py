"""The minimum of a frequency rule: floors, with a declared reaction when they cannot be met."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np

from optimizer.language.limits import ColumnLimit, Limit
from optimizer.problem.primitives import Floor, Overrides, Shortfall
from optimizer.rules.books import Line
from optimizer.rules.limits import per_quantum
from optimizer.rules.windows import windowed
from optimizer.rules.world import demanded

if TYPE_CHECKING:
    from optimizer.problem.primitives import Primitive
    from optimizer.rules.books import Books
    from optimizer.rules.frequency import Frequency
    from optimizer.rules.world import World


def compile_floor(rule: Frequency, need: Limit, world: World) -> Iterator[Primitive]:
    """Yield a floor: it is demanded of the customers that had a candidate, less what history gave them."""
    scope = world.scope(rule.name, where=rule.where, per=rule.per, for_each=rule.for_each)
    amount = world.amount(rule.total)
    past = None
    if rule.sees_history:
        past = world.past(scope, where=rule.where, clock="arrival", total=rule.total, amount=amount)
    spans = demanded(rule.within, world.first_day, world.last_day, world.history_start)
    found = windowed(scope, world.day("arrival"), spans, weight=amount.weight, past=past, keep_empty=True)
    group, label = world.reached(scope)
    pair_group = np.repeat(group, len(spans))
    instance = (label[:, None] * len(spans) + np.arange(len(spans))).ravel()
    if isinstance(need, ColumnLimit):
        wanted = world.own_limits(rule.name, need, scope, decimals=amount.decimals, down=False)[pair_group]
    else:
        each = world.limits(rule.name, need, scope, decimals=amount.decimals, down=False)
        wanted = each[found.label[instance]] if len(instance) else np.zeros(0, np.int64)
    width = max(len(found.label), 1)
    used = _lookup(found.past_group * width + found.past_instance, found.past_used, pair_group * width + instance)
    missing = np.maximum(wanted - used, 0)
    keep = missing > 0
    reaction = Shortfall.PENALTY if rule.penalty is not None else Shortfall(rule.if_short or "required")
    assert scope.partition is not None
    yield Floor(
        rule=rule.name,
        partition=scope.partition,
        uses=found.uses,
        need=np.zeros(len(found.label), np.int64),
        reaction=reaction,
        measure=amount.measure,
        penalty=per_quantum(rule.penalty, amount.decimals),
        overrides=Overrides.of(pair_group[keep], instance[keep], missing[keep], groups=scope.groups),
    )


def _lookup(keys: np.ndarray, numbers: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """Return the number of each asked key (ascending keys), 0 where there is none."""
    if not len(keys):
        return np.zeros(len(asked), np.int64)
    at = np.minimum(np.searchsorted(keys, asked), len(keys) - 1)
    return np.where(keys[at] == asked, numbers[at], 0)


def audit_floor(rule: Frequency, need: Limit, books: Books) -> Iterable[Line]:
    """Recount every demanded window of every customer that had a candidate; yield what is missing.

    What ``best_effort`` could have reached is not recounted: only that shortfalls are reported.
    """
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
    windows = books.demanded(rule.within)
    key = 'CAST(json_array(q.who, q."each", w.first, w.last, CAST(q.own AS VARCHAR)) AS VARCHAR)'
    joined = (
        f"FROM {asked} q CROSS JOIN {windows} w LEFT JOIN {rows} r "
        f'ON r.who = q.who AND r."each" = q."each" AND r.day BETWEEN w.first AND w.last'
    )
    planned = {s.key: s for s in books.sums(f"SELECT {key}, r.amount {joined} AND r.planned", rule.total)}
    past = {s.key: s for s in books.sums(f"SELECT {key}, r.amount {joined} AND NOT r.planned", rule.total)}
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
        soft = rule.penalty is not None or rule.if_short == "best_effort"
        broken = not soft and not (rule.if_short == "all_or_nothing" and used.total == 0)
        yield Line(rule.name, {**group, rule.per: who}, ">=", left, used.total, short, paid, broken=broken)
