"""Pages keep their word: their shell and Python examples are run, one after the other, in an empty folder."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.project import pages
from tests.project.pages import ROOT

README = (ROOT / "README.md").read_text("utf-8")
EXAMPLES = [
    (page, language, text)
    for page in ("README.md", "docs/explain.md", "docs/compare-and-sweep.md", "docs/backtest.md", "docs/decide.md")
    for language, text in re.findall(
        r"^```(sh|python)\n(.*?)^```$", (ROOT / page).read_text("utf-8"), flags=re.MULTILINE | re.DOTALL
    )
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("readme")


@pytest.fixture(scope="module")
def environment(folder: Path) -> dict[str, str]:
    return pages.environment(folder)


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


WRITTEN = sorted(str(page.relative_to(ROOT)) for page in (ROOT / "docs").rglob("*") if page.suffix in (".md", ".ipynb"))


@pytest.mark.parametrize("path", ["README.md", *WRITTEN])
def test_links_lead_somewhere(path: str) -> None:
    page = ROOT / path
    for link in re.findall(r"\]\(([^)#:]+)\)", page.read_text("utf-8")):
        assert (page.parent / link).exists(), link
    for folder in re.findall(r"^\| `([\w/]+/)`", page.read_text("utf-8"), flags=re.MULTILINE):
        assert (ROOT / folder).is_dir(), folder


@pytest.mark.parametrize("path", [path for path in WRITTEN if not path.startswith("docs/rules/")])
def test_the_index_leads_to_every_page(path: str) -> None:
    index = ROOT / "docs/README.md"
    assert path == "docs/README.md" or f"]({(ROOT / path).relative_to(index.parent)})" in index.read_text("utf-8")
