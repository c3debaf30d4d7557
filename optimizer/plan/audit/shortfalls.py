"""How many fall short of a best effort, and for how many that is proven to be as little as can be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from optimizer.language.counts import counted


@dataclass(frozen=True, slots=True)
class Shortfalls:
    """How many units fall short of a best effort, and what is known of them.

    Parameters
    ----------
    short : int
        Customers, or groups of those who share policies, with a shortfall.
    least : int
        Of these, how many are proven to fall as little short as any plan of theirs.
    avoidable : int
        How many could have fallen less short.
    """

    short: int
    least: int
    avoidable: int

    @property
    def not_proven(self) -> int:
        """How many are not settled."""
        return self.short - self.least - self.avoidable

    @classmethod
    def of_dict(cls, told: Mapping[str, int]) -> Shortfalls:
        """Return what :meth:`to_dict` wrote."""
        return cls(told["short"], told["proven_least"], told["avoidable"])

    def to_dict(self) -> dict[str, int]:
        """Return them as plain JSON values."""
        return {
            "short": self.short,
            "proven_least": self.least,
            "avoidable": self.avoidable,
            "not_proven": self.not_proven,
        }

    def __str__(self) -> str:
        said = f"Best efforts: {self.least:,} of {counted(self.short, 'shortfall')} proven least"
        if self.avoidable:
            said += f", {self.avoidable:,} avoidable"
        return f"{said}, {self.not_proven:,} not proven." if self.not_proven else f"{said}."
