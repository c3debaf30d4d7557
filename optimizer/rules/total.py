"""Budgets, capacities, minimums, quotas: a total over the whole plan, per group and window."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field, model_validator

from optimizer.language.durations import Window
from optimizer.language.expressions import Expression
from optimizer.language.limits import Limit, Number, TableLimit
from optimizer.rules.base import Columns, Needs, Rule, present
from optimizer.rules.limits import check_limits
from optimizer.rules.total_of import Total
from optimizer.rules.totals import audit_total, compile_total
from optimizer.rules.wording import at_a_price, bounds, for_each_of, in_window, where_true

if TYPE_CHECKING:
    from optimizer.problem.primitives import Primitive
    from optimizer.rules.books import Books, Line, Sense
    from optimizer.rules.world import World


class PlanTotal(Rule):
    """A total over all contacts of the plan stays within limits."""

    section = "constraints"
    marks = (frozenset({"total"}),)
    title: ClassVar[str] = "Total"
    examples = (
        "{name: budget, total: cost, at_most: 4}",
        "{name: email-a-day, total: contacts, where: \"channel = 'email'\", for_each: slot, at_most: 1}",
        "{name: statement-floor, total: contacts, where: \"offer = 'statement'\", at_least: 8, penalty: 2.5}",
        "{name: branch-week, total: contacts, for_each: branch, within: 7 days, at_most: 5}",
        "{name: lots, total: contacts, for_each: offer, lot: 8}",
        "{name: worth-printing, total: cost, for_each: offer, lot: 3}",
    )
    mathematics = (
        "Lower ≤ Σ aⱼ xⱼ ≤ upper over the contacts of each group (and window, less what history sent in it). "
        "With a penalty p the violation v ≥ 0 is paid for: objective − p · v. With `lot: n`: n · y_g ≤ Σ aⱼ xⱼ, "
        "xⱼ ≤ y_g, y_g ∈ {0, 1} for each group g."
    )

    total: Total = Field(description="What is summed: contacts, or an amount.")
    where: Expression | None = Field(None, description="Only contacts for which this is true.")
    for_each: Columns = Field((), description="One limit per value of these columns.")
    within: Window | None = Field(None, description="One limit per window, history included.")
    at_most: Limit | None = Field(None, description="The upper limit.")
    at_least: Limit | None = Field(None, description="The lower limit.")
    exactly: Limit | None = Field(None, description="Both in one; of whole numbers only.")
    lot: Number | None = Field(None, gt=0, description="Each group not at all, or at least so much (so many contacts).")
    penalty: Number | None = Field(None, description="Price of a unit of violation; without it the limit is hard.")
    report_only: bool = Field(False, description="true: measured, never changes the plan.")

    @model_validator(mode="after")
    def _makes_sense(self) -> PlanTotal:
        if self.exactly is not None and (self.at_most is not None or self.at_least is not None):
            raise ValueError("'exactly' stands alone\nMaybe leave out 'at_most' and 'at_least'")
        if self.exactly is not None and not self.total.counts:
            raise ValueError("'exactly' needs a whole-number total\nMaybe use 'at_most' and 'at_least'")
        if all(limit is None for limit in (self.at_most, self.at_least, self.exactly, self.lot)):
            raise ValueError("a total needs a limit\nMaybe 'at_most', 'at_least', 'exactly' or 'lot'")
        if self.penalty is not None and self.penalty < 0:
            raise ValueError("a penalty cannot be negative\nMaybe write it as a positive price")
        if self.lot is not None and self.within is not None:
            raise ValueError(
                "a lot has no window: windows overlap, and would cut every lot in two\n"
                "Maybe leave out 'within' and add 'slot', or a column of the slots table such as its week, "
                "to 'for_each'"
            )
        if self.penalty is not None and self.within is not None and self.within.seconds is not None:
            raise ValueError(
                "a violation cannot be added up over windows of hours: there are endlessly many of them\n"
                "Maybe write the window in days, or leave out the penalty"
            )
        if self.lot is not None and self.penalty is not None:
            raise ValueError("a lot has no penalty\nMaybe make two rules: the lot, and the limit with the penalty")
        check_limits(
            self.total.counts, at_most=self.at_most, at_least=self.at_least, exactly=self.exactly, lot=self.lot
        )
        if self.total.distinct:
            raise ValueError("a constraint cannot total different keys\nMaybe 'distinct: offer' with 'at_most'")
        return self

    def needs(self) -> Needs:
        """Say what the rule looks at."""
        return Needs(splits=present(self.where), labels=self.for_each, amounts=present(self.total.expression))

    @property
    def limited(self) -> tuple[tuple[Sense, Limit], ...]:
        """The limits that are given, each with its sense."""
        given: tuple[tuple[Sense, Limit | None], ...] = (
            ("<=", self.at_most),
            (">=", self.at_least),
            ("=", self.exactly),
        )
        return tuple((sense, limit) for sense, limit in given if limit is not None)

    @property
    def tables(self) -> tuple[TableLimit, ...]:
        """The limits tables that are named."""
        return tuple(limit for _, limit in self.limited if isinstance(limit, TableLimit))

    def compile(self, world: World) -> Iterator[Primitive]:
        """Yield the rows: one per group and window."""
        return iter(()) if self.report_only else compile_total(self, world)

    def audit(self, books: Books) -> Iterable[Line]:
        """Sum every group and window exactly."""
        return audit_total(self, books)

    def words(self) -> str:
        """Say the rule in one sentence."""
        said = [bounds(self.limited, self.total)] if self.limited else []
        if self.lot is not None:
            said.append(f"nothing or {bounds([('>=', self.lot)], self.total)}")
        whose = f"{for_each_of(self.for_each)}{where_true(self.where)}{in_window(self.within)}"
        price = at_a_price(
            self.penalty, "contact" if self.total.contacts else "unit", (sense for sense, _ in self.limited)
        )
        return f"The plan: {' and '.join(said)}{whose}{price}."
