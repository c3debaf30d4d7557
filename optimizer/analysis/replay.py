"""Night after night: what each knew, what it chose, and what the next one then finds in its ledger."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from optimizer.analysis.moved import moved_back, moved_limits, moved_table
from optimizer.analysis.nights import Night, with_plan, without_plan
from optimizer.analysis.outcomes import Outcomes
from optimizer.analysis.past_ledger import chosen_contacts, known_history, with_chosen
from optimizer.data.layout import CANDIDATES, HISTORY, SLOTS, family, literal, quote
from optimizer.data.tables import Tables
from optimizer.data.times import ISO_DATE
from optimizer.errors import Finding, InfeasibleError, NoPlanError, OptimizerError
from optimizer.plan.progress import Observer
from optimizer.problem.solution import Progress
from optimizer.scenario import Scenario
from optimizer.solve import solve

if TYPE_CHECKING:
    import pyarrow as pa

NIGHT_COLUMNS = ("night", "scored_on")
"""Columns of the candidates that may say for which night a row was scored."""
FUTURE = ("pins", "stability")
"""Sections about tonight's own contacts: no past night had them."""


class Replay:
    """A run of past nights over one reading of the tables.

    Parameters
    ----------
    scenario : Scenario
        Tonight's.
    tables : Tables
    folder : Path
        For limits tables whose slots are moved.
    within : int
        See :class:`~optimizer.analysis.outcomes.Outcomes`.
    real_ledger : bool
        Whether nights see what was really sent, or what the nights before them chose.

    Attributes
    ----------
    done : list of Night
    own : str or None
        The column of the candidates that names each row's night.
    errors : list of OptimizerError
        Of nights that failed for themselves.
    """

    def __init__(
        self, scenario: Scenario, tables: Tables, folder: Path, *, within: int, real_ledger: bool, observer: Observer
    ) -> None:
        gone = {name: None for name in FUTURE if getattr(scenario, name) is not None}
        past = [name for name in ("history", "ledger") if getattr(scenario.data, name) is not None]
        gone |= dict.fromkeys(f"data.{name}" for name in past)  # both are in the tables' history
        self.scenario = scenario.replace(gone) if gone else scenario
        self.tables, self.folder, self.real_ledger = tables, folder, real_ledger
        self.outcomes = Outcomes(scenario, tables, within)
        self.told = _Told(observer)
        self.own = _night_column(tables)
        self.done: list[Night] = []
        self.errors: list[OptimizerError] = []
        self._chosen: list[pa.Table] = []
        self._nights: list[str] = []
        self._first: Scenario | None = None
        self._same = {
            name: self._rows(f"SELECT {', '.join(map(quote, tables.original[name]))} FROM {quote(name)}")
            for name in tables.original
            if name not in (CANDIDATES, HISTORY)
        }

    def night(self, days: int, number: str) -> None:
        """Replay the night that lies some days back, and keep it unless somebody asks to stop meanwhile."""
        began = time.monotonic()
        scenario = moved_back(self.scenario, days)
        self._first = self._first or scenario
        self.told.where = f"{number} ({scenario.today})"
        candidates = self._candidates(scenario, days)
        if not candidates.num_rows:
            what = f"the candidates hold no row whose '{self.own}' is {scenario.today}"
            self.done.append(without_plan(scenario, "no candidates", what))
            return
        try:
            frames = self._same | self._moved(days) | {CANDIDATES: candidates}
            history = self._history(scenario)
            past = {} if history is None else {HISTORY: history}
            limits = {} if self.own else moved_limits(scenario, days, self.folder)
            plan = solve(scenario.replace(limits) if limits else scenario, **frames, **past, observer=self.told)
            rows = plan.table.select([n for n in plan.table.column_names if n in self.tables.original[CANDIDATES]])
            chosen = chosen_contacts(scenario, rows, frames) if rows.num_rows else None
        except (InfeasibleError, NoPlanError) as error:
            status = "infeasible" if isinstance(error, InfeasibleError) else "no plan"
            found = without_plan(scenario, status, error.findings[0].what, _since(began))
            if not self.told.stopped():
                self.done.append(found)
        except OptimizerError as error:
            self.errors.append(error)
            self.done.append(without_plan(scenario, "error", str(error.findings[0]), _since(began)))
        else:
            if self.told.stopped():
                return
            outcome = self.outcomes.of(scenario, chosen)
            self.done.append(with_plan(plan, outcome, _since(began)))
            if chosen is not None:
                self._chosen.append(chosen)
                self._nights.append(scenario.today.isoformat())

    def contacts(self) -> pa.Table:
        """Return every chosen contact, with ``replayed_on``: the night that chose it."""
        import pyarrow as pa

        parts = [
            table.append_column("replayed_on", pa.array([night] * table.num_rows, pa.string()))
            for table, night in zip(self._chosen, self._nights, strict=True)
        ]
        if parts:
            return pa.concat_tables(parts)
        return pa.table({name: pa.array([], pa.string()) for name in ("customer", "offer", "at", "replayed_on")})

    def _rows(self, query: str) -> pa.Table:
        return self.tables.con.sql(query).to_arrow_table()

    def _candidates(self, scenario: Scenario, days: int) -> pa.Table:
        if self.own is None:
            return self._rows(moved_table(self.tables, CANDIDATES, days))
        listed = ", ".join(map(quote, self.tables.original[CANDIDATES]))
        day = f"CAST({quote(self.own)} AS VARCHAR)[1:10]"
        return self._rows(f"SELECT {listed} FROM {CANDIDATES} WHERE {day} = {literal(scenario.today.isoformat())}")

    def _moved(self, days: int) -> dict[str, Any]:
        if self.own is not None or SLOTS not in self._same:
            return {}
        return {SLOTS: self._rows(moved_table(self.tables, SLOTS, days))}

    def _history(self, scenario: Scenario) -> pa.Table | None:
        """Return what the night finds in its ledger."""
        assert self._first is not None
        first = scenario if self.real_ledger else self._first
        known = known_history(self.tables, first, scenario) if self.tables.has(HISTORY) else None
        return with_chosen(self.tables, known, [] if self.real_ledger else self._chosen)


