"""Looked at by ranges of units, candidates get the verdicts that they get when all are looked at together."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest

from optimizer.plan import tally
from optimizer.plan.insight import KEPT, cheapest, least_of_each
from optimizer.plan.tally import Tally
from optimizer.problem.evaluate import evaluate
from optimizer.problem.margins import margins
from optimizer.problem.refusals import refusals
from optimizer.problem.units import part_of, parts
from optimizer.problem.usage import counts_by_kind, entries, row_refusals
from optimizer.problem.verdicts import Judge
from tests.engines.small import PRIMITIVES, random_problem


def drawn(seed, candidates=30):
    """Draw a problem, a plan that may break anything, and prices."""
    draw = np.random.default_rng(seed)
    problem = random_problem(seed, only=[name for name in PRIMITIVES if draw.random() < 0.7], candidates=candidates)
    prices = {block.name: draw.integers(-2, 3, block.size) / 4 for block in problem.rows}
    return problem, np.flatnonzero(draw.random(problem.candidates) < 0.3), prices


def joined(masks, name, sizes):
    return np.concatenate([mask.get(name, np.zeros(size, bool)) for mask, size in zip(masks, sizes, strict=True)])


def test_ranges_of_units_are_judged_as_the_whole_is():
    refused = 0
    for seed in range(80):
        problem, chosen, prices = drawn(seed)
        judge = Judge(problem, chosen, prices)
        found = [judge.verdict(part) for part in parts(problem, 4)]
        sizes = [len(one.inside) for one in found]
        assert np.concatenate([one.margin for one in found]).tolist() == margins(problem, prices).tolist()
        for mine, whole in (
            ([one.policies for one in found], refusals(problem, chosen)),
            ([one.limits for one in found], row_refusals(problem, chosen)),
        ):
            for name, mask in whole.items():
                mask[chosen] = False
                assert joined(mine, name, sizes).tolist() == mask.tolist(), (seed, name)
                refused += int(mask.sum())
    assert refused > 300


@pytest.mark.parametrize("every", [1, 2])
def test_a_part_breaks_what_its_units_break_in_the_whole(every):
    broken = 0
    for seed in range(80):
        problem, chosen, _ = drawn(seed)
        inside = {primitive.rule for primitive in problem.unit_primitives}
        units = np.arange(0, problem.units, every)
        part = part_of(problem, units)
        rest = np.setdiff1d(chosen, part.candidates)
        mine = np.flatnonzero(np.isin(part.candidates, chosen))

        def violations(of, plan, inside=inside):
            return [(v.rule, v.used, v.limit) for v in evaluate(of, plan).violations if v.rule in inside]

        other = part_of(problem, np.setdiff1d(np.arange(problem.units), units))
        whole = violations(problem, chosen)
        both = violations(part.problem, mine) + violations(
            other.problem, np.flatnonzero(np.isin(other.candidates, rest))
        )
        assert sorted(both) == sorted(whole), seed
        broken += len(whole)
    assert broken > 100


def test_parts_lie_beside_each_other_and_hold_everything():
    for seed in range(20):
        problem, _, _ = drawn(seed)
        found = list(parts(problem, 5))
        assert [one.units.start for one in found][1:] == [one.units.stop for one in found][:-1]
        assert found[0].candidates.start == 0
        assert found[-1].candidates.stop == problem.candidates


def test_neither_the_size_of_the_ranges_nor_a_thread_beside_changes_a_count():
    for seed in range(40):
        problem, chosen, prices = drawn(seed)
        offer = np.arange(problem.kinds) % 3
        one = Tally(problem, prices, offer).count(chosen, size=3)
        with Tally(problem, prices, offer).counting(chosen, beside=bool(seed % 2)) as counted:
            other = counted()
        assert one.eligible.sum() == problem.candidates
        assert (one.chosen + one.refused + one.full <= one.eligible).all()
        for name in ("eligible", "chosen", "refused", "full", "beaten"):
            assert getattr(one, name).tolist() == getattr(other, name).tolist(), (seed, name)
        for name in ("policies", "limits"):
            counts = [{rule: of.tolist() for rule, of in getattr(t, name).items() if of.any()} for t in (one, other)]
            assert counts[0] == counts[1], (seed, name)
        assert {r: n for r, n in one.hindered.items() if n} == {r: n for r, n in other.hindered.items() if n}
        for name in ("fall", "rise"):
            assert [a.tolist() for a in getattr(one, name)] == [a.tolist() for a in getattr(other, name)]


def test_who_leaves_a_count_early_does_not_wait_for_it(monkeypatch):
    problem, chosen, prices = drawn(0)
    looked = threading.Event()
    monkeypatch.setattr(tally, "parts", lambda whole, size: list(parts(whole, size)) * 100)
    monkeypatch.setattr(Tally, "_add", lambda counts, verdict: looked.set() or time.sleep(0.1))
    counts = Tally(problem, prices, np.zeros(problem.kinds, np.int64))

    def leave():
        with counts.counting(chosen, beside=True, size=1):
            assert looked.wait(10)
            raise KeyboardInterrupt

    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        leave()
    assert time.monotonic() - began < 2


def test_the_cheapest_contacts_of_a_row_are_found_among_those_of_its_kinds():
    left_out = 0
    for seed in range(40):
        problem, chosen, _ = drawn(seed, candidates=400)
        rules = {block.rule for block in problem.blocks}
        expected = [np.zeros(0, np.int64)]
        for block in problem.blocks:
            for who, row, amount in entries(problem, block, chosen):
                value = problem.value[chosen[who]]
                for order in (value, value / np.maximum(amount, 1)):
                    for one in np.unique(row):
                        mine = np.flatnonzero(row == one)
                        least = mine[np.argsort(order[mine], kind="stable")[:KEPT]]
                        expected.append(chosen[who[least]])
        assert cheapest(problem, chosen, rules).tolist() == np.unique(np.concatenate(expected)).tolist()
        left_out += len(chosen) > len(cheapest(problem, chosen, rules)) > 0 and any(map(counts_by_kind, problem.blocks))
    assert left_out > 5


def test_the_least_of_each_row_are_found_without_sorting_the_others():
    draw = np.random.default_rng(0)
    for rows, n in ((1, 5), (3, 2_000), (40, 30_000)):
        row, order = draw.integers(0, rows, n), draw.integers(0, 500, n)
        found = least_of_each(row, order, rows)
        for r in range(rows):
            mine = np.flatnonzero(row == r)
            assert found[row[found] == r].tolist() == mine[np.argsort(order[mine], kind="stable")][:KEPT].tolist()
