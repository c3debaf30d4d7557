"""Lists of rules: the keys of a rule decide its class first, so that one mistake is one error."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationError
from pydantic_core import CoreSchema, InitErrorDetails, PydanticCustomError, core_schema

from optimizer.rules.base import Rule
from optimizer.rules.registry import model_for, models


@dataclass(frozen=True)
class _OneOf:
    """Reads a rule of a section."""

    section: str

    def read(self, value: object) -> Rule:
        if isinstance(value, Rule):
            return value
        if not isinstance(value, Mapping):
            raise ValueError("a rule is a name and keys with values\nMaybe {name: …, …}")
        try:
            model = model_for(self.section, value)
        except ValueError as error:
            raise self._at_key(str(error), value) from None
        return model.model_validate(value)

    def _at_key(self, message: str, rule: Mapping[str, Any]) -> Exception:
        """Point at the key that the message begins with, where it names one."""
        for key in rule:
            if message.startswith(f"unknown key '{key}'"):
                kind = PydanticCustomError("value_error", "{error}", {"error": message})
                return ValidationError.from_exception_data(
                    "rule", [InitErrorDetails(type=kind, loc=(key,), input=rule)]
                )
        return ValueError(message)

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            self.read, serialization=core_schema.plain_serializer_function_ser_schema(_written)
        )

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {
            "anyOf": [
                {**handler(kind.__pydantic_core_schema__), "anyOf": [{"required": sorted(mark)} for mark in kind.marks]}
                for kind in models(self.section)
            ]
        }


def _written(rule: Rule) -> dict[str, Any]:
    return rule.model_dump(mode="json", exclude_unset=True, by_alias=True)


Eligibility = tuple[Annotated[Rule, _OneOf("eligibility")], ...]
ContactPolicies = tuple[Annotated[Rule, _OneOf("contact_policies")], ...]
Constraints = tuple[Annotated[Rule, _OneOf("constraints")], ...]
