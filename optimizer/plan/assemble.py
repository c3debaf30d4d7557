"""An engine's answer becomes a plan: rows written back, audited, accounted for."""

from __future__ import annotations

import platform
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from importlib.metadata import version
from typing import Any

import numpy as np
import pyarrow as pa

from optimizer.compile.build import Compiled
from optimizer.compile.sight import joins, quoted, tables_of
from optimizer.data.faults import reading
from optimizer.data.layout import KEYS, quote
from optimizer.errors import AuditError, Finding
from optimizer.language.counts import counted
from optimizer.plan.accounts import constraint_frame, funnel_frame, policy_frame, row_prices
from optimizer.plan.audit import AUDITED, audit_contacts
from optimizer.plan.audit.report import AuditReport
from optimizer.plan.breakdown import breakdown_frame
from optimizer.plan.claims import ANOTHER, refuse_lies, refuse_no_positions
from optimizer.plan.firm import firm_days
from optimizer.plan.insight import make_insight, offers_of
from optimizer.plan.plan import Plan, Termination
from optimizer.plan.sample import by_scaled_limits, told
from optimizer.plan.sentences import closing
from optimizer.plan.tally import Tally
from optimizer.problem.primitives import IntArray
from optimizer.problem.problem import Problem
from optimizer.problem.solution import Solution

LIBRARIES = ("contactopt", "ortools", "duckdb", "numpy", "pyarrow", "sqlglot", "pydantic")
SMALL = Decimal("1e-9")


def make_plan(
    compiled: Compiled,
    solution: Solution,
    *,
    baselines: Mapping[str, float | None],
    run_id: str,
    lost: Mapping[str, tuple[float, float] | None] | None = None,
    frames: Mapping[str, Any] | None = None,
    sample: float | None = None,
) -> Plan:
    """Write the chosen rows back, audit them, and account for every rule.

    Parameters
    ----------
    baselines : mapping of str to float or None
        The objective of each usual practice.
    run_id : str
    lost : mapping of rule to (rise, standard error), optional
        What each policy costs, in value quanta; see :func:`~optimizer.plan.accounts.policy_frame`.
    frames : mapping of table to frame, optional
        Tables that the caller handed over; the plan can be explained as long as it holds on to them.

    sample : float, optional
        Share of the customers that the compiled problem is of; its plan is judged by its own limits.

    Raises
    ------
    AuditError
        The audit found a broken rule, or an objective or a bound that is not true: there is no plan.
    """
    refuse_no_positions(compiled, solution)
    scenario, problem = compiled.scenario, compiled.problem
    chosen = np.sort(solution.chosen)
    counts = Tally(problem, solution.prices, offers_of(compiled)[1])
    with counts.counting(chosen, beside=scenario.solve.workers > 1) as tallied:
        audit = _audit(compiled, solution, sample)
        with reading("candidates"):
            table = rows_of(compiled, AUDITED)
        tally = tallied()
    compiled.tables.refuse_changed()
    bound, gap = certificate(compiled, solution, audit.objective)
    termination = Termination(solution.reason.value, solution.limit.value if solution.limit else None, solution.detail)
    prices = row_prices(compiled, solution)
    constraints = constraint_frame(audit, scenario, prices)
    contacted = int(np.count_nonzero(np.diff(_customers(problem, chosen), prepend=-1)))
    summary = {
        "scenario": scenario.name,
        "run_id": run_id,
        "as_of": scenario.now.isoformat(),
        "business_date": scenario.today.isoformat(),
        "termination": termination.reason,
        "limit": termination.limit,
        "reproducible": solution.reproducible,
        "objective": float(audit.objective),
        "bound": bound,
        "bound_by": solution.bound_by,
        "gap": gap,
        "value": float(audit.value),
        "penalties": float(audit.penalties),
        "contacts": table.num_rows,
        "firm": firm_days(scenario, compiled.tables),
        "customers_contacted": contacted,
        "customers": compiled.customers,
        "candidates": compiled.candidates,
        "eligible": problem.candidates,
        "engine": solution.engine,
        "detail": solution.detail,
        "seed": scenario.solve.seed,
        "timings": {},
        "peak_memory": None,
        "baselines": dict(baselines),
        "versions": versions(),
    }
    policies = policy_frame(compiled, tally, lost)
    sentences: tuple[str, ...] = closing(summary, constraints, policies, sense(compiled))
    if sample is not None:
        summary["sample"] = sample
        sentences = (*sentences, told(sample))
    return Plan(
        scenario=scenario,
        termination=termination,
        table=table,
        constraints=constraints,
        policies=policies,
        funnel=funnel_frame(compiled),
        breakdown=breakdown_frame(compiled.tables, table),
        audit=audit,
        summary=summary,
        prices={
            "rows": prices,
            "value_decimals": problem.value_decimals,
            "sense": sense(compiled),
            "certificate": _proof(solution),
        },
        sentences=sentences,
        inputs=tuple(compiled.tables.inputs_as_dicts()),
        insight=make_insight(compiled, chosen, tally, table),
        frames=dict(frames or {}),
    )


