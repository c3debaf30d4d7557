"""Hand-made problems: each candidate is a kind of its own, so that a test can say who counts where."""

import numpy as np

from optimizer.problem.primitives import Incidence, Partition
from optimizer.problem.problem import Problem


def make_problem(values, customers=None, **parts):
    """Build a problem; ``customers`` gives each candidate's customer (all one by default), each a unit."""
    owner = np.zeros(len(values), int) if customers is None else np.asarray(customers)
    count = int(owner.max(initial=0)) + 1
    start = np.searchsorted(owner, np.arange(count + 1))
    return Problem(
        customer_start=start,
        unit_customer=np.arange(count + 1),
        kind=np.arange(len(values)),
        value=np.asarray(values, np.int64),
        value_decimals=2,
        kinds=len(values),
        most_contacts=len(values),
        partitions=(Partition("customer", np.arange(count), count),),
        **parts,
    )


def uses(kinds, *entries, instances=1):
    """Build an incidence from (candidate, weight) or (candidate, instance, weight) entries."""
    triples = [(e[0], 0, e[1]) if len(e) == 2 else e for e in entries]
    kind, instance, weight = (list(column) for column in zip(*triples, strict=True)) if triples else ([], [], [])
    return Incidence.of(kind, instance, weight, kinds=kinds, instances=instances)
