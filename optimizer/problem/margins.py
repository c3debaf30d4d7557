"""What candidates are worth beyond what the rows charge them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from optimizer.problem.primitives import Rows
from optimizer.problem.problem import Problem

Floats = npt.NDArray[np.float64]


def margins(problem: Problem, prices: Mapping[str, Floats] | None) -> Floats:
    """Return value less price times coefficient over all rows, in value quanta. Shape (candidates,)."""
    return Charges(problem, prices).margins(problem)


class Charges:
    """What each kind pays at some prices, looked up once for a problem and all its parts.

    Parameters
    ----------
    problem : Problem
    prices : mapping of block name to (rows,) float array, optional
        In value quanta per row quantum; nothing is charged without.
    """

    def __init__(self, problem: Problem, prices: Mapping[str, Floats] | None) -> None:
        self._common = np.zeros(problem.kinds)
        self._tables: dict[int, Floats] = {}
        for number, rows in enumerate(problem.rows if prices is not None else ()):
            assert prices is not None
            groups = problem.groups(rows.partition)
            price = np.asarray(prices[rows.name], np.float64).reshape(rows.uses.instances, groups)
            if not price.any():
                continue
            charge = _by_kind(rows, price, problem.kinds)
            if rows.partition is None and rows.measure is None:
                self._common += charge[:, 0]
            else:
                self._tables[number] = charge

    def margins(self, problem: Problem) -> Floats:
        """Return the margins of the problem's candidates, or of a part's. Shape (candidates,)."""
        return self.with_policies(problem)[0]

    def with_policies(self, problem: Problem) -> tuple[Floats, dict[str, Floats]]:
        """Return the margins, and by rule what of them contact policies charge that have prices."""
        margin, charged = np.asarray(problem.value, np.float64), dict[str, Floats]()
        for number, charge in self._tables.items():
            rows = problem.rows[number]
            group = problem.group(rows.partition)
            paid: Floats = np.where(group >= 0, charge[problem.kind, np.maximum(group, 0)], 0.0)
            if rows.measure is not None:
                paid = paid * problem.measures[rows.measure].amount
            margin = margin - paid
            if rows.policy:
                charged[rows.rule] = charged.get(rows.rule, 0.0) + paid
        return margin - self._common[problem.kind], charged


def _by_kind(rows: Rows, price: Floats, kinds: int) -> Floats:
    """Return what a contact of each kind, in each group, pays per unit of the rows' measure. Shape (kinds, groups)."""
    kind = np.repeat(np.arange(kinds), np.diff(rows.uses.start))
    charge = np.zeros((kinds, price.shape[1]))
    np.add.at(charge, kind, price[rows.uses.instance] * np.asarray(rows.uses.weight)[:, None])
    return charge
