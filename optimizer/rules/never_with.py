"""Never together: no contact of one sort near a contact of another sort."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from pydantic import Field

from optimizer.errors import DataError
from optimizer.language.durations import Window
from optimizer.language.expressions import Expression
from optimizer.problem.primitives import SIDE_A, SIDE_B, BoolArray, Conflict, Incidence, IntArray, Overrides
from optimizer.rules.base import Needs, Rule
from optimizer.rules.books import Line
from optimizer.rules.pairs import Instances, Times, evidence_sql, near, near_sql, say_near, united
from optimizer.rules.windows import windowed
from optimizer.rules.world import spans

if TYPE_CHECKING:
    from optimizer.problem.primitives import Primitive
    from optimizer.rules.books import Books
    from optimizer.rules.world import World


class NeverWith(Rule):
    """Two different contacts, one of each sort, are never less than this far apart, in either order."""

    section = "contact_policies"
    marks = (frozenset({"never", "with"}),)
    title: ClassVar[str] = "Never with"
    examples = ("{name: loan-not-card, never: \"family = 'loan'\", with: \"family = 'card'\", within: 30 days}",)
    mathematics = (
        "xₐ + xᵦ ≤ 1 for all different contacts a in A, b in B of one customer less than W apart, in either "
        "order; xₐ = 0 where such a b is in history."
    )

    never: Expression = Field(description="One sort of contact.")
    with_: Expression = Field(alias="with", description="The other sort.")
    within: Window | None = Field(None, description="How near is too near; without it, anywhere in the horizon.")
    per: str = Field("customer", description="Who shares the policy: customer, or a customers column.")
    count_history: bool = Field(True, description="false: history does not count.")

    def needs(self) -> Needs:
        """Say what the rule looks at."""
        return Needs(conditions=(self.never, self.with_))

    def compile(self, world: World) -> Iterator[Primitive]:
        """Yield a conflict with an instance per window; in hours, one per time of the contact on either side."""
        if self.within is not None and self.within.seconds is not None:
            yield from self._in_hours(world, self.within)
            return
        side = SIDE_A * world.matches(self.never).astype(np.int64) + SIDE_B * world.matches(self.with_)
        windows = spans(self.within, world.first_day, world.last_arrival)
        scope = world.scope(self.name, where=None, per=self.per)
        assert scope.partition is not None
        past = []
        for bit, condition in ((SIDE_A, self.never), (SIDE_B, self.with_)):
            rows = None
            if self.within is not None and self.count_history:
                rows = world.past(scope, where=condition, clock="arrival")
            found = windowed(scope, world.day("arrival"), windows, weight=side, past=rows)
            past.append((bit, found.past_group, found.past_instance))
        group = np.concatenate([g for _, g, _ in past])
        instance = np.concatenate([i for _, _, i in past])
        bits = np.concatenate([np.full(len(g), bit, np.int64) for bit, g, _ in past])
        keep = found.maximal.copy()
        keep[instance] = True
        yield Conflict(
            rule=self.name,
            partition=scope.partition,
            uses=_only(found.uses, keep),
            present=_merged(group, instance, bits, scope.groups) if len(group) else None,
        )

    def _in_hours(self, world: World, within: Window) -> Iterator[Primitive]:
        scope = world.scope(self.name, where=None, per=self.per)
        times, close = world.times("arrival"), near(within)
        sides = [(SIDE_A, self.never, world.matches(self.never)), (SIDE_B, self.with_, world.matches(self.with_))]
        lacking = np.isnan(times.instant[sides[0][2] | sides[1][2]]).sum()
        if lacking:
            raise DataError(f"hours of rule {self.name} need slots with a time of day", where="slots", fix="use days")
        found = Instances(world.kinds, scope.groups)
        for (bit, _, ours), (other, condition, theirs) in (sides, sides[::-1]):
            past = world.past(scope, where=condition, clock="arrival") if self.count_history else None
            if past is not None and np.isnan(past.instant).any():
                raise DataError(f"hours of rule {self.name} need a time of day", where="history", fix="use days")
            points = times.points(ours)
            for day, instant in zip(points.day, points.instant, strict=True):
                number = found.new()
                found.put(number, ours & times.at(day, instant), bit)
                found.put(number, theirs & close(day, instant, times), other)
                if past is not None:
                    hit = close(day, instant, Times(past.day, past.instant))
                    found.put_past(number, past.group[hit], other)
        assert scope.partition is not None
        yield Conflict(self.name, scope.partition, found.incidence(), found.past())

    def _marked(self, books: Books) -> str:
        """Return all contacts with the sorts that they are of."""
        history = self.within is not None and self.count_history
        return books.marked({"a": self.never, "b": self.with_}, who=self.per, history=history, clock="arrival")

    def only_forbids(self, books: Books) -> bool:
        """Fewer contacts never break it."""
        return True

    def audit(self, books: Books) -> Iterable[Line]:
        """Look for two different contacts, one of each sort, too close; one of them planned."""
        rows = self._marked(books)
        pairs = books.query(
            f"SELECT a.who, a.day, b.day, count(*) FROM {rows} a JOIN {rows} b ON a.who = b.who AND a.a AND b.b "
            f"AND a.contact <> b.contact AND (a.planned OR b.planned) AND {near_sql(self.within)} "
            "GROUP BY ALL ORDER BY ALL"
        )
        for who, first, second, count in pairs:
            group = {"never": str(first), "with": str(second), self.per: who}
            yield Line(self.name, group, "<=", Decimal(0), Decimal(count), Decimal(count), broken=True)

    def evidence(self, books: Books) -> str | None:
        """Return which contacts of the other sort are too near."""
        rows = self._marked(books)
        return evidence_sql(rows, rows, f"(a.a AND b.b OR a.b AND b.a) AND {near_sql(self.within)}")

    def words(self) -> str:
        """Say the rule in one sentence."""
        near = "in the same plan" if self.within is None else say_near(self.within, "less than {} apart")
        return f"Each {self.per}: no contact where {self.never.text} and another where {self.with_.text}, {near}."


def _only(uses: Incidence, keep: BoolArray) -> Incidence:
    """Drop the entries of instances that say nothing new, and of kinds on neither side."""
    entry = keep[uses.instance] & (uses.weight > 0)
    kind = np.repeat(np.arange(uses.kinds), np.diff(uses.start))
    return Incidence.of(
        kind[entry], uses.instance[entry], uses.weight[entry], kinds=uses.kinds, instances=uses.instances
    )


def _merged(group: IntArray, instance: IntArray, bits: IntArray, groups: int) -> Overrides:
    """Unite the bits of each (group, instance)."""
    width = int(instance.max()) + 1
    pairs, joined = united(group * width + instance, bits)
    return Overrides.of(pairs // width, pairs % width, joined, groups=groups)
