"""Read, compile, solve, audit: a scenario in, a plan out. The only module that knows the engines."""

from __future__ import annotations

import datetime as dt
import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from optimizer.compile.build import Compiled, FunnelStep, compile_scenario
from optimizer.data import open_tables, refuse_own_names
from optimizer.data.faults import reading
from optimizer.engines import (
    COMPARED,
    baselines,
    choose,
    instead,
    load_beside,
    never_worse,
    policy_costs,
    refuse_refuted,
    watched,
)
from optimizer.errors import Finding, InfeasibleError, NoPlanError, UsageError
from optimizer.failpoints import reach
from optimizer.memory import peak as peak_memory
from optimizer.plan.assemble import make_plan
from optimizer.plan.plan import Plan
from optimizer.plan.progress import Observer, Silent
from optimizer.plan.sample import keep_sample, told
from optimizer.plan.warm import earlier_prices, starting_prices
from optimizer.problem.solution import Request
from optimizer.scenario import Scenario

FRAMES = ("candidates", "customers", "offers", "channels", "slots", "history", "consents")
PUBLISHING = 0.03
"""Share of the time limit kept back for publishing."""
AFTER = 3.0
"""Kept back for the comparison, the audit and the run folder besides: so many times what reading and compiling took,
which grow with the same tables on the same machine, but no more than half of what is left."""
LARGE = 20_000_000
"""Bytes of tables from which kernels are loaded while the tables are compiled."""
GRACE = 1.0, 0.05, 1e-7
"""Seconds, or a share of the time limit, or seconds for each candidate, that an engine has to stop when its time is
over, before it is left behind."""


