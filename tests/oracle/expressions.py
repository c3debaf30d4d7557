"""The expression language on one row, by walking the SQL tree: three-valued logic, doubles, nothing else."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import date
from functools import lru_cache
from typing import Any

import sqlglot
from sqlglot import exp

from tests.oracle.refused import Refused

AMBIGUOUS = object()
"""Stands in a row for a bare name that two tables hold."""

Row = Mapping[str, Any]


@lru_cache(maxsize=10_000)
def parsed(text: str) -> exp.Expr:
    return sqlglot.parse_one(text, dialect="duckdb")


def names(text: object) -> set[str]:
    """Return the column names that an expression mentions, without their tables."""
    return {column.name for column in parsed(str(text)).find_all(exp.Column)}


def evaluate(text: object, row: Row) -> Any:
    """Return the value of an expression on a row; None is NULL."""
    return _value(parsed(str(text)), row)


def is_true(text: object, row: Row) -> bool:
    """Tell whether a condition holds; NULL is not true (line 24)."""
    return evaluate(text, row) is True


def _column(node: exp.Column, row: Row) -> Any:
    name = f"{node.table}.{node.name}" if node.table else node.name
    if name == "contacts":
        return 1
    if name not in row:
        raise Refused("scenario", f"unknown column {name}")
    if row[name] is AMBIGUOUS:
        raise Refused("scenario", f"two tables hold {name}")
    return row[name]


def _divide(a: float, b: float) -> float:
    if b == 0:
        return math.nan if a == 0 or math.isnan(a) else math.copysign(math.inf, a)
    return a / b


def _round(x: float, places: int = 0) -> float:
    """Halves go away from zero, as in SQL."""
    scaled = abs(x) * 10**places
    return math.copysign(math.floor(scaled + 0.5) / 10**places, x)


def _like(pattern: str) -> re.Pattern[str]:
    return re.compile("".join({"%": ".*", "_": "."}.get(c, re.escape(c)) for c in pattern), re.DOTALL)


def _same_kind(a: Any, b: Any) -> None:
    if isinstance(a, str) != isinstance(b, str):
        raise Refused("scenario", f"{a!r} and {b!r} cannot be compared")


def _compare(function: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def compared(a: Any, b: Any) -> bool:
        _same_kind(a, b)
        return function(a, b)

    return compared


STRICT: dict[type[exp.Expr], Callable[..., Any]] = {
    exp.Add: lambda a, b: a + b,
    exp.Sub: lambda a, b: a - b,
    exp.Mul: lambda a, b: a * b,
    exp.Div: _divide,
    exp.Mod: lambda a, b: math.fmod(a, b),
    exp.EQ: _compare(lambda a, b: a == b),
    exp.NEQ: _compare(lambda a, b: a != b),
    exp.GT: _compare(lambda a, b: a > b),
    exp.GTE: _compare(lambda a, b: a >= b),
    exp.LT: _compare(lambda a, b: a < b),
    exp.LTE: _compare(lambda a, b: a <= b),
    exp.Like: lambda a, b: _like(b).fullmatch(a) is not None,
    exp.ILike: lambda a, b: _like(b.lower()).fullmatch(a.lower()) is not None,
}
"""Two operands; NULL if either is."""

UNARY: dict[type[exp.Expr], Callable[[Any], Any]] = {
    exp.Neg: lambda a: -a,
    exp.Abs: abs,
    exp.Year: lambda a: a.year,
    exp.Month: lambda a: a.month,
    exp.Day: lambda a: a.day,
    exp.DayOfWeekIso: lambda a: a.isoweekday(),
    exp.TsOrDsToDate: lambda a: a,
}
"""One operand; NULL if it is."""


def _value(node: exp.Expr, row: Row) -> Any:
    def of(child: exp.Expr) -> Any:
        return _value(child, row)

    if type(node) in STRICT:
        a, b = of(node.this), of(node.expression)
        return None if a is None or b is None else STRICT[type(node)](a, b)
    if type(node) in UNARY:
        a = of(node.this)
        if isinstance(a, str):
            a = date.fromisoformat(a[:10])
        return None if a is None else UNARY[type(node)](a)
    match node:
        case exp.Column():
            return _column(node, row)
        case exp.Literal():
            return node.this if node.is_string else float(node.this)
        case exp.Boolean():
            return node.this
        case exp.Null():
            return None
        case exp.Paren():
            return of(node.this)
        case exp.And():
            sides = [of(node.this), of(node.expression)]
            return False if False in sides else None if None in sides else True
        case exp.Or():
            sides = [of(node.this), of(node.expression)]
            return True if True in sides else None if None in sides else False
        case exp.Not():
            a = of(node.this)
            return None if a is None else not a
        case exp.Is():
            return of(node.this) is of(node.expression)
        case exp.In():
            a = of(node.this)
            others = [of(item) for item in node.expressions]
            if a is None:
                return None
            for other in others:
                if other is not None:
                    _same_kind(a, other)
            return True if a in [o for o in others if o is not None] else None if None in others else False
        case exp.Between():
            return _value(
                exp.And(
                    this=exp.GTE(this=node.this, expression=node.args["low"]),
                    expression=exp.LTE(this=node.this, expression=node.args["high"]),
                ),
                row,
            )
        case exp.Case():
            for branch in node.args["ifs"]:
                condition = branch.this
                if node.this is not None:
                    condition = exp.EQ(this=node.this, expression=condition)
                if of(condition) is True:
                    return of(branch.args["true"])
            return of(node.args["default"]) if node.args.get("default") else None
        case exp.Coalesce():
            return next((v for v in map(of, [node.this, *node.expressions]) if v is not None), None)
        case exp.Greatest() | exp.Least():
            known = [v for v in map(of, [node.this, *node.expressions]) if v is not None]
            choose = max if isinstance(node, exp.Greatest) else min
            return choose(known) if known else None
        case exp.Round():
            a = of(node.this)
            places = node.args.get("decimals")
            return None if a is None else _round(a, int(of(places)) if places is not None else 0)
    raise Refused("scenario", f"{type(node).__name__} is not part of the language")
