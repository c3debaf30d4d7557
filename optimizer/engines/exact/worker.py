"""The child process: reads one task, searches, and writes frames to its parent.

Run as ``python -m optimizer.engines.exact.worker``: a fresh interpreter, so that nothing of the caller's script runs
again and no thread is forked. Solvers print to the standard output as they please; the frames leave by another door.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import sys
import threading
from typing import Any, BinaryIO

from optimizer.engines.exact.answer import Task
from optimizer.engines.exact.solvers import search
from optimizer.problem.linear import Linear
from optimizer.problem.primitives import IntArray


def main() -> None:
    """Serve one task."""
    frames = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    solver, linear, task, memory = pickle.load(sys.stdin.buffer)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    if memory is not None:
        limit_memory(memory)
    try:
        _send(frames, ("answer", _search(frames, solver, linear, task)))
    except Exception as failure:  # whatever a solver raises is told to the parent, which decides
        _send(frames, ("failure", f"{type(failure).__name__}: {failure}"))
    frames.close()
    os._exit(0)  # no solver's destructor may hang or crash after its answer


def _search(frames: BinaryIO, solver: str, linear: Linear, task: Task) -> Any:
    def tell(chosen: IntArray | None, bound: int | None) -> None:
        _send(frames, ("sign", (chosen, bound)))

    return search(solver, linear, task, tell)


_lock = threading.Lock()


def _send(frames: BinaryIO, frame: tuple[str, Any]) -> None:
    with _lock:
        pickle.dump(frame, frames, protocol=pickle.HIGHEST_PROTOCOL)
        frames.flush()


def _end_with_parent() -> None:
    """Leave when the parent closes our input, by will or by dying."""
    with contextlib.suppress(OSError):
        sys.stdin.buffer.read()
    if hasattr(os, "killpg") and os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)  # with whatever a solver has started
    os._exit(0)


def limit_memory(memory: int) -> None:
    """Let allocations beyond ``memory`` bytes of data fail, where the system knows such a limit."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))


if __name__ == "__main__":
    main()
