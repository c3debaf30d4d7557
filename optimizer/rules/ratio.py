"""Ratios, such as the return on what is spent, over the whole plan."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field, model_validator

from optimizer.language.expressions import Expression
from optimizer.language.limits import Number
from optimizer.rules.base import Needs, Rule, present


class Ratio(Rule):
    """One total of the plan stays in proportion to another."""

    section = "constraints"
    marks = (
        frozenset({"ratio", "to"}),
        frozenset({"ratio"}),
    )
    title: ClassVar[str] = "Ratio"

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
        return self

    def unsupported(self) -> str | None:
        """Name what the compiler cannot do yet."""
        return "'ratio'"

    def needs(self) -> Needs:
        """Say what the rule looks at."""
        return Needs(splits=present(self.where), amounts=(self.ratio, self.to))

    def words(self) -> str:
        """Say the rule in one sentence."""
        return (
            f"The plan's {self.ratio.text} to its {self.to.text}: "
            + " and ".join(
                f"{t} {n}" for t, n in (("at least", self.at_least), ("at most", self.at_most)) if n is not None
            )
            + "."
        )
