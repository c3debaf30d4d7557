"""Solvers on the same problem, each in a process of its own with a hard limit of time and of memory.

Presolve has been seen to run far past a solver's own time limit. HiGHS, CP-SAT, SCIP and PDLP run through OR-Tools'
MathOpt on the linear form that ``contactopt export`` writes. PDLP solves the relaxation alone: it has a bound, no plan.
"""

from __future__ import annotations

import json
import math
import pickle
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.timed import Timed
from optimizer.engines.exact.math_opt import build, limits, objective_unit, run
from optimizer.engines.exact.worker import limit_memory
from optimizer.problem.linearize import linearize
from optimizer.problem.problem import Problem

SOLVERS = {"highs": "HIGHS", "cp-sat": "CP_SAT", "scip": "GSCIP", "pdlp": "PDLP"}
GRACE = 30.0
"""Seconds for reading and building, beyond the limit of the search."""
MEMORY = 8_000_000_000
"""Bytes of data of one process at most."""


def apart(name: str, memory: int = MEMORY) -> Callable[[Problem, float, float, int], Timed]:
    """Return a timer of one of :data:`SOLVERS`, or of the package's engines, in a process of its own.

    Parameters
    ----------
    memory : int
        Bytes of data that the process may allocate.
    """

    def timed(problem: Problem, gap: float, limit: float, threads: int) -> Timed:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "problem"
            file.write_bytes(pickle.dumps(problem))
            command = [sys.executable, "-m", "benchmarks.peers", name, str(file)]
            command += [str(number) for number in (gap, limit, threads, memory)]
            try:
                done = subprocess.run(command, capture_output=True, timeout=limit + GRACE, check=False)
            except subprocess.TimeoutExpired:
                return Timed(limit + GRACE, 0.0, None, None, "ended at the hard limit")
        if done.returncode:
            return Timed(math.nan, 0.0, None, None, done.stderr.decode().strip().rpartition("\n")[2][:60])
        return Timed(**json.loads(done.stdout.decode().rpartition("\n")[2]))

    return timed


def search(problem: Problem, name: str, gap: float, limit: float, threads: int) -> Timed:
    """Run a solver here and now."""
    wall, processor = time.perf_counter(), time.process_time()
    linear = linearize(problem)
    parameters = limits(limit)
    if SOLVERS[name] not in ("GSCIP", "HIGHS"):  # these two refuse, or do better alone
        parameters.threads = threads
    parameters.relative_gap_tolerance = gap
    if name == "pdlp":
        parameters.ClearField("random_seed")  # it has none, and refuses
    result = run(build(linear, whole=name != "pdlp"), SOLVERS[name], parameters)
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    bounds = result.termination.objective_bounds
    quanta = objective_unit(linear) / linear.scale
    unit = quanta * 10.0**-problem.value_decimals
    plan = bool(result.solutions) and name != "pdlp"
    objective = bounds.primal_bound * unit if plan else None
    distance = (bounds.dual_bound - bounds.primal_bound) / max(abs(bounds.primal_bound), 1e-9) if plan else None
    if not math.isfinite(bounds.primal_bound):
        objective = distance = None
    bound = bounds.dual_bound * unit if math.isfinite(bounds.dual_bound) else None
    return Timed(wall, processor, objective, distance, "" if plan else "no plan", bound)


def _own(problem: Problem, name: str, gap: float, limit: float, threads: int) -> Timed:
    """Run one of the package's engines here and now, its kernels warm."""
    from benchmarks.engines import ENGINES
    from benchmarks.problems import weekly

    ENGINES[name](weekly(200), 1e-3, limit, threads)
    return ENGINES[name](problem, gap, limit, threads)


if __name__ == "__main__":
    solver, path, *numbers = sys.argv[1:]
    asked, most, cores, room = float(numbers[0]), float(numbers[1]), int(numbers[2]), int(numbers[3])
    limit_memory(room)
    instance = pickle.loads(Path(path).read_bytes())
    found = (search if solver in SOLVERS else _own)(instance, solver, asked, most, cores)
    sys.stdout.write("\n" + json.dumps(found._asdict()))
