"""The families that are timed: each name makes a problem of so many customers."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.problems import weekly, wide
from optimizer.problem.problem import Problem


def multiple_choice(customers: int, items: int, knapsacks: int) -> Problem:
    """Make an instance of the classical sizes."""
    return generated("multiple-choice", items=items, knapsacks=knapsacks)(customers, 0)


def generated(family: str, **options: int) -> Callable[[int, int], Problem]:
    """Return a maker of instances of a synthetic family with some options, written, read and compiled."""

    def make(customers: int, seed: int) -> Problem:
        from optimizer.scenario import Scenario
        from optimizer.solve import build
        from optimizer.synthetic.registry import generate

        with tempfile.TemporaryDirectory() as folder:
            made = generate(family, customers=customers, out=Path(folder) / family, seed=seed, **options)
            return build(Scenario.load(made.scenario)).problem

    return make


def equal_scores(customers: int, seed: int) -> Problem:
    """Make a weekly instance in which every contact is worth the same: as many as possible are wanted."""
    problem = weekly(customers, seed)
    return replace(problem, value=np.ones(problem.candidates, np.int64))


def offer_scores(customers: int, seed: int) -> Problem:
    """Make a weekly instance in which each kind of contact has one value, whoever gets it."""
    problem = weekly(customers, seed)
    worth = np.random.default_rng(seed).integers(5_000, 15_000, problem.kinds)
    return replace(problem, value=worth[problem.kind])


FAMILIES: dict[str, Callable[[int, int], Problem]] = {
    "weekly-arrays": lambda customers, seed: weekly(customers, seed),
    "equal-scores": equal_scores,
    "offer-scores": offer_scores,
    "wide-500": lambda units, seed: wide(units, 1, 500, seed),
    "wide-2000": lambda units, seed: wide(units, 1, 2_000, seed),
    "wide-households": lambda units, seed: wide(units, 6, 83, seed),
    "many-rows": generated("many-rows", branches=4_000),
    **{name: generated(name) for name in ("weekly", "floors", "household", "direct-marketing", "multiple-choice")},
}
