"""A quick look: the problem of a few units, its limits as scarce as the whole's."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from optimizer.problem.primitives import UNLIMITED, IntArray
from optimizer.problem.problem import Problem
from optimizer.problem.units import part_of


def sampled(problem: Problem, share: float) -> Problem:
    """Return the problem of a sample of the units.

    Units lie in the order of their keys' seeded hashes, so the first ones are a sample, drawn with that seed. Each
    limit is scaled by the part of its free demand that is the sample's: what units would use if nothing were scarce.

    Parameters
    ----------
    share : float
        Of the units; at least one is taken.
    """
    from optimizer.engines.decomposition.compiled import Units

    units = max(1, round(share * problem.units))
    part = part_of(problem, slice(0, units)).problem
    whole = Units(problem)
    use, mine = (whole.table.split(found.solve().use).values() for found in (whole, Units(part)))
    rest = units / problem.units
    rows = tuple(
        replace(r, lower=_scaled(r.lower, u, m, rest), upper=_scaled(r.upper, u, m, rest))
        for r, u, m in zip(part.rows, use, mine, strict=True)
    )
    switches = tuple(s if s.lot is None else replace(s, lot=max(1, round(s.lot * rest))) for s in part.switches)
    most = min(problem.most_contacts, part.candidates)
    return replace(part, rows=rows, switches=switches, most_contacts=most)


def _scaled(limit: IntArray, use: IntArray, mine: IntArray, rest: float) -> IntArray:
    """Scale limits by ``mine / use``, in whole numbers; by the share of units where nobody asks for anything."""
    out = np.array(limit, np.int64)
    for row in np.flatnonzero(np.abs(out) < UNLIMITED).tolist():
        whole, part = int(use[row]), int(mine[row])
        ratio = part / whole if whole > 0 and part >= 0 else rest
        out[row] = round(int(out[row]) * ratio)
    return out
