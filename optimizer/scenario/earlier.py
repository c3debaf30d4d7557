"""Which run a folder of runs stands for: the newest one of an earlier business date."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

MARK = "manifest.json"


def is_runs(folder: Path, name: str) -> bool:
    """Whether a path is the folder of a scenario's runs: ``runs/NAME``, there or not, or one with runs in it."""
    if not folder.exists():
        return folder.name == name and folder.parent.is_dir()
    return folder.is_dir() and not (folder / MARK).exists()


def earlier_run(folder: Path, name: str, today: dt.date) -> Path | None:
    """Return the newest run of a scenario whose business date lies before today; None where there is none.

    A run of today is never taken, so that a night that is run again keeps close to the same plan as the first time.
    """
    found = []
    for mark in folder.glob(f"*/{MARK}"):
        run = mark.parent
        if run.is_symlink():
            continue
        try:
            told = json.loads((run / "summary.json").read_text("utf-8"))
            key = str(told["business_date"]), str(told["run_id"])
        except (OSError, ValueError, KeyError):  # of another version, or being written
            continue
        if told["scenario"] == name and key[0] < today.isoformat():
            found.append((key, run))
    return max(found)[1] if found else None
