"""Caps without the windows that cannot bind: a week's cap, say, counts in thirteen weeks, and one holds the others."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from optimizer.problem.primitives import UNLIMITED, Counter, Incidence, Overrides


def binding(counters: Iterable[Counter]) -> tuple[Counter, ...]:
    """Return the counters of which some instance has a limit, with those instances alone."""
    return tuple(kept for counter in counters if (kept := slim(counter)) is not None)


def slim(counter: Counter) -> Counter | None:
    """Return the counter with the instances that have a limit, None if none has.

    An instance without a common limit has one only where some group's number is its own.
    """
    limited = np.asarray(counter.limit) < UNLIMITED
    if counter.overrides is not None:
        limited[np.unique(counter.overrides.instance)] = True
    if limited.all():
        return counter
    if not limited.any():
        return None
    new = np.cumsum(limited) - 1
    uses, own = counter.uses, counter.overrides
    stays = limited[uses.instance]
    start = np.append(0, np.cumsum(stays))[uses.start]
    return replace(
        counter,
        labels=tuple(label for label, kept in zip(counter.labels, limited, strict=False) if kept),
        uses=Incidence(start, new[uses.instance[stays]].astype(np.int32), uses.weight[stays], int(limited.sum())),
        limit=counter.limit[limited],
        overrides=None if own is None else Overrides(own.start, new[own.instance].astype(np.int32), own.number),
    )
