"""Who is told what happens during a run, and who may stop it."""

from __future__ import annotations

from typing import Protocol

from optimizer.errors import Finding
from optimizer.problem.solution import Progress


class Observer(Protocol):
    """Watches a run."""

    def stage(self, name: str) -> None:
        """Begin a stage: read, compile, solve, audit, write."""
        ...

    def progress(self, progress: Progress) -> None:
        """Take a sign of life from the engine."""
        ...

    def warn(self, finding: Finding) -> None:
        """Take a warning about the scenario or its data."""
        ...

    def stopped(self) -> bool:
        """Say whether the run should stop at the next safe point."""
        ...


class Silent:
    """Watches in silence and never stops a run."""

    def stage(self, name: str) -> None:
        """Ignore it."""

    def progress(self, progress: Progress) -> None:
        """Ignore it."""

    def warn(self, finding: Finding) -> None:
        """Ignore it."""

    def stopped(self) -> bool:
        """Never."""
        return False
