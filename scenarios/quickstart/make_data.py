"""Make the tables of the quickstart: a week at a small retail bank. Nobody in them is real.

    python scenarios/quickstart/make_data.py [FOLDER]

writes into FOLDER (this one, if left out) what is committed here already.
"""

from __future__ import annotations

import sys
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

SEED = 2026
CUSTOMERS = 400
MONDAY = date(2026, 11, 23)

# worth: margin of a sale in euros; response: chance of one by e-mail, on average
OFFERS = pd.DataFrame(
    [
        ("personal-loan", "loan", 310.00, 0.012),
        ("car-loan", "loan", 420.00, 0.006),
        ("credit-card", "card", 85.00, 0.035),
        ("gold-card", "card", 190.00, 0.020),
        ("savings-plan", "savings", 120.00, 0.045),
        ("home-insurance", "insurance", 145.00, 0.022),
        ("travel-insurance", "insurance", 36.00, 0.055),
        ("mobile-wallet", "service", 9.00, 0.160),
    ],
    columns=["offer", "family", "worth", "response"],
)
# lift: how much likelier a response is than by e-mail; days: of the week, from Monday, on which the channel works
CHANNELS = {
    "email": {"cost": 0.05, "lift": 1.0, "days": (0, 1, 2, 3, 4, 5)},
    "push": {"cost": 0.05, "lift": 0.8, "days": (0, 1, 2, 3, 4, 5, 6)},
    "letter": {"cost": 1.00, "lift": 1.6, "days": (1, 3)},
    "call": {"cost": 6.50, "lift": 4.5, "days": (0, 1, 2, 3, 4)},
}
# how much each segment likes each family
SEGMENTS = {
    "student": {"share": 0.20, "loan": 0.6, "card": 1.4, "savings": 0.5, "insurance": 0.6, "service": 1.8},
    "family": {"share": 0.38, "loan": 1.4, "card": 0.9, "savings": 1.0, "insurance": 1.3, "service": 1.0},
    "affluent": {"share": 0.17, "loan": 0.5, "card": 1.6, "savings": 1.7, "insurance": 1.2, "service": 0.8},
    "senior": {"share": 0.25, "loan": 0.4, "card": 0.5, "savings": 1.3, "insurance": 0.9, "service": 0.4},
}


def customers(random: np.random.Generator) -> pd.DataFrame:
    segment = random.choice(list(SEGMENTS), CUSTOMERS, p=[s["share"] for s in SEGMENTS.values()])
    young = np.isin(segment, ["student", "family"])
    return pd.DataFrame(
        {
            "customer": [f"C-{1001 + i}" for i in range(CUSTOMERS)],
            "segment": segment,
            "email_opt_in": random.random(CUSTOMERS) < 0.82,
            "has_app": random.random(CUSTOMERS) < np.where(young, 0.85, 0.45),
            "credit_score": np.clip(random.normal(640, 90, CUSTOMERS).round(-1), 350, 850).astype(int),
        }
    )


def candidates(random: np.random.Generator, people: pd.DataFrame) -> pd.DataFrame:
    """What the scoring job proposes: for each customer three or four offers, each in some channels on some days."""
    activity = random.gamma(2.0, 0.5, CUSTOMERS)  # some customers respond often, most seldom
    rows = []
    for person, active in zip(people.itertuples(), activity, strict=True):
        taste = np.array([SEGMENTS[person.segment][family] for family in OFFERS["family"]])
        liked = random.choice(len(OFFERS), random.integers(3, 5), replace=False, p=taste / taste.sum())
        for offer in OFFERS.iloc[np.sort(liked)].itertuples():
            personal = offer.response * SEGMENTS[person.segment][offer.family] * active * random.lognormal(0, 0.5)
            for name in np.sort(random.choice(list(CHANNELS), 2, replace=False, p=[0.4, 0.25, 0.15, 0.2])):
                channel = CHANNELS[name]
                days = random.choice(channel["days"], min(2, len(channel["days"])), replace=False)
                for day in np.sort(days):
                    chance = min(personal * channel["lift"] * random.lognormal(0, 0.1), 0.9)
                    slot = MONDAY + timedelta(days=int(day))
                    rows.append((person.customer, offer.offer, name, slot, round(chance, 4)))
    return pd.DataFrame(rows, columns=["customer", "offer", "channel", "slot", "propensity"])


def history(random: np.random.Generator, people: pd.DataFrame) -> pd.DataFrame:
    """Contacts of the last four weeks: about one for each customer, most of them e-mails."""
    count = random.poisson(1.1, CUSTOMERS)
    who = np.repeat(people["customer"].to_numpy(), count)
    at = [MONDAY - timedelta(days=int(ago)) for ago in random.integers(1, 29, len(who))]
    frame = pd.DataFrame(
        {
            "customer": who,
            "offer": random.choice(OFFERS["offer"], len(who)),
            "channel": random.choice(list(CHANNELS), len(who), p=[0.55, 0.25, 0.1, 0.1]),
            "at": at,
        }
    )
    return frame.sort_values(["at", "customer"], ignore_index=True)


def capacity() -> pd.DataFrame:
    """What the call centre, the letter shop and the e-mail system manage in a day."""
    rows = []
    for name, most in {"call": (14, 14, 10, 14, 8), "letter": (40, 40), "email": (90, 90, 90, 90, 60, 40)}.items():
        for day, number in zip(CHANNELS[name]["days"], most, strict=True):
            rows.append((name, MONDAY + timedelta(days=day), number))
    return pd.DataFrame(rows, columns=["channel", "slot", "most"])


def main(folder: Path) -> None:
    random = np.random.default_rng(SEED)
    people = customers(random)
    candidates(random, people).to_parquet(folder / "candidates.parquet", index=False, compression="zstd")
    tables = {
        "customers": people.assign(
            **{c: people[c].map({True: "true", False: "false"}) for c in ("email_opt_in", "has_app")}
        ),
        "offers": OFFERS.drop(columns="response"),
        "channels": pd.DataFrame([(name, c["cost"]) for name, c in CHANNELS.items()], columns=["channel", "cost"]),
        "history": history(random, people),
        "capacity": capacity(),
    }
    for name, table in tables.items():
        table.to_csv(folder / f"{name}.csv", index=False, lineterminator="\n", float_format="%.2f")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
