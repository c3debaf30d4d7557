"""The problem as flat arrays that a greedy walk can count on: one number per (group, instance) of every primitive."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from optimizer.problem.pairs import inhabited, pairs_of, ranges
from optimizer.problem.primitives import (
    SIDE_A,
    SIDE_B,
    UNLIMITED,
    DistinctCounter,
    Floor,
    Incidence,
    IntArray,
    Overrides,
    Rows,
    Shortfall,
    Switch,
)
from optimizer.problem.problem import Problem

CAP, WANT, SOFT, CONFLICT, SERVE, DISTINCT, CELL = range(7)
"""What a part does. CAP: what is left may not be overdrawn. WANT: what is missing is filled if it can be. SOFT: an
overdraft costs. CONFLICT, SERVE, DISTINCT: as the primitives. CELL: used not at all, or at least a lot."""

NO_STAGE, UNIT_STAGE, ROW_STAGE = 0, 1, 2
"""In which pass a part's minimum is filled."""


class Board(NamedTuple):
    """Flat arrays (or lists, for plain Python) of a problem.

    Parts are primitives, a two-sided row being two. A part's numbers lie in ``state`` from ``base`` on, one for each
    (group, instance); conflicts have a second such region (side B), cells a second (closed) and a third (lot).
    """

    value: Any
    kind: Any
    customer: Any
    unit: Any
    unit_start: Any
    order: Any
    rank: Any
    pins: Any
    use_start: Any
    use_part: Any
    use_instance: Any
    use_weight: Any
    op: Any
    stage: Any
    partition: Any
    base: Any
    size: Any
    instances: Any
    measure: Any
    sign: Any
    penalty: Any
    opened: Any
    keys: Any
    width: Any
    key: Any
    known_start: Any
    known: Any
    group: Any
    amount: Any
    state: Any
    customers: int
    candidates: int
    kinds: int
    widest: int
    again: bool
    soft: bool


