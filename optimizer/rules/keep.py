"""Eligibility by a condition: keep only what is true, or drop what is true."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from optimizer.language.expressions import Expression
from optimizer.rules.base import Needs
from optimizer.rules.eligibility import EligibilityRule, Sight, marked

if TYPE_CHECKING:
    from optimizer.rules.books import Books


class Keep(EligibilityRule):
    """Only candidates for which this is true may be used (NULL is not true)."""

    section = "eligibility"
    marks = (frozenset({"keep"}),)
    title: ClassVar[str] = "Keep"
    examples = ("{name: wants-mail, keep: \"email_opt_in OR channel <> 'email'\"}",)
    mathematics = "xⱼ = 0 for each candidate j for which the condition is false or NULL."

    keep: Expression = Field(description="True for candidates that may be used.")

    def needs(self) -> Needs:
        """Say what the rule looks at."""
        return Needs(conditions=(self.keep,))

    def refusal(self, sight: Sight) -> str:
        """Return SQL that is true for candidates that may not be used."""
        return f"({sight.sql(self.keep)}) IS NOT TRUE"

    def refused(self, books: Books) -> str:
        """Return SQL for the planned contacts that should have been dropped."""
        return marked(books, self.keep, "mark IS NOT TRUE")

    def words(self) -> str:
        """Say the rule in one sentence."""
        return f"Only candidates where {self.keep.text}."


class Drop(EligibilityRule):
    """Candidates for which this is true may not be used (NULL is not true)."""

    section = "eligibility"
    marks = (frozenset({"drop"}),)
    title: ClassVar[str] = "Drop"
    examples = ('{name: low-score, drop: "propensity < 0.05"}',)
    mathematics = "xⱼ = 0 for each candidate j for which the condition is true."

    drop: Expression = Field(description="True for candidates that may not be used.")

    def needs(self) -> Needs:
        """Say what the rule looks at."""
        return Needs(conditions=(self.drop,))

    def refusal(self, sight: Sight) -> str:
        """Return SQL that is true for candidates that may not be used."""
        return f"({sight.sql(self.drop)}) IS TRUE"

    def refused(self, books: Books) -> str:
        """Return SQL for the planned contacts that should have been dropped."""
        return marked(books, self.drop, "mark IS TRUE")

    def words(self) -> str:
        """Say the rule in one sentence."""
        return f"No candidates where {self.drop.text}."
