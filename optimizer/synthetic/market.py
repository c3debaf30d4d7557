"""The market of the weekly-like families: what is offered, how, when, and how customers respond to it.

Everything is skewed as it is in practice: a few offers reach most customers and a few are worth most, customers
differ by an order of magnitude in how often they respond, e-mail is nearly free and calls are not.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from optimizer.synthetic.streams import stream

Ints = npt.NDArray[np.integer[Any]]
Floats = npt.NDArray[np.floating[Any]]
Bools = npt.NDArray[np.bool_]
Rules = list[dict[str, Any]]
"""Rules as they stand in the scenario file."""

START = date(2026, 11, 23)
"""A Monday."""
AS_OF = "2026-11-22T18:00:00+00:00"
"""The evening before."""
DAYS = 7
OFFERS = 30


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel: cost of one contact, share of the candidates, and how much likelier than e-mail a response is."""

    name: str
    cost: float
    share: float
    lift: float


CHANNELS = (
    Channel("email", 0.02, 0.45, 1.0),
    Channel("push", 0.01, 0.25, 0.8),
    Channel("sms", 0.08, 0.20, 1.4),
    Channel("call", 4.50, 0.10, 4.0),
)


@dataclass(frozen=True, slots=True, eq=False)
class Market:
    """Offers, channels and days. A *kind* is (offer · channels + channel) · days + day.

    Parameters
    ----------
    value : (offers,) float array
        Worth of a response, log-normal (median 40, log-deviation 0.9), in cents.
    family : tuple of str
        Product family of each offer.
    weight : (kinds,) float array
        How often a kind is a candidate; sums to 1.
    channels : tuple of Channel
    """

    value: Floats
    family: tuple[str, ...]
    weight: Floats
    channels: tuple[Channel, ...]

    @classmethod
    def draw(cls, seed: int, channels: tuple[Channel, ...] = CHANNELS) -> Market:
        """Draw the offers: values log-normal, popularity falling with the rank as in Zipf's law, flattened."""
        random = stream(seed, "market")
        value = np.round(random.lognormal(np.log(40), 0.9, OFFERS), 2)
        popularity = random.permutation(1 / (np.arange(OFFERS) + 3.0) ** 0.7)
        names = ("loan", "card", "savings", "insurance", "service")
        family = tuple(names[i % len(names)] for i in range(OFFERS))
        day = np.array([1.0, 1.0, 1.0, 1.0, 1.0, 0.8, 0.6])
        share = np.array([channel.share for channel in channels])
        weight = (popularity[:, None, None] * share[:, None] * day).ravel()
        return cls(value, family, weight / weight.sum(), channels)

    @property
    def offers(self) -> list[str]:
        """Names of the offers."""
        return [f"offer-{i + 1:02}" for i in range(OFFERS)]

    @property
    def kinds(self) -> int:
        """Number of kinds."""
        return len(self.weight)

    @property
    def cost(self) -> Floats:
        """Cost of a contact by channel. Shape (channels,)."""
        return np.array([channel.cost for channel in self.channels])

    def channel_of(self, kind: Ints) -> Ints:
        """Return the channel of each kind."""
        return kind // DAYS % len(self.channels)

    def offer_of(self, kind: Ints) -> Ints:
        """Return the offer of each kind."""
        return kind // (DAYS * len(self.channels))

    def offers_csv(self) -> dict[str, list[Any]]:
        """Return the columns of offers.csv."""
        return {"offer": self.offers, "family": list(self.family), "value": self.value.tolist()}

    def channels_csv(self) -> dict[str, list[Any]]:
        """Return the columns of channels.csv."""
        return {"channel": [c.name for c in self.channels], "cost": [c.cost for c in self.channels]}


def days() -> list[date]:
    """Return the days of the horizon."""
    return [START + timedelta(days=i) for i in range(DAYS)]


def words(code: Ints, names: list[str]) -> pa.DictionaryArray:
    """Return text from codes, without making a Python string for each row."""
    return pa.DictionaryArray.from_arrays(pa.array(code.ravel().astype(np.int32)), pa.array(names))


def dates(day: Ints) -> pa.Array:
    """Return dates from days since START."""
    epoch = (START - date(1970, 1, 1)).days
    return pa.array((day.ravel() + epoch).astype("datetime64[D]"), pa.date32())
