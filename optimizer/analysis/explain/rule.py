"""What a rule costs: its prices, where they hold, whom it refuses, and what would be reached without it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from optimizer.analysis.attribution import certificate
from optimizer.analysis.certainty import Difference, difference
from optimizer.analysis.explain.answer import plain
from optimizer.analysis.explain.run import Run
from optimizer.analysis.proportions import NORMAL_95
from optimizer.errors import UsageError, nearest
from optimizer.language.counts import counted
from optimizer.plan.plan import Plan
from optimizer.plan.progress import Observer
from optimizer.report.numbers import amount, group_words, whole
from optimizer.rules.base import Rule
from optimizer.solve import solve

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Price:
    """What one more unit of a limit is worth.

    Attributes
    ----------
    group : str
        Canonical JSON.
    sense : {"<=", ">=", "="}
    limit, used : float, optional
    price : float, optional
        Change of the objective per unit of the limit; None where the engine gave no prices.
    holds_from, holds_to : float, optional
        The limits between which the price moves by no more than a tenth: an estimate from the plan's own marginal
        contacts. None where the price is 0.
    """

    group: str
    sense: str
    limit: float
    used: float | None
    price: float | None
    holds_from: float | None
    holds_to: float | None


@dataclass(frozen=True, eq=False, repr=False)
class RuleAnswer:
    """What a rule costs.

    Attributes
    ----------
    rule, run_id : str
    words : str
        The rule in a sentence.
    section : {"eligibility", "contact_policies", "constraints"}
    prices : tuple of Price
        Of a constraint, one per group, the dearest first.
    refused : int, optional
        Of a policy: candidates worth having that it refuses; of an eligibility rule: all that it refuses, alone.
    value_lost, value_lost_error : float, optional
        Of a policy: how much more the customers could bring, each alone, at the plan's prices without it; the standard
        error is 0 where it was counted over all of them.
    whole : Difference, optional
        Without the rule, less with it, both solved; None where that was not asked.
    """

    rule: str
    run_id: str
    words: str
    section: str
    maximises: bool
    prices: tuple[Price, ...] = ()
    refused: int | None = None
    value_lost: float | None = None
    value_lost_error: float | None = None
    whole: Difference | None = None

    @property
    def headline(self) -> str:
        """The answer in a sentence."""
        if self.section == "eligibility":
            return f"{self.rule} refuses {self._refused} before any plan is made."
        if self.section == "contact_policies":
            said = f"{self.rule} refuses {self._refused} worth having"
            if self.value_lost is None:
                return f"{said}; what it costs is not known."
            spread = NORMAL_95 * (self.value_lost_error or 0.0)
            about = f" (± {amount(spread)}, a 95 % range)" if spread else ""
            return (
                f"{said}; at the plan's prices customers could bring {amount(self.value_lost)}{about} more without it."
            )
        best = self.prices[0] if self.prices else None
        if best is None or best.price is None:
            return f"{self.rule}: what one more unit is worth is not known, for the engine gave no prices."
        if best.price == 0:
            return f"{self.rule} costs nothing at the margin: one more unit of any of its limits would change nothing."
        where = f" for {group_words(best.group)}" if best.group != "{}" else ""
        return f"One more unit of {self.rule}{where} {self._changes(best.price)}."

    @property
    def _refused(self) -> str:
        return f"{whole(None)} candidates" if self.refused is None else counted(self.refused, "candidate")

    @property
    def whole_words(self) -> str | None:
        """What the whole rule costs, in a sentence."""
        if self.whole is None:
            return None
        if not self.whole.proven:
            return f"Without {self.rule}: no difference proven (it is below {amount(self.whole.room)}, the two gaps)."
        between = ""
        if self.whole.room and self.whole.low is not None:
            between = f" (proven to lie between {amount(self.whole.low)} and {amount(self.whole.high)})"
        return f"Without {self.rule} the objective would be {_signed(self.whole.objective)}{between}."

    def _changes(self, price: float) -> str:
        verb = "brings" if (price > 0) == self.maximises else "costs"
        return f"{verb} about {amount(abs(price))}"

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as plain JSON values."""
        return {"headline": self.headline, "whole_words": self.whole_words} | {
            name: plain(getattr(self, name)) for name in self.__dataclass_fields__
        }

    def __repr__(self) -> str:
        return "\n".join(part for part in (self.headline, f"  {self.words}", self.whole_words) if part)

    def _repr_html_(self) -> str:
        from html import escape

        first, *rest = repr(self).splitlines()
        return f"<div><strong>{escape(first)}</strong>{''.join(f'<div>{escape(r)}</div>' for r in rest)}</div>"


