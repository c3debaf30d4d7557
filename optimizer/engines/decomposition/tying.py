"""The rules of units that are not packed, as ties of their candidates."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from optimizer.engines.decomposition.general_kernel import (
    ALL_OR_NOTHING,
    BEST_EFFORT,
    CAP,
    CONFLICT,
    KEYS,
    NEEDS,
    PENALTY,
    REQUIRED,
    General,
    Int64s,
)
from optimizer.engines.decomposition.packing import contacts_at_most
from optimizer.problem.pairs import (
    Pairs,
    bits,
    floor_pairs,
    may_be_negative,
    new_keys,
    pairs_of,
    running,
    segment_sums,
    units_of_groups,
)
from optimizer.problem.primitives import SERVES, UNLIMITED, BoolArray, IntArray, Shortfall
from optimizer.problem.problem import Problem

WIDE, FEW = 64, 4
"""A unit with more candidates and more contacts than these is tied though it could be packed: its LP saves a search."""
MOST_WIDE = 20_000_000
"""Candidates of wide units up to which they are tied: a tie takes memory."""
FLOORS = {
    Shortfall.REQUIRED: REQUIRED,
    Shortfall.ALL_OR_NOTHING: ALL_OR_NOTHING,
    Shortfall.BEST_EFFORT: BEST_EFFORT,
    Shortfall.PENALTY: PENALTY,
}


@dataclass(frozen=True, slots=True, eq=False)
class Ties:
    """Some ties of one primitive: the pairs, what kind they are, and their caps or needs."""

    pairs: Pairs
    unit: IntArray
    kind: int
    limit: IntArray
    cost: int = 0
    token: IntArray | None = None


def tie(problem: Problem, general: BoolArray, effort: IntArray | None = None) -> General:
    """Write the ties of some units.

    Parameters
    ----------
    general : (units,) bool array
        The units that are not packed.
    effort : (units,) int array, optional
        Most total shortfall of each unit's best-effort floors; no limit by default.
    """
    every = list(_ties(problem, general))
    mine = np.repeat(general, np.diff(problem.unit_start))
    number = np.cumsum(mine) - 1
    tie_unit = _join([t.unit for t in every])
    tie_kind = _join([np.full(len(t.unit), t.kind) for t in every])
    order = np.lexsort((tie_kind, tie_unit))
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    tie_start = np.searchsorted(tie_unit[order], np.arange(problem.units + 1)).astype(np.int64)

    offset = np.cumsum([0, *(len(t.unit) for t in every)])
    candidate = _join([t.pairs.candidate for t in every])
    weight = _join([t.pairs.weight for t in every])
    of_tie = place[_join([t.pairs.pair + first for t, first in zip(every, offset[:-1].tolist(), strict=True)])]
    token, tokens = _tokens(problem, every)
    sequence = np.lexsort((of_tie, candidate))
    candidate, weight, of_tie, token = (a[sequence] for a in (candidate, weight, of_tie, token))
    unit = tie_unit[order][of_tie]
    entry_start = np.zeros(int(mine.sum()) + 1, np.int64)
    np.cumsum(np.bincount(number[candidate], minlength=int(mine.sum())), out=entry_start[1:])
    kind = tie_kind[order]
    helps = np.zeros(int(mine.sum()), np.uint8)
    of_kind = kind[of_tie]
    help_entry = ((of_kind == CAP) & (weight < 0)) | ((of_kind >= REQUIRED) & (weight > 0))
    help_entry |= (of_kind == NEEDS) & ((weight & SERVES) > 0)
    helps[number[candidate[help_entry]]] = 1
    if problem.required is not None:
        helps[number[problem.required]] = 2
    most = contacts_at_most(problem)
    first = np.where(general, running(mine)[problem.unit_start[:-1]], -1)
    return General(
        first=first.astype(np.int64),
        tie_start=tie_start,
        kind=kind,
        limit=_join([t.limit for t in every])[order],
        cost=_join([np.full(len(t.unit), t.cost) for t in every])[order],
        entry_start=entry_start,
        tie=of_tie - tie_start[unit],
        weight=weight,
        token=token,
        helps=helps,
        room=_room(problem, most),
        effort=np.full(problem.units, UNLIMITED) if effort is None else effort.astype(np.int64),
        penalty=np.zeros(max(len(problem.floors), 1), np.int64),
        most=most.astype(np.int64),
        most_ties=int(np.diff(tie_start).max(initial=0)),
        most_entries=_most_entries(problem, entry_start, first),
        most_tokens=tokens,
    )


def _most_entries(problem: Problem, entry_start: IntArray, first: IntArray) -> int:
    """Return how many entries the ties of one unit have, at most."""
    size = np.diff(problem.unit_start)[first >= 0]
    own = first[first >= 0]
    return int((entry_start[own + size] - entry_start[own]).max(initial=0))


def _room(problem: Problem, most: IntArray) -> Int64s:
    """Bound the contacts of each unit: its customers' together, or a cap that all of them share."""
    room, size = segment_sums(most, problem.unit_customer).astype(np.int64), np.diff(problem.unit_customer)
    for counter in problem.counters:
        uses = counter.uses
        whole = np.flatnonzero(np.bincount(uses.instance[uses.weight >= 1], minlength=uses.instances) == uses.kinds)
        group = np.asarray(problem.partitions[counter.partition].group, np.int64)
        first = group[problem.unit_customer[:-1]]
        members = segment_sums(group == np.repeat(first, size), problem.unit_customer)
        shared = (first >= 0) & (members == size)
        for instance in whole.tolist() if counter.measure is None else ():
            cap = counter.limits(first[shared], np.full(int(shared.sum()), instance))
            room[shared] = np.minimum(room[shared], np.maximum(cap, 0))
    return room


