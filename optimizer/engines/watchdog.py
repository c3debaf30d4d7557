"""An engine that hangs is left behind: neither a time limit nor Ctrl-C may depend on its good will.

It works in a thread of its own, beside which the caller keeps the clock and hears signals. A thread cannot be ended
from outside: one that is left behind is asked to stop, and goes with its process. A call into a library that keeps the
interpreter to itself cannot be watched so; large problems are given to solvers in child processes, which are killed.
"""

from __future__ import annotations

import math
from dataclasses import replace
from threading import Event, Thread

from optimizer.engines.protocol import Engine
from optimizer.errors import NoPlanError
from optimizer.problem.problem import Problem
from optimizer.problem.solution import Request, Solution

_left: list[Thread] = []


def leave(thread: Thread) -> None:
    """Note that a thread may go on working although nobody waits for it."""
    _left.append(thread)


def anyone_left() -> bool:
    """Whether a thread that was left behind is still at work: then this process must not end as others do."""
    return any(thread.is_alive() for thread in _left)


def watched(engine: Engine, problem: Problem, request: Request, grace: float) -> Solution:
    """Let an engine solve a problem, and wait no longer than its deadline and a grace.

    Parameters
    ----------
    grace : float
        Seconds after the deadline.

    Raises
    ------
    NoPlanError
        The engine did not stop.
    OptimizerError
        Whatever the engine raises.
    """
    done, given_up = Event(), Event()
    found: list[Solution] = []
    failed: list[BaseException] = []

    def work() -> None:
        try:
            found.append(engine.solve(problem, asked))
        except BaseException as error:
            failed.append(error)
        finally:
            done.set()

    asked = replace(request, stopped=lambda: given_up.is_set() or request.stopped())
    thread = Thread(target=work, name=engine.name, daemon=True)
    thread.start()
    try:
        returned = done.wait(request.seconds_left() + grace if math.isfinite(request.deadline) else None)
    except BaseException:  # Ctrl-C, for one
        given_up.set()
        leave(thread)
        raise
    if not returned:
        given_up.set()
        leave(thread)
        raise NoPlanError(
            f"the {engine.name} engine did not stop when its time was over, and was left behind",
            where="solve.engine",
            fix="report this: it is a defect of contactopt; another engine may find a plan (solve.engine)",
        )
    if failed:
        raise failed[0]
    return found[0]
