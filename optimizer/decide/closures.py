"""Expressions as Python source: what a candidate is worth, and whether it may be used, without a database.

The source means what the SQL does wherever it gives an answer. Where it cannot be sure (a missing value in arithmetic,
text where a number should be) it raises ``TypeError`` or :class:`Odd`, and the request is compiled as a run's would be.
What the source has no words for is refused beforehand with :class:`NoWordsError`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlglot import exp

from optimizer.language.expressions import ColumnName, Expression

Write = Callable[[ColumnName], str]

ARITHMETIC: dict[type[exp.Expression], str] = {exp.Add: "+", exp.Sub: "-", exp.Mul: "*"}
COMPARISON: dict[type[exp.Expression], str] = {
    exp.EQ: "==", exp.NEQ: "!=", exp.LT: "<", exp.LTE: "<=", exp.GT: ">", exp.GTE: ">=",
}  # fmt: skip


class NoWordsError(Exception):
    """An expression that only a database understands."""


class Odd(Exception):
    """A value that needs a closer look."""


def number(expression: Expression, write: Write) -> str:
    """Return Python source of a number."""
    return _Source(write).number(expression._tree)


def truth(expression: Expression, write: Write) -> str:
    """Return Python source that is true where the expression is; NULL is not true."""
    return _Source(write).holds(expression._tree, True)


class _Source:
    def __init__(self, write: Write) -> None:
        self._write = write

    def number(self, node: Any) -> str:
        inner = node.unnest()
        kind = type(inner)
        if isinstance(inner, exp.Column):
            return self._column(inner)
        if isinstance(inner, exp.Literal) and not inner.is_string:
            return f"{float(inner.name)!r}"
        if isinstance(inner, exp.Neg):
            return f"(-{self.number(inner.this)})"
        if kind in ARITHMETIC:
            return f"({self.number(inner.this)} {ARITHMETIC[kind]} {self.number(inner.expression)})"
        if isinstance(inner, exp.Abs):
            return f"abs({self.number(inner.this)})"
        if isinstance(inner, exp.Div):
            return f"_divided({self.number(inner.this)}, {self.number(inner.expression)})"
        raise NoWordsError(inner.sql())

    def holds(self, node: Any, wanted: bool) -> str:
        """Return source that is true where a condition is known to be what is wanted."""
        inner = node.unnest()
        kind = type(inner)
        if isinstance(inner, exp.And | exp.Or):
            word = "and" if isinstance(inner, exp.And) == wanted else "or"
            return f"({self.holds(inner.this, wanted)} {word} {self.holds(inner.expression, wanted)})"
        if isinstance(inner, exp.Not):
            return self.holds(inner.this, not wanted)
        if isinstance(inner, exp.Boolean):
            return repr(bool(inner.this) == wanted)
        if isinstance(inner, exp.Column):
            return f"({self._column(inner)} is {wanted})"
        if isinstance(inner, exp.Is) and isinstance(inner.expression, exp.Null):
            return f"({self.operand(inner.this)} is {'' if wanted else 'not '}None)"
        if kind in COMPARISON:
            left, right = self.operand(inner.this), self.operand(inner.expression)
            test = f"{left} {COMPARISON[kind]} {right}"
            return self._known([left, right], test if wanted else f"not {test}")
        if isinstance(inner, exp.Between):
            one, low, high = (self.operand(x) for x in (inner.this, inner.args["low"], inner.args["high"]))
            test = f"{low} <= {one} <= {high}"
            return self._known([one, low, high], test if wanted else f"not {test}")
        if isinstance(inner, exp.In) and all(isinstance(x.unnest(), exp.Literal) for x in inner.expressions):
            one = self.operand(inner.this)
            listed = ", ".join(self.operand(x) for x in inner.expressions)
            return self._known([one], f"{one} {'' if wanted else 'not '}in ({listed},)")
        raise NoWordsError(inner.sql())

    def operand(self, node: Any) -> str:
        inner = node.unnest()
        if isinstance(inner, exp.Literal) and inner.is_string:
            return repr(inner.name)
        if isinstance(inner, exp.Boolean):
            return repr(bool(inner.this))
        return self.number(inner)

    def _column(self, node: Any) -> str:
        if not node.table and node.name.lower() == "contacts":
            return "1"
        return self._write(ColumnName(node.table or None, node.name))

    def _known(self, operands: list[str], test: str) -> str:
        guards = [f"{one} is not None" for one in operands if one.endswith("]")]
        return "(" + " and ".join([*guards, test]) + ")"


def divided(one: Any, other: Any) -> Any:
    """Divide as SQL does here: by zero there is no answer."""
    if not other:
        raise Odd
    return one / other
