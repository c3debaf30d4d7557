"""Questions about smaller problems: solvers search the linear form, in whole numbers."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from optimizer.analysis.clash import Clash, irreducible, with_eligibility
from optimizer.analysis.efforts import clash_of_efforts
from optimizer.analysis.opened import Opened
from optimizer.analysis.reach import Reach, minimum_of, missed, most_of
from optimizer.analysis.relax import Relaxation, relax, relax_greedily
from optimizer.analysis.system import Budget, OutOfTimeError, obeyed, system_of
from optimizer.compile.build import Compiled
from optimizer.problem.linear import Linear
from optimizer.problem.parts import of_rules
from optimizer.problem.primitives import IntArray
from optimizer.problem.problem import Problem
from optimizer.problem.shortfalls import has_best_effort


@dataclass(frozen=True, slots=True)
class Searched:
    """Questions about one problem. All may raise ``OutOfTimeError``.

    Parameters
    ----------
    problem : Problem
    linear : Linear
        From :func:`~optimizer.analysis.system.system_of`.
    budget : Budget
    """

    problem: Problem
    linear: Linear
    budget: Budget

    @classmethod
    def of(cls, problem: Problem, budget: Budget) -> Searched:
        """Write the linear form down."""
        return cls(problem, system_of(problem, budget), budget)

    @property
    def rules(self) -> Collection[str]:
        """The rules that can refuse a plan, pins among them."""
        return self.linear.rules

    def clash(self, members: Sequence[str], *, known: bool = False) -> Clash | None:
        """Return rules that clash over the whole plan, each of them needed, preferring early ones; None if none do.

        Parameters
        ----------
        known : bool
            That they do is known.
        """
        if not known and (not members or obeyed(self.linear, members, self.budget)):
            return None
        return Clash(*irreducible(lambda names: obeyed(self.linear, names, self.budget), members))

    def with_eligibility(self, clash: Clash, opened: Opened) -> Clash:
        """Add the eligibility rules without which the others would not clash."""
        if has_best_effort(of_rules(self.problem, clash.rules)):
            return clash_of_efforts(clash, opened, self.budget)
        return with_eligibility(clash, opened, self.budget)

    def missed(self, rules: Collection[str]) -> tuple[str | None, Reach | None]:
        """Return which of some clashing rules demands what cannot be had, and by how far it is missed."""
        main = minimum_of(self.linear, rules)
        return main, None if main is None else missed(self.problem, self.linear, rules, main, self.budget)

    def most(self, rules: Collection[str], eligible: IntArray) -> int | None:
        """Return how many of some candidates a plan can choose that obeys some rules, None where these clash."""
        names = [name for name in rules if name in self.rules]
        return most_of(self.linear, names, eligible, self.budget)

    def relaxed(self, compiled: Compiled, movable: Collection[str] | None = None) -> Relaxation | None:
        """Return the cheapest changes after which a plan exists, of some rules or of all."""
        half = replace(self.budget, deadline=self.budget.deadline - self.budget.seconds_left() / 2)
        try:
            return relax(compiled, self.linear, half, movable)
        except OutOfTimeError:
            if movable is not None:
                raise
            return relax_greedily(compiled, self.budget)
