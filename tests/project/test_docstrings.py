"""Every public name says what it is."""

from __future__ import annotations

import ast
import doctest
import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

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


CALLED = [name for name in optimizer.__all__ if name not in vars(optimizer.errors) and name != "errors"]


def examples(name: str, names: dict[str, Any]) -> doctest.DocTest:
    """Return the examples of a public name, that know its module's names and those of an earlier example."""
    public = getattr(optimizer, name)
    known = {**vars(sys.modules[public.__module__]), **names}
    return doctest.DocTestParser().get_doctest(inspect.getdoc(public) or "", known, name, None, 0)


def ran(name: str, names: dict[str, Any]) -> dict[str, Any]:
    """Run the examples of a public name; return the names that they leave."""
    found = examples(name, names)
    assert found.examples, f"{name} shows no example"
    told: list[str] = []
    failed = doctest.DocTestRunner().run(found, out=told.append, clear_globs=False).failed
    assert not failed, "".join(told)
    return {known: found.globs[known] for known in ("scenario", "messages", "plan", "pd") if known in found.globs}


@pytest.fixture(scope="module")
def tea() -> dict[str, Any]:
    return ran("solve", {})


@pytest.mark.parametrize("name", CALLED)
def test_what_is_called_shows_an_example_that_runs(
    name: str, tea: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ran(name, tea)
