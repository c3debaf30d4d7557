"""Ranges that a column's numbers must lie in: ``0..1``, ``0..``, ``any``."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

from optimizer.errors import cut
from optimizer.language.limits import number


@dataclass(frozen=True, slots=True)
class Range:
    """A closed range; None is no end on that side."""

    low: Decimal | None = None
    high: Decimal | None = None

    def __str__(self) -> str:
        if self.low is None and self.high is None:
            return "any"
        return f"{'' if self.low is None else self.low}..{'' if self.high is None else self.high}"

    @classmethod
    def parse(cls, text: str) -> Range:
        """Read ``0..1``, ``0..``, ``..100`` or ``any``.

        Raises
        ------
        ValueError
            Not a range, or an empty one.
        """
        if text.strip() == "any":
            return cls()
        low, dots, high = (part.strip() for part in text.partition(".."))
        if not dots or not (low or high):
            raise ValueError(f"'{cut(text)}' is not a range\nMaybe '0..1', '0..' or 'any'")
        found = cls(number(low) if low else None, number(high) if high else None)
        if found.low is not None and found.high is not None and found.low > found.high:
            raise ValueError(f"'{cut(text)}': nothing lies in this range\nMaybe '{high}..{low}'")
        return found

    @classmethod
    def _read(cls, value: object) -> Range:
        if isinstance(value, Range):
            return value
        if not isinstance(value, str):
            raise ValueError(f"{cut(value)!r} is not a range\nMaybe '0..1', '0..' or 'any'")
        return cls.parse(value)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            cls._read, serialization=core_schema.plain_serializer_function_ser_schema(str)
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"type": "string", "description": "A range such as '0..1', '0..' or 'any'."}
