"""What an engine is asked, and what it answers."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from optimizer.problem.primitives import IntArray


class Reason(StrEnum):
    """Why the engine stopped. *Optimal* is said only with a proof."""

    OPTIMAL = "optimal"
    FEASIBLE = "feasible"


class Limit(StrEnum):
    """Which limit stopped a run that ended *feasible*."""

    GAP = "gap"
    TIME = "time"
    EXHAUSTED = "exhausted"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class Progress:
    """One sign of life: what is being done, and the best known objective and bound in value quanta."""

    step: str
    objective: float | None = None
    bound: float | None = None


def _silent(progress: Progress) -> None:
    return None


def _never() -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Request:
    """What the caller wants of an engine.

    Parameters
    ----------
    gap : float
        Relative gap at which to stop.
    deadline : float
        ``time.monotonic()`` value at which to stop; ``inf`` for none.
    memory : int, optional
        Bytes that may be used.
    seed, threads : int
    prices : mapping of block name to float array, optional
        Prices of an earlier run (``Solution.prices``), as a start for engines that can use them.
    stopped : callable
        Asked now and then; True means: stop at the next safe point with what there is.
    report : callable
        Told about progress.
    """

    gap: float = 1e-4
    deadline: float = float("inf")
    memory: int | None = None
    seed: int = 0
    threads: int = 1
    prices: Mapping[str, npt.NDArray[np.float64]] | None = None
    stopped: Callable[[], bool] = _never
    report: Callable[[Progress], None] = _silent

    def seconds_left(self) -> float:
        """Seconds until the deadline, never negative."""
        return max(0.0, self.deadline - time.monotonic())


@dataclass(frozen=True, slots=True, eq=False)
class Solution:
    """An engine's answer: the chosen candidates and what is proven about them.

    Parameters
    ----------
    chosen : int array
        Positions of the chosen candidates, ascending.
    objective : int
        Value less penalties, in value quanta (penalties rounded up to whole quanta).
    bound : int, optional
        No plan of the compiled problem has a higher objective, in value quanta; None when nothing is proven.
    bound_by : str, optional
        ``search`` or ``prices``.
    reason : Reason
    limit : Limit, optional
    engine : str
        Engine and solver, for example ``exact (cp-sat)``.
    detail : str
        One sentence for people: the choice made, or what stopped the run.
    prices : mapping of block name to float array, optional
        Price of each row of ``Problem.rows`` (by ``Rows.name``) in value quanta per quantum of the row: the change of
        the objective when the limit rises by one, so ≥ 0 for a binding upper limit and ≤ 0 for a binding lower one.
    reproducible : bool
        False when a clock or a signal decided anything.
    """

    chosen: IntArray
    objective: int
    bound: int | None
    bound_by: str | None
    reason: Reason
    limit: Limit | None
    engine: str
    detail: str = ""
    prices: Mapping[str, npt.NDArray[np.float64]] | None = None
    reproducible: bool = True
    extra: Mapping[str, Any] = field(default_factory=dict)
