"""Budgets, capacities, minimums, quotas: a total over the whole plan, per group and window."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from pydantic import Field, model_validator

from optimizer.language.durations import Window
from optimizer.language.expressions import Expression
from optimizer.language.limits import Limit, Number, TableLimit
from optimizer.problem.primitives import UNLIMITED, Incidence, IntArray, Rows
from optimizer.rules.base import Columns, Needs, Rule, present
from optimizer.rules.books import Line, Sense
from optimizer.rules.frequency import check_limits
from optimizer.rules.total_of import Total

if TYPE_CHECKING:
    from optimizer.problem.primitives import Primitive
    from optimizer.rules.books import Books
    from optimizer.rules.world import World


class PlanTotal(Rule):
    """A total over all contacts of the plan stays within limits."""

    section = "constraints"
    marks = (frozenset({"total"}),)
    title: ClassVar[str] = "Total"

    total: Total = Field(description="What is summed: contacts, or an amount.")
    where: Expression | None = Field(None, description="Only contacts for which this is true.")
    for_each: Columns = Field((), description="One limit per value of these columns.")
    within: Window | None = Field(None, description="One limit per window, history included.")
    at_most: Limit | None = Field(None, description="The upper limit.")
    at_least: Limit | None = Field(None, description="The lower limit.")
    exactly: Limit | None = Field(None, description="Both in one; of whole numbers only.")
    lot: int | None = Field(None, gt=0, description="Each group not at all, or at least so many times.")
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
        check_limits(self.total.counts, at_most=self.at_most, at_least=self.at_least, exactly=self.exactly)
        if self.total.distinct:
            raise ValueError("a constraint cannot total different keys\nMaybe 'distinct: offer' with 'at_most'")
        return self

    def unsupported(self) -> str | None:
        """Name what the compiler cannot do yet."""
        if self.lot is not None:
            return "minimum lots ('lot')"
        if self.within is not None:
            return "a constraint in a window ('within')"
        return None

    def needs(self) -> Needs:
        """Say what the rule looks at."""
        return Needs(splits=present(self.where), labels=self.for_each, amounts=present(self.total.expression))

    def compile(self, world: World) -> Iterator[Primitive]:
        """Yield the rows: one per group."""
        if self.report_only:
            return
        scope = world.scope(self.name, where=self.where, per=None, for_each=self.for_each, tables=self._tables())
        amount = world.amount(self.total)
        kind = np.flatnonzero(scope.kinds)
        uses = Incidence.of(
            kind, scope.label[kind], amount.weight[kind], kinds=world.kinds, instances=len(scope.labels)
        )
        size = len(scope.labels) * scope.groups
        lower: IntArray = np.full(size, -UNLIMITED)
        upper: IntArray = np.full(size, UNLIMITED)
        if self.exactly is not None:
            lower = upper = world.limits(self.name, self.exactly, scope, decimals=0, down=True)
        if self.at_most is not None:
            upper = world.limits(self.name, self.at_most, scope, decimals=amount.decimals, down=True)
        if self.at_least is not None:
            lower = world.limits(self.name, self.at_least, scope, decimals=amount.decimals, down=False)
        price = None
        if self.penalty is not None:
            price = Fraction(*world.value_quanta(self.penalty, amount.decimals))
        yield Rows(
            rule=self.name,
            uses=uses,
            lower=lower,
            upper=upper,
            partition=scope.partition,
            measure=amount.measure,
            penalty=price,
            decimals=amount.decimals,
            labels=tuple(
                json.dumps({**one, **other}, default=str, sort_keys=True)
                for one in scope.labels
                for other in scope.group_labels
            ),
        )

    def _tables(self) -> tuple[TableLimit, ...]:
        return tuple(x for x in (self.at_most, self.at_least, self.exactly) if isinstance(x, TableLimit))

    def audit(self, books: Books) -> Iterable[Line]:
        """Sum every group exactly."""
        rows = books.rows(
            where=self.where, who=None, each=self.for_each, amount=self.total, history=False, clock="sending"
        )
        if self.total.contacts:
            found = books.query(f'SELECT "each", count(*) FROM {rows} WHERE planned GROUP BY ALL')
            used = {each: (Decimal(count), Decimal(0)) for each, count in found}
        else:
            summed = books.sums(f'SELECT "each", amount FROM {rows} WHERE planned', self.total)
            used = {s.key: (s.total, s.slack) for s in summed}
        limits: tuple[tuple[Sense, Limit | None], ...] = (
            ("<=", self.at_most),
            (">=", self.at_least),
            ("=", self.exactly),
        )
        for group in books.groups(self.for_each, self.where, self._tables()):
            key = json.dumps(group, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
            total, slack = used.get(key, (Decimal(0), Decimal(0)))
            for sense, limit in limits:
                if limit is not None:
                    yield self._line(group, sense, books.limit(self.name, limit, group), total, slack)

    def _line(self, group: dict[str, object], sense: Sense, limit: Decimal, used: Decimal, slack: Decimal) -> Line:
        over = {"<=": used - limit, ">=": limit - used, "=": abs(used - limit)}[sense]
        excess = over if over > slack else Decimal(0)
        soft = self.penalty is not None or self.report_only
        return Line(
            rule=self.name,
            group=group,
            sense=sense,
            limit=limit,
            used=used,
            excess=excess,
            paid=excess * self.penalty if self.penalty is not None and not self.report_only else Decimal(0),
            broken=excess > 0 and not soft,
            report_only=self.report_only,
        )

    def words(self) -> str:
        """Say the rule in one sentence."""
        limits = []
        for text, limit in (("at most", self.at_most), ("at least", self.at_least), ("exactly", self.exactly)):
            if limit is not None:
                said = f"what {limit.table} says" if isinstance(limit, TableLimit) else f"{limit}"
                limits.append(f"{text} {said}")
        if self.lot is not None:
            limits.append(f"none or at least {self.lot}")
        each = f" for each {', '.join(self.for_each)}" if self.for_each else ""
        where = f" where {self.where.text}" if self.where is not None else ""
        return f"The plan's {self.total.text}{where}: {' and '.join(limits)}{each}."
