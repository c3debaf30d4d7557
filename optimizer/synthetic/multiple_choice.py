"""*multiple-choice*: the classical multiple-choice multi-dimensional knapsack problem (MMKP).

Exactly one of ``items`` offers for each customer (class), under ``knapsacks`` resources; no channels, no time. After
the generator of the classical benchmark (S. Khan, K. F. Li, E. G. Manning and M. M. Akbar, "Solving the knapsack
problem for adaptive multimedia systems", Studia Informatica Universalis 2 (2002); the instances I01–I13 and INST01–20
of the later literature: 5 to 25 items, 50 to 700 classes, 5 to 30 resources): whole weights drawn evenly, values that
grow with the weights, and capacities around half of what could be used. Each item has a quality level that scales its
weights and its value, so that a better item costs more of everything; noise on both makes the choice hard.

The cheapest items together fit with room to spare, so that a plan exists. Good for: required minimums, many tight
knapsacks at once, comparison with published solvers. Weights are measure columns of the candidates.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from optimizer.errors import Finding, UsageError
from optimizer.synthetic.draft import Draft
from optimizer.synthetic.market import AS_OF, START, Rules, words
from optimizer.synthetic.streams import BLOCK, blocks, stream

HEAVIEST = 100


def build(draft: Draft, *, customers: int, seed: int, items: int = 10, knapsacks: int = 10) -> None:
    """Write an instance.

    Parameters
    ----------
    draft : Draft
    customers : int
        Classes: 50 to 700 in the literature.
    seed : int
    items : int
        Items of each class: 5 to 25 in the literature.
    knapsacks : int
        Resources: 5 to 30 in the literature.
    """
    findings = []
    for name, count in (("items", items), ("knapsacks", knapsacks)):
        if count < 1:
            findings.append(Finding("usage", name, f"{count} is too few", "ask for at least 1"))
    if findings:
        raise UsageError(findings)
    least = np.zeros(knapsacks)
    mean = np.zeros(knapsacks)

    def tables() -> Iterator[pa.Table]:
        for block, size in blocks(customers):
            random = stream(seed, "classes", block)
            quality = np.sort(random.uniform(0.1, 1.0, (BLOCK, items)), axis=1)
            noise = random.uniform(0.5, 1.0, (BLOCK, items, knapsacks))
            weight = np.maximum(np.round(HEAVIEST * quality[:, :, None] * noise), 1).astype(np.int64)[:size]
            value = weight.mean(axis=2) * random.uniform(0.8, 1.2, (BLOCK, items))[:size]
            least[:] += weight[:, 0].sum(axis=0)  # the item of least quality, one and the same for all resources
            mean[:] += weight.mean(axis=1).sum(axis=0)
            columns = {
                "customer": pa.array(np.repeat(np.arange(size, dtype=np.int64) + block * BLOCK + 1, items)),
                "offer": words(np.tile(np.arange(items), size), [f"item-{i + 1:02}" for i in range(items)]),
                "value": pa.array(np.round(value, 2).ravel()),
            }
            for k in range(knapsacks):
                columns[f"weight_{k + 1}"] = pa.array(weight[:, :, k].ravel())
            yield pa.table(columns)

    draft.parquet("candidates", tables())
    share = stream(seed, "capacities").uniform(0.6, 1.0, knapsacks)
    capacity = np.ceil(np.maximum(share * mean, 1.1 * least)).astype(int)
    constraints: Rules = [
        {"name": f"knapsack-{k + 1}", "total": f"weight_{k + 1}", "at_most": int(capacity[k])} for k in range(knapsacks)
    ]
    draft.scenario(
        {
            "version": 1,
            "name": "multiple-choice",
            "as_of": AS_OF,
            "horizon": {"start": START.isoformat(), "days": 1},
            "data": {"candidates": "candidates.parquet"},
            "objective": {"maximize": "value"},
            "contact_policies": [{"name": "one-item", "exactly": 1}],
            "constraints": constraints,
        }
    )
