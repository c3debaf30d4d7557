"""Only with: a contact of one sort needs another one of another sort beside it."""

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
from optimizer.rules.pairs import Instances, Times, near, near_sql, say_near

if TYPE_CHECKING:
    from optimizer.problem.primitives import Primitive
    from optimizer.rules.books import Books
    from optimizer.rules.world import Clock, World

SAME_SLOT_SQL = "a.day = b.day AND a.instant IS NOT DISTINCT FROM b.instant"


class OnlyWith(Rule):
    """A contact of the one sort needs another one of the other sort: in the same slot, or less than this apart."""

    section = "contact_policies"
    marks = (frozenset({"only", "with"}),)
    title: ClassVar[str] = "Only with"
    examples = ("{name: side-by-side, only: \"offer = 'insert'\", with: \"offer = 'statement'\"}",)
    mathematics = (
        "xₐ ≤ Σ xᵦ over the other contacts b in B of the customer in the same slot (or less than W apart), "
        "for each a in A that history does not serve."
    )

    only: Expression = Field(description="What needs company.")
    with_: Expression = Field(alias="with", description="The company it needs.")
    within: Window | None = Field(None, description="How near; without it, the same slot.")
    per: str = Field("customer", description="Who shares the policy: customer, or a customers column.")
    count_history: bool = Field(True, description="false: history does not count.")

    def needs(self) -> Needs:
        """Say what the rule looks at."""
        return Needs(conditions=(self.only, self.with_))

    def compile(self, world: World) -> Iterator[Primitive]:
        """Yield a prerequisite with an instance per time of the contact that needs."""
        scope = world.scope(self.name, where=None, per=self.per)
        clock: Clock = "arrival" if self.within is not None else "sending"
        times = world.times(clock)
        needy, serving = world.matches(self.only), world.matches(self.with_)
        close = near(self.within)
        found = Instances(world.kinds, scope.groups)
        there = world.past(scope, where=self.with_, clock=clock) if self.count_history else None
        points = times.points(needy)
        for day, instant in zip(points.day, points.instant, strict=True):
            number = found.new()
            here = times.at(day, instant)
            found.put(number, needy & here, NEEDS)
            found.put(number, serving & (here if self.within is None else close(day, instant, times)), SERVES)
            if there is not None:
                then = Times(there.day, there.instant)
                hit = then.at(day, instant) if self.within is None else close(day, instant, then)
                found.put_past(number, there.group[hit], SERVES)
        assert scope.partition is not None
        yield Prerequisite(self.name, scope.partition, found.incidence(), found.past())

    def audit(self, books: Books) -> Iterable[Line]:
        """Look for planned contacts without company."""
        clock: Clock = "arrival" if self.within is not None else "sending"
        ours = books.marked({"mark": self.only}, who=self.per, history=False, clock=clock)
        theirs = books.marked({"mark": self.with_}, who=self.per, history=self.count_history, clock=clock)
        close = SAME_SLOT_SQL if self.within is None else near_sql(self.within)
        alone = books.query(
            f"SELECT a.who, a.day, count(*) FROM {ours} a WHERE a.mark AND NOT EXISTS (SELECT 1 FROM {theirs} b "
            f"WHERE a.who = b.who AND b.mark AND a.contact <> b.contact AND {close}) GROUP BY ALL ORDER BY ALL"
        )
        for who, day, count in alone:
            group = {"day": str(day), self.per: who}
            yield Line(self.name, group, "<=", Decimal(0), Decimal(count), Decimal(count), broken=True)

    def words(self) -> str:
        """Say the rule in one sentence."""
        span = f", {say_near(self.within, 'less than {} apart') if self.within else 'in the same slot'}."
        return f"Each {self.per}: a contact where {self.only.text} only with one where {self.with_.text}{span}"
