"""Pages keep their word: their shell and Python examples are run, one after the other, in an empty folder."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
EXAMPLES = [
    (page, language, text)
    for page in ("README.md", "docs/explain.md", "docs/compare-and-sweep.md")
    for language, text in re.findall(
        r"^```(sh|python)\n(.*?)^```$", (ROOT / page).read_text("utf-8"), flags=re.MULTILINE | re.DOTALL
    )
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("readme")


@pytest.fixture(scope="module")
def environment(folder: Path) -> dict[str, str]:
    """`contactopt` and `python` are this checkout's, wherever the tests run."""
    commands = folder / ".bin"
    commands.mkdir()
    for name, line in (
        ("contactopt", f'exec "{sys.executable}" "{ROOT / "cli.py"}" "$@"'),
        ("python", f'exec "{sys.executable}" "$@"'),
    ):
        (commands / name).write_text(f"#!/bin/sh\n{line}\n", "utf-8")
        (commands / name).chmod(0o755)
    return os.environ | {"PATH": f"{commands}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}


@pytest.mark.parametrize(("page", "language", "text"), EXAMPLES, ids=[f"{page}-{of}" for page, of, _ in EXAMPLES])
def test_examples_run_as_written(
    page: str, language: str, text: str, folder: Path, environment: dict[str, str]
) -> None:
    command = ["sh", "-euc", text] if language == "sh" else ["python", "-c", text]
    place = folder / Path(page).stem
    place.mkdir(exist_ok=True)
    done = subprocess.run(command, cwd=place, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_there_are_examples_of_both_kinds() -> None:
    assert {language for _, language, _ in EXAMPLES} == {"sh", "python"}


def test_ci_runs_exactly_the_test_command_of_the_readme() -> None:
    command = re.search(r"^(make test)\b", README, flags=re.MULTILINE)
    assert command
    assert (ROOT / ".ci/run").read_text("utf-8").strip().splitlines()[-1] == f"exec {command[1]}"


@pytest.mark.parametrize("path", ["README.md", "docs/README.md", "docs/explain.md"])
def test_links_lead_somewhere(path: str) -> None:
    page = ROOT / path
    for link in re.findall(r"\]\(([^)#:]+)\)", page.read_text("utf-8")):
        assert (page.parent / link).exists(), link
    for folder in re.findall(r"^\| `([\w/]+/)`", page.read_text("utf-8"), flags=re.MULTILINE):
        assert (ROOT / folder).is_dir(), folder