def solve(
    scenario: Scenario,
    *,
    candidates: Any = None,
    customers: Any = None,
    offers: Any = None,
    channels: Any = None,
    slots: Any = None,
    history: Any = None,
    consents: Any = None,
    engine: str | None = None,
    gap: float | None = None,
    time_limit: str | None = None,
    memory_limit: str | None = None,
    seed: int | None = None,
    threads: int | None = None,
    warm_start: Plan | None = None,
    sample: float | None = None,
    since: Plan | Path | str | None = None,
    observer: Observer | None = None,
) -> Plan:
    """Find the best plan that breaks no rule, and prove how good it is.

    Parameters
    ----------
    scenario : Scenario
        Never changed.
    candidates, customers, offers, channels, slots, history, consents : frame, optional
        pandas, polars, Arrow or DuckDB; each in place of the table that the file names.
    engine, gap, time_limit, memory_limit, seed, threads : optional
        Each in place of the scenario's ``solve`` setting; durations and sizes as the file writes them.
    warm_start : Plan, optional
        An earlier plan whose prices are a good start.
    sample : float, optional
        Look at this share of the customers alone, with limits scaled to what they would take of each. What comes of it
        says how good a plan can be and what limits cost; it is no plan to be sent.
    since : Plan or path, optional
        An earlier plan, or its run folder: the report says what changed since, and why. By default the run that
        ``stability`` stays close to.
    observer : Observer, optional
        Is told about progress and may stop the run.

    Returns
    -------
    Plan
        Audited: it breaks no rule.

    Raises
    ------
    InfeasibleError
        No plan obeys every rule.
    NoPlanError
        A limit stopped the search before a plan was found.
    OptimizerError
        The scenario, its data or the machine; see :mod:`optimizer.errors`.

    Examples
    --------
    >>> import optimizer as opt, pandas as pd
    >>> scenario = opt.Scenario.from_dict({
    ...     "version": 1, "name": "tea", "as_of": "2026-11-22T18:00:00+00:00",
    ...     "horizon": {"start": "2026-11-23", "days": 7},
    ...     "objective": {"maximize": "value"},
    ...     "contact_policies": [{"name": "one-each", "at_most": 1}],
    ...     "constraints": [{"name": "stock", "total": "contacts", "where": "offer = 'cup'", "at_most": 1}],
    ... })
    >>> messages = pd.DataFrame({
    ...     "customer": ["Ann", "Ann", "Bob", "Bob"], "offer": ["tea", "cup", "tea", "cup"], "value": [3, 5, 1, 4],
    ... })
    >>> plan = opt.solve(scenario, candidates=messages)
    >>> plan
    Plan tea: value 7.00, 2 contacts to 2 customers
      proven optimal; best possible 7.00, gap 0 % (proven by search)
      Audit: 2 rules recounted over 2 contacts, none broken.
    >>> plan.contacts[["customer", "offer"]].values.tolist()
    [['Ann', 'tea'], ['Bob', 'cup']]
    """
    watch = Stopwatch()
    observer = observer or Silent()
    settings = {
        "engine": engine,
        "gap": gap,
        "time_limit": time_limit,
        "memory_limit": memory_limit,
        "seed": seed,
        "threads": threads,
    }
    scenario = with_settings(scenario, settings).resolved()
    frames = {
        name: frame
        for name, frame in zip(FRAMES, (candidates, customers, offers, channels, slots, history, consents), strict=True)
        if frame is not None
    }
    request = request_for(scenario, observer, watch)
    compiled: Compiled | None = None
    try:
        compiled = build(scenario, frames, observer=observer, watch=watch, solving=True)
        if sample is not None:
            compiled = sample_of(compiled, sample)
            observer.warn(Finding("data", "--sample", told(sample), "leave --sample out for a plan"))
        request = replace(request, prices=starting_prices(earlier_prices(scenario, warm_start), compiled))
        searching = replace(request, deadline=before_the_audit(request, watch))
        comparing = replace(request, deadline=(searching.deadline + request.deadline) / 2)
        with watch.stage("solve", observer):
            chosen, _ = choose(compiled.problem, scenario.solve.engine)
            try:
                solution = watched(chosen, compiled.problem, searching, grace_of(scenario, compiled.problem.candidates))
            except NoPlanError as why:
                if scenario.solve.engine.startswith("greedy"):
                    raise
                late = searching.seconds_left() <= 0
                solution = instead(compiled.problem, compiled.ranks, comparing, why, late=late)
    except InfeasibleError as clash:
        from optimizer.analysis.booked import explain_pins
        from optimizer.analysis.infeasibility import explain

        if compiled is not None:
            refuse_refuted(compiled.problem, compiled.ranks)
        known = (
            explain_pins(scenario, frames, clash, request) if compiled is None else explain(compiled, clash, request)
        )
        raise known from None
    with watch.stage("compare", observer):
        comparable = compiled.problem.candidates <= COMPARED
        practice = baselines(compiled.problem, compiled.ranks, comparing) if comparable else {}
        if not scenario.solve.engine.startswith("greedy"):
            solution = never_worse(solution, practice)
        usual = {
            name: None if found is None else float(compiled.value(found.objective)) for name, found in practice.items()
        }
        lost = None
        if solution.prices is not None:
            lost = policy_costs(compiled.problem, solution.prices, seed=scenario.solve.seed)
    with watch.stage("audit", observer), reading("the tables"):
        from optimizer.analysis.scores import with_scores
        from optimizer.analysis.since.block import followed, with_since

        plan = make_plan(
            compiled, solution, baselines=usual, run_id=watch.run_id, lost=lost, frames=frames, sample=sample
        )
        plan, doubts = with_scores(plan, compiled, practice)
        earlier = since or followed(scenario)
        if earlier is not None and sample is None:
            plan, unread = with_since(plan, compiled, solution, earlier)
            doubts += unread
        for doubt in doubts:
            observer.warn(doubt)
    return plan.timed(watch.timings, peak_memory())


def build(
    scenario: Scenario,
    frames: Mapping[str, Any] | None = None,
    *,
    observer: Observer | None = None,
    watch: Stopwatch | None = None,
    keep_world: bool = False,
    solving: bool = False,
) -> Compiled:
    """Read the tables and compile the problem, without solving it.

    ``keep_world`` lets :func:`~optimizer.compile.again.with_limits` compile single rules again; ``solving`` says that
    an engine comes next.

    Raises
    ------
    UnsupportedError, ScenarioError, DataError
    """
    observer, watch = observer or Silent(), watch or Stopwatch()
    scenario = scenario.resolved()
    with watch.stage("read", observer):
        tables = open_tables(scenario, frames or {})
        refuse_own_names(tables)
        for finding in tables.findings:
            observer.warn(finding)
    if solving and sum(file.size for file in tables.files) > LARGE:
        load_beside(scenario.solve.engine)
    with watch.stage("compile", observer), reading("the tables"):
        compiled = compile_scenario(scenario, tables, keep_world=keep_world)
        for finding in compiled.findings:
            observer.warn(finding)
    return compiled


