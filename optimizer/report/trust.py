"""Why the page can be believed, as plain data: the audit's verdict, and where everything came from."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING

from optimizer.report.blocks import Block, plain, records

if TYPE_CHECKING:
    from optimizer.plan.plan import Plan

VIOLATIONS_LISTED = 20
INPUTS_LISTED = 20


def audit(plan: Plan) -> Block:
    """Return the verdict of the audit, how much it recounted, and the first violations."""
    violations = records(plan.audit.violations)
    listed = [{key: plain(value) for key, value in row.items()} for row in violations[:VIOLATIONS_LISTED]]
    return {
        "ok": plan.audit.ok,
        "rules": len(plan.audit.rules),
        "contacts": plan.audit.contacts,
        "efforts": None if plan.audit.shortfalls is None else str(plan.audit.shortfalls),
        "violations": listed,
        "hidden": len(violations) - len(listed),
    }


def provenance(plan: Plan) -> list[tuple[str, str]]:
    """Return what it takes to repeat the run, as label and value."""
    summary, scenario = plan.summary, plan.scenario
    versions = summary.get("versions") or {}
    rows = {
        "scenario": scenario.name,
        "as of": f"{scenario.now:%Y-%m-%d %H:%M %Z}",
        "goal": _goal(plan),
        "solver": summary.get("engine"),
        "how it ended": plan.termination.detail,
        "bound": {
            "prices": "from the prices of the limits; `contactopt audit` recomputes it",
            "search": "from the solver's search",
        }.get(summary.get("bound_by") or "", summary.get("bound_by")),
        "seed": summary.get("seed"),
        "repeatable": "yes: same inputs, same bytes"
        if summary.get("reproducible")
        else "no: a clock or a signal stopped it",
        "versions": " · ".join(f"{name} {version}" for name, version in sorted(versions.items())),
    }
    return [(label, str(value)) for label, value in rows.items() if value not in (None, "")]


def inputs(plan: Plan) -> Block:
    """Return the files that were read: table and name.

    Their sizes and hashes, which the order of their rows changes, are the manifest's: it changes no byte of the page.
    """
    files = [{"table": one["table"], "name": PurePath(one["path"]).name} for one in plan.inputs]
    return {"files": files[:INPUTS_LISTED], "hidden": max(0, len(files) - INPUTS_LISTED)}


def _goal(plan: Plan) -> str:
    objective = plan.scenario.objective
    return f"{'maximize' if objective.maximize is not None else 'minimize'} {objective.expression.text}"
