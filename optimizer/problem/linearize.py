"""Every primitive as rows and auxiliary columns of a :class:`~optimizer.problem.linear.Linear` form."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from optimizer.problem.linear import Form, Linear
from optimizer.problem.pairs import (
    Pairs,
    bits,
    floor_pairs,
    may_be_negative,
    new_keys,
    pairs_of,
    units_of_groups,
)
from optimizer.problem.primitives import (
    NEEDS,
    SERVES,
    SIDE_A,
    SIDE_B,
    UNLIMITED,
    Conflict,
    Counter,
    DistinctCounter,
    IntArray,
    Prerequisite,
    Rows,
    Shortfall,
    Switch,
)
from optimizer.problem.problem import Problem


def linearize(problem: Problem, least_shortfall: IntArray | None = None) -> Linear:
    """Write the problem as an integer linear programme.

    Parameters
    ----------
    problem : Problem
    least_shortfall : (units,) int array, optional
        For problems with best-effort floors: the least total shortfall that each unit can reach by itself (see
        ``optimizer.engines.exact.effort``). It becomes a limit, so that rows across units cannot lower the effort.

    Raises
    ------
    ValueError
        If there are best-effort floors and ``least_shortfall`` is missing.
    """
    form = Form(problem.candidates)
    for counter in problem.counters:
        _counter(form, problem, counter)
    for distinct in problem.distincts:
        _distinct(form, problem, distinct)
    for conflict in problem.conflicts:
        _conflict(form, problem, conflict)
    for prerequisite in problem.prerequisites:
        _prerequisite(form, problem, prerequisite)
    _floors(form, problem, least_shortfall)
    for block, rows in enumerate(problem.rows):
        _rows(form, problem, rows, block)
    for switch in problem.switches:
        _switch(form, problem, switch)
    return form.finish(problem.value, problem.required)


def _counter(form: Form, problem: Problem, counter: Counter) -> None:
    pairs = pairs_of(problem, counter.uses, counter.partition, counter.measure, every=may_be_negative(counter))
    limit = counter.limits(pairs.group, pairs.instance)
    binding = (limit < UNLIMITED) & (pairs.sums(np.maximum(pairs.weight, 0)) > limit)
    binding |= limit < 0
    pairs, limit = _without_repeats(pairs.keep(binding), limit[binding])
    form.add_rows(counter.rule, pairs.pair, pairs.candidate, pairs.weight, upper=limit, rows=len(pairs))


def _without_repeats(pairs: Pairs, limit: IntArray) -> tuple[Pairs, IntArray]:
    """Drop a pair whose entries equal the previous pair's of its group, keeping the tighter limit.

    Windows that slide over days without candidates repeat their neighbour; other repeats are left to presolve.
    """
    if len(pairs) < 2:
        return pairs, limit
    count = np.diff(pairs.start)
    alike = np.append(False, (pairs.group[1:] == pairs.group[:-1]) & (count[1:] == count[:-1]))
    twins = np.repeat(alike, count)
    mine = np.flatnonzero(twins)
    before = mine - np.repeat(count, count)[mine]
    differs = np.zeros(len(twins), np.int64)
    differs[mine] = (pairs.candidate[mine] != pairs.candidate[before]) | (pairs.weight[mine] != pairs.weight[before])
    alike &= pairs.sums(differs) == 0
    first = np.flatnonzero(~alike)
    return pairs.keep(~alike), np.minimum.reduceat(limit, first)


def _distinct(form: Form, problem: Problem, counter: DistinctCounter) -> None:
    pairs = pairs_of(problem, counter.uses, counter.partition)
    pairs = pairs.keep(counter.limits(pairs.group, pairs.instance) < UNLIMITED)
    token, pair = new_keys(problem, counter, pairs)
    limit = counter.limits(pairs.group, pairs.instance)
    binding = (np.bincount(pair, minlength=len(pairs)) > limit)[pair]
    entry = np.flatnonzero(token >= 0)
    entry = entry[binding[token[entry]]]
    token, candidate = token[entry], pairs.candidate[entry]
    shared = np.bincount(token, minlength=len(pair)) > 1
    column = np.zeros(len(pair), np.int64)
    column[token] = candidate  # a key of one candidate needs no column of its own
    column[shared] = form.add_columns(counter.rule, np.ones(np.count_nonzero(shared)))
    several = shared[token]
    form.add_links(counter.rule, candidate[several], column[token[several]])
    kept, row = np.unique(pair[binding], return_inverse=True)
    form.add_rows(counter.rule, row, column[binding], 1, upper=limit[kept], rows=len(kept))


def _conflict(form: Form, problem: Problem, conflict: Conflict) -> None:
    """Sides A and B of a pair exclude each other; a contact on both sides excludes every other.

    One clique row per pair, ``[A used] + [B used] + Σ both ≤ 1``; a side of one candidate is its own indicator, a
    larger one gets a column. The size stays linear in the candidates.
    """
    pairs = pairs_of(problem, conflict.uses, conflict.partition)
    there, pair, side = bits(conflict.present, pairs.group, pairs.instance), pairs.pair, pairs.weight
    barred = ((side & SIDE_A) > 0) & ((there & SIDE_B) > 0)[pair]
    barred |= ((side & SIDE_B) > 0) & ((there & SIDE_A) > 0)[pair]
    _forbid(form, conflict.rule, pair[barred], pairs.candidate[barred])

    only_a, only_b, both = ((side == bit) & ~barred for bit in (SIDE_A, SIDE_B, SIDE_A | SIDE_B))
    count_a, count_b, count_both = (np.bincount(pair[s], minlength=len(pairs)) for s in (only_a, only_b, both))
    sides = (count_a > 0).astype(np.int64) + (count_b > 0) + count_both
    binding = sides >= 2
    binding &= (count_both > 0) | ((count_a > 0) & (count_b > 0))
    row, column = [pair[both]], [pairs.candidate[both]]
    for members, count in ((only_a, count_a), (only_b, count_b)):
        large = binding & (count > 1)
        switch = np.zeros(len(pairs), np.int64)
        switch[large] = form.add_columns(conflict.rule, np.ones(np.count_nonzero(large)))
        linked, alone = members & large[pair], members & (binding & (count == 1))[pair]
        form.add_links(conflict.rule, pairs.candidate[linked], switch[pair[linked]])
        row += [pair[alone], np.flatnonzero(large)]
        column += [pairs.candidate[alone], switch[large]]
    rows, columns = np.concatenate(row), np.concatenate(column)
    number = np.cumsum(binding) - 1
    inside = binding[rows]
    form.add_rows(conflict.rule, number[rows[inside]], columns[inside], 1, upper=1, rows=int(np.count_nonzero(binding)))


def _forbid(form: Form, rule: str, pair: IntArray, candidate: IntArray) -> None:
    """Add a row per pair that none of its listed candidates may be chosen."""
    listed, row = np.unique(pair, return_inverse=True)
    form.add_rows(rule, row, candidate, 1, upper=0, rows=len(listed))


def _prerequisite(form: Form, problem: Problem, prerequisite: Prerequisite) -> None:
    """Let a contact that needs be chosen only beside *another* one that serves.

    With T = Σ servers: ``x ≤ T`` for one that does not serve itself, ``2 x ≤ T`` for one that does.
    """
    pairs = pairs_of(problem, prerequisite.uses, prerequisite.partition)
    needs = (pairs.weight & NEEDS) > 0
    pairs = pairs.keep((bits(prerequisite.served, pairs.group, pairs.instance) == 0) & (pairs.sums(needs) > 0))
    pair = pairs.pair
    needs, serves = (pairs.weight & NEEDS) > 0, (pairs.weight & SERVES) > 0
    servers = np.bincount(pair[serves], minlength=len(pairs))
    lonely = needs & (servers == 0)[pair]
    _forbid(form, prerequisite.rule, pair[lonely], pairs.candidate[lonely])

    open_pair = servers > 0
    total = np.zeros(len(pairs), np.int64)
    total[open_pair] = form.add_columns(prerequisite.rule, servers[open_pair])
    number = np.cumsum(open_pair) - 1
    form.add_rows(
        prerequisite.rule,
        np.concatenate([number[pair[serves]], number[open_pair]]),
        np.concatenate([pairs.candidate[serves], total[open_pair]]),
        np.concatenate([np.ones(np.count_nonzero(serves), np.int64), np.full(np.count_nonzero(open_pair), -1)]),
        lower=0,
        upper=0,
        rows=int(np.count_nonzero(open_pair)),
    )
    asking = np.flatnonzero(needs & open_pair[pair])
    row = np.arange(len(asking), dtype=np.int64)
    form.add_rows(
        prerequisite.rule,
        np.concatenate([row, row]),
        np.concatenate([pairs.candidate[asking], total[pair[asking]]]),
        np.concatenate([1 + serves[asking], np.full(len(asking), -1)]),
        upper=0,
        rows=len(asking),
    )


def _floors(form: Form, problem: Problem, least_shortfall: IntArray | None) -> None:
    lacking: list[tuple[str, IntArray, IntArray]] = []
    for floor in problem.floors:
        pairs, need = floor_pairs(problem, floor)
        row, column, weight = pairs.pair, pairs.candidate, pairs.weight
        adding = weight > 0
        if floor.key is not None:
            token, pair = new_keys(problem, floor, pairs)
            adding = token >= 0
            row, column = pair, _key_columns(form, floor.rule, token[adding], pairs.candidate[adding], len(pair))
            weight = np.ones(len(row), np.int64)
        lower, extra = need, np.arange(len(pairs), dtype=np.int64)
        if floor.reaction in (Shortfall.PENALTY, Shortfall.BEST_EFFORT):
            worst = need - pairs.sums(np.minimum(pairs.weight, 0))
            for missing, quanta in form.add_violations(floor.rule, worst, floor.penalty or Fraction(0)):
                row, column = np.concatenate([row, extra]), np.concatenate([column, missing])
                weight = np.concatenate([weight, np.full(len(pairs), quanta)])
                if floor.reaction is Shortfall.BEST_EFFORT:
                    lacking.append((floor.rule, missing, units_of_groups(problem, floor.partition)[pairs.group]))
        elif floor.reaction is Shortfall.ALL_OR_NOTHING:
            used = form.add_columns(floor.rule, np.ones(len(pairs)))
            form.add_links(floor.rule, pairs.candidate[adding], used[pairs.pair[adding]])
            row, column = np.concatenate([row, extra]), np.concatenate([column, used])
            weight, lower = np.concatenate([weight, -need]), np.zeros(len(pairs), np.int64)
        form.add_rows(floor.rule, row, column, weight, lower=lower, rows=len(pairs))
    if lacking:
        if least_shortfall is None:
            raise ValueError("best-effort floors need least_shortfall")
        unit = np.concatenate([u for _, _, u in lacking])
        listed, row = np.unique(unit, return_inverse=True)
        column = np.concatenate([c for _, c, _ in lacking])
        form.add_rows(lacking[0][0], row, column, 1, upper=least_shortfall[listed], rows=len(listed))


def _key_columns(form: Form, rule: str, token: IntArray, candidate: IntArray, tokens: int) -> IntArray:
    """Return the column of each key token: its only candidate, or one that needs one of several. Shape (tokens,)."""
    column = np.zeros(tokens, np.int64)
    column[token] = candidate
    shared = np.bincount(token, minlength=tokens) > 1
    column[shared] = form.add_columns(rule, np.ones(np.count_nonzero(shared)))
    several, keys = shared[token], np.flatnonzero(shared)
    form.add_rows(
        rule,
        np.searchsorted(keys, np.concatenate([token[several], keys])),
        np.concatenate([candidate[several], column[keys]]),
        np.concatenate([np.full(np.count_nonzero(several), -1), np.ones(len(keys), np.int64)]),
        upper=0,
        rows=len(keys),
    )
    return column


def _rows(form: Form, problem: Problem, rows: Rows, block: int) -> None:
    pairs = pairs_of(problem, rows.uses, rows.partition, rows.measure, every=True)
    place = pairs.instance * problem.groups(rows.partition) + pairs.group
    lower, upper = np.asarray(rows.lower, np.int64)[place], np.asarray(rows.upper, np.int64)[place]
    least, most = pairs.sums(np.minimum(pairs.weight, 0)), pairs.sums(np.maximum(pairs.weight, 0))
    over, under = (upper < UNLIMITED) & (most > upper), (lower > -UNLIMITED) & (least < lower)
    binding = over | under
    pairs, place, lower, upper = pairs.keep(binding), place[binding], lower[binding], upper[binding]
    row, column, weight = [pairs.pair], [pairs.candidate], [pairs.weight]
    if rows.penalty is not None:
        over, under, most, least = over[binding], under[binding], most[binding], least[binding]
        for broken, reach, sign in ((over, most - upper, -1), (under, lower - least, 1)):
            for off, quanta in form.add_violations(rows.rule, reach[broken], rows.penalty):
                row.append(np.flatnonzero(broken))
                column.append(off)
                weight.append(np.full(len(off), sign * quanta))
    form.add_rows(
        rows.rule,
        np.concatenate(row),
        np.concatenate(column),
        np.concatenate(weight),
        lower=lower,
        upper=upper,
        rows=len(pairs),
        block=block,
        block_row=place,
    )


def _switch(form: Form, problem: Problem, switch: Switch) -> None:
    pairs = pairs_of(problem, switch.uses, switch.partition, switch.measure)
    used = form.add_columns(switch.rule, np.ones(len(pairs)))
    counting = pairs.weight > 0
    form.add_links(switch.rule, pairs.candidate[counting], used[pairs.pair[counting]])
    if switch.lot is not None:
        cell = np.arange(len(pairs), dtype=np.int64)
        form.add_rows(
            switch.rule,
            np.concatenate([pairs.pair, cell]),
            np.concatenate([pairs.candidate, used]),
            np.concatenate([pairs.weight, np.full(len(pairs), -switch.lot)]),
            lower=0,
            rows=len(pairs),
        )
    if switch.most is not None and len(pairs) > switch.most:
        form.add_rows(switch.rule, np.zeros(len(pairs), np.int64), used, 1, upper=switch.most, rows=1)
