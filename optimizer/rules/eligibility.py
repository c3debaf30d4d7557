"""What eligibility rules share: they refuse candidates before any plan is made."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Protocol

from optimizer.language.expressions import Expression
from optimizer.rules.base import Rule
from optimizer.rules.books import Line

if TYPE_CHECKING:
    from optimizer.problem.primitives import Primitive
    from optimizer.rules.books import Books
    from optimizer.rules.world import World


class Sight(Protocol):
    """What a filter may ask of one candidate, as SQL."""

    def sql(self, condition: Expression) -> str:
        """Return one of the rule's conditions."""
        ...

    def local_time(self, rule: str) -> str:
        """Return the local time of day of sending."""
        ...

    def covered(self, rule: str, purpose: str | None) -> str:
        """Return whether a consent covers the time of sending."""
        ...


class EligibilityRule(Rule):
    """A rule that drops candidates, one by one, for a reason that is counted."""

    def refusal(self, sight: Sight) -> str:
        """Return SQL, over the joined candidates, that is true for candidates that may not be used."""
        raise NotImplementedError

    def compile(self, world: World) -> Iterator[Primitive]:
        """Yield nothing: dropped candidates never reach the problem."""
        return iter(())


def breaches(rule: str, books: Books, condition: Expression, *, wanted: bool) -> Iterable[Line]:
    """Yield one line if written contacts have the wrong side of a condition."""
    rows = books.marked({"mark": condition}, who="customer", history=False, clock="sending")
    wrong = "mark IS NOT TRUE" if wanted else "mark IS TRUE"
    ((count,),) = books.query(f"SELECT count(*) FROM {rows} WHERE planned AND {wrong}")
    if count:
        yield Line(rule, {}, "<=", Decimal(0), Decimal(count), Decimal(count), broken=True)
