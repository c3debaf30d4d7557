"""What is decided for many customers at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from optimizer.decide.decision import Decision
from optimizer.decide.recorded import Contact
from optimizer.errors import UsageError
from optimizer.language.counts import counted


class Answers(Protocol):
    """What was found about many customers, however it was found."""

    @property
    def chosen(self) -> npt.NDArray[np.bool_]:
        """The chosen rows, as a mask."""
        ...

    @property
    def customers(self) -> Sequence[Any]:
        """Each customer, once."""
        ...

    @property
    def margins(self) -> npt.NDArray[np.float64]:
        """What each customer's contacts bring after prices."""
        ...

    @property
    def contribution(self) -> float:
        """What all contacts bring."""
        ...

    def contacts(self) -> list[Contact]:
        """Return each contact with what it uses."""
        ...

    def decision(self, customer: Any, now: dt.datetime, run_id: str) -> Decision | None:
        """Return one customer's decision, None where nobody asked about them."""
        ...


@dataclass(frozen=True, eq=False)
class Batch:
    """What to do for many customers now. Deciding changes nothing: :meth:`Decider.record` does.

    Every customer is decided as alone: two of them may take the last of a capacity. :meth:`Decider.record` counts
    what they take, and the next batch finds what is left; so hand over a busy day in pieces.

    Attributes
    ----------
    now : datetime
    run_id : str
    """

    now: dt.datetime
    run_id: str
    version: int = field(repr=False)
    given: Any = field(repr=False)
    _answers: Answers = field(repr=False)

    @property
    def chosen(self) -> npt.NDArray[np.bool_]:
        """Which candidates are to be contacted, in the order in which they were handed over. Shape (candidates,)."""
        return self._answers.chosen

    @property
    def customers(self) -> Sequence[Any]:
        """The customers that were asked about, in the order of their first candidates."""
        return self._answers.customers

    @property
    def margins(self) -> npt.NDArray[np.float64]:
        """What each customer's contacts bring after prices, in the objective's units. Shape (customers,)."""
        return self._answers.margins

    @property
    def margin(self) -> float:
        """What all contacts bring after prices."""
        return float(self.margins.sum())

    @property
    def contribution(self) -> float:
        """What all contacts bring, in the objective's units."""
        return self._answers.contribution

    @cached_property
    def contacts(self) -> Any:
        """The chosen candidates, as they were handed over.

        Raises
        ------
        UsageError
            Arrays were handed over, which hold no candidates as such.
        """
        if self.given is None:
            raise UsageError("arrays were handed over", where="contacts", fix="use .chosen, a mask of the candidates")
        if isinstance(self.given, Sequence):
            return [row for row, yes in zip(self.given, self.chosen.tolist(), strict=True) if yes]
        if hasattr(self.given, "iloc"):
            return self.given[self.chosen]
        if type(self.given).__module__.partition(".")[0] == "polars":
            return self.given.filter(self.chosen)
        return pa.table(self.given).filter(pa.array(self.chosen))

    def decision(self, customer: Any) -> Decision:
        """Return one customer's decision, with the reasons of the refused.

        Raises
        ------
        UsageError
            The customer was not asked about, or arrays were handed over.
        """
        if self.given is None:
            raise UsageError("arrays were handed over", where="decision", fix="ask decide for this customer")
        found = self._answers.decision(customer, self.now, self.run_id)
        if found is None:
            raise UsageError("the customer was not asked about", where="decision", fix="name one of the batch")
        return found

    def uses(self) -> list[Contact]:
        """Return each contact with what it uses of each line of the stored prices."""
        return self._answers.contacts()

    def __repr__(self) -> str:
        return (
            f"Batch: {counted(int(self.chosen.sum()), 'contact')}; {counted(len(self.margins), 'customer')} with "
            f"{counted(len(self.chosen), 'candidate')} asked about; "
            f"worth {self.contribution:,.2f}, {self.margin:,.2f} after prices"
        )
