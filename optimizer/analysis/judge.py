"""Judge a plan: a run folder, or anybody's list of contacts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from optimizer.compile.build import compile_scenario
from optimizer.data import Tables, open_tables
from optimizer.data.key_tables import read_keys
from optimizer.errors import UsageError
from optimizer.plan.audit import AuditReport, audit_contacts
from optimizer.plan.plan import Plan
from optimizer.plan.progress import Observer
from optimizer.plan.sample import refuse_sample
from optimizer.problem.price_bound import price_bound
from optimizer.scenario import Scenario
from optimizer.solve import solve

ALL_UNITS = 100_000
SAMPLE = 20_000
"""Units searched by the second opinion on a certificate where there are more than that."""


def audit(
    plan: str | Path | Plan | Scenario,
    *,
    contacts: Any = None,
    bound: bool = True,
    full: bool = False,
    observer: Observer | None = None,
) -> AuditReport:
    """Recount every rule from the raw inputs.

    Parameters
    ----------
    plan : path, Plan or Scenario
        A published run folder (or the plan in memory), or the scenario that foreign contacts are judged by.
    contacts : path or frame, optional
        With a scenario: anybody's contacts, as a Parquet or CSV file or a frame with the key columns.
    bound : bool
        With a scenario: also solve it, to say what legal contacts leave on the table.
    full : bool
        With a run: recompute its price bound over all units, however many.
    observer : Observer, optional
        Is told about progress.

    Returns
    -------
    AuditReport

    Raises
    ------
    OptimizerError
        The folder, the scenario or the tables cannot be read.

    Examples
    --------
    With the plan of the example of :func:`optimizer.solve`:

    >>> import optimizer as opt
    >>> opt.audit(plan)
    Audit: 2 rules recounted over 2 contacts, none broken.

    Another tool's list, by the rules of a file: ``opt.audit(opt.Scenario.load("scenario.yaml"), contacts=frame)``.
    """
    if isinstance(plan, Scenario):
        if contacts is None:
            raise UsageError("a scenario is audited with contacts", where="audit", fix="pass contacts=… or --plan FILE")
        return _judge(plan, contacts, bound=bound, observer=observer)
    if contacts is not None:
        raise UsageError("a run is audited with its own contacts", where="audit", fix="pass the scenario instead")
    run = plan if isinstance(plan, Plan) else Plan.load(plan)
    refuse_sample(run.summary, "audited by the whole's limits")
    scenario = run.scenario
    tables = open_tables(scenario, run.frames)
    report = audit_contacts(scenario, tables, run.table)
    changed = [one["path"] for one, now in zip(run.inputs, tables.inputs_as_dicts(), strict=False) if dict(one) != now]
    notes: dict[str, Any] = {"inputs_changed_since_the_run": changed} if changed else {}
    if run.prices.get("certificate") is not None and not changed:
        notes |= _recomputed(scenario, tables, run, full=full)
    return replace(report, bound=run.bound, notes=notes)


def _recomputed(scenario: Scenario, tables: Tables, run: Plan, *, full: bool) -> dict[str, Any]:
    """Recompute the bound that the saved prices prove, of all units or (unless ``full``) of a seeded sample of many."""
    compiled = compile_scenario(scenario, tables)
    problem, proof = compiled.problem, run.prices["certificate"]
    sample = None if full or problem.units <= ALL_UNITS else SAMPLE
    found = price_bound(problem, proof["numerators"], proof["shift"], sample=sample, seed=scenario.solve.seed)
    rounding = 0 if compiled.exact_value else -(-problem.most_contacts // 2)
    return {
        "bound_recomputed_from_prices": float(compiled.value(found.bound + rounding)),
        "units_searched": found.units,
        "units_bounded_from_above": found.cut,
        "standard_error": abs(float(compiled.value(found.error))),
    }


def _judge(scenario: Scenario, contacts: Any, *, bound: bool, observer: Observer | None) -> AuditReport:
    tables = open_tables(scenario, {})
    report = audit_contacts(scenario, tables, read_keys(tables, contacts, what="the contacts", whole=True))
    if not bound or not report.ok:
        return report
    best = solve(scenario, observer=observer)
    if best.bound is None:
        return report
    left = best.bound - float(report.objective)
    return replace(report, bound=best.bound, left_on_the_table=left if scenario.objective.maximize else -left)
