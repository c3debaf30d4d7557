"""Whether the scores came true, on a history of which the truth is known."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import optimizer as opt
from optimizer.analysis.score_error import score_error, told_apart
from optimizer.errors import Finding, ScenarioError
from optimizer.plan.progress import Silent

SENT = {"exact": (2000, 0.05, 100), "double": (2000, 0.05, 50), "rare": (20, 0.05, 0)}
"""Contacts, promise and responses of each offer."""


class Warned(Silent):
    """Keeps what it is warned of."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []

    def warn(self, finding: Finding) -> None:
        self.findings.append(finding)


def history(response: Any = (True, False)) -> pd.DataFrame:
    yes, no = response
    rows = [
        (f"c{i % 12:02}", offer, "email", "2026-11-02", promise, yes if i < came else no)
        for offer, (contacts, promise, came) in SENT.items()
        for i in range(contacts)
    ]
    return pd.DataFrame(rows, columns=["customer", "offer", "channel", "at", "propensity", "response"])


def candidates(**means: float) -> pd.DataFrame:
    means = means or {offer: promise for offer, (_, promise, _) in SENT.items()}
    rows = [
        (f"c{i:02}", offer, "email", "2026-11-23", p * (1 + i / 100), 40.0)
        for i in range(12)
        for offer, p in means.items()
    ]
    return pd.DataFrame(rows, columns=["customer", "offer", "channel", "slot", "propensity", "worth"])


def scenario(**sections: Any) -> opt.Scenario:
    return opt.Scenario.from_dict(
        {
            "version": 1,
            "name": "scored",
            "as_of": "2026-11-22T18:00:00+00:00",
            "horizon": {"start": "2026-11-23", "days": 7},
            "objective": {"maximize": "propensity * worth - 1"},
            "contact_policies": [{"name": "once", "at_most": 1}],
            **sections,
        }
    )


def solved(past: pd.DataFrame, observer: Warned | None = None, **sections: Any) -> opt.Plan:
    return opt.solve(
        scenario(**sections), candidates=candidates(), history=past, engine="exact", observer=observer or Silent()
    )


@pytest.fixture(scope="module")
def judged() -> opt.Plan:
    return solved(history())


def group(plan: opt.Plan, by: str, value: str) -> dict[str, Any]:
    return next(dict(row) for row in plan.scores["groups"][by] if row["value"] == value)


def test_promised_and_come_true_are_counted_by_offer(judged: opt.Plan) -> None:
    exact, double, rare = (group(judged, "offer", offer) for offer in SENT)
    assert (exact["contacts"], exact["promised"], exact["came"]) == (2000, 100.0, 100)
    assert [row["verdict"] for row in (exact, double, rare)] == ["as promised", "too high", "too few to tell"]
    assert double["low"] < 50 < double["high"] < 100


def test_everything_judged_is_in_every_way_to_group_it(judged: opt.Plan) -> None:
    for groups in judged.scores["groups"].values():
        assert sum(row["contacts"] for row in groups) == judged.scores["judged"] == 4020
        assert sum(row["came"] for row in groups) == judged.scores["came"] == 150


def test_tenths_go_up_with_the_promise() -> None:
    past = history().assign(propensity=[i / 8040 for i in range(4020)])
    tenths = solved(past).scores["groups"]["tenth"]
    assert len(tenths) == 10
    assert [row["contacts"] for row in tenths] == [402] * 10
    promises = [row["promised"] for row in tenths]
    assert promises == sorted(promises)


def test_an_offer_seen_rarely_is_drawn_to_the_others(judged: opt.Plan) -> None:
    factors = {offer: mean for offer, (mean, _) in judged.scores["factors"].items()}
    assert factors["double"] < factors["rare"] < factors["exact"]


def test_responses_to_expect_are_fewer_where_promises_were_too_high(judged: opt.Plan) -> None:
    responses = judged.scores["responses"]
    assert responses["promised"] == pytest.approx(float(judged.contacts["propensity"].sum()))
    assert responses["expected"] < responses["promised"]
    assert responses["low"] < responses["expected"] < responses["high"]


def test_a_wrong_score_is_warned_of() -> None:
    warned = Warned()
    solved(history(), warned)
    (told,) = [finding for finding in warned.findings if "offers more than" in finding.what]
    assert "double" in told.what


def test_contacts_that_may_still_be_answered_are_not_judged() -> None:
    past = history()
    past.loc[past["offer"] == "double", "at"] = "2026-11-20"
    scores = solved(past, scores={"within": "7 days"}).scores
    assert (scores["judged"], scores["open"]) == (2020, 2000)


