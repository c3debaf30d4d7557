"""Only with: a contact of one sort needs another one of another sort beside it."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from optimizer.language.durations import Window
from optimizer.language.expressions import Expression
from optimizer.rules.base import Needs, Rule


class OnlyWith(Rule):
    """A contact of the one sort needs another one of the other sort: in the same slot, or less than this apart."""

    section = "contact_policies"
    marks = (frozenset({"only", "with"}),)
    title: ClassVar[str] = "Only with"

    only: Expression = Field(description="What needs company.")
    with_: Expression = Field(alias="with", description="The company it needs.")
    within: Window | None = Field(None, description="How near; without it, the same slot.")
    per: str = Field("customer", description="Who shares the policy: customer, or a customers column.")
    count_history: bool = Field(True, description="false: history does not count.")

    def unsupported(self) -> str | None:
        """Name what the compiler cannot do yet."""
        return "'only … with'"

    def needs(self) -> Needs:
        """Say what the rule looks at."""
        return Needs(conditions=(self.only, self.with_))

    def words(self) -> str:
        """Say the rule in one sentence."""
        return f"Each {self.per}: a contact where {self.only.text} only with one where {self.with_.text}" + (
            f", less than {self.within.text} apart." if self.within else ", in the same slot."
        )
