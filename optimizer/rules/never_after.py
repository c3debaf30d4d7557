"""Never after: no contact of one sort soon after a contact, or a response, of another sort."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from optimizer.language.durations import Window
from optimizer.language.expressions import Expression
from optimizer.rules.base import Needs, Rule


class NeverAfter(Rule):
    """No contact of the one sort later than one of the other, and less than this after it."""

    section = "contact_policies"
    marks = (frozenset({"never", "after"}),)
    title: ClassVar[str] = "Never after"

    never: Expression = Field(description="What must not follow.")
    after: Expression = Field(description="What came before, planned or in history; may name the response.")
    within: Window | None = Field(None, description="For how long; without it, anywhere in the horizon.")
    per: str = Field("customer", description="Who shares the policy: customer, or a customers column.")
    count_history: bool = Field(True, description="false: history does not count.")

    def unsupported(self) -> str | None:
        """Name what the compiler cannot do yet."""
        return "'never … after'"

    def needs(self) -> Needs:
        """Say what the rule looks at."""
        return Needs(conditions=(self.never, self.after))

    def words(self) -> str:
        """Say the rule in one sentence."""
        return f"Each {self.per}: no contact where {self.never.text} after one where {self.after.text}" + (
            f", for {self.within.text}." if self.within else "."
        )
