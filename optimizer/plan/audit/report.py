"""What an audit found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from optimizer.language.counts import counted
from optimizer.plan import cards
from optimizer.plan.audit.shortfalls import Shortfalls
from optimizer.rules.books import Line

if TYPE_CHECKING:
    import pandas as pd


RULES_SHOWN = 2
"""Broken rules that a report names when it is printed."""


@dataclass(frozen=True, slots=True, repr=False)
class AuditReport:
    """Every rule recounted from raw inputs.

    Attributes
    ----------
    lines : tuple of Line
        Every group of every constraint, and every breach of a policy.
    rules : tuple of str
        Names of the rules that were recounted.
    contacts : int
        Contacts that were judged.
    value, penalties, objective : Decimal
        Recomputed from the raw inputs; objective is value − penalties (plus, when minimising).
    bound, left_on_the_table : float, optional
        A proven bound and what the contacts leave to it, where one is known.
    shortfalls : Shortfalls, optional
        How many fall short of a best effort, and how many of these could not fall less short; None where nobody does.
    notes : mapping
        Further counts, such as contacts that were no candidates.
    """

    lines: tuple[Line, ...]
    rules: tuple[str, ...]
    contacts: int
    value: Decimal
    penalties: Decimal
    objective: Decimal
    bound: float | None = None
    left_on_the_table: float | None = None
    shortfalls: Shortfalls | None = None
    notes: Mapping[str, Any] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether no rule is broken."""
        return not any(line.broken for line in self.lines)

    @property
    def broken(self) -> dict[str, int]:
        """Number of breaches by rule."""
        found: dict[str, int] = {}
        for line in self.lines:
            if line.broken:
                found[line.rule] = found.get(line.rule, 0) + 1
        return found

    @property
    def customers(self) -> dict[str, int]:
        """Number of customers (or of those who share a policy) for whom each policy is broken."""
        found: dict[str, set[str]] = {}
        for line in self.lines:
            if line.broken and "customer" in line.group:
                found.setdefault(line.rule, set()).add(str(line.group["customer"]))
        return {rule: len(whom) for rule, whom in found.items()}

    @property
    def violations(self) -> pd.DataFrame:
        """The breaches: rule, group, sense, limit, used, excess."""
        import pandas as pd

        rows = [_row(line) for line in self.lines if line.broken]
        return pd.DataFrame(rows, columns=["rule", "group", "sense", "limit", "used", "excess"])

    def to_dict(self) -> dict[str, Any]:
        """Return the audit as plain JSON values."""
        from optimizer.plan.audit.books import canonical

        return {
            "ok": self.ok,
            "contacts": self.contacts,
            "value": float(self.value),
            "penalties": float(self.penalties),
            "objective": float(self.objective),
            "bound": self.bound,
            "left_on_the_table": self.left_on_the_table,
            "rules": list(self.rules),
            "broken": self.broken,
            "customers": self.customers,
            "shortfalls": None if self.shortfalls is None else self.shortfalls.to_dict(),
            "notes": dict(self.notes),
            "violations": [_row(line) for line in self.lines if line.broken],
            "constraints": [
                {**_row(line), "group": canonical(line.group), "report_only": line.report_only}
                for line in self.lines
                if not line.broken
            ],
        }

    def __str__(self) -> str:
        contacts = counted(self.contacts, "contact")
        if self.ok:
            found = f"{counted(len(self.rules), 'rule')} recounted over {contacts}, none broken"
        else:
            found = f"{len(self.broken)} of {counted(len(self.rules), 'rule')} broken by {contacts}"
        return f"Audit: {found}." + ("" if self.shortfalls is None else f" {self.shortfalls}")

    def __repr__(self) -> str:
        return "\n".join([str(self), *(f"  {line}" for line in self._broken_words())])

    def _repr_html_(self) -> str:
        return cards.card(str(self), self._broken_words())

    def _broken_words(self) -> list[str]:
        """Say the most often broken rules, two of them; how often and for how many customers."""
        ranked = sorted(self.broken.items(), key=lambda item: (-item[1], item[0]))
        whom = self.customers
        lines = [
            f"{rule}: {counted(count, 'time')}" + (f", for {counted(whom[rule], 'customer')}" if rule in whom else "")
            for rule, count in ranked[:RULES_SHOWN]
        ]
        if len(ranked) > RULES_SHOWN:
            lines[-1] += f"; and {len(ranked) - RULES_SHOWN} more rules, see .violations"
        return lines


def _row(line: Line) -> dict[str, Any]:
    from optimizer.plan.audit.books import canonical

    return {
        "rule": line.rule,
        "group": canonical(line.group),
        "sense": line.sense,
        "limit": float(line.limit),
        "used": None if line.used is None else float(line.used),
        "excess": float(line.excess),
    }
