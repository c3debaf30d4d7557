"""The weekly structure as arrays: customers × 20 candidates, four contact policies, 59 rows across customers."""

import numpy as np

from optimizer.problem.primitives import UNLIMITED, Counter, Incidence, Measure, Partition, Rows
from optimizer.problem.problem import Problem

OFFERS, CHANNELS, DAYS = 30, 4, 7
KINDS = OFFERS * CHANNELS * DAYS


def weekly_problem(customers, seed=0, per_customer=20):
    """Draw an instance; every limit lies between 35 and 110 % of what customers take when nothing is scarce."""
    draw = np.random.default_rng(seed)
    n = customers * per_customer
    kind = np.concatenate([np.sort(draw.choice(KINDS, per_customer, replace=False)) for _ in range(customers)])
    offer, channel, day = kind // (CHANNELS * DAYS), kind // DAYS % CHANNELS, kind % DAYS
    worth = np.exp(draw.normal(3, 0.7, OFFERS))
    affinity = np.repeat(draw.gamma(2, 0.5, customers), per_customer)
    cost = np.array([2, 5, 30, 120])[channel]
    value = np.rint(1000 * affinity * draw.beta(1.5, 30, n) * worth[offer]).astype(np.int64) - 10 * cost
    every = np.arange(KINDS)
    of_offer, of_channel, of_day = every // (CHANNELS * DAYS), every // DAYS % CHANNELS, every % DAYS
    pairs_of_days = np.array([(k, w) for k in every for w in (of_day[k] - 1, of_day[k]) if 0 <= w < DAYS - 1])

    def uses(instance, instances, kinds=every):
        return Incidence.of(kinds, instance, 1, kinds=KINDS, instances=instances)

    counters = (
        Counter("three-a-week", 0, uses(np.zeros(KINDS, int), 1), np.array([3])),
        Counter("two-a-channel", 0, uses(of_channel, CHANNELS), np.full(CHANNELS, 2)),
        Counter("offer-once", 0, uses(of_offer, OFFERS), np.full(OFFERS, 1)),
        Counter("rest", 0, uses(pairs_of_days[:, 1], DAYS - 1, pairs_of_days[:, 0]), np.full(DAYS - 1, 1)),
    )
    taken = _free_choice(customers, per_customer, value, offer, channel, day)
    cell = of_channel * DAYS + of_day

    def caps(demand):
        return np.rint(demand * draw.uniform(0.35, 1.1, len(demand))).astype(np.int64)

    def rows(name, incidence, demand, measure=None):
        return Rows(name, incidence, np.full(len(demand), -UNLIMITED), caps(demand), measure=measure)

    return Problem(
        customer_start=np.arange(customers + 1) * per_customer,
        unit_customer=np.arange(customers + 1),
        kind=kind,
        value=value,
        value_decimals=3,
        kinds=KINDS,
        most_contacts=3 * customers,
        measures=(Measure("cost", cost, 2, True),),
        partitions=(Partition("customer", np.arange(customers), customers),),
        counters=counters,
        rows=(
            rows("budget", uses(np.zeros(KINDS, int), 1), np.array([cost[taken].sum()]), 0),
            rows("channel-day", uses(cell, CHANNELS * DAYS), np.bincount(cell[kind[taken]], minlength=CHANNELS * DAYS)),
            rows("offer-cap", uses(of_offer, OFFERS), np.bincount(offer[taken], minlength=OFFERS)),
        ),
    )


def _free_choice(customers, per_customer, value, offer, channel, day):
    """Each customer's contacts by value, obeying the policies alone."""
    taken = []
    for customer in range(customers):
        mine = np.arange(customer * per_customer, (customer + 1) * per_customer)
        got = []
        for j in mine[np.argsort(-value[mine], kind="stable")]:
            clash = any(offer[j] == offer[k] or abs(int(day[j]) - int(day[k])) < 2 for k in got)
            if value[j] > 0 and len(got) < 3 and not clash and sum(channel[k] == channel[j] for k in got) < 2:
                got.append(j)
        taken += got
    return np.sort(np.array(taken, np.int64))
