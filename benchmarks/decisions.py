"""Decisions from stored prices: customers a second in bulk, microseconds for one.

The prices are those of a small night; the candidates are another crowd's of the same market, as during the day.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

import pyarrow.parquet as pq

import optimizer as opt
from benchmarks.timed import Timed
from optimizer.synthetic import generate

NIGHT = 2_000
REPEATS = 5
SINGLES = 500


def decision_times(customers: int, threads: int) -> Iterator[tuple[str, Timed]]:
    """Yield what is timed and how long it took, all customers together, and for one in the middle of many."""
    with tempfile.TemporaryDirectory() as folder:
        night, day = Path(folder) / "night", Path(folder) / "day"
        generate("weekly", customers=NIGHT, out=night)
        generate("weekly", customers=customers, out=day)
        scenario = opt.Scenario.load(night / "scenario.yaml")
        decider = opt.Decider.load(opt.solve(scenario, engine="decomposition", threads=threads))
        frame = pq.read_table(day / "candidates.parquet")
        encoded = decider.encode(frame)
        yield "from arrays", _typical(lambda: decider.decide_many(encoded))
        yield "from a frame", _typical(lambda: decider.decide_many(frame))
        some = frame.slice(0, SINGLES * 20).to_pylist()
        asked: dict[object, list[dict[str, object]]] = {}
        for row in some:
            asked.setdefault(row.pop("customer"), []).append(row)
        again = [*asked.items()] * REPEATS
        runs = [_timed(lambda who=who, rows=rows: decider.decide(who, rows)) for who, rows in again]
        yield "one customer", _timed_as(median(r.seconds for r in runs), median(r.processor for r in runs))


def _typical(run: Callable[[], object]) -> Timed:
    runs = sorted((_timed(run) for _ in range(REPEATS)), key=lambda timed: timed.seconds)
    return runs[REPEATS // 2]


def _timed(run: Callable[[], object]) -> Timed:
    began, processor = time.perf_counter(), time.process_time()
    run()
    return _timed_as(time.perf_counter() - began, time.process_time() - processor)


def _timed_as(seconds: float, processor: float) -> Timed:
    return Timed(seconds, processor, None, None, "")
