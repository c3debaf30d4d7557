"""What was sent since the run: the only thing about a decider that changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from optimizer.decide.closures import Odd
from optimizer.errors import UsageError

Contact = tuple[Any, Mapping[str, Any], Mapping[int, int]]
"""Customer, row, and what it uses of each line of the stored prices."""


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """A recorded contact: its row, and its kind where tables know it."""

    row: Mapping[str, Any]
    kind: int | None


class Recorded:
    """Contacts that were recorded, by customer, and what they use.

    Readers need no lock: a customer's contacts, and the use of all, are replaced whole.

    Parameters
    ----------
    shared : bool
        Whether a policy is shared, so that one customer's contacts count for others.
    """

    def __init__(self, *, shared: bool) -> None:
        self.shared = shared
        self.used: Mapping[int, int] = {}
        self._of: dict[Any, tuple[Kept, ...]] = {}
        self._count = 0

    def __bool__(self) -> bool:
        return bool(self._of)

    def kinds(self, customer: Any) -> tuple[int, ...]:
        """Return the kinds that were recorded for a customer.

        Raises
        ------
        Odd
            The tables do not know one of them.
        """
        kept = self._of.get(customer)
        if not kept:
            return ()
        kinds = tuple(one.kind for one in kept if one.kind is not None)
        if len(kinds) < len(kept):
            raise Odd
        return kinds

    def rows(self, customers: Iterable[Any]) -> list[Mapping[str, Any]]:
        """Return what was recorded for some customers, and for all where they share policies."""
        mine = list(self._of.values()) if self.shared else [self._of.get(customer, ()) for customer in customers]
        return [one.row for some in mine for one in some]

    def version(self, customers: Iterable[Any]) -> int:
        """Return a number that changes when something is recorded that counts for these customers."""
        if self.shared or not self._of:
            return self._count
        return sum(len(self._of.get(customer, ())) for customer in customers)

    def add(
        self, contacts: Sequence[Contact], customers: Iterable[Any], version: int, kinds: Sequence[int | None]
    ) -> Mapping[int, int]:
        """Add contacts, all or none, and return what all that was recorded uses now; one caller at a time.

        Parameters
        ----------
        contacts : sequence of Contact
        customers : iterable
            Whom the decision was about.
        version : int
            What :meth:`version` was when they were decided.
        kinds : sequence of int
            Of each contact, as far as it has one.

        Raises
        ------
        UsageError
            Something else was recorded for them since.
        """
        if version != self.version(customers):
            raise UsageError(
                "something else was recorded since this was decided, and it might break a policy now",
                where="record",
                fix="decide again, and record that",
            )
        used = dict(self.used)
        for (customer, row, uses), kind in zip(contacts, kinds, strict=True):
            kept = Kept({**row, "customer": customer}, kind)
            self._of[customer] = (*self._of.get(customer, ()), kept)
            for line, amount in uses.items():
                used[line] = used.get(line, 0) + amount
        self._count += len(contacts)
        self.used = used
        return used
