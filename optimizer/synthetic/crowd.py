"""The customers of the weekly-like families and their candidates, drawn block by block as often as needed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa

from optimizer.errors import UsageError
from optimizer.synthetic.market import DAYS, OFFERS, Floats, Ints, Market, dates, words
from optimizer.synthetic.streams import BLOCK, blocks, stream


@dataclass(frozen=True, slots=True, eq=False)
class Past:
    """Earlier contacts of a block, in parallel: the customer's row in it, offer, channel, days before START."""

    row: Ints
    offer: Ints
    channel: Ints
    ago: Ints


@dataclass(frozen=True, eq=False)
class Draws:
    """The candidates of a block: n customers × k candidates.

    Parameters
    ----------
    market : Market
    customer : (n,) int array
        Ids, from 1.
    kind : (n, k) int array
        Ascending and different within a customer.
    propensity : (n, k) float array
        Chance of a response, with five decimals.
    past : Past
        Contacts before the horizon; empty unless asked for.
    """

    market: Market
    customer: Ints
    kind: Ints
    propensity: Floats
    past: Past

    @cached_property
    def offer(self) -> Ints:
        """Offer of each candidate. Shape (n, k)."""
        return self.market.offer_of(self.kind)

    @cached_property
    def channel(self) -> Ints:
        """Channel of each candidate. Shape (n, k)."""
        return self.market.channel_of(self.kind)

    @cached_property
    def day(self) -> Ints:
        """Day of each candidate, 0 … DAYS − 1. Shape (n, k)."""
        return self.kind % DAYS

    @cached_property
    def contribution(self) -> Floats:
        """``propensity * value - cost`` of each candidate. Shape (n, k)."""
        return self.propensity * self.market.value[self.offer] - self.market.cost[self.channel]

    def table(self) -> pa.Table:
        """Return the rows of candidates.parquet."""
        k = self.kind.shape[1]
        return pa.table(
            {
                "customer": pa.array(np.repeat(self.customer, k)),
                "offer": words(self.offer, self.market.offers),
                "channel": words(self.channel, [c.name for c in self.market.channels]),
                "slot": dates(self.day),
                "propensity": pa.array(self.propensity.ravel()),
            }
        )

    def history(self) -> pa.Table:
        """Return the rows of history.parquet."""
        return pa.table(
            {
                "customer": pa.array(self.customer[self.past.row]),
                "offer": words(self.past.offer, self.market.offers),
                "channel": words(self.past.channel, [c.name for c in self.market.channels]),
                "at": dates(-self.past.ago),
            }
        )


@dataclass(frozen=True, slots=True)
class Crowd:
    """The customers of an instance, drawn block by block as often as needed.

    Parameters
    ----------
    market : Market
    seed, customers, per_customer : int
    history : bool
        Whether customers were contacted before: about once each in the last 30 days.

    Raises
    ------
    UsageError
        If ``per_customer`` is below 1 or above half the number of kinds.
    """

    market: Market
    seed: int
    customers: int
    per_customer: int
    history: bool = False

    def __post_init__(self) -> None:
        if not 1 <= self.per_customer <= self.market.kinds // 2:
            raise UsageError(
                f"{self.per_customer} candidates for each customer", fix=f"ask for 1 to {self.market.kinds // 2}"
            )

    def blocks(self, most: int | None = None) -> Iterator[Draws]:
        """Draw the blocks in order, all or the first ``most`` customers."""
        for block, size in blocks(min(self.customers, most or self.customers)):
            yield self._draw(block, size)

    def _draw(self, block: int, size: int) -> Draws:
        """Draw one block.

        The chance of a response is beta(1.1, 24) per customer and offer (mean 0.044, as in mass marketing), times the
        customer's affinity, gamma with shape 2 and mean 1, times the channel's lift, times log-normal noise for the
        day (log-deviation 0.15).
        """
        random = stream(self.seed, "candidates", block)
        shape = (BLOCK, self.per_customer)
        affinity = random.gamma(2.0, 0.5, BLOCK)
        base = random.beta(1.1, 24.0, (BLOCK, OFFERS))
        noise = random.lognormal(0.0, 0.15, shape)
        kind = _different(random, np.cumsum(self.market.weight), shape)
        lift = np.array([channel.lift for channel in self.market.channels])
        chance = np.take_along_axis(base, self.market.offer_of(kind), 1) * affinity[:, None]
        chance *= lift[self.market.channel_of(kind)] * noise
        propensity = np.round(np.minimum(chance, 1.0), 5)
        customer = np.arange(size, dtype=np.int64) + block * BLOCK + 1
        return Draws(self.market, customer, kind[:size], propensity[:size], self._past(block, size))

    def _past(self, block: int, size: int) -> Past:
        """Draw contacts of the last 30 days: their number is geometric with mean 1, the recent ones a little denser."""
        random = stream(self.seed, "history", block)
        count = random.geometric(0.5, BLOCK) - 1 if self.history else np.zeros(BLOCK, np.int64)
        row = np.repeat(np.arange(BLOCK), count)
        kind = np.searchsorted(np.cumsum(self.market.weight), random.random(len(row)))
        kind = np.minimum(kind, self.market.kinds - 1)
        ago = 1 + np.floor(30 * random.random(len(row)) ** 1.3).astype(np.int64)
        mine = row < size
        return Past(row[mine], self.market.offer_of(kind)[mine], self.market.channel_of(kind)[mine], ago[mine])


def _different(random: np.random.Generator, cumulative: Floats, shape: tuple[int, int]) -> Ints:
    """Draw kinds by weight, ascending and without repeats in a row: repeats are drawn again until there are none."""
    last = len(cumulative) - 1
    kind = np.minimum(np.searchsorted(cumulative, random.random(shape)), last).astype(np.int16)
    kind.sort(axis=1)
    rows = np.arange(shape[0])
    while len(rows):
        mine = kind[rows]
        again = np.zeros(mine.shape, bool)
        again[:, 1:] = mine[:, 1:] == mine[:, :-1]
        repeats = again.any(axis=1)
        rows, mine, again = rows[repeats], mine[repeats], again[repeats]
        mine[again] = np.minimum(np.searchsorted(cumulative, random.random(int(again.sum()))), last)
        mine.sort(axis=1)
        kind[rows] = mine
    return kind.astype(np.int64)
