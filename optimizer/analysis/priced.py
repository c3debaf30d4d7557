"""Clashes of large problems, by prices: the decomposition engine says what can be had, and proves what cannot.

Prices that prove that no plan exists say at once which rules the proof does without: most of them. What is left is few
enough to be asked about one by one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

import numpy as np

from optimizer.analysis.clash import Clash, irreducible
from optimizer.analysis.levers import written
from optimizer.analysis.opened import Opened
from optimizer.analysis.reach import Reach, amount, block_of, coefficients
from optimizer.analysis.relax import Relaxation, relax_greedily, shown
from optimizer.analysis.system import LEAST, Budget, OutOfTimeError
from optimizer.compile.build import Compiled
from optimizer.engines.decomposition.engine import Decomposition, bounded
from optimizer.errors import InfeasibleError, NoPlanError
from optimizer.problem.evaluate import PINS, evaluate
from optimizer.problem.parts import of_rules
from optimizer.problem.primitives import UNLIMITED, IntArray, Rows
from optimizer.problem.problem import Problem
from optimizer.problem.shortfalls import has_best_effort
from optimizer.problem.solution import Solution
from optimizer.rules.base import Rule

ANY, ROUGH, CLOSE = 1.0, 1e-2, 1e-4
"""Relative gaps: of any plan, of a way out near the cheapest, and of a figure that is told."""

DEAR = 30
"""What it costs to break a limit by one typical contact, in values of one: more than a contact can be worth."""

RayPrices = Mapping[str, Any]


def suits(problem: Problem) -> bool:
    """Say whether a problem is one for prices: large, and of rules that the decomposition engine takes apart."""
    return problem.candidates >= LEAST and not problem.switches and not has_best_effort(problem)


@dataclass(frozen=True, slots=True)
class Priced:
    """Questions about a large problem.

    Parameters
    ----------
    problem : Problem
    budget : Budget
    """

    problem: Problem
    budget: Budget
    _known: dict[tuple[frozenset[str], bytes], int | None] = field(default_factory=dict)

    @property
    def rules(self) -> Collection[str]:
        """The rules that can refuse a plan, pins among them."""
        return rules_of(hard(self.problem))

    def clash(self, members: Sequence[str], *, known: bool = False) -> Clash | None:
        """Return rules that clash over the whole plan, each of them needed, preferring early ones; None if none do.

        Parameters
        ----------
        known : bool
            That they do is known; None is then returned where prices cannot tell.
        """
        try:
            ray = self._ray(members)
        except OutOfTimeError:
            if known and self.budget.seconds_left():
                return None
            raise
        if ray is None:
            return None
        return Clash(*irreducible(lambda names: self._ray(names) is None, self._needed(members, ray)))

    def with_eligibility(self, clash: Clash, opened: Opened) -> Clash:
        """Add the eligibility rules without which the others would not clash."""

        def obey(names: frozenset[str]) -> bool:
            part = without(opened.problem, opened.barred(names))
            return Priced(part, self.budget)._ray(clash.rules) is None

        try:
            if not opened.refused or not obey(frozenset()):
                return clash
            rules, proven = irreducible(obey, list(opened.refused))
        except OutOfTimeError:
            return replace(clash, irreducible=False)
        return replace(clash, rules=(*clash.rules, *rules), irreducible=clash.irreducible and proven)

    def missed(self, rules: Collection[str]) -> tuple[str | None, Reach | None]:
        """Return which of some clashing rules demands what cannot be had, and by how far it is missed."""
        part = hard(of_rules(self.problem, rules))
        demanding = {rows.rule for rows in part.rows if np.any(rows.lower > 0)} or {floor.rule for floor in part.floors}
        main = PINS if part.required is not None else next((name for name in rules if name in demanding), None)
        block = None if main is None else block_of(part, main)
        if main is None or block is None:
            return main, None
        try:
            return main, self._worst(part, main, block)
        except (InfeasibleError, OutOfTimeError):
            return main, None

    def _worst(self, part: Problem, main: str, block: Rows) -> Reach | None:
        """Return how far the worst of a rule's minimums is missed when the other rules hold."""
        row, groups = int(np.argmax(block.lower)), 1
        if int(np.sum(block.lower > 0)) > 1:
            plan = solved(easing(part, {(block.name, "at_least"): Fraction(1)}), CLOSE, self.budget)
            short = [v for v in evaluate(part, plan.chosen).violations if v.rule == main and v.used < v.limit]
            if not short:
                return None
            worst = max(short, key=lambda v: v.limit - v.used)
            row, groups = worst.instance * part.groups(block.partition) + worst.group, len(short)
        candidate, weight = coefficients(part, block, row)
        most = self._greatest([rule for rule in rules_of(part) if rule != main], candidate, weight)
        need, had = (amount(quanta, block.decimals) for quanta in (int(block.lower[row]), most or 0))
        return Reach(main, need, had, block.labels[row] if block.labels else "", groups)

    def most(self, rules: Collection[str], eligible: IntArray) -> int | None:
        """Return how many of some candidates a plan can choose that obeys some rules, None where these clash."""
        return self._greatest(rules, eligible, np.ones(len(eligible), np.int64))

    def _greatest(self, rules: Collection[str], candidate: IntArray, weight: IntArray) -> int | None:
        """Return a close bound on the sum of some candidates' weights in a plan that obeys some rules."""
        value = np.zeros_like(self.problem.value)
        value[candidate] = weight
        asked = frozenset(rules), value.tobytes()
        if asked not in self._known:
            self.budget.seconds_left()
            try:
                part = replace(hard(of_rules(self.problem, rules)), value=value)
                self._known[asked] = bounded(part, self.budget.request())
            except InfeasibleError:
                self._known[asked] = None
            except NoPlanError:
                raise OutOfTimeError from None
        return self._known[asked]

    def relaxed(self, compiled: Compiled, movable: Collection[str] | None = None) -> Relaxation | None:
        """Return changes of limits after which a plan exists, near the cheapest, of some constraints or of all.

        Where limits of constraints do not help, what the greedy plan breaks is changed.
        """
        part = hard(self.problem)
        rules = [r for r in compiled.scenario.constraints if movable is None or r.name in movable]
        penalties = dict(_penalties(part, rules))
        try:
            plan = solved(easing(part, penalties), ROUGH, self.budget) if penalties else None
        except InfeasibleError:
            plan = None
        if plan is not None:
            return shown(compiled, plan.chosen, self.budget, cheapest=False)
        return None if movable is not None else relax_greedily(compiled, self.budget)

    def _ray(self, names: Collection[str]) -> RayPrices | None:
        """Return prices that prove that some rules clash, None if a plan obeys them."""
        part = hard(of_rules(self.problem, names))
        if evaluate(part, np.zeros(0, np.int64)).ok:
            return None
        try:
            solved(part, ANY, self.budget)
        except InfeasibleError as clash:
            prices: RayPrices = clash.diagnosis.get("prices", {})
            return prices
        return None

    def _needed(self, members: Sequence[str], ray: RayPrices) -> list[str]:
        """Drop rules, late ones first, as long as the same prices still prove the clash."""
        from optimizer.engines.decomposition.proof import proven

        if not ray:  # proven by a search
            return list(members)
        priced = {rows.rule for rows in self.problem.rows if np.any(np.asarray(ray.get(rows.name, 0.0)))}
        coupling = {rows.rule for rows in self.problem.rows}
        kept = [name for name in members if name in priced or name not in coupling]
        for name in reversed(list(kept)):
            self.budget.seconds_left()
            rest = [other for other in kept if other != name]
            if proven(hard(of_rules(self.problem, rest)), ray):
                kept = rest
        return kept


