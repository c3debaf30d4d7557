"""Past nights replayed: what each would have chosen, knowing no more than was known then."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from optimizer.analysis.backtest_notes import notes
from optimizer.analysis.nights import Night, total
from optimizer.analysis.replay import Replay
from optimizer.data import open_tables
from optimizer.errors import InterruptedRun, UsageError
from optimizer.plan.cards import card
from optimizer.plan.progress import Observer, Silent
from optimizer.scenario import Scenario
from optimizer.solve import with_settings

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

WITHIN = 7
"""Days by which a real contact may be earlier or later than the chosen one that it is taken for."""


@dataclass(frozen=True, eq=False, repr=False)
class Backtest:
    """What past nights would have chosen.

    Attributes
    ----------
    scenario : Scenario
        As it was given.
    asked : int
        Nights.
    replayed : tuple of Night
        The oldest first; those not reached before an interruption are missing.
    table : pyarrow.Table
        Every chosen contact: the candidate's columns, ``at``, ``arrived_at`` and ``replayed_on``, the night.
    notes : tuple of str
        What this replay assumed, and what it cannot show.
    seconds : float
    """

    scenario: Scenario
    asked: int
    replayed: tuple[Night, ...]
    table: pa.Table
    notes: tuple[str, ...]
    seconds: float

    @property
    def complete(self) -> bool:
        """Whether every night was replayed."""
        return len(self.replayed) == self.asked

    @cached_property
    def nights(self) -> pd.DataFrame:
        """One row per night, as :class:`~optimizer.analysis.nights.Night` has it."""
        import pandas as pd

        return pd.DataFrame([night.to_dict() for night in self.replayed])

    @property
    def contacts(self) -> pd.DataFrame:
        """Every chosen contact and the night that chose it."""
        frame: pd.DataFrame = self.table.to_pandas()
        return frame

    @property
    def total(self) -> dict[str, Any]:
        """Sums over the nights; see :func:`optimizer.analysis.nights.total`."""
        return total(self.replayed)

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain JSON values."""
        return {
            "scenario": self.scenario.name,
            "sense": "maximize" if self.scenario.objective.maximize is not None else "minimize",
            "asked": self.asked,
            "complete": self.complete,
            "nights": [night.to_dict() for night in self.replayed],
            "total": self.total,
            "notes": list(self.notes),
            "seconds": self.seconds,
        }

    def __repr__(self) -> str:
        found = self.total
        return (
            f"Backtest of {self.scenario.name}: {len(self.replayed)} of {self.asked} nights\n"
            f"  {found['with_plan']} with a plan, {found['contacts']:,} contacts"
        )

    def _repr_html_(self) -> str:
        first, *rest = repr(self).split("\n")
        return card(first, rest) + self.nights.to_html(index=False, na_rep="")


def backtest(
    scenario: Scenario,
    *,
    nights: int,
    every: int = 1,
    within: int = WITHIN,
    real_ledger: bool = False,
    engine: str | None = None,
    gap: float | None = None,
    time_limit: str | None = None,
    memory_limit: str | None = None,
    seed: int | None = None,
    threads: int | None = None,
    observer: Observer | None = None,
    **frames: Any,
) -> Backtest:
    """Replay past nights over the history: what each would have chosen, knowing no more than was known then.

    Night *k* is the scenario with its "now" and its horizon k × ``every`` days earlier. Contacts sent after its "now",
    and responses known only later, do not exist yet. Its candidates are the rows that a column ``night`` or
    ``scored_on`` names it in; without such a column they are tonight's, with slots, and limits by slot, as many days
    earlier.

    Parameters
    ----------
    scenario : Scenario
    nights : int
        How many; the last of them is ``every`` days before the scenario's own.
    every : int
        Days between nights.
    within : int
        A chosen contact counts as really sent if history has it this many days earlier or later, at most.
    real_ledger : bool
        Let every night see the real contacts until then. Otherwise the contacts that the nights before it chose take
        the place of all that was really sent since the first night, so that every cap holds over the whole replay.
    engine, gap, time_limit, memory_limit, seed, threads : optional
        As for :func:`optimizer.solve`, for each night.
    observer : Observer, optional
        Is told about progress and may stop: nights that are done are kept.
    **frames : frame
        ``candidates=…`` and so on, as for :func:`optimizer.solve`.

    Returns
    -------
    Backtest

    Raises
    ------
    UsageError
        Fewer than one night, or day between them.
    OptimizerError
        The scenario or its data; a night that fails for itself says so in its place, unless all do.

    Examples
    --------
    With the scenario and the messages of the example of :func:`optimizer.solve`:

    >>> import optimizer as opt
    >>> found = opt.backtest(scenario, nights=2, candidates=messages)
    >>> found.nights["objective"].tolist()
    [7.0, 7.0]
    """
    for name, value, least in (("nights", nights, 1), ("every", every, 1), ("within", within, 0)):
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise UsageError(f"{name} = {value}: a whole number from {least} on is wanted", where="backtest", fix="30")
    began, observer = time.monotonic(), observer or Silent()
    settings = {"engine": engine, "gap": gap, "time_limit": time_limit, "memory_limit": memory_limit}
    given = with_settings(scenario, settings | {"seed": seed, "threads": threads}).resolved()
    observer.stage("read")
    with open_tables(given, frames) as tables, TemporaryDirectory(prefix="contactopt-") as folder:
        replay = Replay(given, tables, Path(folder), within=within, real_ledger=real_ledger, observer=observer)
        observer.stage("solve")
        try:
            for number in range(nights):
                replay.night((nights - number) * every, f"night {number + 1} of {nights}")
                if observer.stopped():
                    break
        except KeyboardInterrupt:
            if not replay.done:
                raise
        if not replay.done:
            raise InterruptedRun("interrupted before the first night was done", fix="ask for fewer: --nights")
        if all(night.status == "error" for night in replay.done):
            raise replay.errors[0]
        told = notes(given, tables, replay.done, own=replay.own, every=every, within=within, real_ledger=real_ledger)
        seconds = round(time.monotonic() - began, 3)
        return Backtest(scenario, nights, tuple(replay.done), replay.contacts(), told, seconds)
