"""Ctrl-C and SIGTERM: first a request, then an order."""

from __future__ import annotations

import os
import signal
from types import FrameType, TracebackType
from typing import NoReturn

PATIENCE = 0.3
"""Seconds that the solver has to stop by itself; the whole command, its clearing up included, must end within two."""


class Interrupts:
    """Turns signals into :attr:`asked` while it is entered.

    The first signal only asks, so that the solver can stop at a safe point. If nobody heeds it within
    :data:`PATIENCE`, or at the second signal, ``KeyboardInterrupt`` is raised wherever the program is: publishing is
    atomic, so nothing half-done can be left behind.

    Parameters
    ----------
    keep : bool
        What was found until the signal shall be kept (``--on-interrupt publish``): once the solver is at work there
        may be something to keep, and the solver and the audit get the time that they need.

    Attributes
    ----------
    asked : bool
        A signal has arrived.
    solving : bool
        Set from outside: the solver has begun.
    """

    def __init__(self, *, keep: bool) -> None:
        self.keep = keep
        self.asked = False
        self.solving = False

    @property
    def hurried(self) -> bool:
        """Whether there is nothing to wait for: the run was asked to stop, and there is no plan to be kept."""
        return self.asked and not (self.keep and self.solving)

    def __enter__(self) -> Interrupts:
        self._before = {number: signal.signal(number, self._arrived) for number in (signal.SIGINT, signal.SIGTERM)}
        self._before[signal.SIGALRM] = signal.signal(signal.SIGALRM, self._too_late)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _arrived(self, number: int, frame: FrameType | None) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True
        if self.hurried:
            signal.setitimer(signal.ITIMER_REAL, PATIENCE)
        # Not through sys.stderr: its buffer may be in use at the very moment of the signal.
        os.write(2, b"\nStopping at the next safe point; once more to stop at once.\n")

    def _too_late(self, number: int, frame: FrameType | None) -> NoReturn:
        raise KeyboardInterrupt
