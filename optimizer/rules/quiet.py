"""Quiet hours: no contact at certain hours of the customer's day."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from optimizer.language.expressions import Expression
from optimizer.rules.base import Needs, present
from optimizer.rules.eligibility import EligibilityRule


class Quiet(EligibilityRule):
    """No contact between these local times; the span may cross midnight."""

    section = "eligibility"
    marks = (frozenset({"quiet"}),)
    title: ClassVar[str] = "Quiet hours"

    quiet: str = Field(
        pattern=r"^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$", description="HH:MM-HH:MM, local time."
    )
    where: Expression | None = Field(None, description="Only these candidates have quiet hours.")

    def unsupported(self) -> str | None:
        """Name what the compiler cannot do yet."""
        return "quiet hours ('quiet')"

    def needs(self) -> Needs:
        """Say what the rule looks at."""
        return Needs(conditions=present(self.where))

    def words(self) -> str:
        """Say the rule in one sentence."""
        return f"No contact from {self.quiet.replace('-', ' to ')} local time" + (
            f" where {self.where.text}." if self.where else "."
        )
