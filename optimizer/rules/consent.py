"""Consent: a contact needs a consent that covers its time, channel and purpose."""

from __future__ import annotations

from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from optimizer.language.expressions import Expression
from optimizer.rules.base import Needs, present
from optimizer.rules.eligibility import EligibilityRule


class ConsentTerms(BaseModel):
    """What a consent must cover."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    purpose: str | None = Field(None, description="The purpose that the consent names; any, if left out.")


class Consent(EligibilityRule):
    """Only candidates covered by a row of the consents table at the time of sending."""

    section = "eligibility"
    marks = (frozenset({"consent"}),)
    title: ClassVar[str] = "Consent"

    consent: ConsentTerms = Field(description="What the consent must cover.")
    where: Expression | None = Field(None, description="Only these candidates need it.")

    def unsupported(self) -> str | None:
        """Name what the compiler cannot do yet."""
        return "consent rules"

    def needs(self) -> Needs:
        """Say what the rule looks at."""
        return Needs(conditions=present(self.where))

    def words(self) -> str:
        """Say the rule in one sentence."""
        return "Only candidates whose customer has consented" + (
            f" to {self.consent.purpose}." if self.consent.purpose else "."
        )
