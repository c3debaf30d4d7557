"""What may be taken out of a plan, against the plain question: does the plan without it break anything?"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from optimizer.problem.evaluate import evaluate
from optimizer.problem.primitives import Shortfall
from optimizer.problem.removals import removable
from tests.engines.brute import brute_force
from tests.engines.small import random_problem

RULES = ("counter", "prerequisite", "rows", "switch", "pin")
HARD = (Shortfall.REQUIRED, Shortfall.ALL_OR_NOTHING)


def test_a_contact_may_go_where_the_plan_without_it_breaks_nothing():
    asked, kept, keyed = 0, 0, 0
    for seed in range(400):
        draw = np.random.default_rng(seed)
        problem = random_problem(seed, only=["floor", *(rule for rule in RULES if draw.random() < 0.3)], candidates=10)
        problem = replace(problem, floors=tuple(floor for floor in problem.floors if floor.reaction in HARD))
        truth = brute_force(problem)
        legal = np.flatnonzero(truth.legal)
        for code in draw.choice(legal, size=min(20, len(legal)), replace=False):
            chosen = np.flatnonzero(truth.plans[code])
            may_go = [evaluate(problem, np.delete(chosen, i)).ok for i in range(len(chosen))]
            assert removable(problem, chosen).tolist() == may_go, seed
            asked, kept = asked + len(may_go), kept + may_go.count(False)
            keyed += any(floor.key is not None for floor in problem.floors) and not all(may_go)
    assert asked > 1000
    assert kept > 100
    assert keyed > 20
