"""The plan on a terminal."""

from __future__ import annotations

import io
from typing import Any

from rich.console import Console

from optimizer.cli.summary import show
from tests.report import fakes
from tests.report.fakes import plan


def text(**changes: Any) -> str:
    console = Console(file=io.StringIO(), width=110)
    show(plan(**changes), console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_value_bound_gap_and_reach_come_first() -> None:
    head = " ".join(text().split("against")[0].split())
    assert "value 35,412.75 after 30 of penalties" in head
    assert "proven bound 35,415.10 gap 0.0066 %" in head
    assert "contacts 1,350 to 675 of 1,000 customers" in head


def test_every_baseline_is_named_with_what_the_plan_is_better_by() -> None:
    shown = text()
    assert "this plan is +4.55 %" in shown
    assert "first come" in shown
    assert "found no plan" in shown


def test_rules_show_use_limit_and_price() -> None:
    line = next(line for line in text().splitlines() if "budget " in line and "█" in line)
    assert "12,000" in line
    assert "at most 12,000" in line
    assert "1.73" in line


def test_grouped_rules_take_one_line() -> None:
    assert len([line for line in text().splitlines() if line.strip().startswith("capacity")]) == 1
    assert "2 of 28 at the limit" in text()


def test_funnel_and_sentences_close_the_page() -> None:
    shown = text()
    assert shown.index("wants-mail") < shown.index("eligible ") < shown.index("Priority order")


def test_names_with_markup_are_shown_as_they_are() -> None:
    constraints = fakes.constraints().head(1).assign(name="[red]budget[/]")
    assert "[red]budget[/]" in text(constraints=constraints)


def test_nothing_proven_is_said() -> None:
    assert "nothing proven" in text(bound=None, gap=None)


def test_what_stopped_the_search_is_said() -> None:
    stopped = fakes.ended("time")
    assert "within 0.0066 % of the best possible, stopped by the time limit" in text(termination=stopped)
