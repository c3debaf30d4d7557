"""The families that are timed: each name makes a problem of so many customers."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks.problems import weekly
from optimizer.problem.problem import Problem


def generated(family: str) -> Callable[[int, int], Problem]:
    """Return a maker of instances of a synthetic family, written, read and compiled."""

    def make(customers: int, seed: int) -> Problem:
        from optimizer.scenario import Scenario
        from optimizer.solve import build
        from optimizer.synthetic.registry import generate

        with tempfile.TemporaryDirectory() as folder:
            made = generate(family, customers=customers, out=Path(folder) / family, seed=seed)
            return build(Scenario.load(made.scenario)).problem

    return make


FAMILIES: dict[str, Callable[[int, int], Problem]] = {
    "weekly-arrays": lambda customers, seed: weekly(customers, seed),
    **{
        name: generated(name)
        for name in ("weekly", "floors", "household", "many-rows", "direct-marketing", "multiple-choice")
    },
}
