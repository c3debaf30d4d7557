"""Content capacity: only so many different offers (or values of any column) are used at all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from pydantic import Field

from optimizer.language.expressions import Expression
from optimizer.problem.primitives import Incidence, Switch
from optimizer.rules.base import Columns, Needs, Rule, present
from optimizer.rules.books import Line
from optimizer.rules.total_of import TotalOf
from optimizer.rules.totals import cell_labels
from optimizer.rules.wording import bounds, where_true

if TYPE_CHECKING:
    from optimizer.problem.primitives import Primitive
    from optimizer.rules.books import Books
    from optimizer.rules.world import World


class DistinctValues(Rule):
    """At most so many different values among the selected contacts."""

    section = "constraints"
    marks = (frozenset({"distinct"}),)
    title: ClassVar[str] = "Distinct values"
    examples = ("{name: creatives, distinct: offer, at_most: 3}",)
    mathematics = "xⱼ ≤ y_v for each contact j with value v, y_v ∈ {0, 1}, Σ y_v ≤ k."

    distinct: Columns = Field(description="The column, or columns, whose values are counted.")
    at_most: int = Field(ge=0, description="How many different values may be used.")
    where: Expression | None = Field(None, description="Only contacts for which this is true.")
    report_only: bool = Field(False, description="true: measured, never changes the plan.")

    def needs(self) -> Needs:
        """Say what the rule looks at."""
        return Needs(splits=present(self.where), labels=self.distinct)

    def compile(self, world: World) -> Iterator[Primitive]:
        """Yield a switch: a value is used or not."""
        if self.report_only:
            return
        scope = world.scope(self.name, where=self.where, per=None, for_each=self.distinct)
        kind = np.flatnonzero(scope.kinds)
        uses = Incidence.of(kind, scope.label[kind], 1, kinds=world.kinds, instances=len(scope.labels))
        yield Switch(self.name, uses, scope.partition, most=self.at_most, labels=cell_labels(scope))

    def audit(self, books: Books) -> Iterable[Line]:
        """Count the different values of the written contacts."""
        rows = books.rows(where=self.where, who=None, each=self.distinct, history=False, clock="sending")
        ((count,),) = books.query(f'SELECT count(DISTINCT "each") FROM {rows}')
        over = max(Decimal(0), Decimal(count) - self.at_most)
        broken = over > 0 and not self.report_only
        limit = Decimal(self.at_most)
        yield Line(self.name, {}, "<=", limit, Decimal(count), over, broken=broken, report_only=self.report_only)

    def words(self) -> str:
        """Say the rule in one sentence."""
        total = TotalOf("", distinct=self.distinct)
        return f"The plan: {bounds([('<=', Decimal(self.at_most))], total)}{where_true(self.where)}."
