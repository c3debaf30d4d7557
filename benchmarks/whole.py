"""Whole runs as the command line makes them: Parquet in, audited plan out, in a process of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from typing import NamedTuple

BILLION = 5_000_000, 200
"""Customers, and candidates of each, of the largest run."""


class Whole(NamedTuple):
    """One whole run.

    Parameters
    ----------
    seconds, processor : float
        By the clock, and of the processor; the interpreter's start and publishing are part of both.
    memory : int
        Bytes at most, as the run says: what the system tells of a child counts its parent, too.
    gap : float
        As the audited run says.
    stages : dict
        Seconds by the clock of each stage.
    candidates : int
    """

    seconds: float
    processor: float
    memory: int
    gap: float
    stages: dict[str, float]
    candidates: int

    @property
    def told(self) -> str:
        """The run in a line."""
        stages = ", ".join(f"{name} {seconds:.1f}" for name, seconds in self.stages.items() if name != "total")
        return (
            f"{self.seconds:.1f} s ({stages}), {self.processor:.1f} s of the processor, gap {self.gap:.1e}, "
            f"{self.memory / self.candidates:.1f} bytes a candidate"
        )


def instance(folder: Path, family: str, customers: int, per_customer: int = 20) -> Path:
    """Return the scenario of an instance in a folder; it is made where it is not there yet."""
    from optimizer.synthetic.registry import generate

    made = folder / f"{family}-{customers}-{per_customer}"
    if not made.exists():
        generate(family, customers=customers, out=made, seed=0, per_customer=per_customer)
    return made / "scenario.yaml"


def whole_run(scenario: Path, gap: float, threads: int) -> Whole:
    """Run a scenario and read what its run folder says.

    Raises
    ------
    RuntimeError
        If the run did not end well.
    """
    out = scenario.parent / f"run-{time.time_ns()}"
    command = [sys.executable, "-c", "from optimizer.cli import main; main()", "run", str(scenario), "--out", str(out)]
    command += ["--gap", f"{gap:g}", "--threads", str(threads)]
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - began
    if status:
        raise RuntimeError(f"{' '.join(command)} ended with {os.waitstatus_to_exitcode(status)}")
    summary = json.loads((out / "summary.json").read_text())
    shutil.rmtree(out)
    return Whole(
        seconds,
        used.ru_utime + used.ru_stime,
        summary["peak_memory"],
        summary["gap"],
        summary["timings"],
        summary["candidates"],
    )


def read_seconds(candidates: Path, threads: int, repeats: int = 3) -> float:
    """Return the median seconds that DuckDB takes to read a file's columns into Arrow, file cache warm."""
    import duckdb

    times = []
    with duckdb.connect(config={"threads": threads}) as con:
        for _ in range(repeats + 1):
            began = time.perf_counter()
            con.read_parquet(str(candidates)).to_arrow_table()
            times.append(time.perf_counter() - began)
    return median(times[1:])
