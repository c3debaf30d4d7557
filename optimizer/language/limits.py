"""Numbers as written, and limits: a number, a limits table, or a column of the customers table."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema

from optimizer.errors import cut

LARGEST_EXPONENT = 30
"""Numbers lie between 10**-30 and 10**30, so that exact sums stay small."""


def number(value: object) -> Decimal:
    """Return a number exactly as written; a float is its shortest decimal.

    Raises
    ------
    ValueError
        Not a finite decimal number.
    """
    text = repr(value) if isinstance(value, float) else str(value)
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
        raise ValueError(f"{cut(value)!r} is not a number\nMaybe 1, 0.5 or 1e6")
    try:
        found = Decimal(text)
    except InvalidOperation:
        raise ValueError(f"'{cut(text)}' is not a number\nMaybe 1, 0.5 or 1e6") from None
    if not found.is_finite():
        raise ValueError(f"'{cut(text)}' is not a finite number\nMaybe leave the limit out")
    if found and not -LARGEST_EXPONENT <= found.adjusted() <= LARGEST_EXPONENT:
        raise ValueError(f"'{cut(text)}' is beyond what can be counted exactly\nMaybe use a larger unit")
    return found


def _whole(value: object) -> int:
    found = number(value)
    if found != found.to_integral_value():
        raise ValueError(f"{cut(value)} is not a whole number\nMaybe {found.to_integral_value()}")
    return int(found)


def _share(value: object) -> Decimal:
    found = number(value)
    if not 0 <= found <= 1:
        fix = f"{found / 100}, if per cent are meant" if 2 <= found <= 100 else "0.3"
        raise ValueError(f"{cut(value)} is not a share: it must lie in 0..1\nMaybe {fix}")
    return found


def _unsigned(value: object) -> Decimal:
    found = number(value)
    if found < 0:
        raise ValueError(f"{cut(value)} is negative\nMaybe leave out the minus")
    return found


_SCHEMA = WithJsonSchema({"anyOf": [{"type": "number"}, {"type": "string", "pattern": r"^[-+]?\d+(\.\d+)?$"}]})
_AS_TEXT = PlainSerializer(str, return_type=str)

Number = Annotated[Decimal, BeforeValidator(number), _AS_TEXT, _SCHEMA]
"""A finite decimal, exactly as written."""
Unsigned = Annotated[Decimal, BeforeValidator(_unsigned), _AS_TEXT, _SCHEMA]
"""A finite decimal, not below 0."""
Share = Annotated[Decimal, BeforeValidator(_share), _AS_TEXT, _SCHEMA]
"""A decimal from 0 to 1."""
Whole = Annotated[int, BeforeValidator(_whole), WithJsonSchema({"type": "integer"})]
"""A whole number; 5000.0 is one."""


class TableLimit(BaseModel):
    """Limits from a table, joined on the ``for_each`` keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    table: str = Field(description="Path of the table, relative to the scenario file.")
    column: str = Field(description="The column that holds the limit.")
    default: Number | None = Field(None, description="The limit of keys that the table lacks; without it, an error.")


class ColumnLimit(BaseModel):
    """Each customer's own limit, from a column of the customers table."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    column: str = Field(description="A column of the customers table.")


def _limit(value: object) -> Any:
    """Choose the kind of limit by its shape, so that one mistake is one error."""
    if isinstance(value, TableLimit | ColumnLimit):
        return value
    if isinstance(value, Mapping):
        return (ColumnLimit if {"table", "default"}.isdisjoint(value) else TableLimit).model_validate(value)
    try:
        return number(value)
    except ValueError as error:
        raise ValueError(f"{str(error).splitlines()[0]}\nMaybe a number, {{table, column}} or {{column}}") from None


Limit = Annotated[Number | TableLimit | ColumnLimit, BeforeValidator(_limit)]
