"""Every public name says what it is."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import optimizer

PACKAGE = Path(optimizer.__file__).parent


def undocumented(body: list[ast.stmt], prefix: str) -> Iterator[str]:
    for node in body:
        if not isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) or node.name.startswith("_"):
            continue
        overload = any(ast.unparse(mark).endswith(("overload", ".setter")) for mark in node.decorator_list)
        if ast.get_docstring(node) is None and not overload:
            yield f"{prefix}{node.name}"
        if isinstance(node, ast.ClassDef):
            yield from undocumented(node.body, f"{prefix}{node.name}.")


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_every_public_name_has_a_docstring(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    assert ast.get_docstring(tree), "the module itself"
    assert list(undocumented(tree.body, "")) == []


@pytest.mark.parametrize("name", optimizer.__all__)
def test_every_exported_name_is_there_and_documented(name: str) -> None:
    assert getattr(optimizer, name).__doc__