def sample_of(compiled: Compiled, share: float) -> Compiled:
    """Return what was compiled for a sample of the units; the tables hold its candidates alone from now on.

    Raises
    ------
    UsageError
        The share is not above 0 and at most 1.
    """
    from optimizer.engines.sampling import sampled

    if not 0 < share <= 1:
        raise UsageError(f"{share:g} is no share of the customers", where="sample", fix="say 0.01, or --sample 1%")
    problem = sampled(compiled.problem, share)
    keep_sample(compiled.tables, problem.customers)
    return replace(
        compiled,
        problem=problem,
        evaluated=None if compiled.evaluated is None else compiled.evaluated[: problem.candidates],
        magnitude=float(np.abs(problem.value).sum(dtype=float)) * 10.0**-problem.value_decimals,
        candidates=problem.candidates,
        customers=problem.customers,
    )


def with_settings(scenario: Scenario, settings: Mapping[str, Any]) -> Scenario:
    """Return the scenario with some ``solve`` settings replaced; None leaves one as it is."""
    if not isinstance(scenario, Scenario):
        raise UsageError(
            f"a scenario is wanted, not a {type(scenario).__name__}",
            where="solve",
            fix="Scenario.load('scenario.yaml')",
        )
    changed = {f"solve.{name}": value for name, value in settings.items() if value is not None}
    return scenario.replace(changed) if changed else scenario


def request_for(scenario: Scenario, observer: Observer, watch: Stopwatch) -> Request:
    """Say what is wanted of an engine; the clock runs from the reading of the data."""
    limit = scenario.solve.time_limit
    deadline = float("inf")
    if limit is not None:
        seconds = float(limit.seconds)
        deadline = watch.began + seconds - max(min(0.5, seconds / 4), PUBLISHING * seconds)
    return Request(
        gap=float(scenario.solve.gap),
        deadline=deadline,
        memory=scenario.solve.memory_limit,
        seed=scenario.solve.seed,
        threads=scenario.solve.workers,
        stopped=observer.stopped,
        report=observer.progress,
    )


def before_the_audit(request: Request, watch: Stopwatch) -> float:
    """Return the deadline of an engine that begins now, so that its plan is audited and written in time."""
    left = request.seconds_left()
    return request.deadline - min(AFTER * (time.monotonic() - watch.began), left / 2)


def grace_of(scenario: Scenario, candidates: int) -> float:
    """Return the seconds after its deadline that an engine is waited for."""
    limit = scenario.solve.time_limit
    seconds, share, each = GRACE
    return max(seconds, 0.0 if limit is None else share * float(limit.seconds), each * candidates)


@dataclass
class Stopwatch:
    """Times the stages of one run and names it."""

    began: float = field(default_factory=time.monotonic)
    timings: dict[str, float] = field(default_factory=dict)
    run_id: str = field(default_factory=lambda: f"{dt.datetime.now(dt.UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}")

    @contextmanager
    def stage(self, name: str, observer: Observer) -> Iterator[None]:
        """Time one stage."""
        observer.stage(name)
        reach(f"begin {name}")
        start = time.monotonic()
        try:
            yield
            reach(f"end {name}")
        finally:
            self.timings[name] = round(time.monotonic() - start, 3)
            self.timings["total"] = round(time.monotonic() - self.began, 3)


@dataclass(frozen=True, slots=True)
class DataCheck:
    """What ``validate --data`` tells: the tables are sound, and what a run would be like."""

    candidates: int
    customers: int
    eligible: int
    rows: int
    funnel: tuple[FunnelStep, ...]
    engine: str
    why: str
    seconds: float
    memory: int
    findings: tuple[Finding, ...]


def _nothing(compiled: Compiled) -> Iterable[Finding]:
    return ()


def check_data(
    scenario: Scenario,
    frames: Mapping[str, Any] | None = None,
    *,
    look: Callable[[Compiled], Iterable[Finding]] = _nothing,
) -> DataCheck:
    """Check the tables and estimate the run, without solving.

    The estimate of time and memory is rough: of the solve, from the number of eligible candidates and rows.

    Parameters
    ----------
    look : callable
        Returns what else is doubtful about the compiled problem.
    """
    watch = Stopwatch()
    compiled = build(scenario, frames, watch=watch)
    problem = compiled.problem
    engine, why = choose(problem, scenario.solve.engine)
    seconds, memory = engine.estimate(problem)
    return DataCheck(
        candidates=compiled.candidates,
        customers=compiled.customers,
        eligible=problem.candidates,
        rows=sum(rows.size for rows in problem.rows),
        funnel=compiled.funnel,
        engine=engine.name,
        why=why,
        seconds=watch.timings["total"] + seconds,
        memory=max(peak_memory(), memory),
        findings=(*compiled.tables.findings, *compiled.findings, *look(compiled)),
    )


__all__ = ["DataCheck", "build", "check_data", "solve"]
