"""Rows that come in any order, each put into its place by customer and kind; never more than a batch on the side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from optimizer.compile.quanta import NARROW_FROM
from optimizer.errors import DataError
from optimizer.problem.pairs import ranges
from optimizer.problem.primitives import IntArray

BATCH = 2**17
"""Rows that are sorted together: few enough to stay in a processor's cache."""


def ordered(customer: IntArray, kind: IntArray, kinds: int) -> tuple[IntArray, IntArray, IntArray]:
    """Sort rows by customer, then kind, then position.

    Customer, kind and position are packed into one number where they fit, for plain numbers sort several times as fast
    as an order is found.

    Parameters
    ----------
    customer, kind : (rows,) int arrays
    kinds : int
        Every kind is below it.

    Returns
    -------
    customer, kind, order : (rows,) int arrays
    """
    for_kind, for_position = max(kinds - 1, 0).bit_length(), max(len(kind) - 1, 0).bit_length()
    if int(customer.max(initial=0)).bit_length() + for_kind + for_position > 63:
        order = np.lexsort((kind, customer))
        return customer[order], kind[order], order
    key = customer.astype(np.int64)
    key <<= for_kind
    key |= kind
    key <<= for_position
    key |= np.arange(len(key))
    key.sort()
    order = key & ((1 << for_position) - 1)
    key >>= for_position
    return key >> for_kind, key & ((1 << for_kind) - 1), order


def kind_type(rows: int, kinds: int) -> npt.DTypeLike:
    """Return the type of the kinds of so many rows."""
    return np.uint16 if rows >= NARROW_FROM and kinds <= 2**16 else np.int32


class Shelf:
    """Columns of all candidates in the order of customer and kind, filled batch by batch.

    Customers whose rows stand together fall into place at once. The others are sorted in :meth:`settle`, so that files
    need not be grouped, and nothing that is wider than a batch is ever sorted.

    Parameters
    ----------
    start : (customers + 1,) int array
        Rows ``start[c] … start[c+1]`` are customer ``c``'s; each has at least one.
    kinds : int
    types : sequence of dtype
        Of the further columns.
    """

    def __init__(self, start: IntArray, kinds: int, types: Sequence[npt.DTypeLike]) -> None:
        rows = int(start[-1])
        self.start = start
        self.kind: IntArray = np.empty(rows, kind_type(rows, kinds))
        self.columns: list[Any] = [np.empty(rows, t) for t in types]
        self._kinds = kinds
        self._next = start[:-1].copy()

    def put(self, customer: IntArray, kind: IntArray, columns: Sequence[Any]) -> None:
        """Put a batch of rows into their places.

        Raises
        ------
        DataError
            A customer has more rows than were counted.
        """
        customer, kind, order = ordered(customer, kind, self._kinds)
        first = np.flatnonzero(np.diff(customer, prepend=-1))
        who, count = customer[first], np.diff(first, append=len(customer))
        place = ranges(self._next[who], count)
        self._next[who] += count
        if np.any(self._next[who] > self.start[who + 1]):
            raise _changed()
        self.kind[place] = kind
        for mine, theirs in zip(self.columns, columns, strict=True):
            mine[place] = theirs[order]

    def settle(self) -> None:
        """Sort the kinds of customers whose rows came in several batches.

        Raises
        ------
        DataError
            A customer has fewer rows than were counted.
        """
        if not np.array_equal(self._next, self.start[1:]):
            raise _changed()
        for first, last in self._parts():
            rows = slice(int(self.start[first]), int(self.start[last]))
            kind = self.kind[rows]
            falls = kind[1:] < kind[:-1]
            falls[self.start[first + 1 : last] - rows.start - 1] = False
            if falls.any():
                count = np.diff(self.start[first : last + 1])
                customer = np.repeat(np.arange(last - first), count)
                _, self.kind[rows], order = ordered(customer, kind, self._kinds)
                for column in self.columns:
                    column[rows] = column[rows][order]

    def _parts(self) -> Iterator[tuple[int, int]]:
        """Yield ranges of whole customers with about a batch of rows each."""
        edges = np.searchsorted(self.start, np.arange(0, int(self.start[-1]) + BATCH, BATCH))
        edges[-1] = len(self.start) - 1
        yield from ((int(a), int(b)) for a, b in pairwise(edges) if a < b)


def _changed() -> DataError:
    return DataError(
        "the rows changed while they were read", where="candidates", fix="run again when the job that writes it is done"
    )
