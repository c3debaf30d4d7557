"""Shares: so much of the contacts of one sort may, or must, be of another sort."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from pydantic import Field, model_validator

from optimizer.language.expressions import Expression
from optimizer.language.limits import Number
from optimizer.problem.primitives import UNLIMITED, Incidence, Rows
from optimizer.rules.base import Needs, Rule, present
from optimizer.rules.books import Line
from optimizer.rules.limits import per_quantum
from optimizer.rules.wording import BOUNDS, at_a_price, number, where_true

if TYPE_CHECKING:
    from optimizer.problem.primitives import Primitive
    from optimizer.rules.books import Books, Sense
    from optimizer.rules.world import World


class Share(Rule):
    """A share of the selected contacts stays within limits: of contacts, not of capacity."""

    section = "constraints"
    marks = (frozenset({"share"}),)
    title: ClassVar[str] = "Share"
    examples = ("{name: mail-share, share: \"channel = 'mail'\", of: \"family = 'loan'\", at_most: 0.3}",)
    mathematics = (
        "Σ (cⱼ − s) xⱼ ≤ 0 over the contacts j of the whole, cⱼ = 1 for those of the part (≥ 0 for `at_least`)."
    )

    share: Expression = Field(description="The contacts whose share is limited.")
    of: Expression | None = Field(None, description="Among these; without it, among all.")
    at_most: Number | None = Field(None, description="Greatest share, 0 to 1.")
    at_least: Number | None = Field(None, description="Least share, 0 to 1.")
    penalty: Number | None = Field(None, description="Price of a unit of violation; without it the limit is hard.")
    report_only: bool = Field(False, description="true: measured, never changes the plan.")

    @model_validator(mode="after")
    def _makes_sense(self) -> Share:
        limits = [x for x in (self.at_least, self.at_most) if x is not None]
        if not limits:
            raise ValueError("a share needs a limit\nMaybe 'at_most'")
        for key, limit in (("at_least", self.at_least), ("at_most", self.at_most)):
            if limit is not None and not 0 <= limit <= 1:
                raise ValueError(f"'{key}: {limit}' is no share: it must lie in 0..1\nMaybe {_per_cent(limit)}")
        if len(limits) == 2 and limits[0] > limits[1]:
            raise ValueError(f"the minimum {limits[0]} is above the maximum {limits[1]}\nMaybe they are swapped")
        if self.penalty is not None and self.penalty < 0:
            raise ValueError("a penalty cannot be negative\nMaybe write it as a positive price")
        return self

    @property
    def limited(self) -> tuple[tuple[Sense, Decimal], ...]:
        """The limits that are given, each with its sense."""
        given: tuple[tuple[Sense, Decimal | None], ...] = ((">=", self.at_least), ("<=", self.at_most))
        return tuple((sense, limit) for sense, limit in given if limit is not None)

    def needs(self) -> Needs:
        """Say what the rule looks at."""
        return Needs(conditions=present(self.share, self.of))

    def compile(self, world: World) -> Iterator[Primitive]:
        """Yield a row per limit on the number of both − limit · the number of the whole."""
        if self.report_only:
            return
        whole = np.ones(world.kinds, bool) if self.of is None else world.matches(self.of)
        part = whole & world.matches(self.share)
        for sense, limit in self.limited:
            decimals = min(max(0, -int(limit.as_tuple().exponent)), world.share_places)
            scaled = Fraction(limit) * 10**decimals  # of a share with more places, what is left goes to the safe side
            share = math.floor(scaled) if sense == "<=" else math.ceil(scaled)
            weight = 10**decimals * part.astype(np.int64) - share * whole
            kind = np.flatnonzero(weight)
            yield Rows(
                rule=self.name,
                part=sense,
                uses=Incidence.of(kind, np.zeros(len(kind), int), weight[kind], kinds=world.kinds, instances=1),
                lower=np.array([0 if sense == ">=" else -UNLIMITED]),
                upper=np.array([0 if sense == "<=" else UNLIMITED]),
                penalty=per_quantum(self.penalty, decimals),
                decimals=decimals,
                labels=("{}",),
            )

    def audit(self, books: Books) -> Iterable[Line]:
        """Count both sorts of contacts and compare them without dividing."""
        conditions = {"part": self.share} | ({} if self.of is None else {"whole": self.of})
        rows = books.marked(conditions, who="customer", history=False, clock="sending")
        among = "whole" if self.of is not None else "true"
        ((part, whole),) = books.query(
            f"SELECT count(*) FILTER (part AND {among}), count(*) FILTER ({among}) FROM {rows}"
        )
        for sense, limit in self.limited:
            over = limit * whole - part if sense == ">=" else part - limit * whole
            excess = max(Decimal(0), over)
            yield Line(
                rule=self.name,
                group={},
                sense=sense,
                limit=limit,
                used=Decimal(part) / whole if whole else None,
                excess=excess,
                paid=excess * self.penalty if self.penalty is not None and not self.report_only else Decimal(0),
                broken=excess > 0 and self.penalty is None and not self.report_only,
                report_only=self.report_only,
                base=Decimal(whole),
            )

    def words(self) -> str:
        """Say the rule in one sentence."""
        limits = " and ".join(f"{BOUNDS[sense]} {number(limit)}" for sense, limit in self.limited)
        price = at_a_price(self.penalty, "contact", (sense for sense, _ in self.limited))
        return f"Of the plan's contacts{where_true(self.of)}, those{where_true(self.share)}: {limits}{price}."


def _per_cent(limit: Decimal) -> str:
    return f"{limit / 100}, if per cent are meant" if 2 <= limit <= 100 else "0.3"
