"""How often: at most, at least or exactly so many contacts (or so much of anything) per customer, in a window."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from pydantic import Field, model_validator

from optimizer.language.durations import Window
from optimizer.language.expressions import Expression
from optimizer.language.limits import ColumnLimit, Limit, Number, TableLimit
from optimizer.problem.primitives import UNLIMITED, Counter, Overrides
from optimizer.rules.base import Columns, Needs, Rule, present
from optimizer.rules.books import Line
from optimizer.rules.total_of import CONTACTS, Total
from optimizer.rules.windows import windowed
from optimizer.rules.world import spans

if TYPE_CHECKING:
    from optimizer.problem.primitives import Primitive
    from optimizer.rules.books import Books
    from optimizer.rules.world import World


class Frequency(Rule):
    """At most, at least or exactly so many contacts per customer (household, …), in every window."""

    section = "contact_policies"
    marks = (frozenset({"at_most"}), frozenset({"at_least"}), frozenset({"exactly"}))
    title: ClassVar[str] = "Contact frequency"

    at_most: Limit | None = Field(None, description="The cap: a number, a limits table, or a customers column.")
    at_least: Limit | None = Field(None, description="The minimum.")
    exactly: Limit | None = Field(None, description="Cap and minimum in one; of whole numbers only.")
    total: Total = Field(CONTACTS, description="What is counted.")
    within: Window | None = Field(None, description="The window; without it, this horizon's planned contacts alone.")
    where: Expression | None = Field(None, description="Only contacts for which this is true.")
    for_each: Columns = Field((), description="One rule per value of these columns.")
    per: str = Field("customer", description="Who shares the policy: customer, or a customers column.")
    count_history: bool = Field(True, description="false: history does not count.")
    if_short: Literal["required", "best_effort", "all_or_nothing"] | None = Field(
        None, description="What happens to a minimum that cannot be met; required unless said."
    )
    penalty: Number | None = Field(None, description="Price of each missing contact, in the objective's units.")

    @model_validator(mode="after")
    def _makes_sense(self) -> Frequency:
        minimum = self.at_least if self.at_least is not None else self.exactly
        if self.exactly is not None and (self.at_most is not None or self.at_least is not None):
            raise ValueError("'exactly' stands alone\nMaybe leave out 'at_most' and 'at_least'")
        if self.exactly is not None and not self.total.counts:
            raise ValueError("'exactly' needs a whole-number total\nMaybe use 'at_most' and 'at_least'")
        if minimum is None and (self.if_short is not None or self.penalty is not None):
            raise ValueError("'if_short' and 'penalty' belong to a minimum\nMaybe add 'at_least'")
        if self.if_short is not None and self.penalty is not None:
            raise ValueError("'if_short' and 'penalty' exclude each other\nMaybe keep 'penalty' alone")
        if self.penalty is not None and self.penalty < 0:
            raise ValueError("a penalty cannot be negative\nMaybe write it as a positive price")
        check_limits(self.total.counts, at_most=self.at_most, at_least=self.at_least, exactly=self.exactly)
        return self

    def unsupported(self) -> str | None:
        """Name what the compiler cannot do yet."""
        if self.at_least is not None or self.exactly is not None:
            return "a minimum per customer ('at_least', 'exactly')"
        if self.total.distinct:
            return "a total of different keys ('distinct')"
        if self.within is not None and self.within.seconds is not None:
            return "a window in hours"
        if self.per != "customer":
            return f"a policy shared by customers ('per: {self.per}')"
        return None

    @property
    def sees_history(self) -> bool:
        """Whether past contacts count."""
        return self.within is not None and self.count_history

    def needs(self) -> Needs:
        """Say what the rule looks at."""
        return Needs(splits=present(self.where), labels=self.for_each, amounts=present(self.total.expression))

    def compile(self, world: World) -> Iterator[Primitive]:
        """Yield one counter (a knapsack for amounts) with an instance per (``for_each`` value, window)."""
        assert self.at_most is not None
        scope = world.scope(self.name, where=self.where, per=self.per, for_each=self.for_each)
        amount = world.amount(self.total)
        past = None
        if self.sees_history:
            past = world.past(scope, where=self.where, clock="arrival", total=self.total, amount=amount)
        found = windowed(
            scope,
            world.day("arrival"),
            spans(self.within, world.first_day, world.last_day),
            weight=amount.weight,
            past=past,
        )
        own = None
        if isinstance(self.at_most, ColumnLimit):
            own = world.own_limits(self.name, self.at_most, scope, decimals=amount.decimals, down=True)
            cap = np.zeros(len(found.label), np.int64)
            before = own[found.past_group]
        else:
            each = world.limits(self.name, self.at_most, scope, decimals=amount.decimals, down=True)
            cap = each[found.label]
            before = cap[found.past_instance]
        overrides = None
        if len(found.past_used):
            left = np.maximum(before - found.past_used, 0)
            overrides = Overrides.of(found.past_group, found.past_instance, left, groups=scope.groups)
        assert scope.partition is not None
        yield Counter(
            rule=self.name,
            partition=scope.partition,
            uses=found.uses,
            limit=np.where(found.maximal, cap, UNLIMITED),
            measure=amount.measure,
            group_limit=own,
            overrides=overrides,
        )

    def audit(self, books: Books) -> Iterable[Line]:
        """Recount every window of every customer; yield the breaches."""
        assert self.at_most is not None
        own = self.at_most.column if isinstance(self.at_most, ColumnLimit) else None
        rows = books.rows(
            where=self.where,
            who=self.per,
            each=self.for_each,
            amount=self.total,
            own=own,
            history=self.sees_history,
            clock="arrival",
        )
        windows = books.windows(self.within, "arrival")
        joined = f"FROM {rows} r JOIN {windows} w ON r.day BETWEEN w.first AND w.last"
        if self.total.contacts:
            counted = books.query(
                f'SELECT who, "each", w.first, w.last, count(*) FILTER (planned) AS used, '
                f"count(*) FILTER (NOT planned) AS past, any_value(own) {joined} "
                f"GROUP BY ALL HAVING used > 0 AND used > greatest(0, {self._least_cap(books)} - past) ORDER BY ALL"
            )
            for who, each, first, last, used, past, cap in counted:
                yield from self._line(books, who, each, first, last, Decimal(used), Decimal(past), cap)
            return
        key = 'json_array(who, "each", w.first, w.last, CAST(own AS VARCHAR))'
        gone = {s.key: s.total for s in books.sums(f"SELECT {key}, amount {joined} WHERE NOT planned", self.total)}
        for used in books.sums(f"SELECT {key}, amount {joined} WHERE planned", self.total):
            who, each, first, last, cap = json.loads(used.key)
            past = gone.get(used.key, Decimal(0))
            yield from self._line(books, who, each, first, last, used.total, past, cap, used.slack)

    def _least_cap(self, books: Books) -> str:
        if isinstance(self.at_most, Decimal):
            return str(self.at_most)
        return "CAST(any_value(own) AS DOUBLE)" if isinstance(self.at_most, ColumnLimit) else "0"

    def _line(
        self,
        books: Books,
        who: str,
        each: str,
        first: object,
        last: object,
        used: Decimal,
        past: Decimal,
        own: object,
        slack: Decimal = Decimal(0),
    ) -> Iterator[Line]:
        group = json.loads(each)
        assert self.at_most is not None
        cap = (
            Decimal(str(own)) if isinstance(self.at_most, ColumnLimit) else books.limit(self.name, self.at_most, group)
        )
        left = max(Decimal(0), cap - past)
        if used > left + slack:
            if self.within is not None and not self.within.ever:
                group["window"] = f"{first}/{last}"
            yield Line(self.name, {**group, self.per: who}, "<=", left, used, used - left, broken=True)

    def words(self) -> str:
        """Say the rule in one sentence."""
        parts = []
        for text, limit in (("at most", self.at_most), ("at least", self.at_least), ("exactly", self.exactly)):
            if limit is not None:
                parts.append(f"{text} {_say(limit)}")
        what = "contacts" if self.total.contacts else self.total.text
        window = "in this plan" if self.within is None else f"in any {self.within.text}"
        each = f" for each {', '.join(self.for_each)}" if self.for_each else ""
        where = f" where {self.where.text}" if self.where is not None else ""
        return f"Each {self.per}: {' and '.join(parts)} {what}{each}{where}, {window}."


def _say(limit: Limit) -> str:
    if isinstance(limit, TableLimit):
        return f"what {limit.table} says"
    if isinstance(limit, ColumnLimit):
        return f"the customer's {limit.column}"
    return f"{limit.normalize():f}"


def check_limits(counts: bool, **limits: Limit | None) -> None:
    """Refuse limits that cannot be meant.

    Raises
    ------
    ValueError
        A count limit that is not whole, or a minimum above the maximum.
    """
    for key, limit in limits.items():
        if isinstance(limit, Decimal):
            if counts and limit != limit.to_integral_value():
                raise ValueError(f"'{key}: {limit}' limits a whole number\nMaybe {int(limit)} or {int(limit) + 1}")
            if counts and limit < 0:
                raise ValueError(f"'{key}: {limit}' is negative, and a count cannot be\nMaybe 0")
    low, high = limits.get("at_least"), limits.get("at_most")
    if isinstance(low, Decimal) and isinstance(high, Decimal) and low > high:
        raise ValueError(f"the minimum {low} is above the maximum {high}\nMaybe they are swapped")
