"""The problem without its eligibility rules, and which of them refuses whom: what a clash may owe to them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np

from optimizer.analysis.system import LARGEST, Budget, OutOfTimeError
from optimizer.compile.beside import compile_beside
from optimizer.compile.build import Compiled
from optimizer.errors import OptimizerError
from optimizer.problem.primitives import IntArray
from optimizer.problem.problem import Problem


@dataclass(frozen=True, slots=True, eq=False)
class Opened:
    """All candidates that lie in the horizon and are nobody's holdout, eligible or not.

    Parameters
    ----------
    problem : Problem
        Units and customers are numbered as in the problem that was solved.
    refused : mapping of rule name to int array
        Positions of the candidates that each eligibility rule refuses, in the file's order of rules.
    """

    problem: Problem
    refused: Mapping[str, IntArray]

    def barred(self, rules: Collection[str]) -> IntArray:
        """Return the positions of the candidates that some of the rules refuse."""
        mine = [positions for name, positions in self.refused.items() if name in rules]
        return np.unique(np.concatenate([np.zeros(0, np.int64), *mine]))


def open_up(compiled: Compiled, budget: Budget) -> Opened | None:
    """Compile again without eligibility rules, and with each of them alone.

    Returns
    -------
    Opened or None
        None where the refused candidates cannot be compiled (their measures may be missing), the problem is too
        large, or time runs out.
    """
    names = [rule.name for rule in compiled.scenario.eligibility if rule.enabled]
    try:
        if compiled.candidates > LARGEST:
            return None
        everything = _with(compiled, names, set(), budget)
        mine = _keys(everything)
        refused = {}
        for name in names:
            left = _with(compiled, names, {name}, budget)
            if left.kinds != everything.kinds:
                return None
            refused[name] = np.flatnonzero(~np.isin(mine, _keys(left)))
    except (OptimizerError, OutOfTimeError):
        return None
    return Opened(everything, refused)


def _with(compiled: Compiled, names: list[str], kept: set[str], budget: Budget) -> Problem:
    budget.seconds_left()
    off = {f"eligibility.{name}.enabled": False for name in names if name not in kept}
    return compile_beside(compiled, off)


def _keys(problem: Problem) -> IntArray:
    keys: IntArray = problem.customer.astype(np.int64) * problem.kinds + problem.kind
    return keys
