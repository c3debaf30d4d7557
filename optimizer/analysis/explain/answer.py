"""The answer to «why this customer?»: plain facts, as JSON, as text, in a notebook."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from optimizer.report.numbers import amount, group_words

Fate = Literal["chosen", "ineligible", "refused", "priced out", "worth nothing", "left out"]
FATES: dict[str, str] = {
    "chosen": "in the plan",
    "ineligible": "an eligibility rule, the horizon or the holdout refuses it before any plan is made",
    "refused": "with the rest of the plan as it stands it would break a rule",
    "priced out": "it breaks no rule, but what it uses is worth more elsewhere",
    "worth nothing": "it breaks no rule, but brings nothing",
    "left out": "it breaks no rule and would bring something: the plan stopped within its gap",
}


@dataclass(frozen=True, slots=True)
class Counted:
    """A contact that a refusal counts: its day, and which one it is where it is planned."""

    day: str
    planned: bool
    key: Mapping[str, str | None] | None

    def __str__(self) -> str:
        if self.key is None:
            return f"{self.day} (sent before)"
        return f"{self.day} ({' · '.join(str(v) for k, v in self.key.items() if k in ('offer', 'channel') and v)})"


TOLD = 10
"""Contacts that a refusal lists in its sentence; all of them are in ``contacts``."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A rule that a contact would break.

    Attributes
    ----------
    rule : str
    words : str
        The rule in a sentence.
    section : str
        ``contact_policies`` or ``constraints``.
    group : str, optional
        Canonical JSON of the constraint's group that is full.
    used, limit : float, optional
        Of that group.
    contacts : tuple of Counted
        The contacts that count against it.
    window : tuple of (first day, last day), optional
        The window that holds them.
    """

    rule: str
    words: str
    section: str
    group: str | None = None
    used: float | None = None
    limit: float | None = None
    contacts: tuple[Counted, ...] = ()
    window: tuple[str, str] | None = None

    def __str__(self) -> str:
        if self.section == "constraints":
            where = group_words(self.group) if self.group else ""
            full = f": {amount(self.used)} of {amount(self.limit)} used" if self.used is not None else ""
            return f"{self.rule}{f' ({where})' if where else ''}{full}"
        if not self.contacts:
            return f"{self.rule}: {self.words}"
        span = f" in {self.window[0]} … {self.window[1]}" if self.window else ""
        more = f", and {len(self.contacts) - TOLD} more" if len(self.contacts) > TOLD else ""
        return f"{self.rule}{span}: {', '.join(map(str, self.contacts[:TOLD]))}{more}"


@dataclass(frozen=True, slots=True)
class Charge:
    """What a contact would pay for a row: its price times what it uses, in the objective's units."""

    rule: str
    group: str
    price: float
    uses: float
    paid: float

    def __str__(self) -> str:
        where = group_words(self.group)
        return f"{amount(self.paid)} for {self.rule}{f' ({where})' if where else ''}"


@dataclass(frozen=True, slots=True)
class Swap:
    """The cheapest one-for-one exchange that lets a contact in: who leaves, and what that changes."""

    leaves: Mapping[str, str | None]
    change: float

    def words(self, *, maximises: bool) -> str:
        """Say it in a sentence."""
        who = " · ".join(str(v) for v in self.leaves.values() if v)
        verb = "is worth" if maximises else "costs"
        by = f"{amount(abs(self.change))} {'more' if self.change > 0 else 'less'}" if self.change else "as much"
        return f"smallest change: {who} leaves for it, and the plan {verb} {by}"


