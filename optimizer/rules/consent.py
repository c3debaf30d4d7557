"""Consent: a contact needs a consent that covers its time, channel and purpose."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from optimizer.language.expressions import Expression, parse
from optimizer.rules.base import Needs, present
from optimizer.rules.books import Line
from optimizer.rules.eligibility import EligibilityRule, Sight

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

    def audit(self, books: Books) -> Iterable[Line]:
        """Count written contacts that no consent covers."""
        rows = books.marked({"asked": self.where or parse("TRUE")}, who="customer", history=False, clock="sending")
        covered = books.consented(self.consent.purpose)
        ((count,),) = books.query(
            f"SELECT count(*) FROM {rows} r WHERE r.asked AND NOT EXISTS "
            f"(SELECT 1 FROM {covered} c WHERE c.contact = r.contact)"
        )
        if count:
            yield Line(self.name, {}, "<=", Decimal(0), Decimal(count), Decimal(count), broken=True)

    def words(self) -> str:
        """Say the rule in one sentence."""
        return "Only candidates whose customer has consented" + (
            f" to {self.consent.purpose}." if self.consent.purpose else "."
        )
