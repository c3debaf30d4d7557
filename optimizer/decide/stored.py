"""The prices that a run left, as whole numbers, for the rows of any problem of the same scenario."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from optimizer.analysis.explain.run import Run
from optimizer.errors import DataError, Finding, UnsupportedError
from optimizer.plan.audit.books import canonical
from optimizer.problem.primitives import Rows
from optimizer.problem.problem import Problem

SHIFT = 20
"""Prices that prove nothing are rounded to so many binary places, or to fewer where values are large."""
VALUE_BITS = 52


@dataclass(frozen=True, slots=True)
class Line:
    """One row across customers, as the run left it: limits and use in quanta of ``10 ** -decimals``.

    Attributes
    ----------
    rule, part, group : str
        Whose row it is; the group is canonical JSON.
    sort : str
        ``row``, or ``lot`` and ``number`` for a cell that is used not at all or enough.
    price : float
        Change of the objective per unit of the limit.
    numerator : int
        Value quanta per quantum of the row, over ``2 ** StoredPrices.shift``, of the maximised problem.
    hard : bool
        Whether no penalty buys more than the limit.
    """

    rule: str
    part: str
    group: str
    sort: str
    decimals: int
    lower: int | None
    upper: int | None
    used: int
    price: float
    numerator: int
    hard: bool

    @property
    def closed(self) -> bool:
        """Whether the run's plan does not use this cell of a lot, or of a number of values, at all."""
        return self.sort != "row" and self.used == 0


@dataclass(frozen=True, slots=True, eq=False)
class StoredPrices:
    """All rows of a run with their prices.

    Attributes
    ----------
    shift : int
    value_decimals : int
        The run's value quantum is ``10 ** -value_decimals``.
    maximises : bool
    lines : tuple of Line
    """

    shift: int
    value_decimals: int
    maximises: bool
    lines: tuple[Line, ...]

    @classmethod
    def of(cls, run: Run, prices: Mapping[str, Any]) -> StoredPrices:
        """Read the prices of a run.

        Parameters
        ----------
        run : Run
        prices : mapping
            The content of ``prices.json``.

        Raises
        ------
        DataError
            The run left none.
        UnsupportedError
            A policy is shared by more customers than can be decided together.
        """
        found = run.insight.rows.to_pylist()
        policies = {rule.name for rule in run.scenario.rules() if rule.section == "contact_policies"}
        wide = sorted({one["rule"] for one in found if one["rule"] in policies})
        if wide:
            raise UnsupportedError(
                [
                    Finding(
                        "scenario",
                        f"rule {name}",
                        f"'{name}' is shared by more customers than can be decided together during the day",
                        "leave it to the nightly run, or share it by household",
                        rule=name,
                    )
                    for name in wide
                ]
            )
        if any(one["sort"] == "row" and one["price"] is None for one in found):
            raise DataError(
                "the run left no prices",
                where=str(run.folder or run.scenario.name),
                fix="run it with engine: decomposition, or auto: a greedy plan has none",
            )
        proof = prices["certificate"]
        decimals, maximises = int(prices["value_decimals"]), prices["sense"] == "maximize"
        shift = _shift(run, decimals) if proof is None else int(proof["shift"])
        proven = {} if proof is None else {name: iter(numbers) for name, numbers in proof["numerators"].items()}
        lines = []
        for one in found:
            price, numerator = float(one["price"] or 0.0), 0
            if one["sort"] == "row":
                name = f"{one['rule']} {one['part']}" if one["part"] else one["rule"]
                scale = 10.0 ** (decimals - one["decimals"]) * (1.0 if maximises else -1.0)
                numerator = round(price * scale * 2.0**shift) if proof is None else int(next(proven[name]))
            lines.append(
                Line(
                    **{k: one[k] for k in ("rule", "part", "group", "sort", "decimals", "lower", "upper", "used")},
                    price=price,
                    numerator=numerator,
                    hard=one["penalty"] is None,
                )
            )
        return cls(shift, decimals, maximises, tuple(lines))

    def by_row(self) -> dict[tuple[str, str, str], int]:
        """Return the number of each row's line, by rule, part and group."""
        return {(line.rule, line.part, line.group): number for number, line in enumerate(self.lines)}

    def rows_of(self, block: Rows) -> list[int]:
        """Return the number of the line of each row of a block, −1 for rows that the run did not have."""
        known = self.by_row()
        return [known.get((block.rule, block.part, canonical(json.loads(label))), -1) for label in block.labels]

    def numerators(self, problem: Problem) -> dict[str, list[int]]:
        """Return whole prices, over ``2 ** shift``, for the rows of a problem in the run's value quanta.

        A row that the run did not have costs nothing. Where the problem counts in finer quanta than the run did, the
        price of a quantum is rounded.
        """
        found = {}
        for block in problem.rows:
            paid = []
            for number in self.rows_of(block):
                numerator, finer = (0, 0) if number < 0 else self._at(number, block.decimals)
                paid.append(numerator * 10**finer if finer >= 0 else round(numerator / 10**-finer))
            found[block.name] = paid
        return found

    def _at(self, number: int, decimals: int) -> tuple[int, int]:
        line = self.lines[number]
        return line.numerator, line.decimals - decimals

    def quanta(self, gains: np.ndarray) -> np.ndarray:
        """Return contributions, in the sign that is maximised, in the run's value quanta."""
        from optimizer.compile.quanta import to_quanta

        return to_quanta(np.asarray(gains, np.float64), self.value_decimals)


def _shift(run: Run, decimals: int) -> int:
    """Return how many binary places a price may have beside the values of the run's own contacts."""
    worth = run.contributions()
    largest = int(np.abs(worth).max(initial=1.0) * 10.0**decimals)
    return max(0, min(SHIFT, VALUE_BITS - largest.bit_length()))
