"""Totals over the whole plan: rows per group and window for the engines, exact sums for the audit."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np

from optimizer.language.limits import Limit
from optimizer.problem.primitives import UNLIMITED, Incidence, IntArray, Rows, Switch
from optimizer.rules.books import Line, Sense
from optimizer.rules.limits import per_quantum
from optimizer.rules.windows import Windowed, windowed
from optimizer.rules.world import demanded, spans

if TYPE_CHECKING:
    from optimizer.problem.primitives import Primitive
    from optimizer.rules.books import Books
    from optimizer.rules.total import PlanTotal
    from optimizer.rules.world import Scope, World


def compile_total(rule: PlanTotal, world: World) -> Iterator[Primitive]:
    """Yield the rows of a total: one per (``for_each`` values, window)."""
    scope = world.scope(rule.name, where=rule.where, per=None, for_each=rule.for_each, tables=rule.tables)
    amount = world.amount(rule.total)
    past = None
    if rule.within is not None:
        past = world.past(scope, where=rule.where, clock="sending", total=rule.total, amount=amount)
    windows = spans(rule.within, world.first_day, world.last_day)
    found = windowed(scope, world.day("sending"), windows, weight=amount.weight, past=past, keep_empty=True)
    wanted = set(demanded(rule.within, world.first_day, world.last_day, world.history_start if rule.within else None))
    asked = np.array([(a, b) in wanted for a, b in zip(found.first, found.last, strict=True)], bool)
    used = np.zeros((len(found.label), scope.groups), np.int64)
    used[found.past_instance, found.past_group] = found.past_used
    signed = world.may_be_negative(rule.total) or (past is not None and bool((past.weight < 0).any()))

    def left(limit: Limit, *, down: bool) -> IntArray:
        each = world.limits(rule.name, limit, scope, decimals=amount.decimals, down=down)
        rest = each.reshape(len(scope.labels), scope.groups)[found.label] - used
        return np.asarray(rest if signed else np.maximum(rest, 0)).ravel()

    size = used.size
    lower: IntArray = np.full(size, -UNLIMITED)
    upper: IntArray = np.full(size, UNLIMITED)
    demand = np.repeat(asked, scope.groups)
    if any(sense != "<=" for sense, _ in rule.limited):
        demand &= world.cells(scope, found.label)
    for sense, limit in rule.limited:
        if sense in ("<=", "="):
            upper = left(limit, down=True)
        if sense in (">=", "="):
            lower = np.where(demand, left(limit, down=False), -UNLIMITED)
    if rule.limited:
        yield Rows(
            rule=rule.name,
            uses=found.uses,
            lower=lower,
            upper=upper,
            partition=scope.partition,
            measure=amount.measure,
            penalty=per_quantum(rule.penalty, amount.decimals),
            decimals=amount.decimals,
            labels=_labels(rule, scope, found),
        )
    if rule.lot is not None:
        kind = np.flatnonzero(scope.kinds)
        cells = Incidence.of(kind, scope.label[kind], 1, kinds=world.kinds, instances=len(scope.labels))
        yield Switch(rule=rule.name, uses=cells, partition=scope.partition, lot=math.ceil(rule.lot))


def _labels(rule: PlanTotal, scope: Scope, found: Windowed) -> tuple[str, ...]:
    """Name each row by its values and its window, in the order of the rows."""
    texts = []
    for label, first, last in zip(found.label, found.first, found.last, strict=True):
        for other in scope.group_labels:
            group = {**scope.labels[label], **other}
            if rule.within is not None and not rule.within.ever:
                group["window"] = window_text(int(first), int(last))
            texts.append(json.dumps(group, sort_keys=True))
    return tuple(texts)


def window_text(first: int, last: int) -> str:
    """Name a window by its first and last day."""
    import datetime as dt

    return f"{dt.date.fromordinal(first)}/{dt.date.fromordinal(last)}"


def audit_total(rule: PlanTotal, books: Books) -> Iterable[Line]:
    """Sum every group in every window exactly."""
    history = rule.within is not None
    rows = books.rows(
        where=rule.where, who=None, each=rule.for_each, amount=rule.total, history=history, clock="sending"
    )
    windows = books.windows(rule.within, "sending")
    key = 'CAST(json_array("each", w.first, w.last) AS VARCHAR)'
    joined = f"FROM {rows} r JOIN {windows} w ON r.day BETWEEN w.first AND w.last"
    planned = {s.key: s for s in books.sums(f"SELECT {key}, amount {joined} WHERE planned", rule.total)}
    past = {s.key: s for s in books.sums(f"SELECT {key}, amount {joined} WHERE NOT planned", rule.total)}
    signed = bool(books.query(f"SELECT 1 FROM {rows} WHERE amount < 0 LIMIT 1")) or books.may_be_negative(rule.total)
    minimum = {(str(a), str(b)) for a, b in books.query(f"SELECT first, last FROM {books.demanded(rule.within)}")}
    days = [(str(a), str(b)) for a, b in books.query(f"SELECT first, last FROM {windows} ORDER BY first")]
    named = history and rule.within is not None and not rule.within.ever
    for group in books.groups(rule.for_each, rule.where, rule.tables):
        each = json.dumps(group, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        for first, last in days:
            text = json.dumps([each, first, last], separators=(",", ":"), ensure_ascii=False)
            used, slack = (planned[text].total, planned[text].slack) if text in planned else (Decimal(0), Decimal(0))
            gone = past[text].total if text in past else Decimal(0)
            label = {**group, "window": f"{first}/{last}"} if named else group
            for sense, limit in rule.limited:
                if sense != "<=" and (first, last) not in minimum:
                    if sense == ">=":
                        continue
                    sense = "<="
                rest = books.limit(rule.name, limit, group) - gone
                yield _line(rule, label, sense, rest if signed else max(rest, Decimal(0)), used, slack)
        if rule.lot is not None:
            yield from _lot(
                rule, group, sum((s.total for k, s in planned.items() if json.loads(k)[0] == each), Decimal(0))
            )


def _lot(rule: PlanTotal, group: Mapping[str, object], used: Decimal) -> Iterator[Line]:
    assert rule.lot is not None
    short = Decimal(rule.lot) - used if 0 < used < rule.lot else Decimal(0)
    broken = short > 0 and not rule.report_only
    yield Line(rule.name, {**group, "lot": str(rule.lot)}, ">=", Decimal(rule.lot), used, short, broken=broken)


def _line(
    rule: PlanTotal, group: Mapping[str, object], sense: Sense, limit: Decimal, used: Decimal, slack: Decimal
) -> Line:
    over = {"<=": used - limit, ">=": limit - used, "=": abs(used - limit)}[sense]
    excess = over if over > slack else Decimal(0)
    soft = rule.penalty is not None or rule.report_only
    return Line(
        rule=rule.name,
        group=group,
        sense=sense,
        limit=limit,
        used=used,
        excess=excess,
        paid=excess * rule.penalty if rule.penalty is not None and not rule.report_only else Decimal(0),
        broken=excess > 0 and not soft,
        report_only=rule.report_only,
    )
