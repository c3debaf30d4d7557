"""What is decided for one customer: the contacts, and of every other candidate why not."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, Protocol

from optimizer.analysis.explain.answer import Charge
from optimizer.decide.recorded import Contact
from optimizer.language.counts import counted

Fate = Literal["ineligible", "recorded", "used up", "refused", "priced out", "worth nothing"]
FATES: dict[str, str] = {
    "ineligible": "an eligibility rule, the horizon, the time or the holdout refuses it",
    "recorded": "the same contact was recorded already",
    "used up": "what was recorded leaves too little of a limit",
    "refused": "beside the decided contacts, the recorded ones and history it would break a policy",
    "priced out": "it breaks no policy, but what it uses is worth more elsewhere",
    "worth nothing": "it breaks no policy, but brings nothing",
}


@dataclass(frozen=True, slots=True)
class Refused:
    """A candidate that is not contacted, and why.

    Attributes
    ----------
    candidate : mapping
        As it was handed over.
    fate : str
        A key of ``FATES``.
    rules : tuple of str
        What refuses it: eligibility rules, used limits, or every policy that it would break.
    contribution, margin : float, optional
        What it would bring, and what is left of that after paying the prices; in the objective's units, None for the
        ineligible.
    charges : tuple of Charge
        What it would pay for each limit that has a price, dearest first.
    """

    candidate: Mapping[str, Any]
    fate: Fate
    rules: tuple[str, ...] = ()
    contribution: float | None = None
    margin: float | None = None
    charges: tuple[Charge, ...] = ()

    def __str__(self) -> str:
        because = ", ".join(self.rules) if self.rules else ", ".join(map(str, self.charges))
        return f"{self.candidate.get('offer')}: {self.fate}" + (f" ({because})" if because else "")


class Answer(Protocol):
    """What was found about a request's rows, however it was found."""

    @property
    def chosen(self) -> Sequence[int]:
        """The chosen rows, ascending."""
        ...

    def told(self, row: int) -> Told:
        """Return what became of a row."""
        ...

    def uses(self, row: int) -> Mapping[int, int]:
        """Return what a row uses of each line of the stored prices."""
        ...


@dataclass(frozen=True, slots=True)
class Told:
    """What became of a candidate; see :class:`Refused`. ``fate`` is None for the chosen."""

    fate: Fate | None
    rules: tuple[str, ...] = ()
    contribution: float | None = None
    margin: float | None = None
    charges: tuple[Charge, ...] = ()


@dataclass(frozen=True, eq=False)
class Decision:
    """What to do for one customer now. Deciding changes nothing: :meth:`Decider.record` does.

    Attributes
    ----------
    customer : object
        The id, as it was handed over.
    contacts : list of dict, or frame
        The chosen candidates, as they were handed over.
    contribution : float
        What they bring together, in the objective's units.
    margin : float
        The same less what they pay for scarce capacity, and less the penalties of minimums that they miss.
    now : datetime
    run_id : str
    infeasible : bool
        Whether no set of contacts meets the customer's required minimums; then nothing is decided.
    """

    customer: Any
    contacts: Any
    contribution: float
    margin: float
    now: dt.datetime
    run_id: str
    infeasible: bool = False
    version: int = field(default=0, repr=False)
    _rows: Sequence[Mapping[str, Any]] = field(default=(), repr=False)
    _answer: Answer | None = field(default=None, repr=False)

    @cached_property
    def refused(self) -> list[Refused]:
        """The other candidates, each with why, in the order in which they were handed over."""
        if self._answer is None:
            return []
        every = ((row, self._answer.told(number)) for number, row in enumerate(self._rows))
        return [
            Refused(row, told.fate, told.rules, told.contribution, told.margin, told.charges)
            for row, told in every
            if told.fate is not None
        ]

    @property
    def customers(self) -> tuple[Any]:
        """The customer."""
        return (self.customer,)

    def uses(self) -> list[Contact]:
        """Return each contact with what it uses of each line of the stored prices."""
        if self._answer is None:
            return []
        return [(self.customer, self._rows[row], self._answer.uses(row)) for row in self._answer.chosen]

    def __repr__(self) -> str:
        return (
            f"Decision for {self.customer}: {counted(len(self.contacts), 'contact')}, "
            f"{len(self.refused)} refused; worth {self.contribution:,.2f}, {self.margin:,.2f} after prices"
        )
