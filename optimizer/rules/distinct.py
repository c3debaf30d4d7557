"""Content capacity: only so many different offers (or values of any column) are used at all."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from optimizer.rules.base import Columns, Needs, Rule


class DistinctValues(Rule):
    """At most so many different values among the selected contacts."""

    section = "constraints"
    marks = (frozenset({"distinct"}),)
    title: ClassVar[str] = "Distinct values"

    distinct: Columns = Field(description="The column, or columns, whose values are counted.")
    at_most: int = Field(ge=0, description="How many different values may be used.")

    def unsupported(self) -> str | None:
        """Name what the compiler cannot do yet."""
        return "'distinct'"

    def needs(self) -> Needs:
        """Say what the rule looks at."""
        return Needs(labels=self.distinct)

    def words(self) -> str:
        """Say the rule in one sentence."""
        return f"At most {self.at_most} different {', '.join(self.distinct)} in the plan."
