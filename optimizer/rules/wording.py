"""The phrases of which rules make their sentence for planners."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from optimizer.language.durations import Window
from optimizer.language.expressions import Expression
from optimizer.language.limits import ColumnLimit, Limit, TableLimit
from optimizer.rules.total_of import TotalOf

BOUNDS = {"<=": "at most", ">=": "at least", "=": "exactly"}


def bounds(limits: Iterable[tuple[str, Limit]], total: TotalOf) -> str:
    """Say limits on a total: ``at least 1 and at most 3 contacts``, ``at most 12.5 of cost``."""
    given = list(limits)
    said = [f"{BOUNDS[sense]} {_as_said(limit, total)}" for sense, limit in given if not isinstance(limit, Decimal)]
    numbers = [(BOUNDS[sense], limit) for sense, limit in given if isinstance(limit, Decimal)]
    if numbers:
        said.append(f"{' and '.join(f'{bound} {number(n)}' for bound, n in numbers)} {_noun(numbers[-1][1], total)}")
    return " and ".join(said)


def _as_said(limit: TableLimit | ColumnLimit, total: TotalOf) -> str:
    """Say a limit that stands elsewhere: ``as many contacts as limits.csv says``."""
    where = limit.table if isinstance(limit, TableLimit) else f"the customer's {limit.column}"
    many = "as much of" if total.expression is not None else "as many"
    what = total.text if total.expression is not None else _noun(Decimal(2), total)
    return f"{many} {what} as {where} says"


def _noun(count: Decimal, total: TotalOf) -> str:
    if total.contacts:
        return "contact" if count == 1 else "contacts"
    if total.distinct:
        what = "value" if len(total.distinct) == 1 else "combination"
        return f"different {what}{'' if count == 1 else 's'} of {' and '.join(total.distinct)}"
    return f"of {total.text}"


def number(value: Decimal | int) -> str:
    """Say a number: no zeros that mean nothing, thousands apart."""
    return f"{Decimal(value).normalize():,f}"


def where_true(condition: Expression | None) -> str:
    """Say which contacts are meant: `` where channel = 'mail'``, or nothing for all."""
    return "" if condition is None else f" where {condition.text}"


def for_each_of(columns: Sequence[str]) -> str:
    """Say that each value has a limit of its own: `` for each offer and channel``, or nothing."""
    return f" for each {' and '.join(columns)}" if columns else ""


def in_window(window: Window | None, *, history: bool = True) -> str:
    """Say when contacts count: ``, in any 7 days``; nothing stands for this plan alone."""
    if window is None:
        return ""
    text = "with all of history" if window.ever else f"in any {window.text}"
    return f", {text}" if history else f", {text} of this plan"


def at_a_price(penalty: Decimal | None, unit: str, senses: Iterable[str]) -> str:
    """Say what breaking a soft rule costs: ``; 2.5 lost for each contact missing``, or nothing for a hard rule."""
    off = {">=": "missing", "<=": "beyond it"}.get("".join(senses), "off it")
    return "" if penalty is None else f"; {number(penalty)} lost for each {unit} {off}"
