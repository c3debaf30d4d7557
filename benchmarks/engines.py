"""The engines and solvers that are timed: each takes a problem and a gap, and says what it found."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from benchmarks.peers import SOLVERS, apart
from benchmarks.timed import Timed
from optimizer.engines import choose, make_engine
from optimizer.engines.decomposition.compiled import Units
from optimizer.errors import OptimizerError
from optimizer.problem.problem import Problem
from optimizer.problem.solution import Request, Solution


def engine(name: str) -> Callable[[Problem, float, float, int], Timed]:
    """Return a timer of one of the package's engines."""

    def run(problem: Problem, gap: float, limit: float, threads: int) -> Timed:
        wall, processor = time.perf_counter(), time.process_time()
        request = Request(gap=gap, threads=threads, deadline=time.monotonic() + limit)
        try:
            found: Solution | None = choose(problem, name)[0].solve(problem, request)
            note = found.detail if found is not None else ""
        except OptimizerError as error:
            found, note = None, str(error).splitlines()[0]
        wall, processor = time.perf_counter() - wall, time.process_time() - processor
        if found is None:
            return Timed(wall, processor, None, None, note)
        distance = None if found.bound is None else (found.bound - found.objective) / max(abs(found.objective), 1)
        unit = 10.0**-problem.value_decimals
        bound = None if found.bound is None else found.bound * unit
        return Timed(wall, processor, found.objective * unit, distance, note, bound)

    return run


def unit_pass(problem: Problem, gap: float, limit: float, threads: int) -> Timed:
    """Time one pass: all margins and all exact unit optima, at the prices of a quick solve."""
    solution = make_engine("decomposition").solve(problem, Request(gap=1e-2, threads=threads))
    units = Units(problem, threads=threads)
    prices = units.prices(units.table.join(solution.prices or {}))
    times = []
    for _ in range(5):
        wall, processor = time.perf_counter(), time.process_time()
        units.solve(prices)
        times.append((time.perf_counter() - wall, time.process_time() - processor))
    wall, processor = (float(np.median([t[i] for t in times])) for i in range(2))
    return Timed(wall, processor, None, None, f"{problem.candidates / wall:.2e} candidates a second")


ENGINES: dict[str, Callable[[Problem, float, float, int], Timed]] = {
    "auto": engine("auto"),
    "decomposition": engine("decomposition"),
    "exact": engine("exact"),
    "greedy": engine("greedy"),
    "greedy:value_per_cost": engine("greedy:value_per_cost"),
    "pulp": engine("pulp"),
    "pass": unit_pass,
    **{name: apart(name) for name in SOLVERS},
}
