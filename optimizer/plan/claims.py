"""What an engine claims, held against what is known without it; a rule that it broke is the audit's to find."""

from __future__ import annotations

import operator
from collections.abc import Iterator
from decimal import Decimal

import numpy as np

from optimizer.compile.build import Compiled
from optimizer.errors import AuditError, Finding
from optimizer.problem.solution import Reason, Solution

ANOTHER = "another engine finds a plan: set solve.engine; and report this, it is a defect of contactopt"
SLACK = Decimal("1e-9")
"""Relative to the sum of all contributions: what conversions of an objective may lose."""


def refuse_no_positions(compiled: Compiled, solution: Solution) -> None:
    """Refuse an answer that chooses something other than candidates, each once.

    Raises
    ------
    AuditError
        Fractions, positions that are none, or one that stands twice.
    """
    chosen = np.asarray(solution.chosen)
    if not np.issubdtype(chosen.dtype, np.integer):
        what = f"chose parts of contacts: its answer holds {chosen.dtype}"
    elif len(chosen) and (chosen.min() < 0 or chosen.max() >= compiled.problem.candidates):
        what = "chose what is no candidate"
    elif np.any(np.diff(chosen) <= 0):
        what = "chose a contact twice, or in no order"
    else:
        return
    raise AuditError([_told(solution, what)])


def refuse_lies(compiled: Compiled, solution: Solution, objective: Decimal) -> None:
    """Refuse an objective or a bound that the audited plan gives the lie.

    Parameters
    ----------
    objective : Decimal
        What the written rows come to.

    Raises
    ------
    AuditError
        All that is wrong.
    """
    if found := list(_lies(compiled, solution, objective)):
        raise AuditError([_told(solution, what) for what in found])


def _lies(compiled: Compiled, solution: Solution, objective: Decimal) -> Iterator[str]:
    rounding = compiled.rounding
    slack = abs(compiled.value(rounding)) + SLACK * Decimal(compiled.magnitude)
    try:
        claimed = compiled.value(operator.index(solution.objective))
        bound = None if solution.bound is None else compiled.value(operator.index(solution.bound) + rounding)
    except TypeError:
        yield f"claims {solution.objective} of at most {solution.bound}, which are no whole numbers of quanta"
        return
    if abs(claimed - objective) > slack:
        yield f"claims an objective of {claimed:f}, and its plan comes to {objective:f}"
    if bound is None:
        if solution.reason is Reason.OPTIMAL:
            yield "calls its plan optimal without any bound"
        return
    over = objective - bound if compiled.maximises else bound - objective
    if over > slack:
        yield f"claims that no plan is better than {bound:f}, and its own comes to {objective:f}"


def _told(solution: Solution, what: str) -> Finding:
    return Finding(
        "audit", "solve.engine", f"{solution.engine} {what}", "another engine finds a plan: set solve.engine"
    )
