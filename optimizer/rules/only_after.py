"""Only after: a contact of one sort needs an earlier one of another sort."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from optimizer.language.durations import Window
from optimizer.language.expressions import Expression
from optimizer.problem.primitives import NEEDS, SERVES, Prerequisite
from optimizer.rules.base import Needs, Rule
from optimizer.rules.books import Line
from optimizer.rules.pairs import AFTER_SQL, Instances, Times, before, clock_of, near, near_sql, say_near

if TYPE_CHECKING:
    from optimizer.problem.primitives import Primitive
    from optimizer.rules.books import Books
    from optimizer.rules.world import World


class OnlyAfter(Rule):
    """A contact of the one sort needs an earlier one of the other, at most this long before it."""

    section = "contact_policies"
    marks = (frozenset({"only", "after"}),)
    title: ClassVar[str] = "Only after"
    examples = (
        "{name: call-after-mail, only: \"offer = 'callback'\", after: \"offer = 'brochure'\", within: 14 days}",
    )
    mathematics = (
        "xₐ ≤ Σ xᵦ over the contacts b in B of the customer with 0 < t(a) − t(b) ≤ W, for each a in A that "
        "history does not serve."
    )

    only: Expression = Field(description="What needs something before it.")
    after: Expression = Field(description="What it needs, planned or in history.")
    within: Window | None = Field(None, description="At most how long before; without it, anywhere in the horizon.")
    per: str = Field("customer", description="Who shares the policy: customer, or a customers column.")
    count_history: bool = Field(True, description="false: history does not count.")

    def needs(self) -> Needs:
        """Say what the rule looks at."""
        return Needs(conditions=(self.only, self.after))

    def compile(self, world: World) -> Iterator[Primitive]:
        """Yield a prerequisite with an instance per time of the contact that needs."""
        scope = world.scope(self.name, where=None, per=self.per)
        times = world.times("arrival")
        needy, serving = world.matches(self.only), world.matches(self.after)
        close = near(self.within, inclusive=True)
        found = Instances(world.kinds, scope.groups)
        history = self.within is not None and self.count_history
        came = world.past(scope, where=self.after, clock=clock_of(self.after)) if history else None
        points = times.points(needy)
        for day, instant in zip(points.day, points.instant, strict=True):
            number = found.new()
            found.put(number, needy & times.at(day, instant), NEEDS)
            found.put(number, serving & before(day, instant, times) & close(day, instant, times), SERVES)
            if came is not None:
                then = Times(came.day, came.instant)
                hit = before(day, instant, then) & close(day, instant, then)
                found.put_past(number, came.group[hit], SERVES)
        assert scope.partition is not None
        yield Prerequisite(self.name, scope.partition, found.incidence(), found.past())

    def audit(self, books: Books) -> Iterable[Line]:
        """Look for planned contacts without what they need."""
        history = self.within is not None and self.count_history
        ours = books.marked({"mark": self.only}, who=self.per, history=False, clock="arrival")
        theirs = books.marked({"mark": self.after}, who=self.per, history=history, clock=clock_of(self.after))
        alone = books.query(
            f"SELECT a.who, a.day, count(*) FROM {ours} a WHERE a.mark AND NOT EXISTS (SELECT 1 FROM {theirs} b "
            f"WHERE a.who = b.who AND b.mark AND a.contact <> b.contact AND {AFTER_SQL} "
            f"AND {near_sql(self.within, inclusive=True)}) GROUP BY ALL ORDER BY ALL"
        )
        for who, day, count in alone:
            group = {"day": str(day), self.per: who}
            yield Line(self.name, group, "<=", Decimal(0), Decimal(count), Decimal(count), broken=True)

    def words(self) -> str:
        """Say the rule in one sentence."""
        span = f", {say_near(self.within, 'at most {} before')}." if self.within else "."
        return f"Each {self.per}: a contact where {self.only.text} only after one where {self.after.text}{span}"
