"""``run --production``: nothing left to the clock or to chance, one run at a time, and a log for machines."""

from __future__ import annotations

import datetime as dt
import math
import time
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from optimizer.cli import output
from optimizer.cli.interrupts import Interrupts
from optimizer.errors import Finding, ScenarioError

if TYPE_CHECKING:
    from optimizer.plan.plan import Plan
    from optimizer.problem.solution import Progress
    from optimizer.scenario import Scenario

EVERY = 5.0
"""Seconds between signs of life of a solver."""


def refuse_chance(scenario: Scenario, out: Path | None) -> None:
    """Refuse what makes a run depend on when it is started, and a folder that holds a run already.

    Raises
    ------
    ScenarioError
        Everything at once.
    """
    found = []
    if scenario.as_of is None:
        what = "as_of is required with --production"
        found.append(Finding("scenario", scenario.file, what, "set as_of, or --set as_of=…"))
    past = [name for name in ("history", "ledger") if getattr(scenario.data, name) is not None]
    if past and scenario.data.history_max_age is None:
        what = "history_max_age is required with --production: a history that stopped growing must not pass unseen"
        fix = "data.history_max_age: 2 days, or --set 'data.history_max_age=2 days'"
        found.append(Finding("scenario", scenario.where(f"data.{past[0]}"), what, fix))
    if out is not None and out.is_dir() and any(out.iterdir()):
        what = "is there already, and --production overwrites nothing"
        found.append(Finding("usage", str(out), what, "leave out --out: each run has a folder of its own"))
    if found:
        raise ScenarioError(found)


class Log:
    """Observer of a run that writes a JSON line on stderr for everything that happens.

    Parameters
    ----------
    interrupts : Interrupts
        What :meth:`stopped` answers from.
    """

    def __init__(self, interrupts: Interrupts) -> None:
        self.interrupts = interrupts
        self._stage = ""
        self._began = self._last = time.monotonic()

    def __enter__(self) -> Log:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self._finish()

    def stage(self, name: str) -> None:
        """Begin a stage: the one before it is done."""
        self._finish()
        if self.interrupts.hurried:
            raise KeyboardInterrupt
        self._stage, self._began = name, time.monotonic()
        self.interrupts.solving |= name == "solve"

    def progress(self, progress: Progress) -> None:
        """Log what the engine is doing, now and then."""
        now = time.monotonic()
        if now - self._last >= EVERY:
            self._last = now
            log("progress", stage=self._stage, step=progress.step, gap=_gap(progress.objective, progress.bound))

    def warn(self, finding: Finding) -> None:
        """Log a warning."""
        log_finding(finding, "warning")

    def stopped(self) -> bool:
        """Say whether somebody asked the run to stop."""
        return self.interrupts.asked

    def published(self, plan: Plan, folder: Path) -> None:
        """Log where the plan is, and what it is worth."""
        facts = {
            name: plan.summary[name] for name in ("run_id", "termination", "limit", "objective", "gap", "contacts")
        }
        log("published", folder=str(folder), **facts)

    def _finish(self) -> None:
        if self._stage:
            log("stage", stage=self._stage, seconds=round(time.monotonic() - self._began, 3))
        self._stage = ""


def _gap(objective: float | None, bound: float | None) -> float | None:
    """Return how far the best plan so far is from its bound, where that is known."""
    if objective is None or bound is None:
        return None
    gap = abs(bound - objective) / max(abs(objective), 1e-9)
    return gap if math.isfinite(gap) else None


def log(event: str, level: str = "info", **facts: object) -> None:
    """Write a line of JSON to stderr: time (UTC), level, event and what else is known."""
    now = dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds")
    output.talk_json({"time": now, "level": level, "event": event, **facts})


def log_finding(finding: Finding, level: str, **facts: object) -> None:
    """Write a finding as such a line."""
    log("finding", level, **finding.to_dict(), **facts)
