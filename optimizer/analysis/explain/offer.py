"""Where the candidates of an offer went."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from optimizer.analysis.explain.run import Run
from optimizer.errors import UsageError, nearest
from optimizer.report.numbers import whole


@dataclass(frozen=True, eq=False, repr=False)
class OfferAnswer:
    """Where the candidates of an offer went.

    Each candidate counts once among the eligible: ``chosen + refused + full + priced_out = eligible``.

    Attributes
    ----------
    offer, run_id : str
    ineligible : mapping of reason to int
        Each reason alone; a candidate counts under every one that refuses it.
    eligible, chosen : int
    refused : int
        Not in the plan, and would break a policy of their customer.
    full : int
        Would break no policy, but a constraint that has no room.
    priced_out : int
        Would break nothing; what they use is worth more elsewhere, or they bring nothing.
    policies, limits : mapping of rule to int
        A candidate counts under every rule that it would break.
    beaten_by : mapping of offer to int
        For the refused: the offer of the best contact in their customer's plan.
    """

    offer: str
    run_id: str
    ineligible: Mapping[str, int]
    eligible: int
    chosen: int
    refused: int
    full: int
    priced_out: int
    policies: Mapping[str, int]
    limits: Mapping[str, int]
    beaten_by: Mapping[str, int]

    @property
    def headline(self) -> str:
        """The answer in a sentence."""
        return (
            f"{self.offer}: {whole(self.chosen)} of {whole(self.eligible)} eligible candidates are in the plan; "
            f"{whole(self.refused)} refused by policies, {whole(self.full)} without room, "
            f"{whole(self.priced_out)} priced out."
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as plain JSON values."""
        told = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return {"headline": self.headline} | {k: dict(v) if isinstance(v, Mapping) else v for k, v in told.items()}

    def __repr__(self) -> str:
        policies = ", ".join(f"{rule} {whole(n)}" for rule, n in self.policies.items()) or "none"
        beaten = ", ".join(f"{offer} {whole(n)}" for offer, n in list(self.beaten_by.items())[:3]) or "nobody"
        return f"{self.headline}\n  policies: {policies}\n  mostly beaten by: {beaten}"

    def _repr_html_(self) -> str:
        from html import escape

        first, *rest = repr(self).splitlines()
        return f"<div><strong>{escape(first)}</strong>{''.join(f'<div>{escape(r)}</div>' for r in rest)}</div>"


def offer_answer(run: Run, offer: str) -> OfferAnswer:
    """Return where an offer's candidates went.

    Raises
    ------
    UsageError
        No candidate has this offer.
    """
    lines = run.insight.fates.to_pylist()
    mine = [line for line in lines if line["offer"] == offer]
    if not mine:
        offers = sorted({str(line["offer"]) for line in lines})
        near = nearest(offer, offers)
        raise UsageError(
            f"no candidate has the offer '{offer}'",
            where="explain",
            fix=f"'{near}' is meant" if near else f"one of {', '.join(offers[:10])}",
        )

    def one(fate: str) -> int:
        return sum(line["candidates"] for line in mine if line["fate"] == fate)

    def each(fate: str) -> dict[str, int]:
        found = {line["name"]: line["candidates"] for line in mine if line["fate"] == fate}
        return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))

    return OfferAnswer(
        offer=offer,
        run_id=str(run.summary["run_id"]),
        ineligible=each("ineligible"),
        eligible=one("eligible"),
        chosen=one("chosen"),
        refused=one("refused"),
        full=one("full"),
        priced_out=one("priced out"),
        policies=each("policy"),
        limits=each("limit"),
        beaten_by=each("beaten by"),
    )
