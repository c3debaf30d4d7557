"""Refusals, against the plain question: does the plan with this candidate in it break the rule?"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from optimizer.problem.evaluate import evaluate
from optimizer.problem.margins import margins
from optimizer.problem.primitives import Shortfall
from optimizer.problem.refusals import refusals
from tests.engines.small import random_problem

RULES = ("counter", "knapsack", "distinct", "conflict", "prerequisite", "floor", "rows")


def legal_plan(problem, draw):
    """Take candidates in a random order, whatever breaks nothing inside units."""
    chosen = np.zeros(0, np.int64)
    for candidate in draw.permutation(problem.candidates):
        more = np.sort(np.append(chosen, candidate))
        if not broken(problem, more):
            chosen = more
    return chosen


def broken(problem, chosen):
    rows = {block.rule for block in problem.rows}
    return {v.rule for v in evaluate(problem, chosen).violations} - rows


def margin(problem, prices, candidate):
    paid = 0.0
    for block in problem.rows:
        group = problem.group(block.partition)[candidate]
        groups = problem.groups(block.partition)
        for entry in range(block.uses.start[problem.kind[candidate]], block.uses.start[problem.kind[candidate] + 1]):
            amount = 1 if block.measure is None else problem.measures[block.measure].amount[candidate]
            if group >= 0:
                row = block.uses.instance[entry] * groups + group
                paid += prices[block.name][row] * block.uses.weight[entry] * amount
    return problem.value[candidate] - paid


def test_a_refused_candidate_is_one_that_would_break_the_rule():
    refused = 0
    for seed in range(150):
        draw = np.random.default_rng(seed)
        problem = random_problem(seed, only=[rule for rule in RULES if draw.random() < 0.6])
        floors = tuple(floor for floor in problem.floors if floor.reaction is Shortfall.ALL_OR_NOTHING)
        problem = replace(problem, floors=floors)  # the others are short of nothing more for one more contact
        chosen = legal_plan(problem, draw)
        found = refusals(problem, draw.permutation(chosen))
        for candidate in np.setdiff1d(np.arange(problem.candidates), chosen):
            rules = {rule for rule, mask in found.items() if mask[candidate]}
            assert rules == broken(problem, np.sort(np.append(chosen, candidate))), seed
            refused += len(rules)
    assert refused > 100


def test_a_margin_is_the_value_less_what_rows_charge():
    charged = 0
    for seed in range(60):
        draw = np.random.default_rng(seed)
        problem = random_problem(seed, only=["rows", "soft"])
        prices = {block.name: draw.integers(-2, 3, block.size) / 4 for block in problem.rows}
        expected = [margin(problem, prices, candidate) for candidate in range(problem.candidates)]
        assert margins(problem, prices).tolist() == expected, seed
        charged += np.count_nonzero(expected != problem.value)
    assert charged > 100
