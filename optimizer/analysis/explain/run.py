"""What a finished run left to be asked about: a plan in memory, or as little of a run folder as a question needs."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from optimizer.data.files import digest
from optimizer.data.layout import KEYS, LEDGER, literal, quote
from optimizer.errors import DataError, Finding
from optimizer.plan.files import read_insight
from optimizer.plan.folder import MARK
from optimizer.plan.insight import Insight
from optimizer.plan.places import read_places
from optimizer.plan.plan import Plan
from optimizer.scenario import Scenario
from optimizer.scenario.sections import Database


@dataclass(frozen=True, eq=False)
class Run:
    """A finished run.

    Attributes
    ----------
    scenario : Scenario
        As resolved.
    summary : mapping
        The content of ``summary.json``.
    insight : Insight
    inputs : sequence of mapping
        The files that were read: table, path, size and hash.
    frames : mapping of table to frame
        Tables that the caller handed over.
    folder : Path, optional
    table : pyarrow.Table, optional
        The contacts of a plan in memory.
    """

    scenario: Scenario
    summary: Mapping[str, Any]
    insight: Insight
    inputs: Sequence[Mapping[str, Any]]
    frames: Mapping[str, Any] = field(default_factory=dict)
    folder: Path | None = None
    table: pa.Table | None = None

    @classmethod
    def of(cls, run: Plan | Path | str) -> Run:
        """Take a plan, or look into a run folder.

        Raises
        ------
        DataError
            It is no run folder, or an older version wrote it.
        """
        if isinstance(run, Plan):
            if run.insight is None:
                raise _too_old(run.scenario.name)
            return cls(run.scenario, run.summary, run.insight, run.inputs, run.frames, table=run.table)
        folder = Path(run)
        if not (folder / MARK).is_file():
            raise DataError(
                "is no run folder: it has no manifest.json", where=str(folder), fix="name a folder that a run published"
            )
        manifest = json.loads((folder / MARK).read_text(encoding="utf-8"))
        insight = read_insight(folder)
        if insight is None:
            raise _too_old(str(folder))
        text = (folder / "scenario.yaml").read_text(encoding="utf-8")
        return cls(
            scenario=Scenario.parse(text, base=Path(manifest["scenario_folder"])),
            summary=json.loads((folder / "summary.json").read_text(encoding="utf-8")),
            insight=insight,
            inputs=manifest["inputs"],
            folder=folder,
        )

    @cached_property
    def rows(self) -> dict[tuple[str, str, str], dict[str, Any]]:
        """Lines of the insight's rows, with their number, by rule, part and group."""
        lines = self.insight.rows.to_pylist()
        return {(r["rule"], r["part"], r["group"]): {**r, "number": i} for i, r in enumerate(lines)}

    @property
    def maximises(self) -> bool:
        """Whether the scenario maximises."""
        return self.scenario.objective.maximize is not None

    def contacts_of(self, customers: Sequence[str]) -> set[tuple[str | None, ...]]:
        """Return the keys, as text, of the planned contacts of some customers."""
        con = duckdb.connect()
        if self.folder is not None:
            path = self.folder / "contacts.parquet"
            source, names = literal(str(path)), pq.read_schema(path).names
        else:
            assert self.table is not None
            con.register("contacts", self.table)
            source, names = "contacts", self.table.column_names
        ((_, kind, *_),) = con.execute(f"DESCRIBE SELECT customer FROM {source}").fetchall()
        listed = ", ".join(literal(c) if kind == "VARCHAR" else f"TRY_CAST({literal(c)} AS {kind})" for c in customers)
        keys = ", ".join(f"CAST({quote(k)} AS VARCHAR)" for k in KEYS if k in names)
        return set(con.execute(f"SELECT {keys} FROM {source} WHERE customer IN ({listed})").fetchall())

    def contributions(self) -> np.ndarray:
        """Return what each planned contact brings. Shape (contacts,)."""
        table = self.table if self.folder is None else pq.read_table(self.folder / "contacts.parquet")
        assert table is not None
        return np.asarray(table["contribution"].to_numpy(), np.float64)

    def places(self, customer: str) -> list[tuple[int, int]] | None:
        """Return the blocks of files that have a customer's candidates, if the run left an index."""
        return None if self.folder is None else read_places(self.folder, [customer])

    def with_frames(self, frames: Mapping[str, Any]) -> Run:
        """Return the run with other frames in place of what it read."""
        return replace(self, frames={**self.frames, **frames})

    def refuse_changed(self, but: Sequence[str] = ()) -> None:
        """Raise if an input is no longer what the run read.

        Parameters
        ----------
        but : sequence of str
            Tables that are not looked at.

        Raises
        ------
        DataError
            Names every file that is gone or has another content. A database is asked as it is now.
        """
        began = dt.datetime.strptime(self.summary["run_id"][:16], "%Y%m%dT%H%M%SZ").replace(tzinfo=dt.UTC).timestamp()
        asked = {t for t, source in self.scenario.data.sources().items() if isinstance(source, Database)}
        asked |= {LEDGER, *but, *self.frames}
        findings = [
            Finding("data", Path(one["path"]).name, "is no longer what the run read", "run the scenario again")
            for one in self.inputs
            if one["table"] not in asked and _changed(Path(one["path"]), one, began)
        ]
        given = "candidates" in self.frames or "candidates" in but
        if not given and not any(one["table"] == "candidates" for one in self.inputs):
            fix = "ask the plan itself, in the program that solved it, or name files in the scenario"
            findings.append(
                Finding("data", "candidates", "were handed to the run as a frame, which it did not keep", fix)
            )
        if findings:
            raise DataError(findings)


def _changed(path: Path, known: Mapping[str, Any], began: float) -> bool:
    """Say whether a file is another one; its content is only read where its time says that it may be."""
    try:
        state = path.stat()
    except OSError:
        return True
    if state.st_size != known["size"]:
        return True
    if state.st_mtime < began:
        return False
    return digest(path) != str(known["sha256"])


def _too_old(where: str) -> DataError:
    return DataError("was written by a version that could not be asked", where=where, fix="run the scenario again")
