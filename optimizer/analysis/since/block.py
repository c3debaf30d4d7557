"""What changed since an earlier plan: its contacts one by one, the value step by step, the rules and the tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from optimizer.analysis.certainty import Certificate, difference
from optimizer.analysis.changes import changes
from optimizer.analysis.moves import moves
from optimizer.analysis.since.rules import changed_rules, changed_tables
from optimizer.analysis.since.steps import by_offer, on_days, slot_days, steps
from optimizer.analysis.since.why import Why, reasons
from optimizer.errors import Finding, OptimizerError
from optimizer.plan.folder import MARK
from optimizer.plan.plan import Plan

if TYPE_CHECKING:
    from optimizer.compile.build import Compiled
    from optimizer.problem.solution import Solution
    from optimizer.scenario import Scenario

DATED = ("as_of", "horizon.start", "stability.previous")
"""What every night has otherwise: said as dates, not as changes."""
COUNTED = ("candidates", "eligible", "customers", "contacts", "customers_contacted", "objective", "bound", "penalties")


def followed(scenario: Scenario) -> Path | None:
    """Return the run folder that the scenario stays close to, if it is one."""
    if scenario.stability is None or not scenario.stability.enabled:
        return None
    run = Path(scenario.base) / scenario.stability.previous
    return run if (run / MARK).is_file() else None


def with_since(
    plan: Plan, compiled: Compiled, solution: Solution, earlier: Plan | Path | str
) -> tuple[Plan, list[Finding]]:
    """Return the plan with what changed since an earlier one; with a warning instead where that cannot be read.

    Parameters
    ----------
    plan : Plan
    compiled : Compiled
        What it was made of; its tables are open.
    solution : Solution
    earlier : Plan or path
    """
    try:
        before = earlier if isinstance(earlier, Plan) else Plan.load(earlier)
        return replace(plan, since=_since(plan, compiled, solution, before)), []
    except OptimizerError as error:
        what = f"what changed since {earlier} is not known: {error.findings[0].what}"
        return plan, [Finding("data", "report", what, "name another earlier run, or none")]


def _since(plan: Plan, compiled: Compiled, solution: Solution, before: Plan) -> Mapping[str, Any]:
    horizon, tables = before.scenario.horizon, compiled.tables
    days = slot_days(tables, before.table, horizon.start)
    first = plan.scenario.horizon.start
    over = {s for s, d in days.items() if d is None or d < first or (horizon.commit is not None and d <= horizon.firm)}
    later = {s for s, d in slot_days(tables, plan.table, first).items() if d is not None and d > horizon.last}
    gone, ahead = on_days(before.table, over), on_days(before.table, set(days) - over)
    found = moves(ahead, plan.table)
    alike = _objective(before) == _objective(plan)
    return {
        "run_id": before.summary["run_id"],
        "business_date": before.summary["business_date"],
        "first": horizon.start.isoformat(),
        "last": horizon.last.isoformat(),
        "summary": {key: [before.summary.get(key), plan.summary.get(key)] for key in COUNTED},
        "difference": asdict(difference(_certificate(before), _certificate(plan))) if alike else None,
        "objectives": None if alike else [" ".join(_objective(one)) for one in (before, plan)],
        "steps": steps(gone, found.pairs, later),
        "offers": by_offer(gone, found.pairs),
        "reasons": reasons(Why(compiled, solution), found.pairs),
        "changes": [asdict(c) for c in changes(before.scenario, plan.scenario) if not _dated(c.path)],
        "words": _words(before.scenario, plan.scenario),
        "rules": changed_rules(before, plan),
        "tables": changed_tables(before, plan),
    }


def _certificate(plan: Plan) -> Certificate:
    return Certificate(plan.objective, plan.bound)


def _objective(plan: Plan) -> tuple[str, str]:
    return plan.prices["sense"], plan.scenario.objective.expression.text


def _dated(path: str) -> bool:
    return path in DATED or path.startswith("data.")


def _words(before: Scenario, after: Scenario) -> list[dict[str, Any]]:
    """Return the rules that say something else now, in words: before and after, None where there is none."""
    mine, other = ({rule.name: rule.words() for rule in s.rules() if rule.enabled} for s in (before, after))
    names = [name for name in dict.fromkeys((*mine, *other)) if name != "stability"]
    return [
        {"name": name, "before": mine.get(name), "after": other.get(name)}
        for name in names
        if mine.get(name) != other.get(name)
    ]
