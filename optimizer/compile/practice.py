"""The orders of usual practice, which the greedy baselines follow."""

from __future__ import annotations

import numpy as np

from optimizer.compile.kinds import EPOCH, Kinds
from optimizer.data.tables import Tables
from optimizer.problem.primitives import IntArray
from optimizer.problem.problem import Problem

DAY = 86_400e6
"""Microseconds."""
LAST = 1e18
"""The priority of an offer that has none."""


def ranks(tables: Tables, kinds: Kinds, problem: Problem) -> dict[str, IntArray]:
    """Return the rank of each candidate, lower first: first come first served, and by offer priority.

    Contacts come in the order of their slots. An offer's priority is the ``priority`` column of the offers table
    (1 first), or else its mean contribution, highest first. Both are told by the kind.
    """
    sent = kinds.constraint
    come = np.where(np.isnan(sent.instant), (sent.day - EPOCH) * DAY, sent.instant)
    return {"first_come": _ranked(come)[problem.kind], "priority": _ranked(_priority(tables, problem))[problem.kind]}


def _ranked(score: np.ndarray) -> IntArray:
    return np.unique(score, return_inverse=True)[1].astype(np.int32)


def _priority(tables: Tables, problem: Problem) -> np.ndarray:
    """Return a number per kind, the lower the sooner."""
    if "priority" in tables.columns.get("offers", {}):
        given = tables.con.execute(
            f'SELECT coalesce(CAST(offers.priority AS DOUBLE), {LAST}) AS priority FROM "@kinds" k '
            "LEFT JOIN offers ON offers.offer = k.offer ORDER BY k.kind"
        ).fetchnumpy()
        return np.asarray(given["priority"], np.float64)
    found = tables.con.execute('SELECT dense_rank() OVER (ORDER BY offer) - 1 AS offer FROM "@kinds" ORDER BY kind')
    offer = np.asarray(found.fetchnumpy()["offer"], np.int64)
    count = np.bincount(problem.kind, minlength=problem.kinds)
    total = np.bincount(problem.kind, weights=problem.value, minlength=problem.kinds)
    mean = np.bincount(offer, weights=total) / np.maximum(np.bincount(offer, weights=count), 1)
    return -mean[offer]
