"""Reads an expression word by word: refuses what the language does not have, and tells names from keywords.

A word where an operand is expected is a column, whatever SQL reserves: ``value``, ``at``, ``order``, ``end`` need no
quotes. Names come out quoted, so that the parser that follows cannot take them for anything else. Depth and length
are limited here, before any recursion.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import sqlglot
from sqlglot import TokenType
from sqlglot.errors import SqlglotError

from optimizer.errors import cut, nearest

LONGEST = 100_000
"""Most characters of an expression: a list of some thousand keys fits."""
DEEPEST = 24
"""Deepest nesting of brackets and CASE: the parser spends some twenty frames on each."""

DATE_PARTS = (
    "year", "quarter", "month", "week", "day", "hour", "minute", "second", "dayofweek", "isodow", "dayofyear",
)  # fmt: skip
FUNCTIONS = ("abs", "coalesce", "greatest", "least", "round", "extract", *DATE_PARTS)

_QUERIES = frozenset({"SELECT", "WITH"})
RESERVED = _QUERIES | {"NOT", "CASE", "WHEN", "NULL", "TRUE", "FALSE"}
"""Words that are never a bare column name."""
_BETWEEN_OPERANDS = frozenset({"AND", "OR", "IN", "BETWEEN", "LIKE", "IS", "WHEN", "THEN", "ELSE", "FROM"})
_SYMBOLS = frozenset({"+", "-", "*", "/", "%", "=", "==", "<>", "!=", "<", "<=", ">", ">=", ","})

WORD = re.compile(r"[^\W\d]\w*")
_NUMBER = re.compile(r"(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


@dataclass(frozen=True, slots=True)
class _Piece:
    kind: str
    """``word``, ``name`` (quoted by the author), ``text``, ``number`` or ``symbol``."""
    raw: str
    """As written; without its quotes for ``name`` and ``text``."""

    @property
    def upper(self) -> str:
        return self.raw.upper() if self.kind == "word" else ""

    def __str__(self) -> str:
        return cut(self.raw, 40)


_NOTHING = _Piece("symbol", "")


def normalise(text: str) -> str:
    """Return an expression as SQL in which every column is quoted and every word is the language's own.

    Raises
    ------
    ValueError
        The text holds something that the language does not have.
    """
    return " ".join(_Reader(_pieces(text)).read())


def quote(name: str, mark: str = '"') -> str:
    """Quote a name (or, with ``mark="'"``, a text) for SQL."""
    return mark + name.replace(mark, mark * 2) + mark


def _pieces(text: str) -> list[_Piece]:
    if len(text) > LONGEST:
        raise ValueError(f"an expression of {len(text):,} characters; at most {LONGEST:,} are read\n{_AS_COLUMN}")
    try:
        tokens = sqlglot.tokenize(text, read="duckdb")
    except SqlglotError as error:
        raise ValueError(f"cannot read {cut(text)!r}: a quote is not closed\nMaybe close it") from error
    pieces: list[_Piece] = []
    end = 0
    for token in tokens:
        _blank(text[end : token.start])
        end = token.end + 1
        pieces.append(_piece(token.token_type, token.text, text[token.start : end]))
    _blank(text[end:])
    if not pieces:
        raise ValueError("an empty expression\nMaybe leave the key out")
    return pieces


def _blank(between: str) -> None:
    if between.strip():
        raise ValueError(f"comments are not allowed in an expression: {cut(between.strip())}\nMaybe use a YAML comment")


def _piece(kind: TokenType, inner: str, raw: str) -> _Piece:
    if kind is TokenType.STRING and raw.startswith("'"):
        return _Piece("text", inner)
    if kind is TokenType.IDENTIFIER and raw.startswith('"'):
        return _Piece("name", inner)
    if kind is TokenType.NUMBER:
        return _Piece("number", raw)
    return _Piece("word" if WORD.fullmatch(raw) else "symbol", raw)


_AS_COLUMN = "Maybe compute it as a column of the table"


class _Reader:
    """Walks over the pieces, always knowing whether an operand or an operator must come."""

    def __init__(self, pieces: Sequence[_Piece]) -> None:
        self.pieces = pieces
        self.out: list[str] = []
        self.at = 0
        self.operand_next = True
        self.brackets = self.cases = self.prefixes = 0

    def read(self) -> list[str]:
        while self.at < len(self.pieces):
            if self.operand_next:
                self._operand(self._peek())
            else:
                self._operator(self._peek())
            if self.brackets + self.cases + self.prefixes > DEEPEST:
                raise ValueError(f"nested deeper than {DEEPEST}\nMaybe compute part of it as a column of the table")
        if self.operand_next:
            raise ValueError(
                f"the expression ends after '{self.pieces[-1]}': something is missing\nMaybe a value or a column"
            )
        if self.brackets:
            raise ValueError("a bracket is not closed\nMaybe add ')'")
        if self.cases:
            raise ValueError("a CASE is not closed\nMaybe add END")
        return self.out

    def _peek(self, ahead: int = 0) -> _Piece:
        position = self.at + ahead
        return self.pieces[position] if 0 <= position < len(self.pieces) else _NOTHING

    def _take(self, out: str | None = None, *, operand_next: bool = False) -> None:
        self.out.append(self._peek().raw if out is None else out)
        self.at += 1
        self.operand_next = operand_next

    def _operand(self, piece: _Piece) -> None:
        if piece.kind == "word":
            self._word(piece)
        elif piece.kind == "name":
            self._column()
        elif piece.kind == "text":
            self._take(quote(piece.raw, "'"))
        elif piece.kind == "number":
            self._take(_number(piece.raw))
        elif piece.raw == "." and self._peek(1).kind == "number":
            self.at += 1
            self._take(_number("0." + self._peek().raw))
        elif piece.raw == "(":
            self.brackets += 1
            self._take(operand_next=True)
        elif piece.raw in ("-", "+"):
            self._prefix()
        elif piece.raw in _SYMBOLS or piece.raw == ")":
            before = f" after '{self._peek(-1)}'" if self.at else ""
            raise ValueError(
                f"'{piece}'{before}: a value or a column is missing\nMaybe delete it, or write what it joins"
            )
        else:
            raise _refused(piece)
        if not self.operand_next:
            self.prefixes = 0

    def _word(self, piece: _Piece) -> None:
        following, before = self._peek(1), self._peek(-1).upper
        if piece.upper == "NOT":
            self._prefix()
        elif piece.upper in ("CASE", "WHEN"):
            self.cases += piece.upper == "CASE"
            self._take(operand_next=True)
        elif piece.upper in ("NULL", "TRUE", "FALSE") or (piece.upper == "DISTINCT" and before in ("IS", "NOT")):
            self._take()
        elif piece.upper in _QUERIES:
            raise ValueError(
                f"'{piece}': sub-queries are not allowed in an expression\nMaybe compute it as a column of the table"
            )
        elif following.raw == "(" and following.kind == "symbol":
            _check_function(piece)
            self._take(operand_next=True)
        elif piece.upper in ("DATE", "TIMESTAMP") and following.kind == "text":
            self._take()
            self._take(quote(following.raw, "'"))
        elif self._peek(-2).upper == "EXTRACT" and following.upper == "FROM":
            self._take()
        else:
            self._column()

    def _column(self) -> None:
        self._take(quote(self._peek().raw))
        if self._peek().raw == "." and self._peek().kind == "symbol":
            self._take()
            if self._peek().kind not in ("word", "name"):
                raise ValueError(f"'{self._peek(-2)}.' needs a column's name after the dot\nMaybe 'offers.cost'")
            self._take(quote(self._peek().raw))

    def _prefix(self) -> None:
        self.prefixes += 1
        self._take(operand_next=True)

    def _operator(self, piece: _Piece) -> None:
        if piece.upper == "END":
            self.cases -= 1
            self._take()
        elif piece.upper == "NOT":  # NOT IN, NOT LIKE, NOT BETWEEN
            self._take()
        elif piece.kind == "symbol" and piece.raw == ")":
            self.brackets -= 1
            if self.brackets < 0:
                raise ValueError("')' closes no bracket\nMaybe delete it")
            self._take()
        elif piece.raw == "," and piece.kind == "symbol" and not self.brackets:
            raise ValueError("',' outside brackets: one expression is expected\nMaybe write decimals with a point")
        elif piece.upper in _BETWEEN_OPERANDS or (piece.kind == "symbol" and piece.raw in _SYMBOLS):
            self._take(operand_next=True)
        else:
            raise _refused(piece, after=self._peek(-1))


def _number(raw: str) -> str:
    if not _NUMBER.fullmatch(raw) or float(raw) == float("inf"):
        raise ValueError(f"'{cut(raw, 40)}' is not a number\nMaybe 1.5 or 1e6")
    return raw


def _check_function(piece: _Piece) -> None:
    if piece.raw.lower() not in FUNCTIONS:
        near = nearest(piece.raw, FUNCTIONS)
        fix = f"you meant '{near}'" if near else "use one of " + ", ".join(FUNCTIONS)
        raise ValueError(f"unknown function '{piece}'\nMaybe {fix}")


def _refused(piece: _Piece, after: _Piece | None = None) -> ValueError:
    place = f"'{piece}' after '{after}'" if after else f"'{piece}'"
    if piece.kind == "symbol":
        return ValueError(f"{place} is not allowed in an expression\nMaybe leave it out")
    near = nearest(piece.raw, ("AND", "OR", "IN", "BETWEEN", "LIKE", "IS")) if piece.kind == "word" else None
    return ValueError(f"{place}: an operator is missing\nMaybe " + (f"you meant {near}" if near else "AND or OR"))
