"""Never together: no contact of one sort near a contact of another sort."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from pydantic import Field

from optimizer.language.durations import Window
from optimizer.language.expressions import Expression
from optimizer.problem.primitives import SIDE_A, SIDE_B, BoolArray, Conflict, Incidence, IntArray, Overrides
from optimizer.rules.base import Needs, Rule
from optimizer.rules.books import Line
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

    never: Expression = Field(description="One sort of contact.")
    with_: Expression = Field(alias="with", description="The other sort.")
    within: Window | None = Field(None, description="How near is too near; without it, anywhere in the horizon.")
    per: str = Field("customer", description="Who shares the policy: customer, or a customers column.")
    count_history: bool = Field(True, description="false: history does not count.")

    def unsupported(self) -> str | None:
        """Name what the compiler cannot do yet."""
        if self.within is not None and self.within.seconds is not None:
            return "a window in hours"
        return None

    def needs(self) -> Needs:
        """Say what the rule looks at."""
        return Needs(conditions=(self.never, self.with_))

    def compile(self, world: World) -> Iterator[Primitive]:
        """Yield a conflict with an instance per window."""
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

    def audit(self, books: Books) -> Iterable[Line]:
        """Look for two different contacts, one of each sort, too close; one of them planned."""
        history = self.within is not None and self.count_history
        rows = books.marked({"a": self.never, "b": self.with_}, who=self.per, history=history, clock="arrival")
        if self.within is None or self.within.ever:
            near = "true"
        elif self.within.days is not None:
            near = f"abs(a.day - b.day) < {self.within.days}"
        else:
            near = f"date_trunc('{self.within.calendar}', a.day) = date_trunc('{self.within.calendar}', b.day)"
        pairs = books.query(
            f"SELECT a.who, a.day, b.day, count(*) FROM {rows} a JOIN {rows} b ON a.who = b.who AND a.a AND b.b "
            f"AND a.contact <> b.contact AND (a.planned OR b.planned) AND {near} GROUP BY ALL ORDER BY ALL"
        )
        for who, first, second, count in pairs:
            group = {"never": str(first), "with": str(second), self.per: who}
            yield Line(self.name, group, "<=", Decimal(0), Decimal(count), Decimal(count), broken=True)

    def words(self) -> str:
        """Say the rule in one sentence."""
        near = "in the same plan" if self.within is None else f"less than {self.within.text} apart"
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
    pairs, back = np.unique(group * width + instance, return_inverse=True)
    united = np.zeros(len(pairs), np.int64)
    np.bitwise_or.at(united, back, bits)
    return Overrides.of(pairs // width, pairs % width, united, groups=groups)
