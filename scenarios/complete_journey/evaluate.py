"""Say what a plan promised, and what came true: redemptions of the coupons it chose, as they really happened.

    python scenarios/complete_journey/evaluate.py RUN [RUN…]

Each RUN is a run folder, for example the optimum and a greedy plan of the same scenario. A chosen coupon *came true*
if the household redeemed it on or after the day the plan would have mailed it. It was really mailed on its campaign's
first day (a coupon of type A: perhaps; README.md says why), so this is what was observed under the mailing that took
place. It is no estimate of what another mailing would have caused: nobody was chosen at random.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pandas as pd

HERE = Path(__file__).parent


def judged(contacts: pd.DataFrame, data: Path) -> pd.DataFrame:
    """Return the contacts with their type, cost and whether they came true."""
    rows = contacts[["customer", "offer", "slot", "propensity", "value"]]
    rows = rows.merge(pd.read_csv(data / "offers.csv")[["offer", "campaign_type", "cost"]], on="offer")
    rows = rows.merge(pd.read_parquet(data / "truth.parquet"), on=["customer", "offer"], how="left")
    late = pd.to_datetime(rows["redeemed_on"]) >= pd.to_datetime(rows["slot"])
    return rows.assign(came=late.astype(int))


def figures(rows: pd.DataFrame) -> pd.Series:
    """Return redemptions and value, promised and come true."""
    promised, came = rows["propensity"].sum(), rows["came"].sum()
    return pd.Series(
        {
            "contacts": len(rows),
            "promised": promised,
            "came true": came,
            "of promised": came / promised if promised else float("nan"),
            "value promised": (rows["propensity"] * rows["value"] - rows["cost"]).sum(),
            "value come true": (rows["came"] * rows["value"] - rows["cost"]).sum(),
        }
    )


def table(runs: list[Path], data: Path) -> pd.DataFrame:
    """Return a row for each run and campaign type, and one for all types."""
    parts = {}
    for run in runs:
        rows = judged(pd.read_parquet(run / "contacts.parquet"), data)
        name = json.loads((run / "summary.json").read_text())["engine"]
        for kind, part in [("all", rows), *rows.groupby("campaign_type")]:
            parts[f"{run.name} ({name})", kind] = figures(part)
    frame = pd.DataFrame(parts).T
    frame.index.names = ["run", "type"]
    return frame.astype({"contacts": int, "came true": int})


def everybody(data: Path) -> pd.Series:
    """Return the figures of the mailing that took place: every pair, on its campaign's first day."""
    rows = pd.read_parquet(data / "candidates.parquet").sort_values("slot")
    return figures(judged(rows.drop_duplicates(["customer", "offer"]), data))


def main(arguments: list[str]) -> None:
    """Print the table."""
    if not arguments:
        raise SystemExit(__doc__)
    data = HERE / "data"
    print(table([Path(argument) for argument in arguments], data).to_string(float_format="{:,.2f}".format))
    print("\nEvery pair of tonight's campaigns, on the campaign's first day:")
    print(everybody(data).to_string(float_format="{:,.2f}".format))


if __name__ == "__main__":
    main(sys.argv[1:])