def _audit(compiled: Compiled, solution: Solution, sample: float | None) -> AuditReport:
    """Audit an engine's answer, and refuse it if it breaks a rule or does not tell the truth of itself."""
    audit = audit_contacts(compiled.scenario, compiled.tables, chosen_keys(compiled, solution))
    if sample is not None:
        audit = by_scaled_limits(audit, compiled.scenario, compiled.problem)
    if not audit.ok:
        gave = f"by the plan that {solution.engine} gave"
        raise AuditError(
            [
                Finding("audit", rule, f"broken {counted(count, 'time')} {gave}", ANOTHER, rule=rule)
                for rule, count in audit.broken.items()
            ]
        )
    refuse_lies(compiled, solution, audit.objective)
    return audit


def _proof(solution: Solution) -> dict[str, Any] | None:
    """Return the whole-number prices that prove the bound, if prices prove it: numerators over ``2 ** shift``."""
    if solution.bound_by != "prices" or "price_numerators" not in solution.extra:
        return None
    numerators = {name: [int(n) for n in row] for name, row in solution.extra["price_numerators"].items()}
    return {"shift": int(solution.extra["price_shift"]), "numerators": numerators}


def sense(compiled: Compiled) -> str:
    """Return ``maximize`` or ``minimize``."""
    return "maximize" if compiled.maximises else "minimize"


def chosen_keys(compiled: Compiled, solution: Solution) -> pa.Table:
    """Return the keys of the chosen candidates: of those that candidates have."""
    listed = ", ".join(name for name in KEYS if name in compiled.tables.original["candidates"])
    with reading("candidates"), _keys(compiled, solution) as keys:
        table: pa.Table = compiled.tables.con.sql(f"SELECT {listed} FROM {keys}").to_arrow_table()
    return table


def chosen_rows(compiled: Compiled, solution: Solution) -> pa.Table:
    """Return the chosen rows with all their input columns and ``contribution``, sorted by key."""
    same = " AND ".join(f'x.{n} IS NOT DISTINCT FROM candidates."{n}"' for n in KEYS)
    with reading("candidates"), _keys(compiled, solution) as keys:
        chosen = f"{compiled.tables.valid} candidates SEMI JOIN {keys} x ON {same}"
        table = rows_of(compiled, f"(SELECT candidates.* FROM {chosen})")
        if table.num_rows > len(solution.chosen):  # identical rows
            table = rows_of(compiled, f"(SELECT DISTINCT candidates.* FROM {chosen})")
    return table


def rows_of(compiled: Compiled, contacts: str) -> pa.Table:
    """Return the rows of a relation of candidates as written: input columns and ``contribution``, sorted by key."""
    columns = compiled.tables.original["candidates"]
    listed = ", ".join(f"candidates.{quote(name)}" for name in columns if name != "contribution")
    objective = compiled.tables.catalog.bind(compiled.scenario.objective.expression)
    table: pa.Table = compiled.tables.con.sql(
        f"SELECT {listed}, CAST({objective.sql(quoted)} AS DOUBLE) AS contribution "
        f"FROM {contacts} candidates{joins(tables_of(objective))} "
        f"ORDER BY candidates.customer, candidates.slot, candidates.channel, candidates.offer"
    ).to_arrow_table()
    return table


@contextmanager
def _keys(compiled: Compiled, solution: Solution) -> Iterator[str]:
    """Have a relation of the chosen candidates' keys."""
    con, problem = compiled.tables.con, compiled.problem
    chosen = pa.table(
        {
            "ordinal": pa.array(_customers(problem, solution.chosen), pa.int64()),
            "kind": pa.array(problem.kind[solution.chosen], pa.int64()),
        }
    )
    con.register("@chosen", chosen)
    try:
        yield (
            '(SELECT u.customer, k.offer, k.channel, k.slot FROM "@chosen" '
            'JOIN "@customers" u USING (ordinal) JOIN "@kinds" k USING (kind))'
        )
    finally:
        con.unregister("@chosen")


def _customers(problem: Problem, chosen: IntArray) -> IntArray:
    """Return the customers of a few candidates, without those of all."""
    return np.searchsorted(problem.customer_start, chosen, "right") - 1


def certificate(compiled: Compiled, solution: Solution, objective: Decimal) -> tuple[float | None, float | None]:
    """Return the bound in the objective's units, rounding included, and the gap to the plan's objective."""
    if solution.bound is None:
        return None, None
    exact = compiled.value(solution.bound + compiled.rounding)
    scale = Decimal(compiled.magnitude)
    difference = abs(exact - objective)
    if difference <= SMALL * scale:
        return float(exact), 0.0
    return float(exact), float(difference / max(abs(objective), SMALL))


def versions() -> dict[str, str]:
    """Return the versions that decide a result."""
    found = {"python": platform.python_version()}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except ModuleNotFoundError:
            continue
    return found