class _Parts:
    """Parts being collected."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.columns: dict[str, list[Any]] = {
            name: []
            for name in (
                "op",
                "stage",
                "partition",
                "base",
                "size",
                "instances",
                "measure",
                "sign",
                "penalty",
                "opened",
                "keys",
                "width",
            )
        }
        self.uses: list[Incidence] = []
        self.state: list[tuple[int, IntArray]] = []
        self.length = 0
        self.key: list[IntArray] = []
        self.known: list[IntArray] = []

    def add(
        self,
        op: int,
        uses: Incidence,
        partition: int | None,
        regions: Sequence[IntArray | int],
        *,
        stage: int = NO_STAGE,
        measure: int | None = None,
        sign: int = 1,
        penalty: float = 0.0,
        opened: int = -1,
        key: IntArray | None = None,
        known: IntArray | None = None,
    ) -> None:
        row = len(self.problem.partitions) if partition is None else partition
        values = {
            "op": op,
            "stage": stage,
            "partition": row,
            "base": self.length,
            "size": self.problem.groups(partition) * uses.instances,
            "instances": uses.instances,
            "measure": -1 if measure is None else measure,
            "sign": sign,
            "penalty": penalty,
            "opened": opened,
            "keys": -1 if key is None else len(self.key),
            "width": 1 if key is None else int(np.max(key, initial=0)) + 1,
        }
        for name, value in values.items():
            self.columns[name].append(value)
        self.uses.append(uses)
        self.known.append(np.zeros(0, np.int64) if known is None else np.sort(known))
        if key is not None:
            self.key.append(np.asarray(key, np.int64))
        for region in regions:
            self.put(region)

    def put(self, region: IntArray | int) -> int:
        """Append numbers to the state, or so many zeros, and return where they lie."""
        here = self.length
        if isinstance(region, np.ndarray):
            self.length += region.size
            self.state.append((here, region.ravel()))
        else:
            self.length += region
        return here

    @property
    def numbers(self) -> IntArray:
        """The whole state. Zeros are not written: most of it may never be looked at."""
        out = np.zeros(self.length, np.int64)
        for first, region in self.state:
            out[first : first + len(region)] = region
        return out


def make_board(problem: Problem, order: IntArray) -> Board:
    """Flatten a problem; ``order`` is the permutation in which candidates are looked at."""
    parts = _Parts(problem)
    _unit_parts(parts, problem)
    _row_parts(parts, problem)
    sizes = [np.diff(uses.start) for uses in parts.uses]
    per_kind = np.sum(sizes, axis=0, dtype=np.int64) if sizes else np.zeros(problem.kinds, np.int64)
    use_part = np.concatenate([np.zeros(0, np.int64), *(np.full(int(s.sum()), p) for p, s in enumerate(sizes))])
    use_kind = np.concatenate([np.zeros(0, np.int64), *(np.repeat(np.arange(problem.kinds), s) for s in sizes)])
    by_kind = np.argsort(use_kind, kind="stable")
    unit_size = np.diff(problem.unit_start)
    groups = [*(p.group for p in problem.partitions), np.zeros(problem.customers, np.int64)]
    known_start = np.zeros(len(parts.known) + 1, np.int64)
    np.cumsum([len(k) for k in parts.known], out=known_start[1:])
    ops = parts.columns["op"]
    return Board(
        value=_whole(problem.value),
        kind=_whole(problem.kind),
        customer=_whole(problem.customer),
        unit=np.repeat(np.arange(problem.units, dtype=np.int64), unit_size),
        unit_start=_whole(problem.unit_start),
        order=_whole(order),
        rank=_ranks(order),
        pins=_whole(problem.required if problem.required is not None else []),
        use_start=np.concatenate([[0], np.cumsum(per_kind)]).astype(np.int64),
        use_part=use_part[by_kind],
        use_instance=_join([uses.instance for uses in parts.uses])[by_kind],
        use_weight=_join([uses.weight for uses in parts.uses])[by_kind],
        **{name: _whole(column) for name, column in parts.columns.items() if name != "penalty"},
        penalty=np.array(parts.columns["penalty"], np.float64),
        key=_join(parts.key),
        known_start=known_start,
        known=_join(parts.known),
        group=_join(groups),
        amount=_join([m.amount for m in problem.measures]),
        state=parts.numbers,
        customers=problem.customers,
        candidates=problem.candidates,
        kinds=problem.kinds,
        widest=int(unit_size.max(initial=0)),
        again=SERVE in ops or SOFT in ops or _has_lower(problem),
        soft=SOFT in ops,
    )


def reordered(board: Board, order: IntArray) -> Board:
    """Return the board with another order in which candidates are looked at."""
    return board._replace(order=_whole(order), rank=_ranks(order))


def _ranks(order: IntArray) -> IntArray:
    """Return at which place of the order each candidate is."""
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    return rank


def _unit_parts(parts: _Parts, problem: Problem) -> None:
    for c in problem.counters:
        left = _grid(problem, c.partition, c.limit, c.group_limit, int(UNLIMITED), c.overrides)
        parts.add(CAP, c.uses, c.partition, [left], measure=c.measure)
    for d in problem.distincts:
        left = _grid(problem, d.partition, d.limit, d.group_limit, int(UNLIMITED), d.overrides)
        parts.add(DISTINCT, d.uses, d.partition, [left], key=d.key, known=_held(d))
    for conflict in problem.conflicts:
        sides: list[IntArray | int] = [problem.groups(conflict.partition) * conflict.uses.instances] * 2
        if conflict.present is not None:
            nobody = np.zeros(conflict.uses.instances)
            there = _grid(problem, conflict.partition, nobody, None, 0, conflict.present)
            sides = [((there & side) > 0).astype(np.int64) for side in (SIDE_A, SIDE_B)]
        parts.add(CONFLICT, conflict.uses, conflict.partition, sides)
    for p in problem.prerequisites:
        served = _grid(problem, p.partition, np.zeros(p.uses.instances), None, 0, p.served)
        parts.add(SERVE, p.uses, p.partition, [served])
    for f in problem.floors:
        need = np.maximum(_grid(problem, f.partition, f.need, f.group_need, 0, f.overrides), 0)
        need[~inhabited(problem, f.partition)] = 0
        if f.reaction is Shortfall.ALL_OR_NOTHING:
            endless = parts.put(np.array([UNLIMITED]))
            regions = [need * 0, _hopeless(problem, f, need), need]
            parts.add(CELL, f.uses, f.partition, regions, measure=f.measure, opened=endless, key=f.key, known=_held(f))
            continue
        op = {Shortfall.REQUIRED: CAP, Shortfall.BEST_EFFORT: WANT, Shortfall.PENALTY: SOFT}[f.reaction]
        # a pair without a need may go as low as it likes
        left = np.where(need > 0, -need, UNLIMITED)
        stage = NO_STAGE if op == SOFT else UNIT_STAGE
        parts.add(
            op,
            f.uses,
            f.partition,
            [left],
            stage=stage,
            measure=f.measure,
            sign=-1,
            penalty=float(f.penalty or 0),
            key=f.key,
            known=_held(f),
        )


def _held(counter: DistinctCounter | Floor) -> IntArray | None:
    """Return a code for each (pair, key) that history holds already; None where it holds none."""
    if counter.key is None or counter.known_group is None:
        return None
    assert counter.known_instance is not None
    assert counter.known_key is not None
    width = int(np.max(counter.key, initial=0)) + 1
    pair = counter.known_group.astype(np.int64) * counter.uses.instances + counter.known_instance
    return (pair * width + counter.known_key)[counter.known_key < width]


def _row_parts(parts: _Parts, problem: Problem) -> None:
    for r in problem.rows:
        op = CAP if r.penalty is None else SOFT
        for limit, sign in ((np.asarray(r.upper), 1), (-np.asarray(r.lower), -1)):
            if np.any(limit < UNLIMITED):
                fills = r.penalty is None and (sign < 0 or _lowers(problem, r))
                left = limit.reshape(r.uses.instances, -1).T
                parts.add(
                    op,
                    r.uses,
                    r.partition,
                    [left],
                    stage=ROW_STAGE if fills else NO_STAGE,
                    measure=r.measure,
                    sign=sign,
                    penalty=float(r.penalty or 0),
                )
    for s in problem.switches:
        most = parts.put(np.array([UNLIMITED if s.most is None else s.most]))
        lot = np.full((problem.groups(s.partition), s.uses.instances), s.lot or 0)
        regions = [np.zeros_like(lot), _hopeless(problem, s, lot), lot]
        parts.add(CELL, s.uses, s.partition, regions, measure=s.measure, opened=most)


def _hopeless(problem: Problem, cells: Floor | Switch, lot: IntArray) -> IntArray:
    """Mark the cells whose candidates together do not make their lot. Shape (groups, instances)."""
    pairs = pairs_of(problem, cells.uses, cells.partition, cells.measure, every=True)
    return (pairs.sums(pairs.weight).reshape(lot.shape) < lot).astype(np.int64)


def _has_lower(problem: Problem) -> bool:
    """Say whether what cannot be added now may be possible later, because others make room."""
    return any(np.any(np.asarray(r.lower) > -UNLIMITED) or _lowers(problem, r) for r in problem.rows)


def _lowers(problem: Problem, rows: Rows) -> bool:
    """Say whether some contact may lower the use of a row."""
    amounts = rows.measure is not None and bool(np.any(problem.measures[rows.measure].amount < 0))
    return amounts or bool(np.any(np.asarray(rows.uses.weight) < 0))


def _grid(
    problem: Problem,
    partition: int,
    common: Any,
    own: IntArray | None,
    silent: int,
    overrides: Overrides | None,
) -> IntArray:
    """Return the number of every (group, instance). Shape (groups, instances)."""
    common = np.asarray(common, np.int64)
    out: IntArray = np.tile(common, (problem.groups(partition), 1))
    if own is not None:
        loud = np.flatnonzero(common != silent)
        out[:, loud] = np.asarray(own, np.int64)[:, None]
    if overrides is not None:
        count = np.diff(overrides.start)
        out[np.repeat(np.arange(len(count)), count), overrides.instance[ranges(overrides.start[:-1], count)]] = (
            overrides.number
        )
    return out


def _whole(values: Any) -> IntArray:
    return np.asarray(values, np.int64)


def _join(arrays: list[Any]) -> IntArray:
    return np.concatenate([np.zeros(0, np.int64), *arrays]).astype(np.int64, copy=False)
