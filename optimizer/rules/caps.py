"""The cap of a frequency rule: counters of contacts, of amounts, and of different keys."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np

from optimizer.errors import ScenarioError
from optimizer.language.limits import ColumnLimit, Limit
from optimizer.problem.primitives import UNLIMITED, Counter, DistinctCounter, IntArray, Overrides
from optimizer.rules.books import Line
from optimizer.rules.clockwork import in_windows
from optimizer.rules.keys import known_keys
from optimizer.rules.pairs import MICROSECONDS, evidence_sql, near_sql
from optimizer.rules.row_labels import shared_labels
from optimizer.rules.windows import Windowed

if TYPE_CHECKING:
    from optimizer.problem.primitives import Primitive
    from optimizer.rules.books import Books
    from optimizer.rules.frequency import Frequency
    from optimizer.rules.world import Past, Scope, World


def compile_cap(rule: Frequency, cap: Limit, world: World) -> Iterator[Primitive]:
    """Yield a counter (a knapsack for amounts) with an instance per (``for_each`` value, window)."""
    scope = world.scope(rule.name, where=rule.where, per=rule.per, for_each=rule.for_each)
    if rule.total.distinct:
        yield from _distinct(rule, cap, world, scope)
        return
    if rule.within is not None and world.may_be_negative(rule.total):
        raise ScenarioError(
            f"'{rule.total.text}' is negative for some candidates, and a window of it has no meaning",
            where=f"rule {rule.name}",
            fix="leave out 'within', or limit the positive part: greatest(…, 0)",
        )
    amount, past = world.counted(scope, rule.total, where=rule.where, clock="arrival", history=rule.sees_history)
    found = in_windows(rule.name, world, scope, rule.within, weight=amount.weight, past=past)
    own, limit = _limits(rule, cap, world, scope, found, amount.decimals)
    assert scope.partition is not None
    yield Counter(
        rule=rule.name,
        partition=scope.partition,
        uses=found.uses,
        limit=np.where(found.maximal, limit, UNLIMITED),
        measure=amount.measure,
        group_limit=own,
        overrides=_left(found, own, limit, found.past_used, scope.groups),
        decimals=amount.decimals,
        labels=shared_labels(rule.per, scope, found, rule.within),
    )


def _limits(
    rule: Frequency, cap: Limit, world: World, scope: Scope, found: Windowed, decimals: int
) -> tuple[IntArray | None, IntArray]:
    """Return each group's own limit, if the rule has one, and the limit of each instance."""
    if isinstance(cap, ColumnLimit):
        return world.own_limits(rule.name, cap, scope, decimals=decimals, down=True), np.zeros(len(found.label), int)
    return None, world.limits(rule.name, cap, scope, decimals=decimals, down=True)[found.label]


def _left(found: Windowed, own: IntArray | None, limit: IntArray, used: IntArray, groups: int) -> Overrides | None:
    """Return what history left of the limits; history above a cap leaves nothing, never less."""
    if not len(found.past_used):
        return None
    before = limit[found.past_instance] if own is None else own[found.past_group]
    return Overrides.of(found.past_group, found.past_instance, np.maximum(before - used, 0), groups=groups)


def _distinct(rule: Frequency, cap: Limit, world: World, scope: Scope) -> Iterator[Primitive]:
    """Yield a distinct counter: keys that history holds already are known, and cost nothing more."""
    assert scope.partition is not None
    key, _ = world.keys(rule.total.distinct)
    one = np.ones(world.kinds, np.int64)
    past: Past | None = None
    past_key: IntArray = np.zeros(0, np.int64)
    if rule.sees_history:
        past, past_key = world.past_keys(scope, rule.total.distinct, where=rule.where, clock="arrival")
    found = in_windows(rule.name, world, scope, rule.within, weight=one, past=past)
    own, limit = _limits(rule, cap, world, scope, found, 0)
    known = known_keys(found, past, past_key, hours=rule.within is not None and rule.within.seconds is not None)
    count = known.used
    pairs = zip(found.past_group.tolist(), found.past_instance.tolist(), strict=True)
    used = np.array([count.get(pair, 0) for pair in pairs], np.int64)
    yield DistinctCounter(
        rule=rule.name,
        partition=scope.partition,
        uses=found.uses,
        key=key,
        limit=np.where(found.maximal, limit, UNLIMITED),
        group_limit=own,
        overrides=_left(found, own, limit, used, scope.groups),
        known_group=known.group,
        known_instance=known.instance,
        known_key=known.key,
    )


