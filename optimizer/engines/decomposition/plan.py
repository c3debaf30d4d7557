"""A plan of the engine's, before it is dressed as a solution."""

from __future__ import annotations

from dataclasses import dataclass

from optimizer.problem.primitives import IntArray


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """A plan that keeps every rule.

    Parameters
    ----------
    chosen : int array
        Positions of the contacts, ascending.
    objective : int
        In value quanta, penalties rounded up.
    """

    chosen: IntArray
    objective: int
