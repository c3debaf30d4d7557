"""Stability: contacts of an earlier plan that may still be sent stay, or leaving one out costs."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from pydantic import Field, model_validator

from optimizer.language.limits import Number
from optimizer.problem.primitives import UNLIMITED, Incidence, Rows
from optimizer.rules.base import Rule
from optimizer.rules.books import Line
from optimizer.rules.limits import per_quantum

if TYPE_CHECKING:
    from optimizer.problem.primitives import Primitive
    from optimizer.rules.books import Books
    from optimizer.rules.world import World


class Stability(Rule):
    """Keep close to the plan of an earlier run.

    What counts are its contacts that may still be sent: those that are candidates and eligible now. A new contact is
    no change: it takes nothing back.
    """

    section = "constraints"
    title: ClassVar[str] = "Stability"
    mathematics = (
        "Over the n contacts of the earlier plan that are candidates and eligible now: Σ xⱼ ≥ ⌈keep · n⌉; or, with a "
        "cost c: objective − c · (n − Σ xⱼ)."
    )

    name: Literal["stability"] = Field("stability", description="Its name in results and messages.")
    previous: str = Field(min_length=1, description="A run folder, a folder of runs, or a table of keys.")
    keep: Number | None = Field(None, ge=0, le=1, description="Least share of its contacts to keep.")
    cost: Number | None = Field(None, ge=0, description="Or the price of each contact that is left out.")

    @model_validator(mode="after")
    def _one_of_two(self) -> Stability:
        if (self.keep is None) == (self.cost is None):
            raise ValueError("stability needs either 'keep' or 'cost'\nMaybe keep: 0.9")
        return self

    def _need(self, possible: int) -> int:
        return possible if self.keep is None else math.ceil(self.keep * possible)

    def compile(self, world: World) -> Iterator[Primitive]:
        """Yield one row: how many contacts of the earlier plan are in this one."""
        amount, possible = world.previous(self.previous)
        kind = np.arange(world.kinds)
        yield Rows(
            rule=self.name,
            part="",
            uses=Incidence.of(kind, np.zeros_like(kind), amount.weight, kinds=world.kinds, instances=1),
            lower=np.array([self._need(possible)], np.int64),
            upper=np.array([UNLIMITED], np.int64),
            partition=None,
            measure=amount.measure,
            penalty=per_quantum(self.cost, amount.decimals),
            decimals=amount.decimals,
            labels=("{}",),
        )

    def audit(self, books: Books) -> Iterable[Line]:
        """Count the earlier contacts that may still be sent, and those of them that are in the plan."""
        kept, possible = books.previous(self.previous)
        need = self._need(possible)
        short = Decimal(max(need - kept, 0))
        paid = short * (self.cost or 0)
        yield Line(
            self.name,
            {},
            ">=",
            Decimal(need),
            Decimal(kept),
            short,
            paid=paid,
            broken=self.cost is None and short > 0,
            base=Decimal(possible),
        )

    def words(self) -> str:
        """Say the rule in one sentence."""
        if self.cost is not None:
            return f"Each contact of {self.previous} that may still be sent and is left out costs {self.cost}."
        assert self.keep is not None
        return f"At least {float(100 * self.keep):g} % of the contacts of {self.previous} that may still be sent stay."
