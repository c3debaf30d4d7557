"""What solved points tell about a point that differs from them in the limits of rows alone.

The price bound is Σ over units of their priced optima plus Σ price × limit, whatever the prices. The first sum does
not know the limits: so the prices of one solved point prove a bound at every other, at the cost of a dot product. And
a plan that keeps the new limits too is a plan there; where none is good enough, a mixture of two may be. Where both
meet, nothing needs to be solved.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from optimizer.analysis.mixture import mixed
from optimizer.engines.decomposition.rows import Floats, tightened
from optimizer.problem.evaluate import evaluate, weigh
from optimizer.problem.primitives import Incidence, IntArray, Rows
from optimizer.problem.problem import Problem
from optimizer.problem.solution import Limit, Reason, Solution
from optimizer.problem.usage import row_use

WITHIN = ("counters", "distincts", "conflicts", "prerequisites", "floors")


class Neighbours:
    """Solved problems that differ in limits alone, and what they prove of one another."""

    def __init__(self) -> None:
        self._solved: list[_Solved] = []

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
        uses = tuple(row_use(problem, block, np.sort(best.chosen)) for block in problem.rows)
        kept = [one for one in self._solved if comparable(one.problem, problem)]
        self._solved = [*kept, _Solved(problem, solution, best, uses)]

    def prices(self, problem: Problem) -> Mapping[str, Floats] | None:
        """Return prices to begin with: halfway between the two that prove the tightest bounds here.

        The bound is convex in the prices, so halfway it is no worse than on average.
        """
        known = [one for one in self._solved if one.solution.prices is not None and comparable(one.problem, problem)]
        bounds = [(shifted_bound(one.problem, one.solution, problem), i) for i, one in enumerate(known)]
        best = [known[i].solution.prices or {} for bound, i in sorted((b, i) for b, i in bounds if b is not None)[:2]]
        return {name: np.mean([prices[name] for prices in best], axis=0) for name in best[0]} if best else None

    def improved(self, problem: Problem, solution: Solution | None, gap: float = 0.0) -> Solution | None:
        """Return the best plan and the tightest bound that are known of a problem.

        Parameters
        ----------
        problem : Problem
        solution : Solution, optional
            What was found by solving it. Without one, the best plan of a neighbour that fits, or of a mixture of two.
        gap : float
            What is asked; a mixture is tried only where it can be close enough.
        """
        known = [one for one in self._solved if comparable(one.problem, problem)]
        if not known:
            return solution
        bounds = {i: b for i, one in enumerate(known) if (b := shifted_bound(one.problem, one.solution, problem))}
        tightest = min(bounds, key=lambda i: (bounds[i], i), default=None)
        own = None if solution is None else solution.bound
        bound = min((b for b in (own, *bounds.values()) if b is not None), default=None)
        best = _fitting(problem, known)
        if solution is None and best is not None and bound is not None and not _close(best, bound, gap):
            best = _mixture(problem, known, best, bound, gap) or best
        if solution is not None and (best is None or solution.objective >= best.objective):
            best = solution
        if best is None:
            return None
        by = solution.bound_by if solution is not None and bound == own else "prices"
        proven = bound is not None and bound <= best.objective
        priced = solution if solution is not None or tightest is None else known[tightest].solution
        return replace(
            best,
            bound=bound,
            bound_by=None if bound is None else by,
            prices=best.prices if priced is None else priced.prices,
            reason=Reason.OPTIMAL if proven else Reason.FEASIBLE,
            limit=None if proven else (solution or best).limit or Limit.GAP,
            reproducible=best.reproducible and (solution is None or solution.reproducible),
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Solved:
    """A solved problem: the engine's answer, the best that is known of it, and what that uses of each row."""

    problem: Problem
    solution: Solution
    best: Solution
    uses: tuple[IntArray, ...]

    def may_fit(self, problem: Problem) -> bool:
        """Whether its plan keeps all hard rows of another problem."""
        return all(
            block.penalty is not None or bool(np.all((use >= block.lower) & (use <= block.upper)))
            for block, use in zip(problem.rows, self.uses, strict=True)
        )


def _close(solution: Solution, bound: int, gap: float) -> bool:
    return bound - solution.objective <= gap * max(abs(solution.objective), 1)


def _fitting(problem: Problem, known: Sequence[_Solved]) -> Solution | None:
    """Return the best of the neighbours' plans that break no rule here: they keep all but the rows' limits anyhow."""
    plans = [
        replace(one.best, objective=weigh(problem, one.best.chosen)[2], bound=None)
        for one in known
        if one.may_fit(problem)
    ]
    return max(plans, key=lambda plan: plan.objective, default=None)


def _mixture(problem: Problem, known: Sequence[_Solved], fits: Solution, bound: int, gap: float) -> Solution | None:
    """Return a plan between the best that fits and the next better one that does not, if that can be close enough."""
    beyond = [one.best for one in known if not one.may_fit(problem) and one.best.objective > fits.objective]
    if not beyond:
        return None
    second = min(beyond, key=lambda best: best.objective)
    if not _close(second, bound, gap):
        return None
    chosen = mixed(problem, np.sort(fits.chosen), np.sort(second.chosen), gap * abs(fits.objective) / 4)
    if chosen is None:
        return None
    found = evaluate(problem, chosen)
    better = found.ok and found.objective > fits.objective
    return replace(fits, chosen=chosen, objective=found.objective) if better else None


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
