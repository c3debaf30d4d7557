"""The table of targets, measured side by side in one run: what was asked for, what came out, whether it holds."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple
from unittest.mock import patch

import numpy as np

from benchmarks.decisions import decision_times
from benchmarks.engines import ENGINES
from benchmarks.families import FAMILIES, multiple_choice
from benchmarks.timed import Timed
from benchmarks.whole import BILLION, instance, read_seconds, whole_run
from optimizer.engines import make_engine
from optimizer.engines.decomposition.compiled import Units
from optimizer.engines.decomposition.crew import Crew
from optimizer.problem.primitives import IntArray
from optimizer.problem.problem import Problem
from optimizer.problem.solution import Request, Solution

REPEATS = 3
CHOICES = {
    (50, 5, 5): 1_623.99,
    (100, 10, 10): 3_709.88,
    (250, 15, 10): 9_354.82,
    (400, 20, 20): 14_090.69,
    (700, 25, 30): 23_998.69,
    (100, 25, 30): 3_444.45,
}
"""Classes, items and knapsacks of multiple choice: the best plan known, of any run of ours or of HiGHS."""


class Line(NamedTuple):
    """One line of the table."""

    what: str
    target: str
    measured: str
    holds: bool


@cache
def problem_of(family: str, customers: int) -> Problem:
    """Return an instance, made once."""
    return FAMILIES[family](customers, 0)


def typical(problem: Problem, gap: float, threads: int, engine: str = "decomposition", limit: float = 600.0) -> Timed:
    """Solve several times; return the run whose time is the median."""
    runs = sorted((ENGINES[engine](problem, gap, limit, threads) for _ in range(REPEATS)), key=lambda r: r.seconds)
    return runs[len(runs) // 2]


def met(gap: float | None, asked: float) -> bool:
    """Say whether a gap is there and small enough."""
    return gap is not None and gap <= asked


def ended(run: Timed) -> str:
    """Say what an engine ended with."""
    return "no plan" if run.gap is None else f"gap {run.gap:.1e}"


def run_lines(customers: int, threads: int, folder: Path) -> Iterator[Line]:
    """A whole run, and its solve alone, in times of reading the same file."""
    scenario = instance(folder, "weekly", customers)
    reading = read_seconds(scenario.parent / "candidates.parquet", threads)
    runs = sorted((whole_run(scenario, 1e-5, threads) for _ in range(REPEATS)), key=lambda r: r.seconds)
    whole = runs[len(runs) // 2]
    alone = whole.stages["solve"] / reading
    ratio, holds = whole.seconds / reading, whole.gap <= 1e-5
    yield Line(
        f"weekly {customers:,}: run",
        "≤ 6 × DuckDB's read, gap ≤ 1e-5",
        f"{ratio:.1f} × {reading:.2f} s: {whole.told}",
        ratio <= 6 and holds,
    )
    yield Line(f"weekly {customers:,}: solve alone", "≤ 3 ×", f"{alone:.1f} ×", alone <= 3 and holds)


def billion_line(threads: int, folder: Path) -> Line:
    """The largest run, once, and a fiftieth of it beside."""
    customers, each = BILLION
    small = whole_run(instance(folder, "weekly", customers // 5, each // 10), 1e-5, threads)
    whole = whole_run(instance(folder, "weekly", customers, each), 1e-4, threads)
    growth = whole.seconds / whole.candidates * small.candidates / small.seconds
    most = 16 * customers * each + 2 * 2**30
    return Line(
        f"weekly {customers:,} × {each}",
        "gap ≤ 1e-4, ≤ 16 bytes a candidate + 2 GiB, ≤ 1.5 × the time per candidate of a fiftieth",
        f"{whole.told}, {growth:.2f} ×",
        whole.gap <= 1e-4 and whole.memory <= most and growth <= 1.5,
    )


def pass_lines(customers: int, threads: int) -> Iterator[Line]:
    """Candidates a second of one unit pass, and a solve in times of it."""
    problem = problem_of("weekly-arrays", customers)
    once = ENGINES["pass"](problem, 0.0, 0.0, threads).seconds
    speed = problem.candidates / once
    yield Line(f"weekly {customers:,}: unit pass", "≥ 1e8 candidates/s", f"{speed:.1e} candidates/s", speed >= 1e8)
    solve = typical(problem, 1e-5, threads)
    work = solve.seconds / once
    looked_at = _looked_at(problem, 1e-5, threads) / problem.candidates
    said = f"{work:.1f}: {solve.seconds:.2f} s, gap {solve.gap:.1e}; every candidate looked at {looked_at:.1f} times"
    yield Line(f"weekly {customers:,}: solve in times of a pass", "≤ 8", said, work <= 8)


def _looked_at(problem: Problem, gap: float, threads: int) -> int:
    """Count the candidates of all units that are solved on the way, each as often as its unit is."""
    size, seen = np.diff(problem.unit_start), 0

    def counting(method: Callable[..., Any]) -> Callable[..., Any]:
        def counted(crew: Crew, units: IntArray, *given: Any) -> Any:
            nonlocal seen
            seen += int(size[units].sum())
            return method(crew, units, *given)

        return counted

    with ExitStack() as counters:
        for name in ("solve", "answers", "losses"):
            counters.enter_context(patch.object(Crew, name, counting(getattr(Crew, name))))
        _solved(problem, Request(gap=gap, threads=threads))
    return seen


def gap_line(family: str, customers: int, gap: float, seconds: float, threads: int) -> Line:
    """Gap and seconds of a family at a size."""
    run = typical(problem_of(family, customers), gap, threads)
    said = f"{run.seconds:.2f} s, {ended(run)}"
    holds = run.seconds <= seconds and met(run.gap, gap)
    return Line(f"{family} {customers:,}", f"gap ≤ {gap:.0e} in {seconds:g} s", said, holds)


def proof_line(customers: int, threads: int) -> Line:
    """Seconds to a plan that is proven optimal."""
    run = typical(problem_of("weekly-arrays", customers), 0.0, threads, "auto", 60.0)
    said = f"{run.seconds:.2f} s, {ended(run)}"
    return Line(f"weekly-arrays {customers:,}: auto", "goes on to prove optimality", said, met(run.gap, 1e-9))


def choice_line(sizes: tuple[int, int, int], best: float, threads: int) -> Line:
    """Distance from the best plan known of a multiple choice problem."""
    run = ENGINES["auto"](multiple_choice(*sizes), 0.0, 5.0, threads)
    off = 1.0 if run.objective is None else 1 - run.objective / best
    classes, items, knapsacks = sizes
    return Line(
        f"multiple choice {classes} × {items}, {knapsacks} knapsacks",
        f"≤ 0.1 % below {best:,.2f} in 5 s",
        f"{off:.3%} in {run.seconds:.2f} s",
        off <= 1e-3 and run.seconds <= 5 * 1.05,
    )


def wide_line(family: str, units: int, threads: int) -> Line:
    """Gap over wide units, and the slowest unit at the prices found."""
    problem = problem_of(family, units)
    request = Request(gap=1e-4, threads=threads)
    seconds, solution = _solved(problem, request)
    compiled = Units(problem)
    prices = compiled.prices(compiled.table.join(solution.prices or {}))
    slowest, cut = 0.0, 0
    for unit in range(units):
        times = []
        for _ in range(REPEATS):
            began = time.perf_counter()
            cut += compiled.solve(prices, np.array([unit])).cut
            times.append(time.perf_counter() - began)
        slowest = max(slowest, median(times))
    assert solution.bound is not None
    gap = (solution.bound - solution.objective) / solution.objective
    said = f"{seconds:.1f} s, gap {gap:.1e}; slowest unit {slowest * 1e3:.1f} ms, {cut} not solved to the end"
    return Line(f"{family}, {units:,} units", "gap ≤ 1e-4, no unit over 10 ms", said, gap <= 1e-4 and slowest <= 0.01)


def growth_lines(sizes: tuple[int, ...], threads: int) -> Iterator[Line]:
    """Time per candidate from one size to the next, ten times as many."""
    per = [typical(problem_of("weekly-arrays", n), 1e-5, threads).seconds / n for n in sizes]
    for i in range(1, len(sizes)):
        growth = per[i] / per[i - 1]
        what = f"weekly {sizes[i - 1]:,} → {sizes[i]:,}"
        yield Line(what, "≤ 1.3 × per candidate", f"{growth:.2f} ×: {per[i] * sizes[i]:.1f} s", growth <= 1.3)


def rows_line(customers: int, threads: int) -> Line:
    """Thousands of rows, against sixty at the same size."""
    few, many = (typical(problem_of(family, customers), 1e-4, threads) for family in ("weekly-arrays", "many-rows"))
    ratio = many.seconds / few.seconds
    rows = sum(block.size for block in problem_of("many-rows", customers).rows)
    said = f"{ratio:.1f} ×, {ended(many)}"
    return Line(
        f"many-rows {customers:,}, {rows:,} rows", "gap ≤ 1e-4, ≤ 4 × 60 rows", said, ratio <= 4 and met(many.gap, 1e-4)
    )


def warm_line(customers: int, threads: int) -> Line:
    """A limit changed by a tenth, from the prices of the run before, against the same from nothing."""
    problem = problem_of("weekly-arrays", customers)
    prices = _solved(problem, Request(gap=1e-5, threads=threads))[1].prices
    first, *others = problem.rows
    changed = replace(problem, rows=(replace(first, upper=first.upper * 9 // 10), *others))
    seconds, passes = {}, 0
    for start, given in (("cold", None), ("warm", prices)):
        runs = [_solved(changed, Request(gap=1e-5, threads=threads, prices=given)) for _ in range(REPEATS)]
        seconds[start], passes = median(taken for taken, _ in runs), int(runs[0][1].detail.split()[0])
    ratio = seconds["warm"] / seconds["cold"]
    said = f"{ratio:.0%}, {passes} passes"
    return Line(f"weekly {customers:,}: warm start", "≤ 50 % of cold, or ≤ 4 passes", said, ratio <= 0.5 or passes <= 4)


def _solved(problem: Problem, request: Request) -> tuple[float, Solution]:
    began = time.perf_counter()
    solution = make_engine("decomposition").solve(problem, request)
    return time.perf_counter() - began, solution


def decision_lines(customers: int, threads: int) -> Iterator[Line]:
    """Decisions from stored prices, 20 candidates a customer."""
    for what, run in decision_times(customers, threads):
        if what == "one customer":
            said = f"{run.seconds * 1e6:.0f} µs"
            yield Line("decide: one customer, dicts", "≤ 50 µs median", said, run.seconds <= 50e-6)
        else:
            speed, by_processor = customers / run.seconds, customers / run.processor
            said = f"{speed:.1e} customers/s; {by_processor:.1e} a second of the processor"
            yield Line(f"decide: {customers:,} customers {what}", "≥ 2e6 customers/s", said, speed >= 2e6)


def peer_lines(customers: int, limit: float, threads: int) -> Iterator[Line]:
    """Every peer on one instance, to the same gap."""
    problem = problem_of("weekly-arrays", customers)
    ours = typical(problem, 1e-4, threads)
    for name in ("highs", "cp-sat", "scip", "pdlp", "pulp", "greedy"):
        run = ENGINES[name](problem, 1e-4, limit, threads)
        gap = "no gap" if run.gap is None else f"gap {run.gap:.1e}"
        bound = "no bound" if run.bound is None else f"bound {run.bound:,.2f}"
        said = f"{run.seconds:.1f} s ({run.seconds / ours.seconds:.1f} ×), {gap}, {bound} {run.note}"
        times = 500 if name == "highs" and customers >= 10_000 else 1
        wins = run.seconds > times * ours.seconds or not met(run.gap, 1e-4)
        target = f"slower than ours ({ours.seconds:.2f} s, gap {ours.gap:.1e})" + (f", {times} ×" if times > 1 else "")
        yield Line(f"weekly {customers:,}: {name}", target, said, wins)


def lines(customers: int, peers: int, limit: float, threads: int, folder: Path) -> Iterator[Line]:
    """Measure everything but the largest run, one line at a time.

    Parameters
    ----------
    customers : int
        Size of the large weekly instance.
    peers : int
        Customers of the instance that the peers get; 0 for no peers.
    limit : float
        Seconds of a peer.
    threads : int
    folder : Path
        Where the tables of whole runs lie, and stay.
    """
    ENGINES["decomposition"](problem_of("weekly-arrays", 200), 1e-3, 60.0, threads)  # kernels warm
    measured: list[Callable[[], Line]] = [
        lambda: gap_line("weekly-arrays", 500, 5e-4, 2.0, threads),
        lambda: gap_line("weekly-arrays", 2_000, 1e-4, 2.0, threads),
        lambda: proof_line(500, threads),
        lambda: proof_line(2_000, threads),
        lambda: gap_line("weekly-arrays", 10_000, 1e-5, 5.0, threads),
        lambda: gap_line("direct-marketing", 10_000, 1e-3, 1.0, threads),
        lambda: gap_line("direct-marketing", 20_000, 1e-3, 1.0, threads),
        lambda: gap_line("direct-marketing", 20_000, 1e-4, 10.0, threads),
        lambda: gap_line("direct-marketing", 200_000, 1e-4, 60.0, threads),
        *(partial(choice_line, sizes, best, threads) for sizes, best in CHOICES.items()),
        lambda: gap_line("floors", 20_000, 1e-4, 10.0, threads),
        lambda: gap_line("household", 20_000, 1e-4, 10.0, threads),
        lambda: gap_line("equal-scores", customers // 10, 1e-4, 60.0, threads),
        lambda: gap_line("offer-scores", customers // 10, 1e-4, 60.0, threads),
        lambda: wide_line("wide-500", 200, threads),
        lambda: wide_line("wide-2000", 100, threads),
        lambda: wide_line("wide-households", 100, threads),
        lambda: warm_line(customers // 10, threads),
        lambda: rows_line(customers, threads),
    ]
    for measure in measured:
        yield measure()
    yield from pass_lines(customers, threads)
    yield from growth_lines((customers // 20, customers // 2, customers * 5), threads)
    problem_of.cache_clear()
    yield from run_lines(customers, threads, folder)
    yield from decision_lines(customers // 5, threads)
    if peers:
        yield from peer_lines(peers, limit, threads)
