"""The JSON Schema keeps step with the models, because editors believe it."""

import json
from collections.abc import Iterator
from typing import Any, get_args

import pytest
from jsonschema import Draft202012Validator
from pydantic import BaseModel

from optimizer.rules.registry import models, sections
from optimizer.scenario import Scenario
from optimizer.scenario.schema import json_schema
from optimizer.scenario.yaml import read
from tests.scenario.examples import SMALL, SPRING


@pytest.fixture(scope="module")
def validator() -> Draft202012Validator:
    schema = json.loads(json.dumps(json_schema()))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def data(text: str) -> Any:
    return json.loads(json.dumps(read(text, "s.yaml").data, default=float))


@pytest.mark.parametrize("text", [SPRING, SMALL], ids=["spring", "small"])
def test_every_example_is_valid_by_the_schema(validator: Draft202012Validator, text: str) -> None:
    assert list(validator.iter_errors(data(text))) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("at_most: 120000", "at_mots: 120000"),
        ("objective:", "objektive:"),
        ("spacing: 2 days", "spacing: 2"),
        ("version: 1", "version: 2"),
        ("name: roi,", ""),
        ("if_short: best_effort", "if_short: maybe"),
    ],
)
def test_what_the_models_refuse_the_schema_refuses(validator: Draft202012Validator, old: str, new: str) -> None:
    changed = SPRING.replace(old, new, 1)
    assert bool(list(validator.iter_errors(data(changed)))) == (changed != SPRING)


def _properties(schema: Any) -> Iterator[tuple[str, Any]]:
    """Yield every property anywhere in the schema."""
    if isinstance(schema, dict):
        yield from schema.get("properties", {}).items()
        for inner in schema.values():
            yield from _properties(inner)
    elif isinstance(schema, list):
        for inner in schema:
            yield from _properties(inner)


def _keys(kind: Any) -> Iterator[str]:
    """Yield the keys of a model and of all that its fields may hold."""
    for part in get_args(kind):
        yield from _keys(part)
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        for name, field in kind.model_fields.items():
            yield field.alias or name
            yield from _keys(field.annotation)


def test_every_key_of_every_model_is_in_the_schema_with_words() -> None:
    found = list(_properties(json_schema()))
    rules = [kind for section in sections for kind in models(section)]
    known = {key for kind in (Scenario, *rules) for key in _keys(kind)}
    assert known == {key for key, _ in found}
    defined = json_schema()["$defs"]
    assert [key for key, schema in found if not (schema.get("description") or "$ref" in schema)] == []
    assert [name for name, schema in defined.items() if not schema.get("description")] == []


def test_every_kind_of_rule_is_in_the_schema_with_the_keys_that_mark_it() -> None:
    properties = json_schema()["properties"]
    for section in sections:
        marks = [one["required"] for kind in properties[section]["items"]["anyOf"] for one in kind["anyOf"]]
        assert sorted(marks) == sorted(sorted(mark) for kind in models(section) for mark in kind.marks)


def test_the_schema_knows_no_null() -> None:
    assert '"null"' not in json.dumps(json_schema())
