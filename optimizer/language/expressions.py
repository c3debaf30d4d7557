"""Expressions: one SQL scalar expression over the joined columns, as planners write it.

The language is small on purpose: literals (``DATE '2026-11-23'`` among them), columns, arithmetic, comparisons,
AND/OR/NOT, IN, BETWEEN, LIKE, IS NULL, CASE, coalesce, least, greatest, abs, round and date parts. ``contacts`` is the
constant 1.

An expression is a function of one row: no sub-queries, no aggregates, no files, no clock and no chance. Its arithmetic
is done on doubles in the order written, so the same row gives the same bits, whatever the rows around it or the number
of threads; text is compared byte by byte.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, cast

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema
from sqlglot import exp

from optimizer.language import tree as syntax
from optimizer.language.limits import number
from optimizer.language.tokens import RESERVED, WORD

CONSTANT_ONE = "contacts"


@dataclass(frozen=True, slots=True, order=True)
class ColumnName:
    """A column as an expression names it: plain, or qualified by its table (``offers.cost``)."""

    table: str | None
    name: str

    def __str__(self) -> str:
        return f"{self.table}.{self.name}" if self.table else self.name


@dataclass(frozen=True, slots=True)
class Expression:
    """A checked expression. Two are equal when they are written alike.

    Made by :func:`parse`; pydantic fields of this type take text, and YAML's ``true`` and numbers.
    """

    text: str
    _tree: exp.Expression = field(compare=False, repr=False)

    def __str__(self) -> str:
        return self.text

    @property
    def columns(self) -> tuple[ColumnName, ...]:
        """The columns it names, each once, in order of appearance."""
        found = (_name(c) for c in self._tree.find_all(exp.Column, bfs=False) if not _is_one(c))
        return tuple(dict.fromkeys(found))

    @property
    def is_constant(self) -> bool:
        """Whether it names no column."""
        return not self.columns

    def sql(self, column: Callable[[ColumnName], str]) -> str:
        """Write it as DuckDB SQL, in brackets where it is more than a name or a number.

        Parameters
        ----------
        column : callable
            Returns the SQL of a column, quoted and qualified; called for every appearance.
        """
        return syntax.emit(self._tree, lambda c: "1" if _is_one(c) else column(_name(c)))

    def conjuncts(self) -> tuple[Expression, ...]:
        """Return the parts that AND joins at the top; the expression itself if there is none."""
        parts = tuple(syntax.operands(self._tree, exp.And))
        return (self,) if len(parts) == 1 else tuple(_of(_unnest(part).copy()) for part in parts)

    def texts(self) -> tuple[tuple[ColumnName, str], ...]:
        """Return the columns that are compared with a text by ``=`` or ``IN``, each with the text."""
        found = []
        for node in self._tree.find_all(exp.EQ, exp.In, bfs=False):
            others = node.expressions if isinstance(node, exp.In) else [node.expression]
            if isinstance(node.this, exp.Column):
                found += [
                    (_name(node.this), one.name) for one in others if isinstance(one, exp.Literal) and one.is_string
                ]
        return tuple(found)

    def qualified(self, resolve: Callable[[ColumnName], ColumnName]) -> Expression:
        """Return it with every column replaced by what ``resolve`` says the name means."""
        tree = self._tree.copy()
        for node in list(tree.find_all(exp.Column)):
            if not _is_one(node):
                name = resolve(_name(node))
                node.set("this", exp.to_identifier(name.name))
                node.set("table", exp.to_identifier(name.table) if name.table else None)
        return _of(tree)

    @classmethod
    def all_of(cls, parts: Iterable[Expression]) -> Expression:
        """Return one expression that is true when all parts are; ``TRUE`` for none."""
        trees = [exp.Paren(this=part._tree.copy()) for part in parts]
        if not trees:
            return parse("TRUE")
        tree: exp.Expression = trees[0]
        for another in trees[1:]:
            tree = exp.And(this=tree, expression=another)
        return _of(tree)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            _read, serialization=core_schema.plain_serializer_function_ser_schema(str)
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"type": ["string", "boolean", "number"], "description": "An SQL expression of one row."}


def parse(text: str) -> Expression:
    """Parse and check an expression.

    Raises
    ------
    ValueError
        It is not one scalar expression of the language; the message says what is refused.

    Examples
    --------
    >>> parse("propensity * value - cost").columns[0].name
    'propensity'
    """
    return Expression(text.strip(), syntax.build(text))


def _read(value: object) -> Expression:
    if isinstance(value, Expression):
        return value
    if isinstance(value, bool):
        return parse(str(value).upper())
    if isinstance(value, int | float | Decimal):
        return parse(str(number(value)))
    if not isinstance(value, str):
        raise ValueError("an expression is text\nMaybe put it in quotes")
    return parse(value)


def _unnest(tree: exp.Expression) -> exp.Expression:
    return cast(exp.Expression, tree.unnest())


def _of(tree: exp.Expression) -> Expression:
    """Make an expression of a tree; what needs no quotes in this language loses them."""
    for name in tree.find_all(exp.Identifier):
        plain = WORD.fullmatch(name.name) and name.name.upper() not in RESERVED
        name.set("quoted", not plain)
    return Expression(tree.sql(dialect="duckdb"), tree)


def _name(node: exp.Column) -> ColumnName:
    return ColumnName(node.table or None, node.name)


def _is_one(node: exp.Column) -> bool:
    return not node.table and node.name.lower() == CONSTANT_ONE
