"""The block of what changed says its figures, and the page draws all of them."""

from __future__ import annotations

from typing import Any

import pytest

from optimizer.report import render
from optimizer.report.numbers import amount, signed_amount, whole
from optimizer.report.since import REASONS, STEPS, since
from tests.report import fakes


def block(**changes: Any) -> Any:
    found = since(fakes.plan(since=fakes.SINCE | changes))
    assert found is not None
    return found


def test_the_steps_and_the_penalties_add_up_to_the_difference() -> None:
    changes = [step["change"] for step in block()["steps"]]
    before, after = fakes.SINCE["summary"]["objective"]
    assert sum(changes) == pytest.approx(after - before)
    assert changes[-1] == -30  # penalties
    assert max(abs(step["share"]) for step in block()["steps"]) == 1


def test_the_page_shows_every_figure_of_the_block() -> None:
    page, found = render(fakes.plan()), block()
    section = page[page.index('class="since"') : page.index('id="rules"')]
    assert found["verdict"] in section
    for step in found["steps"]:
        assert f">{signed_amount(step['change'])}<" in section
        assert step["what"] in section
    for reason in found["reasons"]:
        assert f">{whole(reason['contacts'])}<" in section
        assert f">{amount(reason['value'])}<" in section
    for rule in found["words"]:
        assert (rule["before"] or "not there") in section
    for offer in found["offers"]:
        assert all(f">{whole(offer[key])}<" in section for key in ("before", "over", "kept", "left", "came", "after"))


def test_a_setting_that_no_rule_tells_is_told_by_its_path() -> None:
    assert [one["path"] for one in block()["settings"]] == ["objective.maximize"]


def test_a_price_that_hardly_moved_is_no_change() -> None:
    rule = {"name": "budget", "sense": "<="}
    still = rule | {"before": fakes.account(400, 400, 2.0), "after": fakes.account(399, 400, 2.004)}
    moved = rule | {"before": fakes.account(400, 400, 2.0), "after": fakes.account(400, 400, 2.1)}
    assert block(rules=[still])["rules"] == []
    assert len(block(rules=[moved])["rules"]) == 1


def test_without_an_earlier_run_there_is_no_section() -> None:
    assert since(fakes.plan(since=None)) is None
    assert "What changed since" not in render(fakes.plan(since=None))


def test_every_cause_and_step_has_words() -> None:
    from optimizer.analysis.since.steps import STEPS as KNOWN
    from optimizer.analysis.since.why import CAUSES

    assert set(KNOWN) == set(STEPS)
    assert set(CAUSES) == set(REASONS)
