"""Answers of units that were found at several prices, put together: the columns of Dantzig and Wolfe's master."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from optimizer.engines.decomposition.patterns import Patterns
from optimizer.problem.pairs import ranges, running, segment_sums
from optimizer.problem.primitives import IntArray


def united(parts: Sequence[Patterns]) -> Patterns:
    """Put answers together: each set of contacts once, by unit, those of earlier parts in front.

    Parameters
    ----------
    parts : sequence of Patterns
        The first lists every unit; regrets stay as they were at each part's own prices.
    """
    if len(parts) == 1:
        return parts[0]
    units = parts[0].units
    unit = np.concatenate([np.searchsorted(units, part.units)[part.unit] for part in parts])
    code = np.concatenate([_codes(part) for part in parts])
    order = np.lexsort((code, unit))  # stable: of equal ones the earliest is in front
    new = np.ones(len(order), bool)
    new[1:] = (unit[order][1:] != unit[order][:-1]) | (code[order][1:] != code[order][:-1])
    kept = np.sort(order[new])
    kept = kept[np.argsort(unit[kept], kind="stable")]
    contact_start, contact = _gathered(kept, [(p.contact_start, p.contact) for p in parts])
    row_start, row = _gathered(kept, [(p.row_start, p.row) for p in parts])
    return Patterns(
        units=units,
        unit_start=np.searchsorted(unit[kept], np.arange(len(units) + 1)),
        optimum=parts[0].optimum,
        regret=np.concatenate([part.regret for part in parts])[kept],
        value=np.concatenate([part.value for part in parts])[kept],
        contact_start=contact_start,
        contact=contact,
        row_start=row_start,
        row=row,
        coefficient=_gathered(kept, [(p.row_start, p.coefficient) for p in parts])[1],
    )


def _codes(part: Patterns) -> IntArray:
    """Return a number for each set of contacts, whatever their order; unequal sets differ but for a chance of 2⁻⁶⁴."""
    x = (part.contact.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    x ^= x >> np.uint64(29)
    return segment_sums((x * np.uint64(0xBF58476D1CE4E5B9)).view(np.int64), part.contact_start)


def _gathered(kept: IntArray, lists: list[tuple[IntArray, IntArray]]) -> tuple[IntArray, IntArray]:
    """Return starts and entries of some of many lists."""
    base = np.cumsum([0, *(len(entries) for _, entries in lists)])
    first = np.concatenate([start[:-1] + b for (start, _), b in zip(lists, base[:-1].tolist(), strict=True)])[kept]
    count = np.concatenate([np.diff(start) for start, _ in lists])[kept]
    return running(count), np.concatenate([e for _, e in lists])[ranges(first, count)]
