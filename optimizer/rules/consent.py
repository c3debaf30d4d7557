"""Consent: a contact needs a consent that covers its time, channel and purpose."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from optimizer.language.expressions import Expression, parse
from optimizer.rules.base import Needs, present
from optimizer.rules.eligibility import EligibilityRule, Sight, marked

if TYPE_CHECKING:
    from optimizer.rules.books import Books


class ConsentTerms(BaseModel):
    """What a consent must cover."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    purpose: str | None = Field(None, description="The purpose that the consent names; any, if left out.")


class Consent(EligibilityRule):
    """Only candidates covered by a row of the consents table at the time of sending."""

    section = "eligibility"
    marks = (frozenset({"consent"}),)
    title: ClassVar[str] = "Consent"
    examples = ("{name: consent, consent: {purpose: marketing}}",)
    mathematics = "xⱼ = 0 for each candidate j whose slot no row of (customer, channel, purpose, from … until) covers."

    consent: ConsentTerms = Field(description="What the consent must cover.")
    where: Expression | None = Field(None, description="Only these candidates need it.")

    def needs(self) -> Needs:
        """Say what the rule looks at."""
        return Needs(conditions=present(self.where))

    def refusal(self, sight: Sight) -> str:
        """Return SQL that is true for candidates that no consent covers."""
        asked = "true" if self.where is None else f"coalesce({sight.sql(self.where)}, false)"
        return f"({asked} AND NOT {sight.covered(self.name, self.consent.purpose)})"

    def refused(self, books: Books) -> str:
        """Return SQL for the planned contacts that no consent covers."""
        covered = books.consented(self.consent.purpose)
        return marked(books, self.where or parse("TRUE"), f"mark AND contact NOT IN (SELECT contact FROM {covered})")

    def words(self) -> str:
        """Say the rule in one sentence."""
        return "Only candidates whose customer has consented" + (
            f" to {self.consent.purpose}." if self.consent.purpose else "."
        )