def test_which_response_was_promised_is_asked_and_not_guessed() -> None:
    warned = Warned()
    plan = solved(history(("bought", "refused")), warned)
    assert (plan.scores["judged"], plan.scores["why"]) == (0, "which response was scored is not said")
    (told,) = warned.findings
    assert told.fix is not None
    assert "came_true: \"response = 'bought'\"" in told.fix


def test_the_scenario_says_which_response_was_promised() -> None:
    plan = solved(history(("bought", "refused")), scores={"came_true": "response = 'bought'"})
    assert (plan.scores["judged"], plan.scores["came"]) == (4020, 150)


def test_a_response_that_is_not_there_is_an_error_of_the_file() -> None:
    with pytest.raises(ScenarioError, match=r"unknown column 'respnse'"):
        solved(history(), scores={"came_true": "respnse"})


def test_history_without_responses_is_no_news() -> None:
    warned = Warned()
    plan = solved(history().drop(columns="response"), warned)
    assert plan.scores["why"] == "the history holds no responses"
    assert warned.findings == []


def test_what_an_earlier_run_promised_is_held_against_what_came(tmp_path: Path, judged: opt.Plan) -> None:
    judged.save(tmp_path / "runs" / "monday")
    sent = judged.contacts[["customer", "offer", "channel", "slot"]].rename(columns={"slot": "at"})
    past = sent.assign(response=[i < 3 for i in range(len(sent))])
    later = {"as_of": "2026-11-29T18:00:00+00:00", "horizon": {"start": "2026-11-30", "days": 7}}
    tonight = candidates().assign(slot="2026-11-30")
    plan = opt.solve(
        scenario(scores={"runs": str(tmp_path / "runs" / "*")}, **later),
        candidates=tonight,
        history=past,
        engine="exact",
    )
    assert (plan.scores["runs"], plan.scores["judged"], plan.scores["came"]) == (1, len(sent), 3)
    assert plan.scores["promised"] == pytest.approx(float(judged.contacts["propensity"].sum()))


def test_scores_of_a_loaded_run_are_the_saved_ones(tmp_path: Path, judged: opt.Plan) -> None:
    assert opt.Plan.load(judged.save(tmp_path / "run")).scores == judged.scores


def test_plans_that_differ_where_scores_are_unsure_are_not_told_apart() -> None:
    audit = {"factor": [1.0, 0.5], "factors": {"a": [1.0, 0.01], "b": [1.0, 0.3]}}
    base = {"offers": {"a": 100.0, "b": 100.0}, "fixed": -20.0}
    more_a = {"offers": {"a": 110.0, "b": 100.0}, "fixed": -20.0}
    swapped = {"offers": {"a": 60.0, "b": 150.0}, "fixed": -20.0}
    sure, unsure = told_apart(audit, more_a, base), told_apart(audit, swapped, base)
    assert (sure["difference"], sure["told_apart"]) == (10.0, True)
    assert (unsure["difference"], unsure["told_apart"]) == (10.0, False)
    assert unsure["low"] == pytest.approx(10 - 1.96 * (0.3**2 * 50**2 + 0.01**2 * 40**2) ** 0.5, abs=0.01)


def test_two_runs_are_told_apart_by_what_their_scores_files_say(judged: opt.Plan) -> None:
    used = sorted(set(judged.contacts["offer"]))
    fewer = solved(history(), eligibility=[{"name": "other", "drop": f"offer = '{used[0]}' OR customer = 'c03'"}])
    found = score_error(fewer.scores, judged.scores)
    assert found is not None
    assert found["difference"] == pytest.approx(fewer.value - judged.value)
    assert found["difference"] < 0
    assert score_error({"judged": 0}, judged.scores) is None
    assert score_error(judged.scores, judged.scores) is None


def test_usual_practice_that_makes_the_same_plan_is_no_lead_to_doubt(judged: opt.Plan) -> None:
    assert judged.scores["against"] == {}


def test_a_history_in_another_order_gives_the_same_scores(judged: opt.Plan) -> None:
    assert solved(history().iloc[::-1]).scores == judged.scores


def test_an_offer_scored_in_per_cent_is_found(tmp_path: Path) -> None:
    from optimizer.analysis.doubts import doubts_of_data
    from optimizer.solve import build

    mixed = candidates(a=0.01, b=0.02, c=0.9)
    (told,) = [f for f in doubts_of_data(build(scenario(), {"candidates": mixed})) if "scale" in (f.fix or "")]
    assert "'c'" in told.what
    assert "45 times" in told.what
