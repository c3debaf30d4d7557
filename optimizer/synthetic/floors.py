"""*floors*: minimums that bite; for repair, soft rows, penalties, and engines that begin from the empty plan.

The weekly market and policy, with a budget and channel-day capacities, and four minimums on offers that a value
optimum would neglect (the families and offers with the least demand at the optimum's values):

- hard: at least so many loans;
- hard: for each of the service offers, a least number from floors.csv;
- exact: exactly so many of one offer (a survey that was paid for);
- soft: more savings than can be had, at a penalty for each that is missing.

Each hard minimum lies between what a free plan gives and what a plan that puts those offers first gives, thinned to
the capacities: so it costs something, and it can be met.
"""

from __future__ import annotations

import numpy as np

from optimizer.synthetic.crowd import Crowd
from optimizer.synthetic.demand import POLICIES, Demand, free_demand
from optimizer.synthetic.draft import Draft
from optimizer.synthetic.market import DAYS, Floats, Market, Rules
from optimizer.synthetic.weekly import budget, channel_days, scenario, write_tables

FIRST = 1e6
"""Added to the score of an offer that goes before all others."""


def build(draft: Draft, *, customers: int, seed: int, per_customer: int = 20, history: bool = False) -> None:
    """Write an instance; the options are those of *weekly*."""
    crowd = Crowd(Market.draw(seed), seed, customers, per_customer, history)
    write_tables(draft, crowd)
    free = free_demand(crowd)
    market = crowd.market
    wanted = np.array([family in ("loan", "service") for family in market.family])
    first = free_demand(crowd, np.where(wanted, FIRST, 0.0))
    # capacities are generous for either plan, so that what is scarce is the customers' attention
    shared = [*budget(first, 0.6, 1.1), *channel_days(draft, first, 0.6, 1.1)]
    constraints = [*shared, *_minimums(draft, market, free, first)]
    draft.scenario(scenario("floors", POLICIES, constraints, history=history))


def _minimums(draft: Draft, market: Market, free: Demand, first: Demand) -> Rules:
    """Return the four minimums, at 60 % of the way from the free plan to the one that puts them first."""
    # every capacity is at least 60 % of the second plan's use, so half of it fits surely
    least = _by_offer(free)
    most = 0.5 * _by_offer(first)
    between = np.floor(np.where(most > least, least + 0.6 * (most - least), 0.8 * most))
    family = np.array(market.family)
    loans = int(between[family == "loan"].sum())
    services = np.flatnonzero(family == "service")
    survey, *services_left = (int(i) for i in services[np.argsort(-between[services], kind="stable")])
    names = market.offers
    draft.csv(
        "floors",
        {"offer": [names[i] for i in services_left], "least": [int(between[i]) for i in services_left]},
    )
    savings = int(2 * least[family == "savings"].sum()) + 10
    value = float(np.round(np.median(market.value[family == "savings"]) * 0.02, 2))
    return [
        {"name": "loan-floor", "total": "contacts", "where": "family = 'loan'", "at_least": loans},
        {
            "name": "service-floor",
            "total": "contacts",
            "where": "family = 'service'",
            "for_each": "offer",
            "at_least": {"table": "floors.csv", "column": "least", "default": 0},
        },
        {
            "name": "survey",
            "total": "contacts",
            "where": f"offer = '{names[survey]}'",
            "exactly": int(between[survey]),
        },
        {
            "name": "savings-push",
            "total": "contacts",
            "where": "family = 'savings'",
            "at_least": savings,
            "penalty": max(value, 0.01),
        },
    ]


def _by_offer(demand: Demand) -> Floats:
    market = demand.crowd.market
    return demand.of(market.offer_of(demand.kind), market.kinds // (DAYS * len(market.channels)))
