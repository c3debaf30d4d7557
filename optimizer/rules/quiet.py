"""Quiet hours: no contact at certain hours of the customer's day."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from optimizer.language.expressions import Expression, parse
from optimizer.rules.base import Needs, present
from optimizer.rules.eligibility import EligibilityRule, Sight, marked
from optimizer.rules.wording import where_true

if TYPE_CHECKING:
    from optimizer.rules.books import Books


class Quiet(EligibilityRule):
    """No contact between these local times; the span may cross midnight."""

    section = "eligibility"
    marks = (frozenset({"quiet"}),)
    title: ClassVar[str] = "Quiet hours"
    examples = ("{name: night, quiet: \"21:00-09:00\", where: \"channel IN ('sms', 'push')\"}",)
    mathematics = (
        "xⱼ = 0 for each candidate j whose slot's local time t has start ≤ t < end (t ≥ start or t < end "
        "across midnight)."
    )

    quiet: str = Field(
        pattern=r"^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$", description="HH:MM-HH:MM, local time."
    )
    where: Expression | None = Field(None, description="Only these candidates have quiet hours.")

    def needs(self) -> Needs:
        """Say what the rule looks at."""
        return Needs(conditions=present(self.where))

    def _hushed(self, time: str) -> str:
        """Return SQL for «the time of day lies in the span»; its end does not belong to it."""
        start, _, end = self.quiet.partition("-")
        both = "AND" if start <= end else "OR"
        return f"({time} >= TIME '{start}:00' {both} {time} < TIME '{end}:00')"

    def refusal(self, sight: Sight) -> str:
        """Return SQL that is true for candidates in quiet hours."""
        asked = "true" if self.where is None else f"coalesce({sight.sql(self.where)}, false)"
        return f"({asked} AND {self._hushed(sight.local_time(self.name))})"

    def refused(self, books: Books) -> str:
        """Return SQL for the planned contacts in quiet hours."""
        return marked(books, self.where or parse("TRUE"), f"mark AND {self._hushed('time_of_day')}")

    def words(self) -> str:
        """Say the rule in one sentence."""
        return f"No contact from {self.quiet.replace('-', ' to ')} local time{where_true(self.where)}."