def rules_of(problem: Problem) -> list[str]:
    """Return the names of a problem's rules, pins among them."""
    parts = (problem.counters, problem.distincts, problem.conflicts, problem.prerequisites, problem.floors)
    found = dict.fromkeys(one.rule for part in (*parts, problem.rows) for one in part)
    return [*([] if problem.required is None else [PINS]), *found]


def hard(problem: Problem) -> Problem:
    """Return the problem without rows and minimums that a penalty lets a plan break."""
    return replace(
        problem,
        rows=tuple(rows for rows in problem.rows if rows.penalty is None),
        floors=tuple(floor for floor in problem.floors if floor.penalty is None),
    )


def solved(problem: Problem, gap: float, budget: Budget) -> Solution:
    """Return a plan of a large problem.

    Raises
    ------
    InfeasibleError
    OutOfTimeError
        If it is not known whether there is one.
    """
    budget.seconds_left()
    try:
        return Decomposition().solve(problem, replace(budget.request(), gap=gap))
    except NoPlanError:
        raise OutOfTimeError from None


def without(problem: Problem, barred: IntArray) -> Problem:
    """Return the problem without some candidates."""
    left = np.ones(problem.candidates, bool)
    left[barred] = False
    before = np.concatenate([[0], np.cumsum(left)])
    return replace(
        problem,
        customer_start=before[problem.customer_start],
        kind=problem.kind[left],
        value=problem.value[left],
        measures=tuple(replace(m, amount=m.amount[left]) for m in problem.measures),
        required=None if problem.required is None else before[problem.required[left[problem.required]]],
    )


def _penalties(problem: Problem, rules: Iterable[Rule]) -> Iterator[tuple[tuple[str, str], Fraction]]:
    """Yield what a quantum beyond each limit that is a number in the file costs, in relation to that number.

    The unit is such that the dearest typical contact costs 1.
    """
    found = {}
    for rule in rules:
        for block in problem.rows:
            for upper in (True, False):
                number = written(rule, part=block.part, switch=False, upper=upper) if block.rule == rule.name else None
                if number is not None and block.part not in ("<=", ">=", "below"):
                    step = Fraction(1, 10**block.decimals) / (abs(Fraction(number)) or 1)
                    found[block.name, "at_most" if upper else "at_least"] = step * _typical(problem, block), step
    dearest = max((cost for cost, _ in found.values()), default=Fraction(1))
    for place, (_, step) in found.items():
        yield place, step / dearest


def _typical(problem: Problem, block: Rows) -> int:
    """Return about what one contact counts in a block."""
    return 1 if block.measure is None else max(1, int(np.abs(problem.measures[block.measure].amount).mean()))


def easing(problem: Problem, penalties: Mapping[tuple[str, str], Fraction]) -> Problem:
    """Return the problem of breaking some rows as little as can be; values stay, as prices find their way by them.

    Parameters
    ----------
    penalties : mapping of (block name, key) to Fraction
        What a quantum beyond a limit costs, in relation to the others; the key is ``at_most`` or ``at_least``. Rows
        that are not named hold.
    """
    dear = DEAR * max(1, int(np.median(np.abs(problem.value))))
    rows: list[Rows] = []
    for block in problem.rows:
        free = np.full(block.size, UNLIMITED)
        for key, limit, other in (("at_most", block.upper, "lower"), ("at_least", block.lower, "upper")):
            if np.any(np.abs(limit) < UNLIMITED):
                penalty = penalties.get((block.name, key))
                sides: dict[str, Any] = {other: -free if other == "lower" else free, "part": f"{block.part} {key}"}
                rows.append(replace(block, penalty=None if penalty is None else dear * penalty, **sides))
    return replace(problem, rows=tuple(rows))
