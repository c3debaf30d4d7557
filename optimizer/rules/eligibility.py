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

    def refused(self, books: Books) -> str:
        """Return SQL for the numbers (``contact``) of the planned contacts that should have been dropped."""
        raise NotImplementedError

    def compile(self, world: World) -> Iterator[Primitive]:
        """Yield nothing: dropped candidates never reach the problem."""
        return iter(())

    def audit(self, books: Books) -> Iterable[Line]:
        """Count the planned contacts that should have been dropped."""
        ((count,),) = books.query(f"SELECT count(*) FROM ({self.refused(books)})")
        if count:
            yield Line(self.name, {}, "<=", Decimal(0), Decimal(count), Decimal(count), broken=True)


def marked(books: Books, condition: Expression, test: str) -> str:
    """Return SQL for the numbers of the planned contacts whose ``mark``, a condition, passes a test."""
    rows = books.marked({"mark": condition}, who="customer", history=False, clock="sending")
    return f"SELECT contact FROM {rows} WHERE planned AND {test}"
