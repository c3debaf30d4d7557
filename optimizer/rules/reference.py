"""Writes the rule reference: a page per kind of rule, and its examples as scenarios that run.

``python -m optimizer.rules.reference docs/rules`` writes everything again. All that is said comes from the rules' own
files; ``examples/SCENARIO.yaml`` of the folder, which every example begins with, and its tables are written by hand.
"""

from __future__ import annotations

import sys
import types
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Union, get_args, get_origin

from ruamel.yaml import YAML

from optimizer.rules.base import Rule
from optimizer.rules.registry import models, sections

HEAD = "SCENARIO.yaml"
"""What every example begins with: horizon, tables, objective."""
TITLES = {
    "eligibility": "Eligibility: candidates that may not be used",
    "contact_policies": "Contact policies: what holds for each customer",
    "constraints": "Constraints: what holds for the whole plan",
}
_GENERATED = "<!-- Written by python -m optimizer.rules.reference from the rule's own file: change it there. -->"


def pages(head: str) -> Iterator[tuple[str, str]]:
    """Yield the path, within the folder, and the text of every file of the reference.

    Parameters
    ----------
    head : str
        Text of :data:`HEAD`.
    """
    listed = []
    for section in sections:
        kinds = [kind for kind in models(section) if kind.examples]
        listed += [f"\n## {TITLES[section]}\n\n| rule | keys | meaning |\n|---|---|---|\n"]
        for kind in kinds:
            marks = " or ".join(" … ".join(f"`{k}`" for k in _in_order(kind, mark)) for mark in kind.marks)
            listed.append(f"| [{kind.title}]({_file(kind)}.md) | {marks} | {_first_line(kind)} |\n")
            yield f"{_file(kind)}.md", _page(kind)
            for example in kind.examples:
                yield f"examples/{_parsed(example)['name']}.yaml", f"{head}\n{section}:\n  - {example}\n"
    yield "README.md", f"# Rules\n\n{_GENERATED}\n{''.join(listed)}"


def _page(kind: type[Rule]) -> str:
    section = kind.section.replace("_", " ")
    parts = [f"# {kind.title}", _GENERATED, _doc(kind), f"Stands in the file's `{kind.section}` ({section})."]
    parts.append("| key | value | default | meaning |\n|---|---|---|---|\n" + "\n".join(_keys(kind)))
    parts.append("## Examples\n\nEach is a scenario that runs, with the tables beside it.")
    for example in kind.examples:
        values = _parsed(example)
        rule = kind.model_validate(values)
        columns = ", ".join(f"`{name}`" for name in _columns(rule, values)) or "none beside the keys"
        parts.append(
            f"```yaml\n{kind.section}:\n  - {example}\n```\n\n{rule.words()}\n\n"
            f"Columns: {columns}. Run it: `contactopt run docs/rules/examples/{rule.name}.yaml`."
        )
    parts.append(f"<details>\n<summary>The mathematics</summary>\n\n{kind.mathematics}\n\n</details>")
    return "\n\n".join(parts) + "\n"


def _parsed(example: str) -> dict[str, Any]:
    values: dict[str, Any] = YAML(typ="safe", pure=True).load(example)
    return values


def _file(kind: type[Rule]) -> str:
    return kind.title.lower().replace(" ", "-")


def _doc(kind: type[Rule]) -> str:
    return (kind.__doc__ or "").strip()


def _first_line(kind: type[Rule]) -> str:
    return _doc(kind).splitlines()[0]


def _in_order(kind: type[Rule], mark: frozenset[str]) -> list[str]:
    written = [field.alias or name for name, field in kind.model_fields.items()]
    return sorted(mark, key=written.index)


def _keys(kind: type[Rule]) -> Iterator[str]:
    for name, field in kind.model_fields.items():
        default = "required" if field.is_required() else _shown(field.default)
        value = " or ".join(dict.fromkeys(_types(field.annotation)))
        yield f"| `{field.alias or name}` | {value} | {default} | {field.description or ''} |"


def _shown(default: object) -> str:
    if default is None or default == ():
        return ""
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


_WORDS: Mapping[str, str] = {
    "Expression": "condition or amount",
    "Window": "duration",
    "Decimal": "number",
    "TableLimit": "`{table, column, default}`",
    "ColumnLimit": "`{column}`",
    "TotalOf": "`contacts`, an amount, or `distinct …`",
    "str": "text",
    "int": "whole number",
    "bool": "true or false",
    "tuple": "column or columns",
}


def _types(annotation: Any) -> Iterator[str]:
    """Yield what a value may be, in words."""
    if get_origin(annotation) in (Union, types.UnionType):
        for one in get_args(annotation):
            if one is not type(None):
                yield from _types(one)
    elif get_origin(annotation) is tuple:
        yield _WORDS["tuple"]
    elif hasattr(annotation, "__metadata__"):
        yield from _types(annotation.__origin__)
    elif isinstance(annotation, type):
        fields = getattr(annotation, "model_fields", None)
        yield _WORDS.get(annotation.__name__) or f"`{{{', '.join(fields or ())}}}`"
    else:
        yield from (f"`{one}`" for one in get_args(annotation))


def _columns(rule: Rule, values: Mapping[str, Any]) -> list[str]:
    """Return the columns that a rule looks at, sorted."""
    needs = rule.needs()
    named = {str(column) for expression in needs.expressions for column in expression.columns} | set(needs.labels)
    named |= {value["column"] for value in values.values() if isinstance(value, dict) and "column" in value}
    return sorted(named | ({values["per"]} if values.get("per", "customer") != "customer" else set()))


def main(folder: Path) -> None:
    """Write every file of the reference into a folder."""
    head = (folder / "examples" / HEAD).read_text("utf-8")
    for path, text in pages(head):
        (folder / path).write_text(text, "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
