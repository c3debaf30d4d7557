"""The activities of the direct-marketing family: what is promoted, how, when, and to which pattern of customers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt

from optimizer.synthetic.market import Bools, Floats, Ints
from optimizer.synthetic.streams import stream

START = date(2026, 1, 1)
DAYS = 120
PRODUCTS = 10
MAIN, EXTRA = 11, 12
"""Target products beside the first ten: some activities promote one of them as well."""
CHANNELS = ("call center", "direct mail", "email", "text message")
COSTS = (9.10, 1.40, 0.0, 0.035)
SHARES = (0.22, 0.30, 0.30, 0.18)
MOST_DATES = 5


@dataclass(frozen=True, slots=True, eq=False)
class Activities:
    """A campaign plan.

    An activity is one date of a *promotion*: same products, same channel, on 1 to 5 days. A customer is eligible for
    all dates of a promotion or for none.

    Parameters
    ----------
    promotion : (activities,) int array
    day : (activities,) int array
        1 … DAYS.
    channel, product, extra : (promotions,) int arrays
        ``extra`` is 0, MAIN or EXTRA.
    worth : (promotions,) float array
        Value of a response.
    pattern : (patterns, promotions) bool array
        Who may get what.
    share : (patterns,) float array
        Share of the customers with the pattern.
    """

    promotion: Ints
    day: Ints
    channel: Ints
    product: Ints
    extra: Ints
    worth: Floats
    pattern: Bools
    share: Floats

    @property
    def names(self) -> list[str]:
        """Names of the activities."""
        return [f"A{i + 1:03}" for i in range(len(self.day))]

    @property
    def dates(self) -> npt.NDArray[np.datetime64]:
        """Dates of the activities."""
        return np.datetime64(START) + (self.day - 1)

    def offers_csv(self) -> dict[str, list[Any]]:
        """Return the columns of offers.csv: one offer for each activity."""
        of = self.promotion
        return {
            "offer": self.names,
            "run_day": self.day.tolist(),
            "run_date": [START + timedelta(days=int(day) - 1) for day in self.day],
            "product": self.product[of].tolist(),
            "extra_product": self.extra[of].tolist(),
            "cost": [COSTS[c] for c in self.channel[of]],
        }

    @classmethod
    def draw(cls, seed: int, activities: int, eligible: float, patterns: int) -> Activities:
        """Draw the plan and the eligibility patterns.

        Parameters
        ----------
        eligible : float
            Share of the activities that the average customer is eligible for.
        patterns : int
            Number of different eligibility patterns; customers fall to them by a flattened Zipf law.
        """
        random = stream(seed, "activities")
        sizes: list[int] = []
        while sum(sizes) < activities:
            sizes.append(min(int(random.integers(1, MOST_DATES + 1)), activities - sum(sizes)))
        promotions = len(sizes)
        promotion = np.repeat(np.arange(promotions), sizes)
        day = np.concatenate([random.choice(DAYS, size, replace=False) + 1 for size in sizes])
        channel = random.choice(len(CHANNELS), promotions, p=SHARES)
        product = random.integers(1, PRODUCTS + 1, promotions)
        extra = random.choice([0, MAIN, EXTRA], promotions, p=[0.6, 0.2, 0.2])
        extra[: min(2, promotions)] = [MAIN, EXTRA][: min(2, promotions)]  # neither rule is ever empty
        # two thirds of the products are contracts worth hundreds, one third are accessories worth a few coins
        by_product = np.where(
            random.random(PRODUCTS) < 2 / 3, random.normal(480, 50, PRODUCTS), random.gamma(2, 1, PRODUCTS)
        )
        pattern = _patterns(random, np.array(sizes), eligible * activities, patterns)
        share = 1 / (np.arange(len(pattern)) + 5.0) ** 0.8
        return cls(promotion, day, channel, product, extra, by_product[product - 1], pattern, share / share.sum())


def _patterns(random: np.random.Generator, size: Ints, wanted: float, patterns: int) -> Bools:
    """Draw promotions into each pattern until it holds about the wanted number of activities, at least one promotion.

    A pattern that was drawn before is drawn again, a hundred times at most: small plans have few patterns.
    """
    seen: dict[bytes, Bools] = {}
    for _ in range(100 * patterns):
        order = random.permutation(len(size))
        before = np.cumsum(size[order]) - size[order]
        # the promotion that reaches over the goal is in with the chance that makes the mean right
        inside = before + size[order] * random.random() < random.gamma(4.0, wanted / 4.0)
        inside[0] = True
        pattern = np.zeros(len(size), bool)
        pattern[order[inside]] = True
        seen.setdefault(pattern.tobytes(), pattern)
        if len(seen) == patterns:
            break
    return np.array(list(seen.values()))
