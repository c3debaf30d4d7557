"""Never after: no contact of one sort soon after a contact, or a response, of another sort."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from optimizer.language.durations import Window
from optimizer.language.expressions import Expression
from optimizer.problem.primitives import SIDE_A, SIDE_B, Conflict
from optimizer.rules.base import Needs, Rule
from optimizer.rules.books import Line
from optimizer.rules.pairs import (
    AFTER_SQL,
    BEFORE_SQL,
    Instances,
    Times,
    after,
    before,
    clock_of,
    evidence_sql,
    near,
    near_sql,
    say_near,
)

if TYPE_CHECKING:
    from optimizer.problem.primitives import Primitive
    from optimizer.rules.books import Books
    from optimizer.rules.world import World


class NeverAfter(Rule):
    """No contact of the one sort later than one of the other, and less than this after it."""

    section = "contact_policies"
    marks = (frozenset({"never", "after"}),)
    title: ClassVar[str] = "Never after"
    examples = (
        "{name: quiet-after-no, never: \"family = 'loan'\", "
        "after: \"response = 'refused' AND family = 'loan'\", within: 90 days}",
    )
    mathematics = (
        "xₐ + xᵦ ≤ 1 for all contacts a in A, b in B of one customer with 0 < t(a) − t(b) and less than W "
        "apart; xₐ = 0 where such a b is in history."
    )

    never: Expression = Field(description="What must not follow.")
    after: Expression = Field(description="What came before, planned or in history; may name the response.")
    within: Window | None = Field(None, description="For how long; without it, anywhere in the horizon.")
    per: str = Field("customer", description="Who shares the policy: customer, or a customers column.")
    count_history: bool = Field(True, description="false: history does not count.")

    def needs(self) -> Needs:
        """Say what the rule looks at."""
        return Needs(conditions=(self.never, self.after))

    def compile(self, world: World) -> Iterator[Primitive]:
        """Yield a conflict: an instance per time of the later contact, and per time that a committed one follows."""
        scope = world.scope(self.name, where=None, per=self.per)
        times = world.times("arrival")
        later, earlier = world.matches(self.never), world.matches(self.after)
        close = near(self.within)
        found = Instances(world.kinds, scope.groups)
        history = self.within is not None and self.count_history
        came = world.past(scope, where=self.after, clock=clock_of(self.after)) if history else None
        comes = world.past(scope, where=self.never, clock=clock_of(self.never)) if history else None
        points = times.points(later)
        for day, instant in zip(points.day, points.instant, strict=True):
            number = found.new()
            found.put(number, later & times.at(day, instant), SIDE_A)
            found.put(number, earlier & before(day, instant, times) & close(day, instant, times), SIDE_B)
            if came is not None:
                then = Times(came.day, came.instant)
                hit = before(day, instant, then) & close(day, instant, then)
                found.put_past(number, came.group[hit], SIDE_B)
        points = times.points(earlier) if comes is not None and len(comes.day) else times.points(earlier & False)
        for day, instant in zip(points.day, points.instant, strict=True):
            assert comes is not None
            then = Times(comes.day, comes.instant)
            hit = after(day, instant, then) & close(day, instant, then)
            if hit.any():
                number = found.new()
                found.put(number, earlier & times.at(day, instant), SIDE_B)
                found.put_past(number, comes.group[hit], SIDE_A)
        assert scope.partition is not None
        yield Conflict(self.name, scope.partition, found.incidence(), found.past())

    def _marked(self, books: Books) -> tuple[str, str]:
        """Return the contacts that must not come after, and those that they must not come after."""
        history = self.within is not None and self.count_history
        ours = books.marked({"mark": self.never}, who=self.per, history=history, clock="arrival")
        theirs = books.marked({"mark": self.after}, who=self.per, history=history, clock=clock_of(self.after))
        return ours, theirs

    def only_forbids(self, books: Books) -> bool:
        """Fewer contacts never break it."""
        return True

    def audit(self, books: Books) -> Iterable[Line]:
        """Look for a contact too soon after another, one of them planned."""
        ours, theirs = self._marked(books)
        pairs = books.query(
            f"SELECT a.who, a.day, b.day, count(*) FROM {ours} a JOIN {theirs} b ON a.who = b.who AND a.mark "
            f"AND b.mark AND a.contact <> b.contact AND (a.planned OR b.planned) AND {AFTER_SQL} "
            f"AND {near_sql(self.within)} GROUP BY ALL ORDER BY ALL"
        )
        for who, first, second, count in pairs:
            group = {"never": str(first), "after": str(second), self.per: who}
            yield Line(self.name, group, "<=", Decimal(0), Decimal(count), Decimal(count), broken=True)

    def evidence(self, books: Books) -> str | None:
        """Return which contacts come too soon before, or too soon after."""
        ours, theirs = self._marked(books)
        too_soon = f"a.mark AND b.mark AND {near_sql(self.within)}"
        before = evidence_sql(ours, theirs, f"{too_soon} AND {AFTER_SQL}")
        return f"{before} UNION ALL {evidence_sql(theirs, ours, f'{too_soon} AND {BEFORE_SQL}')}"

    def words(self) -> str:
        """Say the rule in one sentence."""
        span = f", {say_near(self.within, 'for {}')}." if self.within else "."
        return f"Each {self.per}: no contact where {self.never.text} after one where {self.after.text}{span}"
