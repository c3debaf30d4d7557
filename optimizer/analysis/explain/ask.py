"""Questions to a finished run, answered without solving."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from optimizer.analysis.explain.answer import CandidateAnswer, Charge, Explanation, Fate
from optimizer.analysis.explain.offer import OfferAnswer, offer_answer
from optimizer.analysis.explain.refused import refusals_of, scaled
from optimizer.analysis.explain.run import Run
from optimizer.analysis.explain.swaps import Swaps
from optimizer.analysis.explain.unit import Unit, Use, read_unit
from optimizer.data.few import NobodyError
from optimizer.data.layout import KEYS
from optimizer.errors import UsageError, nearest
from optimizer.plan.plan import Plan


def explain(run: Plan | Path | str, customer: Any = None, offer: Any = None) -> Explanation | OfferAnswer:
    """Say why a customer gets what they get, or where an offer's candidates went.

    Parameters
    ----------
    run : Plan or path
        A plan, or the folder that a run published.
    customer : optional
        Id. Without one the question is about an offer.
    offer : optional
        Of the customer's candidates, these alone.

    Raises
    ------
    UsageError
        Neither is given, or there is no such offer.
    DataError
        Nobody has this id, or the run's inputs are no longer what it read.

    Examples
    --------
    With the plan of the example of :func:`optimizer.solve`:

    >>> import optimizer as opt
    >>> opt.explain(plan, "Ann")
    Ann gets 1 of 2 candidates; 1 refused.
      in: tea
      runner-up: cup, refused (one-each, stock)
    >>> [refusal.rule for refusal in opt.explain(plan, "Ann", offer="cup").candidates[0].refusals]
    ['one-each', 'stock']
    """
    if customer is not None:
        return explain_customer(run, customer, offer)
    if offer is not None:
        return explain_offer(run, offer)
    raise UsageError("name a customer or an offer", where="explain", fix="--customer ID")


def explain_offer(run: Plan | Path | str, offer: Any) -> OfferAnswer:
    """Say where an offer's candidates went."""
    return offer_answer(Run.of(run), str(offer))


def explain_customer(run: Plan | Path | str, customer: Any, offer: Any = None) -> Explanation:
    """Say why a customer gets what they get; see :func:`explain`."""
    known = Run.of(run)
    run_id, maximises = str(known.summary["run_id"]), known.maximises
    try:
        unit = read_unit(known, str(customer))
    except NobodyError as nobody:
        if not nobody.known:
            raise
        return Explanation(str(customer), run_id, "no candidates", maximises=maximises)
    answers = _answers(unit, str(customer))
    held = bool(answers) and all("holdout" in answer.reasons for answer in answers)
    if offer is not None:
        answers = _of_offer(answers, str(offer), str(customer))
    return Explanation(
        customer=str(customer),
        run_id=run_id,
        status="held out" if held else "decided",
        candidates=tuple(answers),
        together_with=len({key[0] for key in unit.keys}) - 1,
        maximises=maximises,
    )


def _of_offer(answers: list[CandidateAnswer], offer: str, customer: str) -> list[CandidateAnswer]:
    mine = [answer for answer in answers if answer.key.get("offer") == offer]
    if not mine:
        offers = sorted({str(answer.key.get("offer")) for answer in answers})
        near = nearest(offer, offers)
        raise UsageError(
            f"{customer} has no candidate with offer '{offer}'",
            where="explain",
            fix=f"'{near}' is meant" if near else f"one of {', '.join(offers)}",
        )
    return mine


def _answers(unit: Unit, customer: str) -> list[CandidateAnswer]:
    """Return the customer's candidates: chosen first, then by margin, the ineligible last."""
    uses = unit.uses()
    asked = [j for key, j in zip(unit.keys, unit.position, strict=True) if key[0] == customer and j >= 0]
    refused = refusals_of(unit, uses, asked)
    swaps = Swaps(unit, uses)
    chosen = set(unit.chosen.tolist())
    names = [k for k in KEYS if k in unit.tables.original["candidates"]]
    found: list[CandidateAnswer] = []
    for at, key in enumerate(unit.keys):
        if key[0] != customer:
            continue
        told = {k: v for k, v in zip(KEYS, key, strict=True) if k in names}
        j = unit.position[at]
        if j < 0:
            found.append(CandidateAnswer(told, "ineligible", reasons=unit.reasons[at]))
            continue
        contribution = float(unit.compiled.contribution[j])
        charges = tuple(_charges(unit, uses[j]))
        gain = contribution if unit.compiled.maximises else -contribution
        margin = gain - sum(charge.paid for charge in charges)
        fate: Fate = "left out" if gain > 0 else "worth nothing"
        if j in chosen:
            fate = "chosen"
        elif refused.get(j):
            fate = "refused"
        elif charges and margin <= 0:
            fate = "priced out"
        swap = swaps.cheapest(j) if fate == "refused" else None
        mine = tuple(refused.get(j, ()))
        found.append(CandidateAnswer(told, fate, contribution, charges, margin, refusals=mine, swap=swap))
    found.sort(key=_order)
    return _with_runner_up(found)


def _order(answer: CandidateAnswer) -> tuple[bool, bool, float, str]:
    last = answer.fate == "ineligible"
    return answer.fate != "chosen", last, -(answer.margin or 0.0), answer.name


def _with_runner_up(answers: list[CandidateAnswer]) -> list[CandidateAnswer]:
    from dataclasses import replace

    best = next((a for a in answers if a.fate not in ("chosen", "ineligible")), None)
    return [replace(a, runner_up=True) if a is best else a for a in answers]


def _charges(unit: Unit, uses: list[Use]) -> list[Charge]:
    """Return what a candidate pays for the rows that have a price, dearest first."""
    sign = 1.0 if unit.compiled.maximises else -1.0
    charges = []
    for use in uses:
        price = use.line["price"]
        if price:
            amount = scaled(use) * 10.0 ** -use.line["decimals"]
            charges.append(Charge(use.line["rule"], use.line["group"], price, amount, sign * price * amount))
    return sorted(charges, key=lambda charge: -charge.paid)
