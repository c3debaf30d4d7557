"""The orders in which people go through their candidates today."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from optimizer.problem.pairs import pairs_of
from optimizer.problem.primitives import UNLIMITED, IntArray, Rows
from optimizer.problem.problem import Problem

ORDERS = ("value", "value_per_cost", "priority", "first_come")
"""By value; by value for each unit of the first budget; by the offers' priority; as the rows came."""
RANKED = ("priority", "first_come")
"""The orders that somebody else must supply."""


def order_of(problem: Problem, name: str, ranks: Mapping[str, IntArray] | None = None) -> IntArray:
    """Return the candidates in an order; ties go to the higher value, then to the lower position.

    Parameters
    ----------
    name : str
        ``value``, ``value_per_cost``, or a name in ``ranks``.
    ranks : mapping of str to (candidates,) int array, optional
        For each further order the rank of each candidate, low first.

    Raises
    ------
    KeyError
        If the order is not known.
    """
    position = np.arange(problem.candidates)
    if name == "value":
        return np.lexsort((position, -np.asarray(problem.value)))
    if name == "value_per_cost":
        return np.lexsort((position, -np.asarray(problem.value), -_value_per_cost(problem)))
    if ranks is None or name not in ranks:
        raise KeyError(name)
    return np.lexsort((position, -np.asarray(problem.value), np.asarray(ranks[name])))


def priced_rows(problem: Problem) -> Rows | None:
    """Return the first hard upper limit on amounts (not on mere numbers of contacts), None if there is none."""
    for rows in problem.rows:
        amounts = rows.measure is not None or bool(np.any(np.asarray(rows.uses.weight) != 1))
        if amounts and rows.penalty is None and bool(np.any(np.asarray(rows.upper) < UNLIMITED)):
            return rows
    return None


def _value_per_cost(problem: Problem) -> npt.NDArray[np.float64]:
    """Return value per unit of :func:`priced_rows`, infinite for what is free; the value if there are no such rows."""
    value = np.asarray(problem.value).astype(np.float64)
    rows = priced_rows(problem)
    if rows is None:
        return value
    pairs = pairs_of(problem, rows.uses, rows.partition, rows.measure)
    cost = np.bincount(pairs.candidate, weights=pairs.weight, minlength=problem.candidates)
    free = cost <= 0
    return np.where(free, np.where(value > 0, np.inf, value), value / np.where(free, 1, cost))
