"""Ratios, such as the return on what is spent, over the whole plan."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from pydantic import Field, model_validator

from optimizer.language.expressions import Expression
from optimizer.language.limits import Number
from optimizer.problem.primitives import UNLIMITED, Incidence, Rows
from optimizer.rules.base import Needs, Rule, present
from optimizer.rules.books import Line
from optimizer.rules.limits import per_quantum
from optimizer.rules.total_of import CONTACTS, TotalOf
from optimizer.rules.wording import BOUNDS, at_a_price, bounds, number, where_true

if TYPE_CHECKING:
    from optimizer.problem.primitives import Primitive
    from optimizer.rules.books import Books, Sense, Sum
    from optimizer.rules.world import World


class Ratio(Rule):
    """One total of the plan stays in proportion to another; the empty plan satisfies it."""

    section = "constraints"
    marks = (frozenset({"ratio"}),)
    title: ClassVar[str] = "Ratio"
    examples = ("{name: roi, ratio: propensity * value, to: cost, at_least: 12, min_contacts: 3}",)
    mathematics = (
        "Σ (aⱼ − r bⱼ) xⱼ ≥ 0 (≤ 0 for `at_most`), with r the decimal as written; Σ bⱼ xⱼ ≥ 0; Σ xⱼ ≥ min_contacts."
    )

    ratio: Expression = Field(description="What is summed above the line.")
    to: Expression = Field(description="What is summed below the line; its sum must not be negative.")
    where: Expression | None = Field(None, description="Only contacts for which this is true, in both sums.")
    at_least: Number | None = Field(None, description="Least ratio.")
    at_most: Number | None = Field(None, description="Greatest ratio.")
    min_contacts: int | None = Field(None, ge=0, description="Least number of contacts beside it.")
    penalty: Number | None = Field(None, description="Price of a unit of violation; without it the limit is hard.")
    report_only: bool = Field(False, description="true: measured, never changes the plan.")

    @model_validator(mode="after")
    def _makes_sense(self) -> Ratio:
        if self.at_least is None and self.at_most is None:
            raise ValueError("a ratio needs a limit\nMaybe 'at_least'")
        if self.at_least is not None and self.at_most is not None and self.at_least > self.at_most:
            raise ValueError(f"the minimum {self.at_least} is above the maximum {self.at_most}\nMaybe they are swapped")
        if self.penalty is not None and self.penalty < 0:
            raise ValueError("a penalty cannot be negative\nMaybe write it as a positive price")
        return self

    @property
    def limited(self) -> tuple[tuple[Sense, Decimal], ...]:
        """The limits that are given, each with its sense."""
        given: tuple[tuple[Sense, Decimal | None], ...] = ((">=", self.at_least), ("<=", self.at_most))
        return tuple((sense, limit) for sense, limit in given if limit is not None)

    def needs(self) -> Needs:
        """Say what the rule looks at."""
        return Needs(splits=present(self.where), amounts=(self.ratio, self.to))

    def compile(self, world: World) -> Iterator[Primitive]:
        """Yield a row per limit on Σ above − limit · Σ below, and one for the number of contacts."""
        if self.report_only:
            return
        scope = world.scope(self.name, where=self.where, per=None)
        kind = np.flatnonzero(scope.kinds)
        uses = Incidence.of(kind, np.zeros(len(kind), int), 1, kinds=world.kinds, instances=1)
        bottom = TotalOf(self.to.text, expression=self.to)
        if world.may_be_negative(bottom):
            amount = world.amount(bottom)
            yield Rows(
                rule=self.name,
                part="below",
                uses=Incidence.of(kind, np.zeros(len(kind), int), amount.weight[kind], kinds=world.kinds, instances=1),
                lower=np.array([0]),
                upper=np.array([UNLIMITED]),
                partition=scope.partition,
                measure=amount.measure,
                decimals=amount.decimals,
                labels=('{"of": "below"}',),
            )
        for sense, limit in self.limited:
            amount = world.difference(self.ratio, self.to, limit)
            yield Rows(
                rule=self.name,
                part=sense,
                uses=uses,
                lower=np.array([0 if sense == ">=" else -UNLIMITED]),
                upper=np.array([0 if sense == "<=" else UNLIMITED]),
                partition=scope.partition,
                measure=amount.measure,
                penalty=per_quantum(self.penalty, amount.decimals),
                decimals=amount.decimals,
                labels=("{}",),
            )
        if self.min_contacts:
            yield Rows(
                rule=self.name,
                part="contacts",
                uses=uses,
                lower=np.array([self.min_contacts]),
                upper=np.array([UNLIMITED]),
                partition=scope.partition,
                labels=('{"of": "contacts"}',),
            )

    def audit(self, books: Books) -> Iterable[Line]:
        """Sum both totals exactly and compare them without dividing."""
        above = self._sum(books, self.ratio)
        below = self._sum(books, self.to)
        soft = self.penalty is not None or self.report_only
        top, bottom = (Decimal(0) if s is None else s.total for s in (above, below))
        slack = Decimal(0) if above is None or below is None else above.slack
        for sense, limit in self.limited:
            room = slack + limit * (Decimal(0) if below is None else below.slack)
            over = limit * bottom - top if sense == ">=" else top - limit * bottom
            excess = over if over > room else Decimal(0)
            ratio = top / bottom if bottom else None
            yield Line(
                rule=self.name,
                group={},
                sense=sense,
                limit=limit,
                used=ratio,
                excess=excess,
                paid=excess * self.penalty if self.penalty is not None and not self.report_only else Decimal(0),
                broken=excess > 0 and not soft,
                report_only=self.report_only,
                base=bottom,
            )
        if bottom < 0:
            yield Line(
                rule=self.name,
                group={"of": "below"},
                sense=">=",
                limit=Decimal(0),
                used=bottom,
                excess=-bottom,
                broken=not self.report_only,
                report_only=self.report_only,
            )
        if self.min_contacts:
            rows = books.rows(where=self.where, who=None, history=False, clock="sending")
            ((count,),) = books.query(f"SELECT count(*) FROM {rows}")
            short = max(Decimal(0), Decimal(self.min_contacts) - count)
            yield Line(
                rule=self.name,
                group={"of": "contacts"},
                sense=">=",
                limit=Decimal(self.min_contacts),
                used=Decimal(count),
                excess=short,
                broken=short > 0 and not self.report_only,
                report_only=self.report_only,
            )

    def _sum(self, books: Books, expression: Expression) -> Sum | None:
        total = TotalOf(expression.text, expression=expression)
        rows = books.rows(where=self.where, who=None, amount=total, history=False, clock="sending")
        return next(iter(books.sums(("'all'",), "amount", f"FROM {rows}", total)), None)

    def words(self) -> str:
        """Say the rule in one sentence."""
        limits = " and ".join(f"{BOUNDS[sense]} {number(limit)}" for sense, limit in self.limited)
        beside = f", with {bounds([('>=', Decimal(self.min_contacts))], CONTACTS)}" if self.min_contacts else ""
        return (
            f"The plan's {self.ratio.text} to its {self.to.text}{where_true(self.where)}: {limits}{beside}"
            f"{at_a_price(self.penalty, 'unit', (sense for sense, _ in self.limited))}."
        )
