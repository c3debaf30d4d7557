"""Only after: a contact of one sort needs an earlier one of another sort."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from optimizer.language.durations import Window
from optimizer.language.expressions import Expression
from optimizer.rules.base import Needs, Rule


class OnlyAfter(Rule):
    """A contact of the one sort needs an earlier one of the other, at most this long before it."""

    section = "contact_policies"
    marks = (frozenset({"only", "after"}),)
    title: ClassVar[str] = "Only after"

    only: Expression = Field(description="What needs something before it.")
    after: Expression = Field(description="What it needs, planned or in history.")
    within: Window | None = Field(None, description="At most how long before; without it, anywhere in the horizon.")
    per: str = Field("customer", description="Who shares the policy: customer, or a customers column.")
    count_history: bool = Field(True, description="false: history does not count.")

    def unsupported(self) -> str | None:
        """Name what the compiler cannot do yet."""
        return "'only … after'"

    def needs(self) -> Needs:
        """Say what the rule looks at."""
        return Needs(conditions=(self.only, self.after))

    def words(self) -> str:
        """Say the rule in one sentence."""
        return f"Each {self.per}: a contact where {self.only.text} only after one where {self.after.text}" + (
            f", at most {self.within.text} before." if self.within else "."
        )
