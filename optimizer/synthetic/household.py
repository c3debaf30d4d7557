"""*household*: customers who share caps; for engines whose unit is larger than a customer.

The weekly market with letters in place of push messages. Customers live in households of 1 to 6 (shares after the
usual census tables: 29, 34, 15, 13, 6 and 3 %); one in a hundred has no household on record and is alone. Beside the
weekly policy for each customer:

- one letter per household in 14 days, whoever it is addressed to;
- at most five contacts per household in a week;
- the same offer to one member only;
- never a loan to one member and a card to another within 7 days.

The limits across customers are shares of the free demand after the household's caps.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from optimizer.synthetic.crowd import Crowd, Draws
from optimizer.synthetic.demand import POLICIES, Keep, free_demand
from optimizer.synthetic.draft import Draft
from optimizer.synthetic.market import CHANNELS, OFFERS, Bools, Channel, Floats, Ints, Market, Rules, words
from optimizer.synthetic.streams import BLOCK, stream
from optimizer.synthetic.weekly import budget, channel_days, offer_caps, scenario, write_tables

LETTER = Channel("letter", 0.75, 0.25, 1.6)
SIZES = (0.29, 0.34, 0.15, 0.13, 0.06, 0.03)
"""Share of households with 1 … 6 members."""
LETTERS, CONTACTS = 1, 5
"""Caps of a household."""

HOUSEHOLD_POLICIES: Rules = [
    {
        "name": "one-letter-a-home",
        "at_most": LETTERS,
        "within": "14 days",
        "per": "household",
        "where": "channel = 'letter'",
    },
    {"name": "five-a-home", "at_most": CONTACTS, "within": "7 days", "per": "household"},
    {"name": "offer-once-a-home", "at_most": 1, "per": "household", "for_each": "offer"},
    {
        "name": "loan-or-card",
        "never": "family = 'loan'",
        "with": "family = 'card'",
        "within": "7 days",
        "per": "household",
    },
]


def build(draft: Draft, *, customers: int, seed: int, per_customer: int = 20, history: bool = False) -> None:
    """Write an instance; the options are those of *weekly*."""
    channels = tuple(LETTER if channel.name == "push" else channel for channel in CHANNELS)
    crowd = Crowd(Market.draw(seed, channels), seed, customers, per_customer, history)
    write_tables(draft, crowd)
    draft.parquet("customers", (_customers(seed, draws) for draws in crowd.blocks()))
    demand = free_demand(crowd, keep=_sharing(seed))
    constraints = [*budget(demand), *channel_days(draft, demand), *offer_caps(draft, demand)]
    policies = [*POLICIES, *HOUSEHOLD_POLICIES]
    draft.scenario(scenario("household", policies, constraints, history=history, customers="customers.parquet"))


def household(seed: int, customer: Ints) -> Ints:
    """Return the household of each customer of a block: ids ascend with the customers; −1 where there is none.

    Households do not reach over the end of a block.
    """
    block = int(customer[0] - 1) // BLOCK
    random = stream(seed, "households", block)
    size = random.choice(np.arange(1, 7), BLOCK, p=SIZES)
    home = np.repeat(np.arange(BLOCK), size)[:BLOCK] + block * BLOCK + 1
    home[random.random(BLOCK) < 0.01] = -1
    return home[: len(customer)]


def _customers(seed: int, draws: Draws) -> pa.Table:
    home = household(seed, draws.customer)
    region = stream(seed, "regions", int(draws.customer[0] - 1) // BLOCK).integers(0, 8, BLOCK)
    return pa.table(
        {
            "customer": pa.array(draws.customer),
            "household": pa.array(home, mask=home < 0),
            "region": words(region[: len(home)], [f"region-{i + 1}" for i in range(8)]),
        }
    )


def _sharing(seed: int) -> Keep:
    """Return what thins a plan to the household's caps on offers, letters and contacts, the best contacts first.

    The pair rule is left out: it concerns few, and this is an estimate.
    """

    def keep(draws: Draws, chosen: Bools) -> Bools:
        home = household(seed, draws.customer)
        home = np.where(home < 0, -draws.customer, home)
        row, j = np.nonzero(chosen)
        score = draws.contribution[row, j]
        letter = draws.channel[row, j] == [c.name for c in draws.market.channels].index(LETTER.name)
        best = _best(home[row] * OFFERS + draws.offer[row, j], score, 1)
        row, j, score, letter = row[best], j[best], score[best], letter[best]
        best = ~letter
        best[letter] = _best(home[row[letter]], score[letter], LETTERS)
        row, j, score = row[best], j[best], score[best]
        best = _best(home[row], score, CONTACTS)
        kept = np.zeros_like(chosen)
        kept[row[best], j[best]] = True
        return kept

    return keep


def _best(group: Ints, score: Floats, most: int) -> Bools:
    """Mark the ``most`` highest scores of each group."""
    order = np.lexsort((-score, group))
    sorted_group = group[order]
    first = np.searchsorted(sorted_group, sorted_group)
    kept = np.zeros(len(group), bool)
    kept[order] = np.arange(len(group)) - first < most
    return kept
