"""Problems straight as arrays, at any size, so that engines can be timed without reading files: weekly, and wide units.

*Weekly* has the structure and limits of the synthetic family of that name: 30 offers × 4 channels × 7 days, three
contacts a week, two per channel, one per offer, two days of rest; a budget, 28 channel-day capacities and 30 offer
caps, each between 35 and 110 % of what customers take when nothing is scarce.

*Wide* has units of hundreds or thousands of candidates: 60 offers × 40 days in four channels, ten contacts a customer,
two in three days; an offer once a household, and one of two product lines; capacities by channel.
"""

from __future__ import annotations

import numpy as np

from optimizer.engines.decomposition.compiled import Units
from optimizer.problem.primitives import UNLIMITED, Conflict, Counter, Incidence, Measure, Partition, Rows
from optimizer.problem.problem import Problem

OFFERS, CHANNELS, DAYS = 30, 4, 7
KINDS = OFFERS * CHANNELS * DAYS
COST = np.array([2, 5, 30, 120])
EVERY = np.arange(KINDS)
OFFER, CHANNEL, DAY = EVERY // (CHANNELS * DAYS), EVERY // DAYS % CHANNELS, EVERY % DAYS


def weekly(customers: int, seed: int = 0, per_customer: int = 20) -> Problem:
    """Draw an instance."""
    draw = np.random.default_rng(seed)
    n = customers * per_customer
    kind = np.empty((customers, per_customer), np.uint16)
    for first in range(0, customers, 20_000):
        block = kind[first : first + 20_000]
        scores = draw.random((len(block), KINDS), np.float32)
        block[:] = np.sort(np.argpartition(scores, per_customer, axis=1)[:, :per_customer], axis=1)
    kind = kind.ravel()
    worth = np.exp(draw.normal(3, 0.7, OFFERS))
    affinity = np.repeat(draw.gamma(2, 0.5, customers).astype(np.float32), per_customer)
    score = draw.beta(1.5, 30, n).astype(np.float32)
    cost = COST[CHANNEL]
    decimals = min(6, int(np.floor(np.log10(2**50 / (2.0 * n)))))
    earned = affinity * score * worth[OFFER[kind]] - cost[kind] / 100
    value = np.rint(earned * 10.0**decimals).astype(np.int32)
    pairs = np.array([(k, w) for k in EVERY for w in (DAY[k] - 1, DAY[k]) if 0 <= w < DAYS - 1])

    def uses(instance: object, instances: int, kinds: object = EVERY, weight: object = 1) -> Incidence:
        return Incidence.of(kinds, instance, weight, kinds=KINDS, instances=instances)

    cell = CHANNEL * DAYS + DAY

    def problem(caps: tuple[Rows, ...]) -> Problem:
        return Problem(
            customer_start=np.arange(customers + 1, dtype=np.int64) * per_customer,
            unit_customer=np.arange(customers + 1, dtype=np.int64),
            kind=kind,
            value=value,
            value_decimals=decimals,
            kinds=KINDS,
            most_contacts=3 * customers,
            measures=(Measure("cost", np.zeros(0, np.int32), 2, True),),
            partitions=(Partition("customer", np.arange(customers, dtype=np.int32), customers),),
            counters=(
                Counter("three-a-week", 0, uses(np.zeros(KINDS, int), 1), np.array([3])),
                Counter("two-a-channel", 0, uses(CHANNEL, CHANNELS), np.full(CHANNELS, 2)),
                Counter("offer-once", 0, uses(OFFER, OFFERS), np.full(OFFERS, 1)),
                Counter("rest", 0, uses(pairs[:, 1], DAYS - 1, pairs[:, 0]), np.full(DAYS - 1, 1)),
            ),
            rows=caps,
        )

    taken = Units(problem(())).solve().kinds_used

    def rows(name: str, incidence: Incidence) -> Rows:
        demand = np.bincount(
            incidence.instance,
            weights=incidence.weight * np.repeat(taken, np.diff(incidence.start)),
            minlength=incidence.instances,
        )
        most = np.rint(demand * draw.uniform(0.35, 1.1, len(demand))).astype(np.int64)
        return Rows(name, incidence, np.full(len(most), -UNLIMITED), most)

    return problem(
        (
            rows("budget", uses(np.zeros(KINDS, int), 1, weight=cost)),
            rows("channel-day", uses(cell, CHANNELS * DAYS)),
            rows("offer-cap", uses(OFFER, OFFERS)),
        )
    )


WIDE_OFFERS, WIDE_DAYS, CAP = 60, 40, 10
WIDE_EVERY = np.arange(WIDE_OFFERS * WIDE_DAYS)
WIDE_OFFER, WIDE_DAY = WIDE_EVERY // WIDE_DAYS, WIDE_EVERY % WIDE_DAYS


def wide(units: int, members: int, each: int, seed: int = 0) -> Problem:
    """Draw units of so many customers with so many candidates each."""
    draw = np.random.default_rng(seed)
    customers, kinds = units * members, len(WIDE_EVERY)
    kind = np.concatenate([np.sort(draw.choice(kinds, each, replace=False)) for _ in range(customers)])
    days = WIDE_DAYS - 2
    windows = np.array([(k, d) for k in WIDE_EVERY for d in range(WIDE_DAY[k] - 2, WIDE_DAY[k] + 1) if 0 <= d < days])
    lines = WIDE_EVERY[WIDE_OFFER < 20]

    def uses(instance: object, instances: int, kind: object = WIDE_EVERY, weight: object = 1) -> Incidence:
        return Incidence.of(kind, instance, weight, kinds=kinds, instances=instances)

    def problem(rows: tuple[Rows, ...]) -> Problem:
        return Problem(
            customer_start=np.arange(customers + 1) * each,
            unit_customer=np.arange(0, customers + 1, members),
            kind=kind,
            value=value,
            value_decimals=2,
            kinds=kinds,
            most_contacts=CAP * customers,
            partitions=(
                Partition("customer", np.arange(customers), customers),
                Partition("household", np.repeat(np.arange(units), members), units),
            ),
            counters=(
                Counter("ten", 0, uses(np.zeros(kinds), 1), np.array([CAP])),
                Counter("two-in-three-days", 0, uses(windows[:, 1], days, windows[:, 0]), np.full(days, 2)),
                Counter("offer-once", 1, uses(WIDE_OFFER, WIDE_OFFERS), np.full(WIDE_OFFERS, 1)),
            ),
            conflicts=(Conflict("one-line", 1, uses(np.zeros(len(lines)), 1, lines, 1 + WIDE_OFFER[lines] % 2)),),
            rows=rows,
        )

    value = np.rint(draw.gamma(2, 100, len(kind))).astype(np.int64)
    channel = WIDE_OFFER % CHANNELS
    taken = np.bincount(channel, Units(problem(())).solve().kinds_used, CHANNELS)
    most = np.rint(taken * draw.uniform(0.5, 0.9, CHANNELS)).astype(np.int64)
    return problem((Rows("capacity", uses(channel, CHANNELS), np.full(CHANNELS, -UNLIMITED), most),))
