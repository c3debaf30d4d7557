"""Caps lose the windows that cannot bind, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from optimizer.compile.binding import slim
from optimizer.problem.evaluate import evaluate
from optimizer.problem.primitives import UNLIMITED, Counter
from tests.engines.small import random_problem


def test_without_them_the_same_plans_are_legal() -> None:
    dropped = illegal = 0
    for seed in range(60):
        draw = np.random.default_rng(seed)
        problem = random_problem(seed, only=["counter"])
        loose = [_loosened(counter, draw) for counter in problem.counters]
        kept = [slim(counter) for counter in loose]
        dropped += sum(
            c.uses.instances - (0 if k is None else k.uses.instances) for c, k in zip(loose, kept, strict=True)
        )
        before = replace(problem, counters=tuple(loose))
        after = replace(problem, counters=tuple(counter for counter in kept if counter is not None))
        for _ in range(10):
            chosen = np.flatnonzero(draw.random(problem.candidates) < 0.5)
            assert evaluate(before, chosen).ok == evaluate(after, chosen).ok
            illegal += not evaluate(before, chosen).ok
    assert dropped > 20
    assert illegal > 50


def _loosened(counter: Counter, draw: np.random.Generator) -> Counter:
    limit = np.where(draw.random(len(counter.limit)) < 0.5, UNLIMITED, counter.limit)
    return replace(counter, limit=limit)