@dataclass(frozen=True, slots=True)
class CandidateAnswer:
    """What became of one candidate.

    Attributes
    ----------
    key : mapping
        ``customer, offer, channel, slot``, as far as the candidates have them.
    fate : str
    contribution : float, optional
        To the objective; None for the ineligible.
    charges : tuple of Charge
    margin : float, optional
        Contribution (its negative when minimising) less charges.
    reasons : tuple of str
        Eligibility rules that refuse it.
    refusals : tuple of Refusal
        Every rule that it would break, added alone to the plan.
    swap : Swap, optional
        None where nobody's leaving alone would let it in.
    runner_up : bool
        Whether it has the highest margin of all that are not in the plan.
    """

    key: Mapping[str, str | None]
    fate: Fate
    contribution: float | None = None
    charges: tuple[Charge, ...] = ()
    margin: float | None = None
    reasons: tuple[str, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    swap: Swap | None = None
    runner_up: bool = False

    @property
    def why(self) -> str:
        """What the fate means; of a refused one, also whether it would be worth its room."""
        said = FATES[self.fate]
        if self.fate == "refused" and self.margin is not None and self.margin <= 0:
            said += ", and is not worth what it would use"
        return said

    @property
    def name(self) -> str:
        """Offer, channel and slot in words."""
        return " · ".join(str(v) for k, v in self.key.items() if k != "customer" and v not in (None, ""))


@dataclass(frozen=True, eq=False, repr=False)
class Explanation:
    """Why a customer gets what they get.

    Attributes
    ----------
    customer : str
    run_id : str
    status : {"decided", "held out", "no candidates"}
    candidates : tuple of CandidateAnswer
        The customer's, chosen first, then by margin.
    together_with : int
        Other customers with candidates who share a policy with this one, directly or through others.
    maximises : bool
    """

    customer: str
    run_id: str
    status: Literal["decided", "held out", "no candidates"]
    candidates: tuple[CandidateAnswer, ...] = ()
    together_with: int = 0
    maximises: bool = True

    @property
    def chosen(self) -> tuple[CandidateAnswer, ...]:
        """What is in the plan."""
        return tuple(c for c in self.candidates if c.fate == "chosen")

    @property
    def headline(self) -> str:
        """The answer in a sentence."""
        if self.status == "no candidates":
            return f"{self.customer} has no candidates in this run: there was nothing to choose."
        if self.status == "held out":
            return f"{self.customer} is held out: none of {len(self.candidates)} candidates may be used."
        counts = {fate: sum(c.fate == fate for c in self.candidates) for fate in FATES}
        why = ", ".join(dict.fromkeys(reason for c in self.candidates for reason in c.reasons))
        named = {fate: fate for fate in FATES} | {"ineligible": f"ineligible ({why})"}
        rest = ", ".join(f"{n} {named[fate]}" for fate, n in counts.items() if n and fate != "chosen")
        said = f"{self.customer} gets {counts['chosen']} of {len(self.candidates)} candidates"
        return f"{said}; {rest}." if rest else f"{said}."

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as plain JSON values."""
        return {
            "customer": self.customer,
            "run_id": self.run_id,
            "status": self.status,
            "headline": self.headline,
            "together_with": self.together_with,
            "candidates": [plain(c) for c in self.candidates],
        }

    def __repr__(self) -> str:
        lines = [self.headline]
        lines += [f"  in: {', '.join(c.name for c in self.chosen)}"] if self.chosen else []
        best = next((c for c in self.candidates if c.runner_up), None)
        if best is not None:
            lines.append(f"  runner-up: {best.name}, {best.fate} ({because(best)})")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        from html import escape

        rows = "".join(
            f"<tr><td>{escape(c.name)}</td><td>{escape(c.fate)}</td>{_cell(c.contribution)}{_cell(c.margin)}"
            f"<td>{escape(because(c))}</td></tr>"
            for c in self.candidates
        )
        head = "<tr><th>candidate</th><th>fate</th><th>brings</th><th>margin</th><th>because</th></tr>"
        return f"<p><strong>{escape(self.headline)}</strong></p><table>{head}{rows}</table>"


def because(candidate: CandidateAnswer) -> str:
    """Say in half a line what stands behind a fate."""
    if candidate.fate == "ineligible":
        return ", ".join(candidate.reasons)
    if candidate.fate == "refused":
        return ", ".join(dict.fromkeys(r.rule for r in candidate.refusals))
    if candidate.fate == "priced out":
        return ", ".join(map(str, candidate.charges[:2]))
    return ""


def _cell(number: float | None) -> str:
    return f"<td style='text-align:right'>{amount(number)}</td>"


def plain(one: Any) -> Any:
    """Return dataclasses and what is in them as plain JSON values."""
    if hasattr(one, "__dataclass_fields__"):
        return {name: plain(getattr(one, name)) for name in one.__dataclass_fields__}
    if isinstance(one, Mapping):
        return {str(k): plain(v) for k, v in one.items()}
    return [plain(v) for v in one] if isinstance(one, tuple | list) else one
