"""Days of rest: any two contacts of a customer lie at least so far apart."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from pydantic import Field

from optimizer.language.durations import Window
from optimizer.language.expressions import Expression
from optimizer.problem.primitives import UNLIMITED, Counter, Overrides
from optimizer.rules.base import Columns, Needs, Rule, present
from optimizer.rules.books import Line
from optimizer.rules.clockwork import in_windows
from optimizer.rules.pairs import evidence_sql, near_sql
from optimizer.rules.row_labels import shared_labels
from optimizer.rules.total_of import CONTACTS
from optimizer.rules.wording import where_true

if TYPE_CHECKING:
    from optimizer.problem.primitives import Primitive
    from optimizer.rules.books import Books
    from optimizer.rules.world import World


class Spacing(Rule):
    """Any two different contacts at least this far apart, history included."""

    section = "contact_policies"
    marks = (frozenset({"spacing"}),)
    title: ClassVar[str] = "Spacing"
    examples = ("{name: rest, spacing: 2 days}",)
    mathematics = (
        "Σ xⱼ ≤ 1 over the contacts of a customer in each D consecutive days; 0 where history has a contact in them."
    )

    spacing: Window = Field(description="Least distance: days, weeks or hours.")
    where: Expression | None = Field(None, description="Only contacts for which this is true.")
    for_each: Columns = Field((), description="One rule per value of these columns.")
    per: str = Field("customer", description="Who shares the policy: customer, or a customers column.")
    count_history: bool = Field(True, description="false: history does not count.")

    @property
    def binds_together(self) -> bool:
        """Whether those who share it must be one unit: it can be counted across units as well."""
        return False

    def needs(self) -> Needs:
        """Say what the rule looks at."""
        return Needs(splits=present(self.where), labels=self.for_each)

    def compile(self, world: World) -> Iterator[Primitive]:
        """Yield a counter: at most one contact in any so many consecutive days."""
        scope = world.scope(self.name, where=self.where, per=self.per, for_each=self.for_each)
        past = world.past(scope, where=self.where, clock="arrival") if self.count_history else None
        one = world.amount(CONTACTS)
        found = in_windows(self.name, world, scope, self.spacing, weight=one.weight, past=past)
        overrides = None
        if len(found.past_used):
            left = np.zeros(len(found.past_used), np.int64)
            overrides = Overrides.of(found.past_group, found.past_instance, left, groups=scope.groups)
        assert scope.partition is not None
        yield Counter(
            rule=self.name,
            partition=scope.partition,
            uses=found.uses,
            limit=np.where(found.maximal, 1, UNLIMITED),
            overrides=overrides,
            labels=shared_labels(self.per, scope, found, self.spacing),
        )

    def only_forbids(self, books: Books) -> bool:
        """Fewer contacts never break it."""
        return True

    def audit(self, books: Books) -> Iterable[Line]:
        """Look for two contacts that are too close, one of them planned."""
        rows = books.rows(
            where=self.where, who=self.per, each=self.for_each, history=self.count_history, clock="arrival"
        )
        unit, apart = "days", "abs(a.day - b.day)"
        if self.spacing.seconds is not None:
            unit, apart = "seconds", "abs(epoch_us(a.instant) - epoch_us(b.instant)) // 1000000"
        close = books.query(
            f'SELECT a.who, a."each", a.day, min({apart}) FROM {rows} a JOIN {rows} b '
            f'ON a.who = b.who AND a."each" = b."each" AND a.contact <> b.contact '
            f"AND {near_sql(self.spacing)} WHERE a.planned GROUP BY ALL ORDER BY ALL"
        )
        least = Decimal(self.spacing.days or self.spacing.seconds or 0)
        for who, each, day, apart in close:
            group = {**json.loads(each), "day": str(day), "unit": unit, self.per: who}
            yield Line(self.name, group, ">=", least, Decimal(apart), least - apart, broken=True)

    def evidence(self, books: Books) -> str | None:
        """Return which contacts are too near."""
        rows = books.rows(
            where=self.where, who=self.per, each=self.for_each, history=self.count_history, clock="arrival"
        )
        return evidence_sql(rows, rows, f'a."each" = b."each" AND {near_sql(self.spacing)}')

    def words(self) -> str:
        """Say the rule in one sentence."""
        each = f" of the same {', '.join(self.for_each)}" if self.for_each else ""
        return f"Each {self.per}: any two contacts{each}{where_true(self.where)} at least {self.spacing.text} apart."
