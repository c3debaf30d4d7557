"""What a limit counts: contacts, an amount, or different keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

from optimizer.language.expressions import Expression, parse


@dataclass(frozen=True, slots=True)
class TotalOf:
    """``contacts``, an expression such as ``cost``, or ``distinct channel, slot``.

    Exactly one of the three: ``expression`` is set for an amount, ``distinct`` for different keys, neither for
    contacts.
    """

    text: str
    expression: Expression | None = None
    distinct: tuple[str, ...] = ()

    @property
    def contacts(self) -> bool:
        """Whether contacts are counted, one each."""
        return self.expression is None and not self.distinct

    @property
    def counts(self) -> bool:
        """Whether the total is a whole number by nature."""
        return self.expression is None

    def __str__(self) -> str:
        return self.text


CONTACTS = TotalOf("contacts")


def _read(value: object) -> TotalOf:
    if isinstance(value, TotalOf):
        return value
    if not isinstance(value, str):
        raise ValueError("a total is text\nMaybe 'contacts', a column such as 'cost', or 'distinct channel, slot'")
    text = value.strip()
    if text == "contacts":
        return CONTACTS
    head, _, rest = text.partition(" ")
    if head == "distinct":
        names = tuple(part.strip() for part in rest.split(","))
        if not all(names):
            raise ValueError("'distinct' needs columns after it\nMaybe 'distinct channel, slot'")
        return TotalOf(text, distinct=names)
    return TotalOf(text, expression=parse(text))


Total = Annotated[
    TotalOf,
    BeforeValidator(_read),
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"type": "string", "description": "contacts, an expression, or 'distinct column, …'"}),
]
