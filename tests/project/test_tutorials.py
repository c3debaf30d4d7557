"""The tutorials keep their word: every command and every block runs, and shows what the page says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.project.pages import ROOT, agree, replay

TUTORIALS = sorted(page for page in (ROOT / "docs/tutorials").iterdir() if page.suffix in (".md", ".ipynb"))


@pytest.mark.parametrize("page", TUTORIALS, ids=[page.name for page in TUTORIALS])
def test_a_tutorial_shows_what_is_seen(page: Path, tmp_path: Path) -> None:
    assert replay(page, tmp_path) == page.read_text("utf-8")


def test_there_is_one_for_each_kind_of_user() -> None:
    assert {page.name for page in TUTORIALS} == {"planner.md", "engineer.md", "analyst.ipynb"}


@pytest.mark.parametrize(
    ("shown", "seen"),
    [
        ("value 333.95", "value 333.90"),
        ("done 0.31 s, 240 MiB", "done 12.4 s, 1.2 GiB"),
        ("a\n…\nd", "a\nb\nc\nd"),
        ("a\n…", "a"),
        ("price   1.79  ███░", "price 1.79 ████"),
    ],
)
def test_figures_may_differ_by_a_hundredth_and_times_at_will(shown: str, seen: str) -> None:
    assert agree(shown, seen)


@pytest.mark.parametrize(
    ("shown", "seen"),
    [
        ("value 333.95", "value 340.95"),
        ("2 of 7 at the limit", "3 of 7 at the limit"),
        ("budget binds", "budget does not bind"),
        ("a\n…\nd", "a\nb"),
        ("a\nb", "a\nb\nc"),
        ("price −1.32", "price 1.32"),
    ],
)
def test_other_words_and_other_figures_are_seen(shown: str, seen: str) -> None:
    assert not agree(shown, seen)


def test_a_page_that_promises_something_else_is_found_out(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("```console\n$ echo 3\n4\n```\n\n```python\nprint(1 + 1)\n```\n\n```text\n5\n```\n", "utf-8")
    (tmp_path / "run").mkdir()
    seen = replay(page, tmp_path / "run")
    assert seen == "```console\n$ echo 3\n3\n```\n\n```python\nprint(1 + 1)\n```\n\n```text\n2\n```\n"