def _join(parts: Sequence[IntArray]) -> Int64s:
    return np.concatenate([np.zeros(0, np.int64), *parts]).astype(np.int64)


def _tokens(problem: Problem, every: list[Ties]) -> tuple[Int64s, int]:
    """Give numbers to the key tokens within each unit; return each entry's (−1 for none), and the most of any unit."""
    out, used = [], np.zeros(problem.units, np.int64)
    for ties in every:
        if ties.token is None:
            out.append(np.full(len(ties.pairs.candidate), -1))
            continue
        free = ties.token >= 0
        unit = ties.unit[ties.pairs.pair]
        token_unit = np.zeros(int(ties.token.max(initial=-1)) + 1, np.int64)
        token_unit[ties.token[free]] = unit[free]
        order = np.argsort(token_unit, kind="stable")
        count = np.bincount(token_unit, minlength=problem.units)
        local = np.empty(len(token_unit), np.int64)
        local[order] = np.arange(len(order)) - np.repeat(np.cumsum(count) - count, count)
        mine = np.full(len(ties.token), -1)
        mine[free] = local[ties.token[free]] + used[unit[free]]
        used += count
        out.append(mine)
    return _join(out), int(used.max(initial=0))


def _ties(problem: Problem, general: BoolArray) -> Iterator[Ties]:
    candidates = np.flatnonzero(np.repeat(general, np.diff(problem.unit_start)))

    def kept(pairs: Pairs, partition: int, binding: BoolArray) -> tuple[Pairs, IntArray, BoolArray]:
        unit = units_of_groups(problem, partition)[pairs.group]
        binding = binding & (unit >= 0)
        binding[binding] = general[unit[binding]]
        return pairs.keep(binding), unit[binding], binding

    for counter in problem.counters:
        every = may_be_negative(counter)
        found = pairs_of(problem, counter.uses, counter.partition, counter.measure, candidates=candidates, every=every)
        limit = np.asarray(counter.limits(found.group, found.instance), np.int64)
        binds = (limit < UNLIMITED) & ((found.sums(np.maximum(found.weight, 0)) > limit) | (limit < 0))
        pairs, unit, binds = kept(found, counter.partition, binds)
        yield Ties(pairs, unit, CAP, limit[binds])
    for distinct in problem.distincts:
        found = pairs_of(problem, distinct.uses, distinct.partition, candidates=candidates)
        limit = np.asarray(distinct.limits(found.group, found.instance), np.int64)
        pairs, unit, binds = kept(found, distinct.partition, limit < UNLIMITED)
        yield Ties(pairs, unit, KEYS, limit[binds], token=new_keys(problem, distinct, pairs)[0])
    for conflict in problem.conflicts:
        found = pairs_of(problem, conflict.uses, conflict.partition, candidates=candidates)
        there = bits(conflict.present, found.group, found.instance)
        pairs, unit, binds = kept(found, conflict.partition, np.ones(len(found), bool))
        yield Ties(pairs, unit, CONFLICT, np.asarray(there, np.int64)[binds])
    for prerequisite in problem.prerequisites:
        found = pairs_of(problem, prerequisite.uses, prerequisite.partition, candidates=candidates)
        served = bits(prerequisite.served, found.group, found.instance)
        pairs, unit, binds = kept(found, prerequisite.partition, served == 0)
        yield Ties(pairs, unit, NEEDS, np.zeros(len(unit), np.int64))
    for number, floor in enumerate(problem.floors):
        found, need = floor_pairs(problem, floor, candidates)
        pairs, unit, binds = kept(found, floor.partition, np.ones(len(found), bool))
        token = None if floor.key is None else new_keys(problem, floor, pairs)[0]
        if token is not None:
            pairs = replace(pairs, weight=np.where(token >= 0, pairs.weight, 0))
        yield Ties(pairs, unit, FLOORS[floor.reaction], np.asarray(need, np.int64)[binds], number, token)


def unpacked(problem: Problem) -> BoolArray:
    """Say which units need more than packed words, or are better off with ties. Shape (units,)."""
    size = np.diff(problem.unit_start)
    general: BoolArray = np.diff(problem.unit_customer) != 1
    wide = ~general & (size > WIDE)
    if wide.any():
        wide &= contacts_at_most(problem)[problem.unit_customer[:-1]] > FEW
        if size[wide].sum() <= MOST_WIDE:
            general |= wide
    unit = np.repeat(np.arange(problem.units, dtype=np.int64), np.diff(problem.unit_customer))
    plain = [c.partition for c in problem.counters if c.measure is not None or may_be_negative(c)]
    plain += [d.partition for d in problem.distincts] + [p.partition for p in problem.prerequisites]
    for partition in plain:
        general[unit[np.asarray(problem.partitions[partition].group) >= 0]] = True
    for floor in problem.floors:
        pairs, _ = floor_pairs(problem, floor)
        general[units_of_groups(problem, floor.partition)[pairs.group]] = True
    if problem.required is not None:
        general[np.searchsorted(problem.unit_start, problem.required, side="right") - 1] = True
    return general


def nothing_tied() -> General:
    """Return the ties of a problem whose units are all packed."""
    none, bits = np.zeros(0, np.int64), np.zeros(0, np.uint8)
    zero = np.zeros(1, np.int64)
    return General(none, zero, none, none, none, zero, none, none, none, bits, zero, zero, zero, none, 0, 0, 0)
