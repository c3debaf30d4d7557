"""How often: at most, at least or exactly so many contacts (or so much of anything) per customer, in a window."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field, model_validator

from optimizer.language.durations import Window
from optimizer.language.expressions import Expression
from optimizer.language.limits import Limit, Number
from optimizer.rules.base import Columns, Needs, Rule, present
from optimizer.rules.caps import audit_cap, compile_cap, evidence_of_cap
from optimizer.rules.floors import audit_floor, compile_floor
from optimizer.rules.limits import check_limits
from optimizer.rules.total_of import CONTACTS, Total
from optimizer.rules.wording import at_a_price, bounds, for_each_of, in_window, where_true

if TYPE_CHECKING:
    from optimizer.problem.primitives import Primitive
    from optimizer.rules.books import Books, Line
    from optimizer.rules.world import World


class Frequency(Rule):
    """At most, at least or exactly so many contacts per customer (household, …), in every window."""

    section = "contact_policies"
    marks = (frozenset({"at_most"}), frozenset({"at_least"}), frozenset({"exactly"}))
    title: ClassVar[str] = "Contact frequency"
    examples = (
        "{name: two-a-week, at_most: 2, within: 7 days, where: \"channel <> 'web'\"}",
        "{name: own-cap, at_most: {column: weekly_cap}, within: 7 days}",
        "{name: offer-once, at_most: 1, within: 30 days, for_each: offer}",
        "{name: one-per-home, at_most: 1, per: household, where: \"channel = 'mail'\"}",
        '{name: two-envelopes, at_most: 2, within: 7 days, total: "distinct channel, slot"}',
        "{name: spend-ceiling, at_most: 1.20, total: cost}",
        "{name: all-six, at_least: 6, total: distinct offer, if_short: best_effort}",
        "{name: two-statements, at_least: 2, where: \"offer = 'statement'\", if_short: best_effort}",
    )
    mathematics = (
        "For each customer (household, …) u and each window W that contains a horizon day: Σ aⱼ xⱼ over the "
        "candidates j of u that arrive in W ≤ max(0, n − h), where h is what history used in W; a minimum is "
        "≥ max(0, n − h), in windows that history covers. aⱼ is 1 for contacts. With `distinct`, each "
        "different key counts once, and keys that history holds already cost nothing."
    )

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
        added_up = self.penalty is not None or self.if_short == "best_effort"
        if added_up and self.within is not None and self.within.seconds is not None:
            raise ValueError(
                "what is missing cannot be added up over windows of hours: there are endlessly many of them\n"
                "Maybe write the window in days, or leave the minimum required"
            )
        if minimum is not None and self.total.distinct and self.within is not None and self.within.seconds is not None:
            raise ValueError(
                "different keys have no minimum in hours: which of them history holds changes from moment to moment\n"
                "Maybe write the window in days"
            )
        check_limits(self.total.counts, at_most=self.at_most, at_least=self.at_least, exactly=self.exactly)
        return self

    @property
    def sees_history(self) -> bool:
        """Whether past contacts count."""
        return self.within is not None and self.count_history

    @property
    def binds_together(self) -> bool:
        """Whether those who share it must be one unit: sums can be counted across units, different keys cannot."""
        return bool(self.total.distinct)

    def needs(self) -> Needs:
        """Say what the rule looks at."""
        return Needs(
            splits=present(self.where),
            labels=self.for_each + self.total.distinct,
            amounts=present(self.total.expression),
        )

    @property
    def cap(self) -> Limit | None:
        """The upper limit, however it is written."""
        return self.at_most if self.at_most is not None else self.exactly

    @property
    def minimum(self) -> Limit | None:
        """The lower limit, however it is written."""
        return self.at_least if self.at_least is not None else self.exactly

    def compile(self, world: World) -> Iterator[Primitive]:
        """Yield a counter for the cap and a floor for the minimum."""
        if self.cap is not None:
            yield from compile_cap(self, self.cap, world)
        if self.minimum is not None:
            yield from compile_floor(self, self.minimum, world)

    def only_forbids(self, books: Books) -> bool:
        """Whether it is a cap, or its minimum a wish, and no amount makes room for others."""
        soft = self.minimum is None or self.penalty is not None or self.if_short == "best_effort"
        return soft and not books.may_be_negative(self.total)

    def effort(self, books: Books) -> str | None:
        """Return which contacts count for a minimum that is a best effort."""
        if self.if_short != "best_effort":
            return None
        rows = books.rows(where=self.where, who=self.per, each=self.for_each, history=False, clock="arrival")
        return f"SELECT contact FROM {rows}"

    def audit(self, books: Books) -> Iterable[Line]:
        """Recount every window of every customer."""
        if self.cap is not None:
            yield from audit_cap(self, self.cap, books)
        if self.minimum is not None:
            yield from audit_floor(self, self.minimum, books)

    def evidence(self, books: Books) -> str | None:
        """Return which contacts share a window of the cap."""
        return None if self.cap is None else evidence_of_cap(self, books)

    def words(self) -> str:
        """Say the rule in one sentence."""
        given = (("<=", self.at_most), (">=", self.at_least), ("=", self.exactly))
        said = bounds(((sense, limit) for sense, limit in given if limit is not None), self.total)
        short = {"best_effort": "; as near to it as can be", "all_or_nothing": "; or none"}.get(self.if_short or "", "")
        window = in_window(self.within, history=self.count_history) or ", in this plan"
        whose = f"{for_each_of(self.for_each)}{where_true(self.where)}{window}"
        return f"Each {self.per}: {said}{whose}{short}{at_a_price(self.penalty, 'one', ('>=',))}."
