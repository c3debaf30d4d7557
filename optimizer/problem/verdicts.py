"""Why each candidate is in a plan or not, looked at once: by ranges of units, so that no array is as long as the whole.

Accounts and insight are counted from here, and from nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from optimizer.problem.margins import Charges, Floats
from optimizer.problem.primitives import BoolArray, IntArray
from optimizer.problem.problem import Problem
from optimizer.problem.refusals import refusals
from optimizer.problem.units import Part, where
from optimizer.problem.usage import row_refusals, row_use


@dataclass(frozen=True, slots=True, eq=False)
class Verdict:
    """A plan and all other candidates of some units.

    Parameters
    ----------
    problem : Problem
        Of these units alone; positions below are its.
    chosen : int array
        Ascending.
    inside : (candidates,) bool array
        Whether each is chosen.
    margin : (candidates,) float array
        At the plan's prices, in value quanta; the value where there are none.
    charged : mapping of rule to (candidates,) float array
        What of that each contact policy charges which has a price.
    policies, limits : mapping of rule to (candidates,) bool array
        Which others would break each policy, and each constraint, if they were added alone. Never a chosen one.
    """

    problem: Problem
    chosen: IntArray
    inside: BoolArray
    margin: Floats
    charged: Mapping[str, Floats]
    policies: Mapping[str, BoolArray]
    limits: Mapping[str, BoolArray]

    def refused(self, by: Mapping[str, BoolArray]) -> BoolArray:
        """Return the candidates that any of some rules refuses."""
        out = np.zeros(len(self.inside), bool)
        for mask in by.values():
            out |= mask
        return out


class Judge:
    """Judges candidates against a plan as it stands.

    Parameters
    ----------
    problem : Problem
    chosen : int array
        Ascending.
    prices : mapping of block name to (rows,) float array, optional
        In value quanta per row quantum.
    """

    def __init__(self, problem: Problem, chosen: IntArray, prices: Mapping[str, Floats] | None) -> None:
        self._chosen = chosen
        self._uses = [row_use(problem, block, chosen) for block in problem.blocks]
        self._charges = Charges(problem, prices)

    def verdict(self, part: Part) -> Verdict:
        """Judge every candidate of some units of the problem."""
        mine = where(self._chosen, part.candidates)
        inside = np.zeros(part.problem.candidates, bool)
        inside[mine] = True
        policies = refusals(part.problem, mine, uses=self._uses)
        limits = row_refusals(part.problem, mine, uses=self._uses)
        for mask in (*policies.values(), *limits.values()):
            mask[mine] = False
        return Verdict(part.problem, mine, inside, *self._charges.with_policies(part.problem), policies, limits)
