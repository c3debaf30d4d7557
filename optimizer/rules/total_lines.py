"""What the audit says of a total: one line per group and window; and the recount in windows of hours."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING

from optimizer.rules.books import Line, Sense, Sum
from optimizer.rules.hours import FAR, hours_text

if TYPE_CHECKING:
    from optimizer.rules.books import Books
    from optimizer.rules.total import PlanTotal
    from optimizer.rules.world import Limit


def total_line(
    rule: PlanTotal, group: Mapping[str, object], sense: Sense, limit: Decimal, used: Decimal, slack: Decimal
) -> Line:
    """Return the line of one group in one window."""
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


def audit_hours(rule: PlanTotal, width: int, books: Books) -> Iterator[Line]:
    """Recount windows of so many microseconds, which may begin at any moment.

    Windows that hold the same slots are one line, which tells of the tightest of them and is named after the last.
    """
    rows = books.rows(where=rule.where, who=None, each=rule.for_each, amount=rule.total, history=True, clock="sending")
    slots = books.instants(rule.where, "sending")
    ends = sorted({moment for slot in slots for moment in (slot, slot - width)})
    signed = bool(books.query(f"SELECT 1 FROM {rows} WHERE amount < 0 LIMIT 1")) or books.may_be_negative(rule.total)
    capped, asked = _starts(books, rows, slots, width, signed=signed)
    planned, past = (_sums(rule, books, rows, capped | asked, width, side) for side in ("planned", "NOT planned"))
    for group in books.groups(rule.for_each, rule.where, rule.tables):
        each = json.dumps(group, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        tightest: dict[tuple[int, Sense], tuple[Decimal, Line]] = {}
        for sense, limit, start in _demands(rule, capped, asked):
            stretch = bisect_left(ends, start)
            name = ends[stretch] if stretch < len(ends) else FAR
            used, gone = planned.get((each, start), NOTHING), past.get((each, start), NOTHING)
            rest = books.limit(rule.name, limit, group) - gone.total
            rest = rest if signed else max(rest, Decimal(0))
            label = {**group, "window": hours_text(name, name + width - 1)}
            room = rest - used.total if sense == "<=" else used.total - rest
            if (stretch, sense) not in tightest or room < tightest[stretch, sense][0]:
                tightest[stretch, sense] = room, total_line(rule, label, sense, rest, used.total, used.slack)
        yield from (line for _, line in tightest.values())


NOTHING = Sum("", Decimal(0), Decimal(0))


def _starts(books: Books, rows: str, slots: list[int], width: int, *, signed: bool) -> tuple[set[int], set[int]]:
    """Return the moments at which the tightest windows begin: of caps, and of minimums.

    What a window holds changes where a contact enters or leaves. Past contacts only leave, so unless some are
    committed ahead or negative, a window has most of them when it begins as early, and least when as late, as its
    slots allow.
    """
    ((since, opens, closes),) = books.query(f"SELECT since, opens, closes FROM {books.bounds(None)}")
    ahead = f"epoch_us(instant) >= {slots[0]}" if slots and not signed else "true"
    moving = [
        moment
        for (moment,) in books.query(f"SELECT DISTINCT epoch_us(instant) FROM {rows} WHERE NOT planned AND {ahead}")
    ]
    turns = {moment for slot in [*slots, *moving] for moment in (slot, slot - width)}
    first, last = max(since, opens - width + 1), closes - width
    asked = {turn for turn in (*turns, last) if first <= turn <= last}
    capped = set()
    for start in (turn + 1 for turn in turns):
        at = bisect_left(slots, start)
        holds = at < len(slots) and slots[at] < start + width
        if holds or (signed and opens < start + width and start < closes):
            capped.add(start)
    return capped, asked


def _demands(rule: PlanTotal, capped: set[int], asked: set[int]) -> Iterator[tuple[Sense, Limit, int]]:
    for sense, limit in rule.limited:
        if sense in ("<=", "="):
            yield from (("<=", limit, start) for start in sorted(capped))
        if sense in (">=", "="):
            yield from ((">=", limit, start) for start in sorted(asked))


def _sums(
    rule: PlanTotal, books: Books, rows: str, starts: set[int], width: int, side: str
) -> dict[tuple[str, int], Sum]:
    """Return the exact total of each group's contacts in each window."""
    if not starts:
        return {}
    listed = ", ".join(f"({start})" for start in sorted(starts))
    found = books.sums(
        ('"each"', "w.start"),
        "amount",
        f"FROM {rows} r JOIN (VALUES {listed}) w(start) "
        f"ON epoch_us(r.instant) >= w.start AND epoch_us(r.instant) < w.start + {width} WHERE {side}",
        rule.total,
    )
    return {tuple(json.loads(one.key)): one for one in found}
