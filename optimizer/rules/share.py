"""Shares: so much of the contacts of one sort may, or must, be of another sort."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field, model_validator

from optimizer.language.expressions import Expression
from optimizer.language.limits import Number
from optimizer.rules.base import Needs, Rule, present


class Share(Rule):
    """A share of the selected contacts stays within limits."""

    section = "constraints"
    marks = (frozenset({"share"}),)
    title: ClassVar[str] = "Share"

    share: Expression = Field(description="The contacts whose share is limited.")
    of: Expression | None = Field(None, description="Among these; without it, among all.")
    at_most: Number | None = Field(None, description="Greatest share, 0 to 1.")
    at_least: Number | None = Field(None, description="Least share, 0 to 1.")
    penalty: Number | None = Field(None, description="Price of a unit of violation; without it the limit is hard.")
    report_only: bool = Field(False, description="true: measured, never changes the plan.")

    @model_validator(mode="after")
    def _makes_sense(self) -> Share:
        limits = [x for x in (self.at_least, self.at_most) if x is not None]
        if not limits:
            raise ValueError("a share needs a limit\nMaybe 'at_most'")
        for limit in limits:
            if not 0 <= limit <= 1:
                raise ValueError(f"a share lies between 0 and 1, not {limit}\nMaybe {limit / 100}")
        if len(limits) == 2 and limits[0] > limits[1]:
            raise ValueError(f"the minimum {limits[0]} is above the maximum {limits[1]}\nMaybe they are swapped")
        return self

    def unsupported(self) -> str | None:
        """Name what the compiler cannot do yet."""
        return "'share'"

    def needs(self) -> Needs:
        """Say what the rule looks at."""
        return Needs(conditions=present(self.share, self.of))

    def words(self) -> str:
        """Say the rule in one sentence."""
        return (
            "Of the plan's contacts"
            + (f" where {self.of.text}" if self.of else "")
            + f", those where {self.share.text}: "
            + " and ".join(
                f"{t} {n}" for t, n in (("at least", self.at_least), ("at most", self.at_most)) if n is not None
            )
            + "."
        )
