"""The kernels of packed units, held against every set of contacts there is."""

from itertools import combinations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.engines.decomposition.compiled import Units
from optimizer.problem.primitives import SIDE_A, SIDE_B, Conflict, Counter, Incidence, Overrides, Partition
from optimizer.problem.problem import Problem

KINDS, CAP, REACH = 10, 3, 2**60


def crowded(seed, units, each, largest, alike=0.0):
    """Draw units of so many candidates, under a cap of three, two caps over parts of the kinds, and a conflict.

    A share of them are ``alike``: worth more than the others, but of a kind of which a unit may have only one.
    """
    draw = np.random.default_rng(seed)
    same = draw.random(units * each) < alike
    every = np.arange(KINDS)

    def uses(instance, instances, weight=1):
        return Incidence.of(every, instance, weight, kinds=KINDS, instances=instances)

    sides = Incidence.of([0, 1], [0, 0], [SIDE_A, SIDE_B], kinds=KINDS, instances=1)
    return Problem(
        customer_start=np.arange(units + 1) * each,
        unit_customer=np.arange(units + 1),
        kind=np.where(same, 2, draw.integers(0, KINDS, units * each)),
        value=draw.integers(-largest // 4, largest + 1, units * each) + largest * same,
        value_decimals=0,
        kinds=KINDS,
        most_contacts=CAP * units,
        partitions=(Partition("customer", np.arange(units), units),),
        counters=(
            Counter("cap", 0, uses(np.zeros(KINDS), 1), np.array([CAP])),
            Counter("parts", 0, uses(every % 2, 2, 1 + every % 3), np.array([3, 2])),
        ),
        conflicts=(Conflict("apart", 0, sides),),
    )


def legal_sets(problem, unit):
    """Return each legal set of a unit's candidates (as places), and its value."""
    mine = slice(problem.customer_start[unit], problem.customer_start[unit + 1])
    kind, value = problem.kind[mine].tolist(), problem.value[mine].tolist()
    found = {}
    for size in range(CAP + 1):
        for places in combinations(range(len(kind)), size):
            kinds = [kind[place] for place in places]
            weight = [sum(1 + k % 3 for k in kinds if k % 2 == part) for part in (0, 1)]
            if weight[0] <= 3 and weight[1] <= 2 and not {0, 1} <= set(kinds):
                found[frozenset(places)] = sum(value[place] for place in places)
    return found


problems = st.builds(
    crowded,
    seed=st.integers(0, 2**32 - 1),
    units=st.integers(1, 3),
    each=st.integers(1, 22),
    largest=st.sampled_from([2, 10, 1_000]),
    alike=st.sampled_from([0.0, 0.8]),
)


@settings(max_examples=60, deadline=None)
@given(problem=problems)
def test_a_pass_chooses_a_best_set_of_every_unit(problem):
    mark = np.zeros(problem.candidates, np.uint8)
    units = Units(problem)
    prices = units.prices()
    found = units.solve(prices, mark=mark)
    best = 0
    for unit in range(problem.units):
        sets = legal_sets(problem, unit)
        first, last = problem.customer_start[unit : unit + 2]
        assert sets[frozenset(np.flatnonzero(mark[first:last]).tolist())] == max(sets.values())
        best += max(sets.values())
    assert found.optima == best << prices.shift
    assert found.cut == 0
    assert found.kinds_used.tolist() == np.bincount(problem.kind[mark == 1], minlength=KINDS).tolist()


@settings(max_examples=40, deadline=None)
@given(problem=problems)
def test_the_least_loss_is_that_of_the_best_set_with_one_candidate_forced(problem):
    units = Units(problem)
    prices = units.prices()
    mark = np.zeros(problem.candidates, np.uint8)
    units.solve(prices, mark=mark)
    loss, _ = units.crew(prices).losses(np.arange(problem.units), 5_000, 5_000, REACH)
    for unit in range(problem.units):
        sets, (first, last) = legal_sets(problem, unit), problem.customer_start[unit : unit + 2]
        other = [
            max((v for chosen, v in sets.items() if (place in chosen) != mark[first + place]), default=None)
            for place in range(last - first)
        ]
        least = min((max(sets.values()) - value for value in other if value is not None), default=None)
        assert loss[unit] == (REACH + 1 if least is None else least << prices.shift)


@settings(max_examples=40, deadline=None)
@given(problem=problems, most=st.integers(1, 8))
def test_good_answers_are_legal_different_and_lose_what_they_say(problem, most):
    units = Units(problem)
    prices = units.prices()
    found = units.crew(prices).answers(np.arange(problem.units), most, 5_000, 5_000, REACH)
    for unit in range(problem.units):
        sets, seen = legal_sets(problem, unit), []
        for answer in range(most):
            if found.regret[unit, answer] >= 0:
                chosen = frozenset(found.contact[unit, answer, : found.size[unit, answer]].tolist())
                assert (max(sets.values()) - sets[chosen]) << prices.shift == found.regret[unit, answer]
                seen.append(chosen)
        assert len(seen) == len(set(seen)) >= 1
        assert found.regret[unit, 0] == 0


WINDOWS, CUSTOMERS = 14, 6


def many_windows(seed):
    """Draw two conflicts of more windows than kinds; the second reaches half of the customers, history some windows."""
    draw = np.random.default_rng(seed)
    sides = draw.choice([0, SIDE_A, SIDE_B, SIDE_A | SIDE_B], (2, KINDS, WINDOWS), p=[0.8, 0.08, 0.08, 0.04])
    groups = np.arange(CUSTOMERS), np.where(np.arange(CUSTOMERS) % 2, -1, np.arange(CUSTOMERS) // 2)
    there = [draw.choice([0, SIDE_A, SIDE_B], (int(of.max()) + 1, WINDOWS), p=[0.9, 0.05, 0.05]) for of in groups]
    conflicts = []
    for part, present in enumerate(there):
        kind, window = np.nonzero(sides[part])
        uses = Incidence.of(kind, window, sides[part][kind, window], kinds=KINDS, instances=WINDOWS)
        group, known = np.nonzero(present)
        start = np.searchsorted(group, np.arange(len(present) + 1))
        conflicts.append(Conflict(f"apart-{part}", part, uses, Overrides(start, known, present[group, known])))
    problem = Problem(
        customer_start=np.arange(CUSTOMERS + 1) * KINDS,
        unit_customer=np.arange(CUSTOMERS + 1),
        kind=np.tile(np.arange(KINDS), CUSTOMERS),
        value=draw.integers(1, 50, CUSTOMERS * KINDS),
        value_decimals=0,
        kinds=KINDS,
        most_contacts=CUSTOMERS * KINDS,
        partitions=tuple(Partition(f"of-{part}", of, int(of.max()) + 1) for part, of in enumerate(groups)),
        conflicts=tuple(conflicts),
    )
    return problem, sides, there, groups


def clashes(one, other):
    return bool(np.any((one & SIDE_A > 0) & (other & SIDE_B > 0) | (one & SIDE_B > 0) & (other & SIDE_A > 0)))


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_conflicts_of_more_windows_than_kinds_bar_what_they_say(seed):
    problem, sides, there, groups = many_windows(seed)
    units = Units(problem)
    assert len(units.rules.general.kind) == 0
    prices = units.prices()
    best = 0
    for customer in range(CUSTOMERS):
        mine = [(part, of[customer]) for part, of in enumerate(groups) if of[customer] >= 0]
        value = problem.value[customer * KINDS : (customer + 1) * KINDS].tolist()
        free = [
            kind
            for kind in range(KINDS)
            if not any(clashes(sides[part, kind], there[part][group]) for part, group in mine)
        ]
        apart = {
            pair
            for pair in combinations(range(KINDS), 2)
            if any(clashes(sides[part, pair[0]], sides[part, pair[1]]) for part, _ in mine)
        }
        best += max(
            sum(value[kind] for kind in chosen)
            for size in range(len(free) + 1)
            for chosen in combinations(free, size)
            if apart.isdisjoint(combinations(chosen, 2))
        )
    assert units.solve(prices).optima == best << prices.shift


def test_threads_and_the_order_of_units_change_nothing():
    problem = crowded(5, 20_000, 20, 1_000)
    alone, together = Units(problem), Units(problem, threads=2)
    backwards = np.arange(problem.units)[::-1].copy()
    marks = [np.zeros(problem.candidates, np.uint8) for _ in range(2)]
    one = alone.solve(mark=marks[0])
    two = together.solve(units=backwards, mark=marks[1])
    assert (one.optima, one.cut, one.kinds_used.tolist()) == (two.optima, two.cut, two.kinds_used.tolist())
    assert np.array_equal(*marks)
