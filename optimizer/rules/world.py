"""What a rule sees while it compiles: kinds of contacts, groups of customers, days, amounts and the past."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np
import numpy.typing as npt

from optimizer.language.durations import Window, period
from optimizer.language.expressions import Expression
from optimizer.language.limits import ColumnLimit, TableLimit
from optimizer.problem.primitives import BoolArray, IntArray
from optimizer.rules.pairs import Times
from optimizer.rules.total_of import TotalOf

if TYPE_CHECKING:
    from optimizer.rules.books import Sense

Clock = Literal["arrival", "sending", "response"]
"""Contact policies count the arrival, constraints the sending; conditions that name a response, the response's time
where there is one (and the sending where not)."""

Limit = Decimal | TableLimit | ColumnLimit


@dataclass(frozen=True, slots=True, eq=False)
class Past:
    """History rows that a rule counts, as parallel arrays.

    Parameters
    ----------
    group : int array
        Group in the scope's partition.
    label : int array
        Code of the row's ``for_each`` values, as in :attr:`Scope.label`.
    day : int array
        Local day, as a proleptic ordinal.
    instant : float array
        Microseconds since 1970 (UTC); NaN where only the date is known.
    weight : int array
        What the row counts: 1, or an amount in quanta.
    """

    group: IntArray
    label: IntArray
    day: IntArray
    instant: npt.NDArray[np.float64]
    weight: IntArray

    def at(self, time: IntArray) -> Past:
        """Return the same rows with another measure of time in place of the day."""
        return replace(self, day=time)


@dataclass(frozen=True, slots=True, eq=False)
class Amount:
    """What one contact counts: ``weight`` per kind, times a measure's amount where ``measure`` is given."""

    weight: IntArray
    measure: int | None
    decimals: int


@dataclass(frozen=True, slots=True, eq=False)
class Scope:
    """The contacts and customers that a rule reaches.

    Parameters
    ----------
    label : (kinds,) int array
        Code of the ``for_each`` values that the kind tells; −1 where the rule does not reach the kind.
    labels : tuple of mappings
        The values behind each code.
    partition : int or None
        Who shares the rule: index into ``Problem.partitions``; None when everybody does.
    group_labels : tuple of mappings
        For a constraint, the ``for_each`` values that the customer tells, by group (one empty mapping if none).
    named : tuple of (label, group)
        Cells of a constraint that its limits tables name, whether anybody is in them or not.
    """

    label: IntArray
    labels: tuple[Mapping[str, str | None], ...]
    partition: int | None
    groups: int
    group_labels: tuple[Mapping[str, str | None], ...] = ()
    named: tuple[tuple[int, int], ...] = ()

    @property
    def kinds(self) -> BoolArray:
        """Which kinds the rule reaches."""
        return self.label >= 0


@dataclass(frozen=True, slots=True, eq=False)
class Bounds:
    """When minimums in windows of hours are demanded of each group, in microseconds since 1970 (UTC).

    Parameters
    ----------
    since, opens, closes : (groups,) int arrays
        The first moments of history and of the horizon, and the end of the horizon.
    """

    since: IntArray
    opens: IntArray
    closes: IntArray

    def first(self, width: int) -> IntArray:
        """Return the first beginning of a demanded window: within history, and reaching into the horizon."""
        return np.maximum(self.since, self.opens - width + 1)

    def last(self, width: int) -> IntArray:
        """Return the last beginning of a demanded window: it ends with the horizon."""
        return self.closes - width


