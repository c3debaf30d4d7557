"""Amounts: what one contact counts, in quanta, from the smallest table that has its columns."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from decimal import Decimal

import numpy as np
import numpy.typing as npt

from optimizer.compile.quanta import (
    AMOUNT_ROOM,
    SMALL_AMOUNTS,
    VALUE_ROOM,
    absolute_sum,
    decimals_for,
    exact_decimals,
    filled,
    quantised,
    to_quanta,
)
from optimizer.compile.sight import Level, joins, level, quoted, tables_of
from optimizer.data.bound import FILE, ROW
from optimizer.data.layout import CANDIDATES, not_finite, quote
from optimizer.data.measures import LARGEST
from optimizer.data.places import Place
from optimizer.data.tables import Tables
from optimizer.errors import DataError, Finding, cut
from optimizer.language.expressions import Expression
from optimizer.problem.pairs import occurrences, parts_of
from optimizer.problem.primitives import IntArray, Measure
from optimizer.rules.total_of import TotalOf
from optimizer.rules.world import Amount


class Amounts:
    """The amounts that rules sum, each made once; those that differ by candidate become measures.

    Parameters
    ----------
    tables : Tables
    kinds : int
    kind : (candidates,) int array
        Of the eligible candidates.
    read : mapping of qualified expression to (candidates,) float array
        Amounts of the eligible that only candidates can tell.
    """

    def __init__(
        self, tables: Tables, kinds: int, kind: IntArray, read: Mapping[Expression, npt.NDArray[np.float64]]
    ) -> None:
        self.measures: list[Measure] = []
        self._tables, self._kinds, self._kind, self._read = tables, kinds, kind, read
        self._known: dict[tuple[str, int, float], Amount] = {}
        self._room = VALUE_ROOM if len(kind) <= SMALL_AMOUNTS else AMOUNT_ROOM

    def again(self) -> Amounts:
        """Return the same amounts, so that a rule that is compiled again leaves no measure of its own behind."""
        found = copy.copy(self)
        found.measures, found._known = list(self.measures), dict(self._known)
        return found

    def amount(self, total: TotalOf, *, finest: int = 0, beside: float = 0.0) -> Amount:
        """Return what one contact counts, in so many decimal places at least, where there is room.

        Parameters
        ----------
        beside : float
            What else is added to, or held against, sums of such amounts.
        """
        one = np.ones(self._kinds, np.int64)
        if total.expression is None:
            return Amount(one, None, 0)
        bound = self._tables.catalog.bind(total.expression)
        key = bound.text, finest, beside
        if key not in self._known:
            self._known[key] = self._new_amount(bound, one, finest, beside)
        return self._known[key]

    def _new_amount(self, bound: Expression, one: IntArray, finest: int, beside: float) -> Amount:
        if level(bound) is Level.KIND:
            each = self._by_kind(bound)
            occurs = occurrences(self._kind, self._kinds)
            each = np.where(occurs > 0, each, 0.0)
            self._finite(each, bound)
            most = decimals_for(float(np.abs(each) @ occurs) + beside, self._room)
            weight, decimals, _ = quantised(each, most, finest=finest)
            return Amount(weight, None, decimals)
        numbers = self._read[bound]
        self._finite(numbers, bound)
        most = decimals_for(absolute_sum(numbers) + beside, self._room)
        quanta, decimals, exact = quantised(numbers, most, finest=finest)
        for number, known in enumerate(self.measures):  # what else is counted with it may leave it as it was
            if (known.name, known.decimals) == (bound.text, decimals):
                return Amount(one, number, decimals)
        self.measures.append(Measure(bound.text, quanta, decimals, exact))
        return Amount(one, len(self.measures) - 1, decimals)

    def own(self, name: str, amount: IntArray) -> Amount:
        """Return an amount that somebody has counted for each eligible candidate, in whole numbers."""
        self.measures.append(Measure(name, amount, 0, True))
        return Amount(np.ones(self._kinds, np.int64), len(self.measures) - 1, 0)

    @property
    def share_places(self) -> int:
        """Decimal places of a share, so that as many of its quanta as there are candidates have room."""
        return decimals_for(max(len(self._kind), 1), self._room)

    def difference(self, above: Expression, below: Expression, factor: Decimal) -> Amount:
        """Return the amount ``above − factor · below`` of each contact, as a measure."""
        parts = [self._numbers(self._tables.catalog.bind(e)) for e in (above, below)]
        total = absolute_sum(parts[0]) + float(factor) * absolute_sum(parts[1])
        places = max(0, -int(factor.as_tuple().exponent))
        exact = [exact_decimals(part) for part in parts]
        if None not in exact and max(exact[0] or 0, (exact[1] or 0) + places) <= decimals_for(total, self._room):
            decimals = max(exact[0] or 0, (exact[1] or 0) + places)
            times = int(factor.scaleb(places))
            left = to_quanta(parts[0], exact[0] or 0) * 10 ** (decimals - (exact[0] or 0))
            right = to_quanta(parts[1], exact[1] or 0) * times * 10 ** (decimals - (exact[1] or 0) - places)
            quanta, whole = left - right, True
        else:
            decimals, whole = decimals_for(total, self._room), False
            quanta = to_quanta(parts[0], decimals) - to_quanta(float(factor) * parts[1], decimals)
        self.measures.append(Measure(f"{above.text} - {factor} * ({below.text})", quanta, decimals, whole))
        return Amount(np.ones(self._kinds, np.int64), len(self.measures) - 1, decimals)

    def _numbers(self, bound: Expression) -> npt.NDArray[np.float64]:
        """Return an amount per eligible candidate, as evaluated."""
        numbers = self._by_kind(bound)[self._kind] if level(bound) is Level.KIND else self._read[bound]
        self._finite(numbers, bound)
        return numbers

    def may_be_negative(self, total: TotalOf) -> bool:
        """Whether the amount is negative for some candidate as read."""
        if total.expression is None:
            return False
        bound = self._tables.catalog.bind(total.expression)
        found = self._tables.con.execute(
            f"SELECT 1 FROM candidates{joins(tables_of(bound))} WHERE {bound.sql(quoted)} < 0 LIMIT 1"
        )
        return bool(found.fetchall())

    def _by_kind(self, bound: Expression) -> npt.NDArray[np.float64]:
        """Return an amount per kind, as evaluated."""
        found = self._tables.con.execute(
            f"SELECT CAST({bound.sql(quoted)} AS DOUBLE) AS amount "
            f'FROM "@kinds" candidates{joins(tables_of(bound))} ORDER BY candidates.kind'
        ).fetchnumpy()["amount"]
        return filled(found)

    def _finite(self, numbers: npt.NDArray[np.float64], bound: Expression) -> None:
        refuse_wild(self._tables, bound, numbers)


def refuse_wild(
    tables: Tables, bound: Expression, numbers: npt.NDArray[np.float64], refused: IntArray | None = None
) -> None:
    """Refuse amounts that are no finite numbers, or too large to be added exactly.

    Parameters
    ----------
    tables : Tables
    bound : Expression
        Qualified.
    numbers : (n,) float array
        What it came to.
    refused : (n,) int array, optional
        Not 0 where nobody will add the number.

    Raises
    ------
    DataError
        The first row of the candidates where it is so.
    """
    sound = (np.abs(numbers[part]) <= LARGEST for part in parts_of(len(numbers)))
    if refused is not None:
        sound = (ok | (refused[part] != 0) for ok, part in zip(sound, parts_of(len(numbers)), strict=True))
    if all(bool(part.all()) for part in sound):
        return
    number = f"CAST({bound.sql(quoted)} AS DOUBLE)"
    wrong = f"{number} IS NULL OR {not_finite(number)} OR abs({number}) > {LARGEST:.0f}"
    source = tables.rows.bound[CANDIDATES].select(placed=True)
    file, row, value, count = tables.con.execute(
        f"SELECT {quote(FILE)}, {quote(ROW)}, {number}, count(*) OVER () FROM ({source}) AS candidates"
        f"{joins(tables_of(bound))} WHERE {wrong} ORDER BY 1, 2 LIMIT 1"
    ).fetchall()[0]
    finite = value is not None and math.isfinite(value)
    what = f"is too large: beyond {LARGEST:.0e} sums are not exact" if finite else "is no finite number"
    fix = "look for a placeholder or a wrong unit" if finite else "guard it with CASE or coalesce"
    shown = "NULL" if value is None else f"{value:g}"
    where = f"{Place(file, row)} · {cut(bound.text.replace('candidates.', ''))} = {shown}"
    raise DataError([Finding("data", where, what, fix, int(count))])
