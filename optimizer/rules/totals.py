"""Totals over the whole plan: rows per group and window for the engines, exact sums for the audit."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import numpy.typing as npt

from optimizer.errors import ScenarioError
from optimizer.language.limits import Limit
from optimizer.problem.primitives import UNLIMITED, BoolArray, Incidence, IntArray, Rows, Switch
from optimizer.rules.books import Line
from optimizer.rules.hours import FAR, stretches
from optimizer.rules.limits import per_quantum
from optimizer.rules.pairs import MICROSECONDS
from optimizer.rules.row_labels import instance_labels
from optimizer.rules.total_lines import audit_hours, total_line
from optimizer.rules.windows import Windowed, windowed
from optimizer.rules.world import demanded, spans

if TYPE_CHECKING:
    from optimizer.problem.primitives import Primitive
    from optimizer.rules.books import Books
    from optimizer.rules.total import PlanTotal
    from optimizer.rules.world import Amount, Past, Scope, World

T = TypeVar("T", bound=np.generic)


def compile_total(rule: PlanTotal, world: World) -> Iterator[Primitive]:
    """Yield the rows of a total: one per (``for_each`` values, window)."""
    scope = world.scope(rule.name, where=rule.where, per=None, for_each=rule.for_each, tables=rule.tables)
    amount, past = world.counted(
        scope,
        rule.total,
        where=rule.where,
        clock="sending",
        history=rule.within is not None,
        missed=rule.limited if rule.penalty is not None else (),
        for_each=rule.for_each,
    )
    spread = _spread(rule, world, scope, amount, past)
    found = spread.found
    signed = world.may_be_negative(rule.total) or (past is not None and bool((past.weight < 0).any()))

    def left(limit: Limit, used: IntArray, *, down: bool) -> IntArray:
        each = world.limits(rule.name, limit, scope, decimals=amount.decimals, down=down)
        rest = each.reshape(len(scope.labels), scope.groups)[found.label] - used
        return np.asarray(rest if signed else np.maximum(rest, 0)).ravel()

    none = np.full(spread.most.size, UNLIMITED)
    lower, upper = -none, none
    for sense, limit in rule.limited:
        if sense in ("<=", "="):
            upper = np.where(spread.capped.ravel(), left(limit, spread.most, down=True), UNLIMITED)
        if sense in (">=", "="):
            demand = spread.asked.ravel() & world.cells(scope, found.label)
            lower = np.where(demand, left(limit, spread.least, down=False), -UNLIMITED)
    sides = {"": (lower, upper)}
    if np.any(lower > upper):  # in hours, history may leave less to a cap than it lacks to a minimum: no plan is both
        sides = {"at most": (-none, upper), "at least": (lower, none)}
    labels = tuple(
        json.dumps({**one, **other}, sort_keys=True)
        for one in instance_labels(scope, found, rule.within)
        for other in scope.group_labels
    )
    for part, (low, high) in sides.items() if rule.limited else ():
        yield Rows(
            rule=rule.name,
            part=part,
            uses=found.uses,
            lower=low,
            upper=high,
            partition=scope.partition,
            measure=amount.measure,
            penalty=per_quantum(rule.penalty, amount.decimals),
            decimals=amount.decimals,
            labels=labels,
        )
    if rule.lot is not None:
        yield _switch(rule, rule.lot, world, scope, amount)


@dataclass(frozen=True, slots=True, eq=False)
class _Spread:
    """The windows of a total, and what history has used of each.

    Parameters
    ----------
    found : Windowed
    most, least : (instances, groups) int arrays
        What caps and what minimums subtract.
    capped, asked : (instances, groups) bool arrays
        Where caps hold, and where minimums are demanded.
    """

    found: Windowed
    most: IntArray
    least: IntArray
    capped: BoolArray
    asked: BoolArray


def _spread(rule: PlanTotal, world: World, scope: Scope, amount: Amount, past: Past | None) -> _Spread:
    if rule.within is not None and rule.within.seconds is not None:
        return _spread_hours(rule, rule.within.seconds * MICROSECONDS, world, scope, amount, past)
    windows = spans(rule.within, world.first_day, world.last_day)
    found = windowed(scope, world.day("sending"), windows, weight=amount.weight, past=past, keep_empty=True)
    wanted = set(demanded(rule.within, world.first_day, world.last_day, world.history_start if rule.within else None))
    asked = np.array([(a, b) in wanted for a, b in zip(found.first, found.last, strict=True)], bool)
    used = np.zeros((len(found.label), scope.groups), np.int64)
    used[found.past_instance, found.past_group] = found.past_used
    return _Spread(found, used, used, np.ones(used.shape, bool), np.repeat(asked[:, None], scope.groups, axis=1))


def _spread_hours(
    rule: PlanTotal, width: int, world: World, scope: Scope, amount: Amount, past: Past | None
) -> _Spread:
    """Spread over windows of hours: of those that hold the same contacts, the fullest and the emptiest count."""
    spread = stretches(rule.name, scope, world.times("sending").instant, width, weight=amount.weight)
    label, group = (a.ravel() for a in np.indices((len(scope.labels), scope.groups)))
    bounds = world.bounds(scope, "sending")

    def by_row(numbers: npt.NDArray[T]) -> npt.NDArray[T]:
        shape = len(scope.labels), scope.groups, len(spread.end)
        return numbers.reshape(shape).swapaxes(1, 2).reshape(len(scope.labels) * len(spread.end), scope.groups)

    def used(first: IntArray, last: IntArray, *, most: bool) -> tuple[BoolArray, IntArray]:
        there, count = spread.past(rule.name, past, group, label, first[group], last[group], most=most)
        return by_row(there), by_row(count)

    asked, least = used(bounds.first(width), bounds.last(width), most=False)
    ever = np.full(scope.groups, FAR)
    everywhere, most = used(-ever, ever, most=True)
    touching, _ = used(bounds.opens - width + 1, bounds.closes - 1, most=True)
    filled = np.bincount(spread.found.uses.instance, minlength=len(most)) > 0
    return _Spread(spread.found, most, least, np.where(filled[:, None], everywhere, touching), asked)


def _switch(rule: PlanTotal, lot: Decimal, world: World, scope: Scope, amount: Amount) -> Switch:
    """Return the switch of each group: not at all, or at least a lot."""
    if world.may_be_negative(rule.total):
        raise ScenarioError(
            f"'{rule.total.text}' is negative for some candidates: a group's total of 0 may not be an unused group",
            where=f"rule {rule.name}",
            fix="make lots of the positive part: greatest(…, 0)",
        )
    kind = np.flatnonzero(scope.kinds)
    uses = Incidence.of(kind, scope.label[kind], amount.weight[kind], kinds=world.kinds, instances=len(scope.labels))
    size = min(math.ceil(Fraction(lot) * Fraction(10) ** amount.decimals), int(UNLIMITED) // 2)
    return Switch(
        rule=rule.name,
        uses=uses,
        partition=scope.partition,
        lot=size,
        measure=amount.measure,
        decimals=amount.decimals,
        labels=cell_labels(scope),
    )


def cell_labels(scope: Scope) -> tuple[str, ...]:
    """Name each (label, group) of a constraint by its values, label by label."""
    return tuple(json.dumps({**one, **other}, sort_keys=True) for one in scope.labels for other in scope.group_labels)


def audit_total(rule: PlanTotal, books: Books) -> Iterable[Line]:
    """Sum every group in every window exactly."""
    if rule.within is not None and rule.within.seconds is not None:
        yield from audit_hours(rule, rule.within.seconds * MICROSECONDS, books)
        return
    history = rule.within is not None
    rows = books.rows(
        where=rule.where, who=None, each=rule.for_each, amount=rule.total, history=history, clock="sending"
    )
    windows = books.windows(rule.within, "sending")
    key = '"each"', "w.first", "w.last"
    joined = f"FROM {rows} r JOIN {windows} w ON r.day BETWEEN w.first AND w.last"
    planned = {s.key: s for s in books.sums(key, "amount", f"{joined} WHERE planned", rule.total)}
    past = {s.key: s for s in books.sums(key, "amount", f"{joined} WHERE NOT planned", rule.total)}
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
                yield total_line(rule, label, sense, rest if signed else max(rest, Decimal(0)), used, slack)
        if rule.lot is not None:
            # A lot has no window: the group has one sum.
            yield _lot(rule, rule.lot, group, used, slack)


def _lot(rule: PlanTotal, lot: Decimal, group: Mapping[str, object], used: Decimal, slack: Decimal) -> Line:
    short = lot - used if used != 0 and lot - used > slack else Decimal(0)
    broken = short > 0 and not rule.report_only
    label = {**group, "lot": str(lot)}
    return Line(rule.name, label, ">=", lot, used, short, broken=broken, report_only=rule.report_only)
