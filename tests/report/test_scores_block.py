"""What is said of the scores."""

from __future__ import annotations

from typing import Any

from optimizer.report import render
from optimizer.report.scores import OFFERS_LISTED, scores
from tests.report import fakes
from tests.report.fakes import plan


def said(**changes: Any) -> str:
    return " ".join(render(plan(scores={**fakes.SCORES, **changes})).split())


def test_nothing_is_said_where_nothing_was_judged() -> None:
    unknown = {"judged": 0, "why": "the history holds no responses"}
    assert scores(plan(scores=unknown)) is None
    assert "Did the scores come true?" not in render(plan(scores=unknown))


def test_a_way_to_group_that_makes_one_group_is_left_out() -> None:
    block = scores(plan())
    assert block is not None
    assert [table["title"][:8] for table in block["tables"]] == ["By offer", "By heigh"]


def test_promised_and_come_true_stand_side_by_side() -> None:
    page = said()
    assert "the scores promised 118 responses" in page
    assert "73 came</b>. The promises were too high." in page
    assert "expect about 84 (60 to 108)" in page


def test_a_lead_within_the_error_of_the_scores_is_said_plainly() -> None:
    assert "is within the error of the scores" in said()
    sure = {**fakes.SCORES["against"]["value_per_cost"], "told_apart": True}
    assert "is within the error of the scores" not in said(against={"value": sure})


def test_no_cause_is_claimed() -> None:
    assert "not what a contact causes" in said()


def test_many_offers_are_cut_and_counted() -> None:
    rows = fakes.SCORES["groups"]["offer"] * 20
    block = scores(plan(scores={**fakes.SCORES, "groups": {"offer": rows}}))
    assert block is not None
    assert len(block["tables"][0]["rows"]) == OFFERS_LISTED
    assert block["tables"][0]["hidden"] == 40 - OFFERS_LISTED