def evidence_of_cap(rule: Frequency, books: Books) -> str:
    """Return SQL for which contacts share a window of the cap with each planned one."""
    rows = books.rows(
        where=rule.where,
        who=rule.per,
        each=rule.for_each,
        amount=rule.total,
        history=rule.sees_history,
        clock="arrival",
    )
    same = 'a."each" = b."each"'
    if rule.within is not None and rule.within.seconds is not None:
        return evidence_sql(rows, rows, f"{same} AND {near_sql(rule.within)}")
    windows = books.windows(rule.within, "arrival")
    return (
        f"SELECT e.* REPLACE (w.first AS first, w.last AS last) FROM ({evidence_sql(rows, rows, same)}) e "
        f"JOIN {rows} a ON a.contact = e.contact "
        f"JOIN {windows} w ON a.day BETWEEN w.first AND w.last AND e.day BETWEEN w.first AND w.last"
    )


def audit_cap(rule: Frequency, cap: Limit, books: Books) -> Iterable[Line]:
    """Recount every window of every customer; yield the breaches."""
    own = cap.column if isinstance(cap, ColumnLimit) else None
    rows = books.rows(
        where=rule.where,
        who=rule.per,
        each=rule.for_each,
        amount=rule.total,
        own=own,
        history=rule.sees_history,
        clock="arrival",
    )
    if rule.within is not None and rule.within.seconds is not None:
        # The fullest windows begin with a contact.
        starts = f'(SELECT DISTINCT who, "each", instant AS first FROM {rows})'
        end = f"w.first + to_microseconds({rule.within.seconds * MICROSECONDS})"
        joined = (
            f'FROM {rows} r JOIN (SELECT who AS owner, "each" AS of, first, {end} AS last FROM {starts} w) w '
            f'ON r.who = w.owner AND r."each" = w.of AND r.instant >= w.first AND r.instant < w.last'
        )
    else:
        windows = books.windows(rule.within, "arrival")
        joined = f"FROM {rows} r JOIN {windows} w ON r.day BETWEEN w.first AND w.last"
    if rule.total.counts:
        planned, past = "count(*) FILTER (planned)", "count(*) FILTER (NOT planned)"
        if rule.total.distinct:
            past = "count(DISTINCT pick) FILTER (NOT planned)"
            planned = f"count(DISTINCT pick) - {past}"
        least = str(cap) if isinstance(cap, Decimal) else "0"
        # Whoever has no more than the cap in all cannot have more in a window: most are done with here.
        many = f"SELECT alike FROM {rows} GROUP BY alike HAVING count(*) > {least}"
        joined += f" WHERE r.alike IN ({many})"
        counted = books.query(
            f'SELECT who, "each", w.first, w.last, {planned} AS used, {past} AS past, min(own) {joined} '
            f"GROUP BY ALL HAVING used > 0 AND used > greatest(0, {least} - past) ORDER BY ALL"
        )
        for who, each, first, last, used, gone, limit in counted:
            yield from _line(rule, cap, books, (who, each, first, last, limit), Decimal(used), Decimal(gone))
        return
    key = "who", '"each"', "w.first", "w.last", "CAST(own AS VARCHAR)"
    before = {one.key: one.total for one in books.sums(key, "amount", f"{joined} WHERE NOT planned", rule.total)}
    for found in books.sums(key, "amount", f"{joined} WHERE planned", rule.total):
        gone = before.get(found.key, Decimal(0))
        yield from _line(rule, cap, books, tuple(json.loads(found.key)), found.total, gone, found.slack)


def _line(
    rule: Frequency,
    cap: Limit,
    books: Books,
    of: tuple[str, str, object, object, object],
    used: Decimal,
    past: Decimal,
    slack: Decimal = Decimal(0),
) -> Iterator[Line]:
    who, each, first, last, own = of
    group = json.loads(each)
    limit = Decimal(str(own)) if isinstance(cap, ColumnLimit) else books.limit(rule.name, cap, group)
    left = max(Decimal(0), limit - past)
    if used > left + slack:
        if rule.within is not None and not rule.within.ever:
            group["window"] = f"{first}/{last}"
        yield Line(rule.name, {**group, rule.per: who}, "<=", left, used, used - left, broken=True)
