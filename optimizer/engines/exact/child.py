"""A search in a child process that can be stopped at any moment, losing nothing that it has told so far."""

from __future__ import annotations

import contextlib
import os
import pickle
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from optimizer.engines.exact.answer import Answer, Claim, Task, Tell
from optimizer.memory import own_peak
from optimizer.problem.linear import Linear

PATIENCE = 0.05
"""Seconds between two looks at the clock and at the caller's wish to stop."""


def search_in_child(
    solver: str,
    linear: Linear,
    task: Task,
    tell: Tell,
    *,
    deadline: float,
    stopped: Callable[[], bool],
    memory: int | None = None,
) -> Answer:
    """Search in a child process.

    Parameters
    ----------
    tell : callable
        Called in this thread with each plan and bound that the child tells.
    deadline : float
        ``time.monotonic()`` value at which the child is killed, whatever it does.
    stopped : callable
        Asked every ``PATIENCE`` seconds; True kills the child.
    memory : int, optional
        Bytes of data that the child may allocate.

    Returns
    -------
    Answer
        The child's, or ``NOTHING`` with a note saying why it was ended; what it told before stands.

    Raises
    ------
    RuntimeError
        If the child fails or dies by itself.
    """
    with TemporaryDirectory(prefix="contactopt-") as scratch:  # ours, as a killed child cleans nothing up
        child = subprocess.Popen(
            [sys.executable, "-m", f"{__package__}.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(scratch),
            start_new_session=True,
        )
        frames: queue.Queue[tuple[str, Any]] = queue.Queue()
        threading.Thread(target=_write, args=(child, (solver, linear, task, memory)), daemon=True).start()
        threading.Thread(target=_read, args=(child, frames), daemon=True).start()
        try:
            return _follow(child, frames, tell, deadline, stopped)
        finally:
            _kill(child)


def _follow(
    child: subprocess.Popen[bytes],
    frames: queue.Queue[tuple[str, Any]],
    tell: Tell,
    deadline: float,
    stopped: Callable[[], bool],
) -> Answer:
    while True:
        try:
            what, content = frames.get(timeout=PATIENCE)
        except queue.Empty:
            what, content = "", None
        if what == "sign":
            tell(*content)
        elif what == "answer":
            answer: Answer = content
            return answer
        elif what == "failure":
            raise RuntimeError(str(content))
        elif what == "end":
            raise RuntimeError(f"the solver's process ended by itself ({_farewell(child.wait())})")
        if stopped():
            return Answer(Claim.NOTHING, note="interrupted")
        if time.monotonic() >= deadline:
            return Answer(Claim.NOTHING, note="time limit")


def _kill(child: subprocess.Popen[bytes]) -> None:
    """Kill the child and whatever it started."""
    with contextlib.suppress(ProcessLookupError):
        if hasattr(os, "killpg"):
            os.killpg(child.pid, signal.SIGKILL)
        else:
            child.kill()
    child.wait()


def _farewell(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"


def _write(child: subprocess.Popen[bytes], work: Any) -> None:
    """Hand the work over; the pipe stays open, as its end is how the child knows that we are gone."""
    assert child.stdin is not None
    with contextlib.suppress(OSError, ValueError):
        pickle.dump(work, child.stdin, protocol=pickle.HIGHEST_PROTOCOL)
        child.stdin.flush()


def _read(child: subprocess.Popen[bytes], frames: queue.Queue[tuple[str, Any]]) -> None:
    assert child.stdout is not None
    with contextlib.suppress(EOFError, OSError, ValueError, pickle.UnpicklingError):
        while True:
            frames.put(pickle.load(child.stdout))
    frames.put(("end", None))


def left_for_child(memory: int | None) -> int | None:
    """Return the bytes that a limit leaves for a child beside this process, at least a quarter of it."""
    if memory is None:
        return None
    return max(memory // 4, memory - own_peak())


def _environment(scratch: str) -> dict[str, str]:
    """Let the child find this package where this process found it, and put its files where we remove them."""
    home = str(Path(__file__).resolve().parents[3])
    paths = [home, *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "TMPDIR": scratch, "TEMP": scratch, "TMP": scratch}