def explain_rule(
    run: Plan | Path | str, rule: str, *, without: bool = False, observer: Observer | None = None
) -> RuleAnswer:
    """Say what one more unit of a rule is worth, and what the whole rule costs.

    Parameters
    ----------
    run : Plan or path
    rule : str
    without : bool
        Solve again without the rule, from the plan's prices.
    observer : Observer, optional
        Is told about progress.

    Raises
    ------
    UsageError
        There is no such rule.
    OptimizerError
        The scenario without the rule cannot be solved, or its inputs have changed.

    Examples
    --------
    With the plan of the example of :func:`optimizer.solve`:

    >>> import optimizer as opt
    >>> opt.explain_rule(plan, "stock", without=True)
    One more unit of stock brings about 3.
      The plan: at most 1 contact where offer = 'cup'.
    Without stock the objective would be 2 higher.
    """
    known = Run.of(run)
    found = _named(known.scenario.rules(), rule)
    plan = run if isinstance(run, Plan) else Plan.load(run)
    answer = _answer(known, plan, found)
    if not without:
        return answer
    known.refuse_changed()
    free = solve(
        plan.scenario.replace({f"{plan.scenario.rule_path(found)}.enabled": False}),
        **plan.frames,
        warm_start=plan,
        observer=observer,
    )
    return replace(answer, whole=difference(certificate(plan), certificate(free)))


def _named(rules: Iterable[Rule], name: str) -> Rule:
    known = {rule.name: rule for rule in rules}
    if name not in known:
        near = nearest(name, known)
        raise UsageError(
            f"there is no rule '{name}'",
            where="explain",
            fix=f"'{near}' is meant" if near else f"one of {', '.join(known) or 'none: the scenario has no rules'}",
        )
    return known[name]


def _answer(run: Run, plan: Plan, rule: Rule) -> RuleAnswer:
    answer: dict[str, Any] = {}
    if rule.section == "eligibility":
        answer["refused"] = int(plan.funnel.loc[plan.funnel["reason"] == rule.name, "alone"].sum())
    elif rule.section == "contact_policies":
        line = plan.policies[plan.policies["name"] == rule.name].iloc[0]
        answer |= {"refused": int(line["refused"])}
        answer |= {name: _number(line[name]) for name in ("value_lost", "value_lost_error")}
    else:
        answer["prices"] = tuple(sorted(_prices(run, plan.constraints, rule.name), key=_dearest))
    return RuleAnswer(
        rule.name, str(run.summary["run_id"]), rule.words(), rule.section, maximises=run.maximises, **answer
    )


def _prices(run: Run, constraints: pd.DataFrame, rule: str) -> Iterator[Price]:
    ranges = {
        (line["group"], ">=" if (line["price"] > 0) != run.maximises else "<="): line
        for line in run.insight.rows.to_pylist()
        if line["rule"] == rule and line["sort"] == "row" and line["price"]
    }
    for line in constraints[constraints["name"] == rule].to_dict("records"):
        held = ranges.get((line["group"], line["sense"])) or {}
        price = _number(line["price"])
        yield Price(
            group=str(line["group"]),
            sense=str(line["sense"]),
            limit=float(line["limit"]),
            used=_number(line["used"]),
            price=price,
            holds_from=held.get("holds_from") if price else None,
            holds_to=held.get("holds_to") if price else None,
        )


def _dearest(price: Price) -> tuple[float, str, str]:
    return -abs(price.price or 0.0), price.group, price.sense


def _number(value: Any) -> float | None:
    return None if value is None or not math.isfinite(value) else float(value)


def _signed(number: float) -> str:
    return f"{amount(abs(number))} {'higher' if number > 0 else 'lower'}"
