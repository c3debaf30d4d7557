"""*weekly*: the family to measure speed and gaps with.

A bank's or telco's ordinary week: each customer has 20 candidates out of 30 offers × 4 channels × 7 days. A contact
policy of four rules couples the candidates of a customer, and 59 rows couple the customers: a budget, a capacity per
channel and day, and a cap per offer, each drawn between 35 and 110 % of what customers would take if nothing were
scarce. So some rows bind and some do not, and no single ratio sorts the candidates: this is where optimisation beats
a value-per-cost greedy.

Sources of the parameters: response rates of about 4 % with a long tail, and calls at hundreds of times the cost of an
e-mail, are the orders of magnitude of published direct-marketing cases; the values are log-normal as order values
are; customers' activity is gamma distributed as in the Pareto/NBD and BG/NBD models of repeat buying. None of it is
anybody's data.
"""

from __future__ import annotations

from typing import Any

from optimizer.synthetic.crowd import Crowd
from optimizer.synthetic.demand import POLICIES, Demand, free_demand, tight
from optimizer.synthetic.draft import Draft
from optimizer.synthetic.market import AS_OF, DAYS, OFFERS, START, Market, Rules, days
from optimizer.synthetic.streams import stream


def build(draft: Draft, *, customers: int, seed: int, per_customer: int = 20, history: bool = False) -> None:
    """Write an instance.

    Parameters
    ----------
    draft : Draft
    customers, seed : int
    per_customer : int
        Candidates of each customer, 1 to 420.
    history : bool
        About one contact for each customer in the last 30 days, which the policies count.
    """
    crowd = Crowd(Market.draw(seed), seed, customers, per_customer, history)
    write_tables(draft, crowd)
    demand = free_demand(crowd)
    constraints = [*budget(demand), *channel_days(draft, demand), *offer_caps(draft, demand)]
    draft.scenario(scenario("weekly", POLICIES, constraints, history=history))


def write_tables(draft: Draft, crowd: Crowd) -> None:
    """Write candidates, offers, channels and, where the crowd has one, the history."""
    draft.parquet("candidates", (draws.table() for draws in crowd.blocks()))
    if crowd.history:
        draft.parquet("history", (draws.history() for draws in crowd.blocks()))
    draft.csv("offers", crowd.market.offers_csv())
    draft.csv("channels", crowd.market.channels_csv())


def scenario(
    name: str, policies: Rules, constraints: Rules, *, history: bool = False, customers: str | None = None
) -> dict[str, Any]:
    """Return the scenario of a weekly-like family."""
    data = {"candidates": "candidates.parquet", "offers": "offers.csv", "channels": "channels.csv"}
    if customers is not None:
        data["customers"] = customers
    if history:
        data["history"] = "history.parquet"
    return {
        "version": 1,
        "name": name,
        "as_of": AS_OF,
        "horizon": {"start": START.isoformat(), "days": DAYS},
        "data": data,
        "objective": {"maximize": "propensity * value - cost"},
        "contact_policies": policies,
        "constraints": constraints,
    }


def budget(demand: Demand, low: float = 0.35, high: float = 1.10) -> Rules:
    """Return the budget: a share of what the free plan costs."""
    market = demand.crowd.market
    spent = float(market.cost[market.channel_of(demand.kind)].sum()) * demand.scale
    share = stream(demand.crowd.seed, "budget").uniform(low, high)
    return [{"name": "budget", "total": "cost", "at_most": max(round(share * spent, 2), 1.0)}]


def channel_days(draft: Draft, demand: Demand, low: float = 0.35, high: float = 1.10) -> Rules:
    """Write capacity.csv and return its rule: most contacts of a channel on a day."""
    market = demand.crowd.market
    cells = len(market.channels) * DAYS
    cell = market.channel_of(demand.kind) * DAYS + demand.kind % DAYS
    most = tight(stream(demand.crowd.seed, "capacity"), demand.of(cell, cells), low, high)
    names = [channel.name for channel in market.channels]
    draft.csv(
        "capacity",
        {
            "channel": [names[i // DAYS] for i in range(cells)],
            "slot": [days()[i % DAYS] for i in range(cells)],
            "most": most.tolist(),
        },
    )
    limit = {"table": "capacity.csv", "column": "most"}
    return [{"name": "channel-day", "total": "contacts", "for_each": ["channel", "slot"], "at_most": limit}]


def offer_caps(draft: Draft, demand: Demand) -> Rules:
    """Write offer_caps.csv and return its rule: most contacts of an offer."""
    market = demand.crowd.market
    most = tight(stream(demand.crowd.seed, "offer caps"), demand.of(market.offer_of(demand.kind), OFFERS))
    draft.csv("offer_caps", {"offer": market.offers, "most": most.tolist()})
    limit = {"table": "offer_caps.csv", "column": "most"}
    return [{"name": "offer-cap", "total": "contacts", "for_each": "offer", "at_most": limit}]
