"""When to stop: the caller's deadline and wish, asked between pieces of work."""

from __future__ import annotations

import time
from dataclasses import dataclass

from optimizer.problem.solution import Limit, Request

RESERVE = 0.3
"""Seconds before the deadline at which a solver is told to end."""


class Stopped(Exception):
    """A limit was met in the middle of a piece of work, which is lost; what was finished before it stands."""


@dataclass(slots=True)
class Clock:
    """Asks the request whether to go on, and remembers what said no.

    Parameters
    ----------
    request : Request
    limit : Limit, optional
        What stopped the run, once it is stopped.
    """

    request: Request
    limit: Limit | None = None

    def stopped(self) -> bool:
        """Whether to stop now."""
        if self.limit is None:
            if self.request.stopped():
                self.limit = Limit.INTERRUPTED
            elif time.monotonic() >= self.request.deadline:
                self.limit = Limit.TIME
        return self.limit is not None

    def check(self) -> None:
        """Raise :class:`Stopped` when it is time to stop."""
        if self.stopped():
            raise Stopped

    def seconds(self) -> float:
        """Seconds that a solver may take."""
        return max(0.01, self.request.seconds_left())

    def seconds_to_end(self) -> float:
        """Seconds after which a solver should end by itself, with what it has."""
        return max(0.1, self.request.seconds_left() - RESERVE)
