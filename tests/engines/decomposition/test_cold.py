"""A limit is kept on a machine that has not compiled the kernels."""

import json
import os
import subprocess
import sys
from pathlib import Path

COLD = """
import json, time
from optimizer.engines.registry import make_engine
from optimizer.problem.solution import Request
from tests.engines.weekly import weekly_problem
problem, told = weekly_problem(300), []
began = time.monotonic()
found = make_engine("decomposition").solve(
    problem, Request(deadline=began + 3, report=lambda progress: told.append(progress.step))
)
print(json.dumps([time.monotonic() - began, found.engine, found.limit.value, found.bound, len(found.chosen), told]))
"""


def test_a_limit_before_the_kernels_are_compiled_returns_the_greedy_plan_in_time_and_says_why(tmp_path: Path) -> None:
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    answer = subprocess.run(
        [sys.executable, "-c", COLD], env=environment, capture_output=True, text=True, timeout=120, check=True
    )
    seconds, engine, limit, bound, chosen, told = json.loads(answer.stdout)
    assert (engine, limit, bound) == ("greedy", "time", None)
    assert chosen > 0
    assert told == ["compile the kernels, once on this machine"]
    assert seconds < 10, "compiling takes more than 15 seconds of one core"
