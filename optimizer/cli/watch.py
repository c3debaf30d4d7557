"""What is seen of a run while it runs: a living line on a terminal, plain lines everywhere else."""

from __future__ import annotations

import time
from types import TracebackType
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.status import Status
from rich.text import Text

from optimizer.cli import output
from optimizer.cli.interrupts import Interrupts
from optimizer.report.numbers import percent

if TYPE_CHECKING:
    from optimizer.errors import Finding
    from optimizer.problem.solution import Progress

PLAIN_EVERY = 5.0
"""Seconds between plain lines: a short run has none."""
SOLVE = "solve"
"""The stage from which on there may be a plan."""


class Watch:
    """Observer of a run (see ``optimizer.plan.progress.Observer``); enter it around the work.

    Parameters
    ----------
    console : Console
        Where to talk: stderr.
    interrupts : Interrupts
        What :meth:`stopped` answers from.
    """

    def __init__(self, console: Console, interrupts: Interrupts) -> None:
        self.console = console
        self.interrupts = interrupts
        self._started = self._stage_started = self._last_line = time.monotonic()
        self._stage = ""
        self._status = Status("", console=console, spinner="dots") if console.is_terminal else None

    def __enter__(self) -> Watch:
        if self._status:
            self._status.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._status:
            self._status.stop()
        if error is None:
            self._finish_stage()

    def stage(self, name: str) -> None:
        """Begin a stage: the one before it is done."""
        self._finish_stage()
        if self.interrupts.hurried:
            raise KeyboardInterrupt
        self._stage, self._stage_started = name, time.monotonic()
        self.interrupts.solving |= name == SOLVE
        if self._status:
            self._status.update(escape(name))

    def progress(self, progress: Progress) -> None:
        """Show what the engine is doing and how large the gap still is."""
        text = f"{self._stage}: {progress.step}"
        if progress.objective is not None and progress.bound is not None:
            gap = abs(progress.bound - progress.objective) / max(abs(progress.objective), 1e-9)
            text += f", gap {percent(gap, 2)}"
        now = time.monotonic()
        if self._status:
            self._status.update(escape(text))
        elif now - self._last_line >= PLAIN_EVERY:
            self._last_line = now
            self.console.print(f"  {escape(text)} ({now - self._started:.0f} s)")

    def warn(self, finding: Finding) -> None:
        """Show a warning; it stays on the screen."""
        for line in output.finding_lines(finding, "!", "yellow"):
            self.console.print(Text.from_ansi(line), soft_wrap=True)

    def stopped(self) -> bool:
        """Say whether somebody asked the run to stop."""
        return self.interrupts.asked

    def _finish_stage(self) -> None:
        if self._stage:
            seconds = time.monotonic() - self._stage_started
            self.console.print(f"[green]✓[/] {escape(self._stage):<8} [dim]{seconds:7.2f} s[/]")
        self._stage = ""
