"""*many-rows*: the weekly family with thousands of constraints; for second-order methods that do not scale in rows.

Beside the budget, the channel-days and the offer caps of *weekly*:

- a cap for each offer × channel × day cell that has demand (about 800 cells, in limits.csv; the default 1 holds for the
  others);
- for each branch a least and a largest number of contacts (branches.csv). Customers are spread over the branches as
  firms' branches are: the largest has a hundred times the customers of the median one.

The minimums are a quarter of what a branch's customers would take freely, so that they hold in any sensible plan of the
whole and bind where caps starve a branch.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from optimizer.errors import UsageError
from optimizer.synthetic.crowd import Crowd
from optimizer.synthetic.demand import POLICIES, Demand, free_demand, tight
from optimizer.synthetic.draft import Draft
from optimizer.synthetic.market import DAYS, Ints, Market, Rules, days, words
from optimizer.synthetic.streams import BLOCK, stream
from optimizer.synthetic.weekly import budget, channel_days, offer_caps, scenario, write_tables


def build(
    draft: Draft,
    *,
    customers: int,
    seed: int,
    per_customer: int = 20,
    history: bool = False,
    branches: int = 1000,
) -> None:
    """Write an instance.

    Parameters
    ----------
    draft : Draft
    customers, seed, per_customer, history
        As in *weekly*.
    branches : int
        Number of branches; those that no customer fell to are left out.
    """
    if branches < 1:
        raise UsageError(f"{branches} branches", fix="ask for at least 1")
    crowd = Crowd(Market.draw(seed), seed, customers, per_customer, history)
    write_tables(draft, crowd)
    names = [f"branch-{i + 1:05}" for i in range(branches)]
    members = np.zeros(branches, np.int64)
    tables = []
    for draws in crowd.blocks():
        branch = _branch(seed, draws.customer, branches)
        members += np.bincount(branch, minlength=branches)
        tables.append(pa.table({"customer": pa.array(draws.customer), "branch": words(branch, names)}))
    draft.parquet("customers", tables)
    demand = free_demand(crowd)
    constraints = [
        *budget(demand),
        *channel_days(draft, demand),
        *offer_caps(draft, demand),
        *_cells(draft, demand),
        *_branches(draft, demand, names, members),
    ]
    draft.scenario(scenario("many-rows", POLICIES, constraints, history=history, customers="customers.parquet"))


def _branch(seed: int, customer: Ints, branches: int) -> Ints:
    """Return the branch of each customer of a block: shares fall with the rank as in Zipf's law."""
    share = np.cumsum(1 / np.arange(1, branches + 1))
    at = stream(seed, "branches", int(customer[0] - 1) // BLOCK).random(BLOCK)[: len(customer)]
    return np.minimum(np.searchsorted(share / share[-1], at), branches - 1)


def _cells(draft: Draft, demand: Demand) -> Rules:
    market = demand.crowd.market
    free = demand.of(demand.kind, market.kinds)
    most = tight(stream(demand.crowd.seed, "cells"), free)
    kind = np.flatnonzero(free)
    draft.csv(
        "limits",
        {
            "offer": [market.offers[i] for i in market.offer_of(kind)],
            "channel": [market.channels[i].name for i in market.channel_of(kind)],
            "slot": [days()[i] for i in kind % DAYS],
            "most": most[kind].tolist(),
        },
    )
    limit = {"table": "limits.csv", "column": "most", "default": 1}
    return [{"name": "cell", "total": "contacts", "for_each": ["offer", "channel", "slot"], "at_most": limit}]


def _branches(draft: Draft, demand: Demand, names: list[str], members: Ints) -> Rules:
    crowd = demand.crowd
    each = len(demand.kind) * demand.scale / crowd.customers
    used = np.flatnonzero(members)
    free = each * members[used]
    draft.csv(
        "branches",
        {
            "branch": [names[i] for i in used],
            "least": np.floor(0.25 * free).astype(int).tolist(),
            "most": tight(stream(crowd.seed, "branch caps"), free, 0.5, 1.1).tolist(),
        },
    )
    return [
        {
            "name": "branch",
            "total": "contacts",
            "for_each": "branch",
            "at_least": {"table": "branches.csv", "column": "least"},
            "at_most": {"table": "branches.csv", "column": "most"},
        }
    ]
