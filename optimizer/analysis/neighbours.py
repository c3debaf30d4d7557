"""What solved points tell about a point that differs from them in the limits of rows alone.

The price bound is Σ over units of their priced optima plus Σ price × limit, whatever the prices. The first sum does
not know the limits: so the prices of one solved point prove a bound at every other, at the cost of a dot product. And
a plan that keeps the new limits too is a plan there. Where both meet, nothing needs to be solved.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from optimizer.engines.decomposition.rows import tightened
from optimizer.problem.evaluate import evaluate
from optimizer.problem.primitives import Incidence, Rows
from optimizer.problem.problem import Problem
from optimizer.problem.solution import Limit, Reason, Solution

WITHIN = ("counters", "distincts", "conflicts", "prerequisites", "floors")


class Neighbours:
    """Solved problems that differ in limits alone, and what they prove of one another."""

    def __init__(self) -> None:
        self._solved: list[tuple[Problem, Solution]] = []
        self._last: Solution | None = None

    def add(self, problem: Problem, solution: Solution, best: Solution) -> None:
        """Remember a solved problem, and forget those that it cannot be held against.

        Parameters
        ----------
        problem : Problem
        solution : Solution
            As the engine gave it: its bound is the one that its prices prove.
        best : Solution
            The same, or with a neighbour's plan or bound in it.
        """
        self._solved = [one for one in self._solved if comparable(one[0], problem)] + [(problem, solution)]
        self._last = best

    def improved(self, problem: Problem, solution: Solution | None) -> Solution | None:
        """Return the best plan and the tightest bound that are known of a problem.

        Parameters
        ----------
        problem : Problem
        solution : Solution, optional
            What was found by solving it; without one, the plan of the point that was solved last, if it fits.
        """
        known = [one for one in self._solved if comparable(one[0], problem)]
        if not known or self._last is None:
            return solution
        best = _fitting(problem, self._last)
        if solution is not None:
            best = best if best is not None and best.objective > solution.objective else solution
        if best is None:
            return None
        bounds = [solution.bound] if solution is not None and solution.bound is not None else []
        bounds += [bound for one in known if (bound := shifted_bound(*one, problem)) is not None]
        bound = min(bounds, default=None)
        by = solution.bound_by if solution is not None and bound == solution.bound else "prices"
        proven = bound is not None and bound <= best.objective
        return replace(
            best,
            bound=bound,
            bound_by=None if bound is None else by,
            prices=best.prices if solution is None else solution.prices,
            reason=Reason.OPTIMAL if proven else Reason.FEASIBLE,
            limit=None if proven else (solution or best).limit or Limit.GAP,
            reproducible=best.reproducible and (solution is None or solution.reproducible),
        )


def _fitting(problem: Problem, solution: Solution) -> Solution | None:
    """Return a neighbour's plan as a plan of this problem; None if it breaks a rule here."""
    found = evaluate(problem, solution.chosen)
    return replace(solution, objective=found.objective, bound=None) if found.ok else None


def shifted_bound(solved: Problem, solution: Solution, problem: Problem) -> int | None:
    """Return the bound, in value quanta, that the prices of a solved problem prove of a comparable one.

    None where the solved problem's bound does not come from prices.
    """
    if solution.bound is None or solution.bound_by != "prices" or "price_numerators" not in solution.extra:
        return None
    moved = 0
    for before, after in zip(solved.rows, problem.rows, strict=True):
        price = solution.extra["price_numerators"][before.name]
        old, new = tightened(solved, before), tightened(problem, after)
        for row in np.flatnonzero(np.asarray(price, dtype=object) != 0).tolist():
            side = int(price[row] > 0)  # a price above 0 presses on the upper limit, one below 0 on the lower
            moved += int(price[row]) * (int(new[side][row]) - int(old[side][row]))
    # floor(D) is known of the whole bound D: D < bound + 1, and objectives are whole.
    return int(solution.bound - (-moved >> int(solution.extra["price_shift"])))


def comparable(one: Problem, other: Problem) -> bool:
    """Say whether two problems differ in nothing but the limits of their rows."""
    if one.value is not other.value or one.kind is not other.kind or one.switches or other.switches:
        return False
    within = ((getattr(one, name), getattr(other, name)) for name in WITHIN)
    if any(len(a) != len(b) or any(x is not y for x, y in zip(a, b, strict=True)) for a, b in within):
        return False
    same = zip(one.rows, other.rows, strict=False)
    return len(one.rows) == len(other.rows) and all(_same_use(a, b, one, other) for a, b in same)


def _same_use(a: Rows, b: Rows, one: Problem, other: Problem) -> bool:
    if (a.name, a.size, a.partition, a.measure, a.penalty) != (b.name, b.size, b.partition, b.measure, b.penalty):
        return False
    if a.measure is not None and one.measures[a.measure] is not other.measures[a.measure]:
        return False
    return a.uses is b.uses or _equal(a.uses, b.uses)


def _equal(a: Incidence, b: Incidence) -> bool:
    return all(np.array_equal(getattr(a, part), getattr(b, part)) for part in ("start", "instance", "weight"))
