"""The allow-list: which nodes of a parsed expression mean something, and the SQL they become.

Everything is emitted anew from the tree, in brackets, so that no precedence of another parser matters. Arithmetic is
done on doubles, row by row, whatever the columns' number types: no overflow, no rounding to a column's decimals, true
division, and a division by zero is NULL.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import cast

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from optimizer.errors import cut, nearest
from optimizer.language.tokens import DATE_PARTS, normalise, quote

LONGEST_CHAIN = 100
"""Deepest tree, not counting chains of AND and of OR."""

_ARITHMETIC: dict[type[exp.Expression], str] = {exp.Add: "+", exp.Sub: "-", exp.Mul: "*", exp.Div: "/", exp.Mod: "%"}
_COMPARISON: dict[type[exp.Expression], str] = {
    exp.EQ: "=", exp.NEQ: "<>", exp.LT: "<", exp.LTE: "<=", exp.GT: ">", exp.GTE: ">=",
    exp.NullSafeEQ: "IS NOT DISTINCT FROM", exp.NullSafeNEQ: "IS DISTINCT FROM",
}  # fmt: skip
_CONNECTOR: dict[type[exp.Expression], str] = {exp.And: "AND", exp.Or: "OR"}
_PREDICATE = (*_COMPARISON, exp.In, exp.Between, exp.Like, exp.Is)
_FUNCTION: dict[type[exp.Expression], str] = {
    exp.Abs: "abs", exp.Round: "round", exp.Coalesce: "coalesce", exp.Greatest: "greatest", exp.Least: "least",
}  # fmt: skip
_DATE_PART: dict[type[exp.Expression], str] = {
    exp.Year: "year", exp.Quarter: "quarter", exp.Month: "month", exp.Week: "week", exp.Day: "day", exp.Hour: "hour",
    exp.Minute: "minute", exp.Second: "second", exp.DayOfWeek: "dayofweek", exp.DayOfWeekIso: "isodow",
    exp.DayOfYear: "dayofyear",
}  # fmt: skip
_PLAIN = (exp.Column, exp.Identifier, exp.Literal, exp.Null, exp.Boolean, exp.Paren, exp.Neg, exp.Not)
_OTHER = (exp.Case, exp.If, exp.Extract, exp.Var, exp.Cast, exp.DataType)
_NODES = frozenset((*_ARITHMETIC, *_CONNECTOR, *_PREDICATE, *_FUNCTION, *_DATE_PART, *_PLAIN, *_OTHER))
_ARGUMENTS = {
    exp.Column: {"this", "table"},
    exp.In: {"this", "expressions"},
    exp.Between: {"this", "low", "high"},
    exp.Round: {"this", "decimals"},
    exp.Like: {"this", "expression", "negate"},
}
"""What a node may carry, where that is less than the library knows."""


def build(text: str) -> exp.Expression:
    """Parse an expression into an allow-listed tree.

    Raises
    ------
    ValueError
        It is not one scalar expression of the language.
    """
    sql = normalise(text)
    try:
        trees = sqlglot.parse(sql, read="duckdb")
    except (SqlglotError, RecursionError) as error:
        raise ValueError(
            f"cannot read the expression {cut(text)!r}\nMaybe a bracket or an operator is missing"
        ) from error
    if len(trees) != 1 or trees[0] is None:
        raise ValueError(f"cannot read {cut(text)!r} as one expression\nMaybe an operator is missing")
    tree = cast(exp.Expression, trees[0])
    _check(tree)
    return tree


def operands(node: exp.Expression, connector: type[exp.Expression]) -> Iterator[exp.Expression]:
    """Yield what a chain of AND (or OR) connects, from left to right, through brackets."""
    pending = [node]
    while pending:
        node = pending.pop()
        inner = node.unnest()
        if isinstance(inner, connector):
            pending += [inner.expression, inner.this]
        else:
            yield node


def _check(tree: exp.Expression) -> None:
    pending: list[tuple[exp.Expression, int]] = [(tree, 0)]
    while pending:
        node, depth = pending.pop()
        if depth > LONGEST_CHAIN:
            raise ValueError(f"a chain of more than {LONGEST_CHAIN} operators\nMaybe use IN (…)")
        _check_node(node)
        for child in node.iter_expressions():
            same = type(child) is type(node) and type(node) in _CONNECTOR
            pending.append((child, depth if same else depth + 1))


def _check_node(node: exp.Expression) -> None:
    kind = type(node)
    carried = {key for key, value in node.args.items() if value}
    if kind not in _NODES or not carried <= _ARGUMENTS.get(kind, carried):
        raise ValueError(f"{_written(node)} is not allowed in an expression\nMaybe compute it as a column of the table")
    if kind in _PREDICATE or kind in _ARITHMETIC:
        loose = (exp.Not, *_PREDICATE) if kind in _PREDICATE else (exp.Not,)
        if any(isinstance(child, loose) for child in node.iter_expressions()):
            raise ValueError(f"comparisons are chained: {_written(node)}\nMaybe join them with AND, or use brackets")
    if isinstance(node, exp.Is) and not isinstance(node.expression, exp.Null | exp.Boolean):
        raise ValueError(f"{_written(node)}: IS takes NULL, TRUE or FALSE\nMaybe use =")
    if isinstance(node, exp.In) and not node.expressions:
        raise ValueError(f"{_written(node)}: IN needs a list\nMaybe IN ('a', 'b')")
    if isinstance(node, exp.Extract) and node.name.lower() not in DATE_PARTS:
        near = nearest(node.name, DATE_PARTS)
        raise ValueError(f"unknown date part '{node.name}'\nMaybe {near or 'one of ' + ', '.join(DATE_PARTS)}")
    if isinstance(node, exp.Cast):
        _check_date(node)


def _check_date(node: exp.Cast) -> None:
    try:
        dt.datetime.fromisoformat(node.name)
    except ValueError:
        raise ValueError(f"'{cut(node.name)}' is not a date\nMaybe DATE '2026-11-23'") from None


def _written(node: exp.Expression) -> str:
    return f"'{cut(node.sql(dialect='duckdb'))}'"


def emit(node: exp.Expression, column: Callable[[exp.Column], str]) -> str:
    """Write a checked tree as DuckDB SQL; ``column`` writes the columns."""

    def sql(child: exp.Expression) -> str:
        return emit(child, column)

    def double(child: exp.Expression) -> str:
        return sql(child) if _is_double(child) else f"1e0 * {sql(child)}"

    kind = type(node)
    if isinstance(node, exp.Column):
        return column(node)
    if isinstance(node, exp.Paren):
        return sql(node.this)
    if isinstance(node, exp.Literal):
        return quote(node.name, "'") if node.is_string else _number(node.name)
    if isinstance(node, exp.Null):
        return "NULL"
    if isinstance(node, exp.Boolean):
        return "TRUE" if node.this else "FALSE"
    if kind in _CONNECTOR:
        return "(" + f" {_CONNECTOR[kind]} ".join(sql(part) for part in operands(node, kind)) + ")"
    if isinstance(node, exp.Not):
        return f"(NOT {sql(node.this)})"
    if isinstance(node, exp.Neg):
        literal = isinstance(node.this, exp.Literal)
        return f"(- {sql(node.this) if literal else double(node.this)})"
    if isinstance(node, exp.Div | exp.Mod):
        return f"({double(node.this)} {_ARITHMETIC[kind]} nullif({sql(node.expression)}, 0))"
    if kind in _ARITHMETIC:
        return f"({double(node.this)} {_ARITHMETIC[kind]} {sql(node.expression)})"
    if kind in _COMPARISON:
        return f"({sql(node.this)} {_COMPARISON[kind]} {sql(node.expression)})"
    return _emit_other(node, sql)


def _emit_other(node: exp.Expression, sql: Callable[[exp.Expression], str]) -> str:
    kind = type(node)
    if isinstance(node, exp.Is):
        return f"({sql(node.this)} IS {sql(node.expression)})"
    if isinstance(node, exp.In):
        return f"({sql(node.this)} IN ({', '.join(map(sql, node.expressions))}))"
    if isinstance(node, exp.Between):
        return f"({sql(node.this)} BETWEEN {sql(node.args['low'])} AND {sql(node.args['high'])})"
    if isinstance(node, exp.Like):
        return f"({sql(node.this)} {'NOT LIKE' if node.args.get('negate') else 'LIKE'} {sql(node.expression)})"
    if isinstance(node, exp.Case):
        subject = f" {sql(node.this)}" if node.this else ""
        whens = "".join(f" WHEN {sql(when.this)} THEN {sql(when.args['true'])}" for when in node.args["ifs"])
        default = node.args.get("default")
        return f"(CASE{subject}{whens}{f' ELSE {sql(default)}' if default else ''} END)"
    if isinstance(node, exp.Extract):
        return f"date_part('{node.name.lower()}', {sql(node.expression)})"
    if isinstance(node, exp.Cast):
        return f"CAST({quote(node.name, chr(39))} AS {'DATE' if node.is_type('date') else 'TIMESTAMP'})"
    if kind in _DATE_PART:
        return f"date_part('{_DATE_PART[kind]}', {sql(node.this)})"
    arguments = [node.this, *node.expressions, *filter(None, [node.args.get("decimals")])]
    return f"{_FUNCTION[kind]}({', '.join(map(sql, arguments))})"


def _is_double(node: exp.Expression) -> bool:
    inner = node.unnest()
    if isinstance(inner, exp.Literal):
        return not inner.is_string and not inner.name.isdigit()
    return type(inner) in _ARITHMETIC or (isinstance(inner, exp.Neg) and not isinstance(inner.this, exp.Literal))


def _number(written: str) -> str:
    """Whole numbers stay whole (keys are compared with them); others are doubles, which an exponent says."""
    if written.isdigit() or "e" in written.lower():
        return written
    return written + "e0"
