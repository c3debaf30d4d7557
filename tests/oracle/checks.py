"""One statement about plans that a rule makes: for each plan, by how much it is broken."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from fractions import Fraction

from tests.oracle.amounts import Plans, Vector


@dataclass(frozen=True)
class Check:
    """A rule applied once: to one group, value and window.

    Parameters
    ----------
    rule, who, text : str
        Name of the rule, whom it is about, what it demands.
    broken : callable
        Plans → by how much each breaks it; 0 where it does not.
    penalty : Fraction, optional
        Soft: what each unit of the violation costs; nothing is forbidden.
    best_effort : bool
        Only the least total of the unit's shortfalls is allowed (line 14).
    unit : hashable, optional
        Decision unit of a contact policy; None for what is said about the whole plan.
    """

    rule: str
    who: str
    text: str
    broken: Callable[[Plans], Vector]
    penalty: Fraction | None = None
    best_effort: bool = False
    unit: Hashable = None

    @property
    def is_hard(self) -> bool:
        return self.penalty is None and not self.best_effort


def never_together(columns: tuple[int, ...]) -> Callable[[Plans], Vector]:
    """Break when all the columns are chosen."""
    return lambda plans: Vector(plans[:, list(columns)].all(axis=1).astype(int), Fraction(1))


def needs_one_of(column: int, servers: list[int]) -> Callable[[Plans], Vector]:
    """Break when the column is chosen and none of the servers is."""
    return lambda plans: Vector((plans[:, column] & ~plans[:, servers].any(axis=1)).astype(int), Fraction(1))
