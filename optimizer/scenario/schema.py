"""The JSON Schema of scenario files, made from the same models that check them."""

from __future__ import annotations

from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from optimizer.scenario.model import Scenario


class _Generate(GenerateJsonSchema):
    """As a planner sees it: no invented titles, and a key without a value is left out instead of null."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        found = super().default_schema(schema)
        if not isinstance(found.get("default"), bool | int | str):
            found.pop("default", None)
        return found


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of scenario files: what editors complete and check by."""
    schema = Scenario.model_json_schema(schema_generator=_Generate)
    return {
        "$schema": GenerateJsonSchema.schema_dialect,
        **schema,
        "title": "contactopt scenario",
        "description": "What to plan, over which days, from which tables, and what must hold.",
    }
