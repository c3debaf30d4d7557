"""Random tiny problems over all primitives: at most twelve candidates, several units, households, history."""

from dataclasses import replace
from fractions import Fraction

import numpy as np

from optimizer.problem.primitives import (
    UNLIMITED,
    Conflict,
    Counter,
    DistinctCounter,
    Floor,
    Incidence,
    Measure,
    Overrides,
    Partition,
    Prerequisite,
    Rows,
    Shortfall,
    Switch,
)
from optimizer.problem.problem import Problem

KINDS = 5
PRIMITIVES = ("counter", "knapsack", "distinct", "conflict", "prerequisite", "floor", "rows", "soft", "switch", "pin")


def random_problem(seed, only=None, candidates=12, how_often=0.45):
    """Draw a problem; ``only`` restricts the kinds of primitive, for tests of one alone."""
    draw, keys = np.random.default_rng(seed), np.random.default_rng([seed, 1])

    def wanted(name):
        return name in only if only is not None else draw.random() < how_often

    customers = int(draw.integers(2, 6))
    unit_customer = np.unique(np.concatenate([[0, customers], draw.integers(1, customers, size=draw.integers(0, 4))]))
    unit = np.repeat(np.arange(len(unit_customer) - 1), np.diff(unit_customer))
    owner = np.sort(draw.integers(0, customers, size=int(draw.integers(4, candidates + 1))))
    customer_start = np.searchsorted(owner, np.arange(customers + 1))
    n = len(owner)
    household = np.where(draw.random(customers) < 0.2, -1, unit)
    branch = draw.integers(-1, 2, size=customers)
    partitions = (
        Partition("customer", np.arange(customers), customers),
        Partition("household", household, len(unit_customer) - 1),
        Partition("branch", branch, 2),
    )
    measures = (
        Measure("cost", draw.integers(0, 9, size=n), 2, True),
        Measure("gain", draw.integers(-6, 9, size=n), 0, True),
    )

    def uses(instances, low=1, high=1, density=0.5):
        hit = draw.random((KINDS, instances)) < density
        kind, instance = np.nonzero(hit)
        weight = draw.integers(low, high + 1, size=len(kind))
        return Incidence.of(
            kind[weight != 0], instance[weight != 0], weight[weight != 0], kinds=KINDS, instances=instances
        )

    def some(partition, instances, low, high):
        """Overrides for about a third of the pairs, or None."""
        groups = partitions[partition].groups
        hit = draw.random((groups, instances)) < 0.3
        group, instance = np.nonzero(hit)
        if draw.random() < 0.4 or not len(group):
            return None
        return Overrides.of(group, instance, draw.integers(low, high + 1, size=len(group)), groups=groups)

    def unit_partition():
        return int(draw.integers(0, 2))

    parts = {name: [] for name in ("counters", "distincts", "conflicts", "prerequisites", "floors", "rows", "switches")}
    if wanted("counter"):
        p, m = unit_partition(), int(draw.integers(1, 5))
        limit = np.where(draw.random(m) < 0.2, UNLIMITED, draw.integers(0, 4, size=m))
        own = draw.integers(0, 4, size=partitions[p].groups) if draw.random() < 0.3 else None
        parts["counters"].append(Counter("cap", p, uses(m, 1, 2), limit, group_limit=own, overrides=some(p, m, 0, 3)))
    if wanted("knapsack"):
        p = unit_partition()
        parts["counters"].append(Counter("spend", p, uses(1, 1, 2, 0.8), draw.integers(0, 20, size=1), measure=0))
    if wanted("distinct"):
        p, m = unit_partition(), int(draw.integers(1, 4))
        groups = partitions[p].groups
        known = draw.random() < 0.5
        triples = np.array(
            [(g, i, k) for g in range(groups) for i in range(m) for k in range(3) if draw.random() < 0.2]
        )
        triples = triples.reshape(-1, 3)
        own = draw.integers(0, 3, size=groups) if draw.random() < 0.3 else None
        parts["distincts"].append(
            DistinctCounter(
                "envelopes", p, uses(m, 1, 1, 0.7), draw.integers(0, 3, size=KINDS), draw.integers(0, 3, size=m),
                group_limit=own, overrides=some(p, m, 0, 2),
                known_group=triples[:, 0] if known else None,
                known_instance=triples[:, 1] if known else None,
                known_key=triples[:, 2] if known else None,
            )
        )  # fmt: skip
    if wanted("conflict"):
        p, m = unit_partition(), int(draw.integers(1, 4))
        parts["conflicts"].append(Conflict("never", p, uses(m, 1, 3), some(p, m, 0, 3)))
    if wanted("prerequisite"):
        p, m = unit_partition(), int(draw.integers(1, 3))
        parts["prerequisites"].append(Prerequisite("only", p, uses(m, 1, 3, 0.6), some(p, m, 1, 1)))
    if wanted("floor"):
        for reaction in list(Shortfall):
            if draw.random() < 0.4:
                p, m = unit_partition(), int(draw.integers(1, 3))
                high = 1 if reaction is Shortfall.REQUIRED else 3
                own = draw.integers(0, high + 1, size=partitions[p].groups) if draw.random() < 0.3 else None
                counted, need = uses(m, 1, 2, 0.8), draw.integers(0, high + 1, size=m)
                key = keys.integers(0, 3, size=KINDS) if keys.random() < 0.3 else None
                if key is not None:
                    counted = replace(counted, weight=np.ones_like(counted.weight))
                parts["floors"].append(
                    Floor(
                        f"floor-{reaction.value}", p, counted, need, reaction,
                        penalty=Fraction(int(draw.integers(1, 40)), 7) if reaction is Shortfall.PENALTY else None,
                        group_need=own, overrides=some(p, m, 0, high), key=key,
                    )
                )  # fmt: skip
    for name, chance in (("rows", None), ("soft", Fraction(int(draw.integers(0, 30)), 3))):
        if wanted(name):
            p = [None, 0, 1, 2][int(draw.integers(0, 4))]
            m = int(draw.integers(1, 3))
            size = m * (1 if p is None else partitions[p].groups)
            measure = [None, 0, 1][int(draw.integers(0, 3))]
            upper = np.where(draw.random(size) < 0.2, UNLIMITED, draw.integers(-1 if chance else 1, 15, size=size))
            lower = np.where(draw.random(size) < 0.8, -UNLIMITED, np.minimum(upper, draw.integers(0, 3, size=size)))
            parts["rows"].append(Rows(f"{name}-row", uses(m, -1, 3, 0.7), lower, upper, p, measure, chance))
    if wanted("switch"):
        p = [None, 2][int(draw.integers(0, 2))]
        lot = int(draw.integers(1, 4)) if draw.random() < 0.7 else None
        most = int(draw.integers(0, 3)) if draw.random() < 0.7 else None
        parts["switches"].append(Switch("distinct", uses(3, 1, 2), p, lot, most))
    required = np.sort(draw.choice(n, size=1)) if wanted("pin") and draw.random() < 0.5 else None
    return Problem(
        customer_start=customer_start,
        unit_customer=unit_customer,
        kind=draw.integers(0, KINDS, size=n),
        value=draw.integers(-6, 25, size=n),
        value_decimals=2,
        kinds=KINDS,
        most_contacts=n,
        measures=measures,
        partitions=partitions,
        required=required,
        **{name: tuple(made) for name, made in parts.items()},
    )