def _night_column(tables: Tables) -> str | None:
    """Return the column of the candidates that names each row's night: its values must be days."""
    for name in NIGHT_COLUMNS:
        if name not in tables.original[CANDIDATES]:
            continue
        sort = family(tables.columns[CANDIDATES][name])
        if sort in ("date", "time"):
            return name
        if sort == "text":
            wrong = f"NOT regexp_matches({quote(name)}, {literal(ISO_DATE)})"
            ((count,),) = tables.con.execute(f"SELECT count_if(coalesce({wrong}, true)) FROM {CANDIDATES}").fetchall()
            if not count:
                return name
    return None


def _since(began: float) -> float:
    return round(time.monotonic() - began, 3)


@dataclass
class _Told:
    """Passes a night's signs of life on with its name, and each warning once."""

    observer: Observer
    where: str = ""
    warned: set[tuple[str, str]] = field(default_factory=set)

    def stage(self, name: str) -> None:
        """Say which night is at which stage; between stages a run may stop."""
        if self.observer.stopped():
            raise KeyboardInterrupt
        self.observer.progress(Progress(f"{self.where}, {name}"))

    def progress(self, progress: Progress) -> None:
        self.observer.progress(replace(progress, step=f"{self.where}, {progress.step}"))

    def warn(self, finding: Finding) -> None:
        """Pass a warning on unless an earlier night had it."""
        key = (finding.where, finding.what)
        if key not in self.warned:
            self.warned.add(key)
            self.observer.warn(finding)

    def stopped(self) -> bool:
        return self.observer.stopped()
