"""Working memory for the search of units with ties, one at a time."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from optimizer.engines.decomposition.general_kernel import General
from optimizer.engines.decomposition.unit_lp import Floats, Int64s, Relaxation, relaxation_for

DEPTH = 24
"""How deep the branches of a unit's LP may go."""


class Desk(NamedTuple):
    """What lies on the desk while one unit is solved. Candidates are counted from the unit's first.

    Parameters
    ----------
    listed : (candidates,) int64 array
        The candidates that may be chosen, those that must be in front.
    lengths : (2,) int64 array
        How many are listed, and how many must be chosen.
    closed, fixed : (candidates,) int64 arrays
        How many branches bar the candidate, and demand it.
    split, side, turn : (depth,) int64 arrays
        The branches on the way down: the tie or candidate that is decided, the side on trial, and whether it is the
        second.
    order : (candidates,) int64 array
        The candidates of the branch, in the order in which they are decided.
    share : (candidates,) float array
        How much of each candidate the LP chooses.
    rest : (candidates,) int64 array
        What the prices of the ties leave of each margin.
    phase, before : (candidates + 1,) int64 arrays
        How many of its two choices were tried at each place, and the bound before it was decided.
    best : (candidates,) int64 array
        The best set.
    inside : (candidates,) uint8 array
        1 for those that are in the unit's best answer.
    tried : (candidates,) int64 array
        What is worth changing in it.
    away, spare : (candidates,) int64 arrays
        Key and room of a sort.
    number : (4, ties) int64 array
    seen : (tokens,) int64 array
    price, slack, open, below : (ties,) int64 arrays
        Price of each tie; what is left of its limit, what the open candidates could use of it, and give back.
    on_a, on_b : (ties,) int64 arrays
        Contacts on the sides of a conflict at most; ``on_a`` also the contacts that need a prerequisite.
    row : (ties,) int64 array
        Row of each tie in the LP, −1 where it cannot bind.
    weight : (entries,) int64 array
        What a candidate uses of the slack of its ties.
    scale : (ties,) float array
        Largest weight of each row.
    lean_a, lean_b : (ties,) float arrays
        How much of the LP's answer is on each side of a conflict alone.
    lp : Relaxation
    """

    listed: Int64s
    lengths: Int64s
    closed: Int64s
    fixed: Int64s
    split: Int64s
    side: Int64s
    turn: Int64s
    order: Int64s
    share: Floats
    rest: Int64s
    phase: Int64s
    before: Int64s
    best: Int64s
    inside: npt.NDArray[np.uint8]
    tried: Int64s
    away: Int64s
    spare: Int64s
    number: npt.NDArray[np.int64]
    seen: Int64s
    price: Int64s
    slack: Int64s
    open: Int64s
    below: Int64s
    on_a: Int64s
    on_b: Int64s
    row: Int64s
    weight: Int64s
    scale: Floats
    lean_a: Floats
    lean_b: Floats
    lp: Relaxation


def desk_for(widest: int, rules: General) -> Desk:
    """Allocate working memory for units of up to ``widest`` candidates."""
    ties, entries = rules.most_ties, rules.most_entries
    width = widest if len(rules.helps) else 0

    def numbers(size: int) -> Int64s:
        return np.zeros(size, np.int64)

    return Desk(
        listed=numbers(width),
        lengths=numbers(2),
        closed=numbers(width),
        fixed=numbers(width),
        split=numbers(DEPTH),
        side=numbers(DEPTH),
        turn=numbers(DEPTH),
        order=numbers(width),
        share=np.zeros(width),
        rest=numbers(width),
        phase=numbers(width + 1),
        before=numbers(width + 1),
        best=numbers(width),
        inside=np.zeros(width, np.uint8),
        tried=numbers(width),
        away=numbers(width),
        spare=numbers(width),
        number=np.zeros((4, ties), np.int64),
        seen=numbers(rules.most_tokens),
        price=numbers(ties),
        slack=numbers(ties),
        open=numbers(ties),
        below=numbers(ties),
        on_a=numbers(ties),
        on_b=numbers(ties),
        row=numbers(ties),
        weight=numbers(entries),
        scale=np.zeros(ties),
        lean_a=np.zeros(ties),
        lean_b=np.zeros(ties),
        lp=relaxation_for(width, entries, ties),
    )
