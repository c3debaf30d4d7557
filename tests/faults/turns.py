"""One turn: a piece of work in a process of its own, in which one of its failpoints fails or kills it."""

from __future__ import annotations

import errno
import json
import os
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, NoReturn

from optimizer import failpoints
from optimizer.errors import OptimizerError

Fault = Literal["fails", "dies"]
DONE, FAILED, DIED, BROKEN = "done", "failed", "died", "broken"
KILLED = 137
"""Exit code of a process that was killed."""


def in_child(work: Callable[[], Any], listener: Callable[[str], None] | None = None) -> tuple[str, Any]:
    """Fork, work, and return how it ended and what it returned, or the error that it told.

    A forked child costs milliseconds, and dies as a whole process does: nothing is cleaned up.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        _work(work, listener, writer)
    os.close(writer)
    with os.fdopen(reader, "rb") as stream:
        said = stream.read()
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code == KILLED:
        return DIED, None
    ending, value = json.loads(said) if said else (BROKEN, f"exit code {code}")
    return ending, value


def _work(work: Callable[[], Any], listener: Callable[[str], None] | None, writer: int) -> NoReturn:
    failpoints.listener = listener
    try:
        found: Any = (DONE, work())
    except (OptimizerError, OSError) as error:
        found = (FAILED, f"{type(error).__name__}: {error}")
    except BaseException:
        found = (BROKEN, traceback.format_exc())
    with os.fdopen(writer, "wb") as stream:
        stream.write(json.dumps(found).encode())
    os._exit(0)


def places(work: Callable[[], Any]) -> list[str]:
    """Return the failpoints of an undisturbed piece of work, in order."""
    seen: list[str] = []

    def counted() -> list[str]:
        work()
        return seen

    ending, found = in_child(counted, seen.append)
    assert ending == DONE, found
    return list(found)


def at(number: int, fault: Fault) -> Callable[[str], None]:
    """Return a listener that fails, or dies, when the ``number``-th failpoint is reached, from 1."""
    reached = 0

    def listen(place: str) -> None:
        nonlocal reached
        reached += 1
        if reached == number:
            if fault == "dies":
                os._exit(KILLED)
            raise OSError(errno.ENOSPC, "No space left on device", place)

    return listen


def beside(folder: Path) -> list[str]:
    """Return what lies beside the things that are to be seen: the hidden names."""
    return sorted(path.name for path in folder.iterdir() if path.name.startswith("."))