class World(Protocol):
    """Answers a rule's questions; arrays are per kind unless said otherwise."""

    @property
    def kinds(self) -> int:
        """Number of kinds."""
        ...

    @property
    def first_day(self) -> int:
        """First local day of the horizon, as a proleptic ordinal."""
        ...

    @property
    def last_day(self) -> int:
        """Last local day of the horizon."""
        ...

    @property
    def last_arrival(self) -> int:
        """Last local day on which a planned contact may arrive, or the horizon's last day if that is later."""
        ...

    def day(self, clock: Clock) -> IntArray:
        """Local day of each kind, as a proleptic ordinal."""
        ...

    def times(self, clock: Clock) -> Times:
        """Local day and instant of each kind."""
        ...

    def matches(self, condition: Expression) -> BoolArray:
        """Whether the condition is true for contacts of each kind (NULL is not true)."""
        ...

    def scope(
        self,
        rule: str,
        *,
        where: Expression | None,
        per: str | None,
        for_each: tuple[str, ...] = (),
        tables: tuple[TableLimit, ...] = (),
    ) -> Scope:
        """Return whom and what a rule reaches.

        ``per`` None means all customers together. Groups are the ``for_each`` values among all candidates as read,
        and the keys of ``tables``.
        """
        ...

    def amount(self, total: TotalOf) -> Amount:
        """Return what one contact counts, in quanta."""
        ...

    def counted(
        self,
        scope: Scope,
        total: TotalOf,
        *,
        where: Expression | None,
        clock: Clock,
        history: bool,
        missed: Sequence[tuple[Sense, Limit]] = (),
        for_each: tuple[str, ...] = (),
    ) -> tuple[Amount, Past | None]:
        """Return what one contact counts, and, if asked for, the history that a rule counts with it.

        Both are in the same quanta: so large that sums of all have room, and, where there is any, so small that
        nothing is lost of history, nor of limits that may be missed at a price.

        Parameters
        ----------
        missed : sequence of (sense, limit)
            Limits that may be missed at a price.
        """
        ...

    def past(self, scope: Scope, *, where: Expression | None, clock: Clock) -> Past:
        """Return the history that a rule counts, in its groups, as contacts; days are not cut off."""
        ...

    def cells(self, scope: Scope, label: IntArray) -> BoolArray:
        """Whether each (label, group) of a constraint has a candidate as read, or is named by a limits table.

        Parameters
        ----------
        label : (instances,) int array

        Returns
        -------
        (instances · groups,) bool array
        """
        ...

    def may_be_negative(self, total: TotalOf) -> bool:
        """Whether the amount is negative for some candidate as read."""
        ...

    def reached(self, scope: Scope) -> tuple[IntArray, IntArray]:
        """Return the different (group, label) pairs with a candidate, before eligibility; held-out customers aside."""
        ...

    def bounds(self, scope: Scope, clock: Clock) -> Bounds:
        """Return when minimums in windows of hours are demanded of each group.

        Policies see each member's own days (the latest beginning and the earliest end, where they differ),
        constraints the days of the default zone.
        """
        ...

    @property
    def history_start(self) -> int | None:
        """First day from which history is complete; None when there is no history."""
        ...

    @property
    def share_places(self) -> int:
        """Decimal places of a share, so that as many of its quanta as there are candidates have room."""
        ...

    def previous(self, run: str) -> tuple[Amount, int]:
        """Return which contacts are in an earlier plan, as an amount of 1, and how many of them are eligible now."""
        ...

    def difference(self, above: Expression, below: Expression, factor: Decimal) -> Amount:
        """Return the amount ``above − factor · below`` of each contact."""
        ...

    def keys(self, columns: tuple[str, ...]) -> tuple[IntArray, tuple[Mapping[str, str | None], ...]]:
        """Return a code per kind for the values of some columns, and the values behind each code."""
        ...

    def past_keys(
        self, scope: Scope, columns: tuple[str, ...], *, where: Expression | None, clock: Clock
    ) -> tuple[Past, IntArray]:
        """Return the history that a rule counts, and the code of each row's values, as :meth:`keys` gives them.

        Values that no kind has get codes beyond.
        """
        ...

    def limits(self, rule: str, limit: Limit, scope: Scope, *, decimals: int, down: bool) -> IntArray:
        """Return the limit in quanta, for each (label, group) of a constraint or each label of a policy.

        Rounded down for a cap, up for a minimum. A ``{column}`` limit is asked for with :meth:`own_limits`.
        """
        ...

    def own_limits(self, rule: str, limit: ColumnLimit, scope: Scope, *, decimals: int, down: bool) -> IntArray:
        """Return each group's own limit from a customers column, in quanta."""
        ...


def demanded(window: Window | None, first: int, last: int, history_start: int | None) -> list[tuple[int, int]]:
    """Return the windows in which a minimum is demanded.

    They contain a day of ``first … last`` and lie wholly between the start of history and ``last``; without a window,
    or with ``ever``, there is one.
    """
    if window is None or window.ever:
        return spans(window, first, last)
    start = first if history_start is None else min(history_start, first)
    return [(a, b) for a, b in spans(window, first, last) if a >= start and b <= last]


def spans(window: Window | None, first: int, last: int) -> list[tuple[int, int]]:
    """Return the windows that contain a day of ``first … last``, as (first day, last day).

    A rolling window of W days gives every W consecutive days that contain such a day; a calendar window, the whole
    calendar days, weeks (from Monday) or months; none, or ``ever``, a single span of all days.
    """
    import datetime as dt

    if window is None or window.ever:
        return [(dt.date.min.toordinal(), dt.date.max.toordinal())]
    if window.days is not None:
        return [(start, start + window.days - 1) for start in range(first - window.days + 1, last + 1)]
    assert window.calendar is not None
    found: list[tuple[int, int]] = []
    day = first
    while day <= last:
        start, end = period(window.calendar, day)
        found.append((start, end))
        day = end + 1
    return found
