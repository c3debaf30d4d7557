"""What a rule sees while it audits: the raw tables and the written contacts, through SQL alone.

Nothing here comes from the compiler. A rule asks for its *rows* (a relation with ``planned, who, each, day, instant,
amount``), joins them with its windows, and says what it found as :class:`Line` objects.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal, Protocol

from optimizer.language.durations import Window
from optimizer.language.expressions import Expression
from optimizer.language.limits import TableLimit
from optimizer.rules.total_of import TotalOf
from optimizer.rules.world import Clock, Limit

Sense = Literal["<=", ">=", "="]


@dataclass(frozen=True, slots=True)
class Line:
    """One recount: a constraint's group, or one breach of a policy.

    Parameters
    ----------
    rule : str
    group : mapping
        What the line is about: ``for_each`` values, the window, and who (policies).
    sense : {"<=", ">=", "="}
    limit : Decimal
        In the rule's own units: what history left of it.
    used : Decimal, optional
        In the same units; None for a ratio or share of nothing.
    excess : Decimal
        How far beyond the limit, 0 when obeyed.
    paid : Decimal
        Penalty paid for the excess; a soft rule is never broken.
    broken : bool
    report_only : bool
    base : Decimal, optional
        Of a ratio or share: the sum or number of contacts that the limit is a part of.
    effort : bool
        What a best effort is short of: broken only where its unit could have been less short.
    """

    rule: str
    group: Mapping[str, Any]
    sense: Sense
    limit: Decimal
    used: Decimal | None
    excess: Decimal = Decimal(0)
    paid: Decimal = Decimal(0)
    broken: bool = False
    report_only: bool = False
    base: Decimal | None = None
    effort: bool = False


@dataclass(frozen=True, slots=True)
class Sum:
    """An exact total: the group's key, how much, and the slack that the semantics allow a computed total."""

    key: str
    total: Decimal
    slack: Decimal


class Books(Protocol):
    """Answers an auditing rule's questions from the raw tables and the written file."""

    def rows(
        self,
        *,
        where: Expression | None,
        who: str | None,
        each: tuple[str, ...] = (),
        amount: TotalOf | None = None,
        own: str | None = None,
        history: bool,
        clock: Clock,
    ) -> str:
        """Create a relation of the contacts that a rule counts and return its name.

        Columns: ``planned`` bool (False: history), ``contact`` (a number, different for each contact), ``who`` (text),
        ``each`` (canonical JSON of the ``for_each`` values), ``alike`` (a number that is equal where who and each are,
        and hardly ever else; quicker to group by), ``day`` DATE and ``instant`` TIMESTAMP of the clock, ``amount``
        DOUBLE (1 for contacts), ``pick`` (text, the different keys of a ``distinct`` total), ``own`` (the customers
        column of a ``{column}`` limit).
        """
        ...

    def marked(self, conditions: Mapping[str, Expression], *, who: str, history: bool, clock: Clock) -> str:
        """Create a relation of all contacts with one boolean column per condition, and return its name.

        Columns: ``planned, contact, who, day, instant, slot, time_of_day`` (local, of sending) and the conditions'
        names.
        """
        ...

    def windows(self, window: Window | None, clock: Clock) -> str:
        """Create a relation ``(first DATE, last DATE)`` of the windows that contain a horizon day; return its name."""
        ...

    def reached(self, *, where: Expression | None, who: str, each: tuple[str, ...], own: str | None) -> str:
        """Create a relation ``(who, each, own)`` of whom candidates as read reach (held-out customers aside)."""
        ...

    def bounds(self, who: str | None) -> str:
        """Create a relation ``(who, since, opens, closes)`` and return its name.

        Microseconds since 1970 (UTC): the first moments of history and of the horizon, and the end of the horizon, in
        the days of all members; without ``who``, one row in the days of the default zone.
        """
        ...

    def instants(self, where: Expression | None, clock: Clock) -> list[int]:
        """Return the different moments of candidates as read, in microseconds since 1970 (UTC), ascending."""
        ...

    def may_be_negative(self, total: TotalOf) -> bool:
        """Whether the amount is negative for some candidate as read."""
        ...

    def consented(self, purpose: str | None) -> str:
        """Create a relation ``(contact)`` of the planned contacts that a consent covers; return its name."""
        ...

    def demanded(self, window: Window | None) -> str:
        """Create a relation ``(first DATE, last DATE)`` of the windows in which a minimum is demanded."""
        ...

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Run a query over the relations."""
        ...

    def sums(self, key: Sequence[str], amount: str, source: str, total: TotalOf) -> Iterator[Sum]:
        """Sum exactly: plain columns as decimals, computed ones as doubles.

        Parameters
        ----------
        key : sequence of str
            SQL of what the groups differ in; a sum's key is the JSON array of these.
        amount : str
            SQL of what is summed.
        source : str
            ``FROM …``, over the relations.
        total : TotalOf
        """
        ...

    def previous(self, run: str) -> tuple[int, int]:
        """Return how many contacts of an earlier plan are in this one, and how many may still be sent.

        The latter are those that are candidates now and that no eligibility rule, slot time, holdout or pin refuses.
        """
        ...

    def groups(
        self, each: tuple[str, ...], where: Expression | None, tables: Sequence[TableLimit]
    ) -> list[dict[str, Any]]:
        """Return the groups of a constraint, sorted.

        The values among all candidates as read that match ``where``, and the keys of its limits tables.
        """
        ...

    def limit(self, rule: str, limit: Limit, group: Mapping[str, Any]) -> Decimal:
        """Return the limit of one group."""
        ...
