"""The smallest change that would let a contact in: one other contact leaves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np

from optimizer.analysis.explain.answer import Swap
from optimizer.analysis.explain.refused import breaks_row, scaled
from optimizer.analysis.explain.unit import Unit, Use
from optimizer.data.layout import KEYS
from optimizer.problem.evaluate import evaluate
from optimizer.problem.shortfalls import shortfall


class Swaps:
    """Finds the cheapest one-for-one exchange for candidates of a unit.

    A contact of the unit may leave, or one of those that the run kept as the cheapest to lose of a full row.
    """

    def __init__(self, unit: Unit, uses: list[list[Use]]) -> None:
        self.unit, self.uses = unit, uses
        self._alone = replace(unit.problem, rows=(), switches=())
        self._short = shortfall(self._alone, unit.chosen)  # the least there is: the plan was audited
        self._known: dict[tuple[int, ...], tuple[Fraction, bool]] = {}
        self._quantum = Fraction(10) ** -unit.problem.value_decimals
        self._marginal = unit.run.insight.marginal.to_pylist()
        own = {unit.keys[i] for i, p in enumerate(unit.position) if p >= 0}
        self._marginal = [m for m in self._marginal if tuple(m[k] for k in KEYS) not in own]

    def cheapest(self, j: int) -> Swap | None:
        """Return the exchange that changes the objective for the better, or least for the worse."""
        found = [*self._inside(j), *self._outside(j)]
        if not found:
            return None
        better = max if self.unit.compiled.maximises else min
        return better(found, key=lambda swap: (swap.change, str(sorted(swap.leaves.items(), key=str))))

    def _inside(self, j: int) -> Iterator[Swap]:
        """Yield the exchanges with contacts of the unit."""
        unit = self.unit
        for i in unit.chosen.tolist():
            if i in unit.pinned:
                continue
            after = np.sort(np.append(unit.chosen[unit.chosen != i], j))
            if not self._worth(tuple(after.tolist()))[1]:
                continue
            freed = {use.line["number"]: -scaled(use) for use in self.uses[i]}
            if self._fits(j, freed):
                yield Swap(self._key(i), self._change(j, i, after))

    def _outside(self, j: int) -> Iterator[Swap]:
        """Yield the exchanges with contacts of other units, which make room in rows alone."""
        unit = self.unit
        after = tuple(sorted([*unit.chosen.tolist(), j]))
        full = {use.line["number"] for use in self.uses[j] if breaks_row(unit, use)}
        if not full or not self._worth(after)[1]:
            return
        for other in self._marginal:
            freed = {row: -used for row, used in zip(other["row"], other["amount"], strict=True)}
            if full & set(freed) and self._fits(j, freed):
                gain = float(unit.compiled.contribution[j]) - other["contribution"]
                yield Swap({k: other[k] for k in KEYS}, gain + self._penalties(after) + self._soft(j, freed))

    def _fits(self, j: int, freed: dict[int, int]) -> bool:
        """Say whether the rows hold when a contact comes and another one frees so much."""
        lines = list(self.unit.run.rows.values())
        coming = {use.line["number"]: scaled(use) for use in self.uses[j]}
        for number in {*coming, *freed}:
            line = lines[number]
            if line["penalty"] is not None:
                continue
            change = coming.get(number, 0) + freed.get(number, 0)
            if not _holds(line, change):
                return False
        cells = [r for r in lines if r["sort"] == "number"]
        for rule in {r["rule"] for r in cells}:
            mine = [r for r in cells if r["rule"] == rule]
            used = sum(r["used"] + coming.get(r["number"], 0) + freed.get(r["number"], 0) > 0 for r in mine)
            if used > mine[0]["upper"]:
                return False
        return True

    def _change(self, j: int, i: int, after: Any) -> float:
        contribution = self.unit.compiled.contribution
        freed = {use.line["number"]: -scaled(use) for use in self.uses[i]}
        gain = float(contribution[j]) - float(contribution[i])
        return gain + self._penalties(tuple(after.tolist())) + self._soft(j, freed)

    def _penalties(self, after: tuple[int, ...]) -> float:
        """Return what the unit's own soft minimums change, in the sense of the objective."""
        before = self._worth(tuple(self.unit.chosen.tolist()))[0]
        saved = float((before - self._worth(after)[0]) * self._quantum)
        return saved if self.unit.compiled.maximises else -saved

    def _soft(self, j: int, freed: dict[int, int]) -> float:
        """Return what soft rows change, in the sense of the objective."""
        lines = list(self.unit.run.rows.values())
        coming = {use.line["number"]: scaled(use) for use in self.uses[j]}
        saved = 0.0
        for number in sorted({*coming, *freed}):
            line = lines[number]
            if line["penalty"] is not None:
                change = coming.get(number, 0) + freed.get(number, 0)
                less = _violation(line, 0) - _violation(line, change)
                saved += line["penalty"] * less * 10.0 ** -line["decimals"]
        return saved if self.unit.compiled.maximises else -saved

    def _worth(self, chosen: tuple[int, ...]) -> tuple[Fraction, bool]:
        """Return the unit's penalties, in value quanta, and whether its own rules hold."""
        if chosen not in self._known:
            contacts = np.array(chosen, np.int64)
            found = evaluate(self._alone, contacts)
            least = np.all(shortfall(self._alone, contacts) <= self._short)
            self._known[chosen] = found.penalties, found.ok and bool(least)
        return self._known[chosen]

    def _key(self, i: int) -> dict[str, str | None]:
        at = self.unit.position.index(i)
        return dict(zip(KEYS, self.unit.keys[at], strict=True))


def _holds(line: dict[str, Any], change: int) -> bool:
    """Say whether a row still holds, or a lot is still none or enough, after a change of its use."""
    after = line["used"] + change
    if line["sort"] == "lot":
        return not 0 < after < line["lower"]
    if line["sort"] == "number" or change == 0:
        return True
    over = change > 0 and line["upper"] is not None and after > line["upper"]
    under = change < 0 and line["lower"] is not None and after < line["lower"]
    return not over and not under


def _violation(line: dict[str, Any], change: int) -> int:
    used = line["used"] + change
    over = 0 if line["upper"] is None else max(used - line["upper"], 0)
    return int(over + (0 if line["lower"] is None else max(line["lower"] - used, 0)))
