"""A plan of a sample of the customers: a quick look, judged by limits of its size, and nothing that may be sent."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from optimizer.data.layout import CANDIDATES
from optimizer.data.tables import Tables
from optimizer.errors import UsageError
from optimizer.plan.audit.books import canonical
from optimizer.plan.audit.report import AuditReport
from optimizer.problem.primitives import UNLIMITED, Rows
from optimizer.problem.problem import Problem
from optimizer.rules.books import Line
from optimizer.scenario import Scenario

HALF = Decimal("0.5")


def refuse_sample(summary: Mapping[str, Any], what: str) -> None:
    """Raise where a plan is of a sample.

    Raises
    ------
    UsageError
    """
    if summary.get("sample") is not None:
        raise UsageError(
            f"the run is of a sample of {100 * summary['sample']:g} % of the customers: it cannot be {what}",
            where=str(summary["run_id"]),
            fix="run the scenario without --sample",
        )


def told(share: float) -> str:
    """Say what a plan of a sample is."""
    return (
        f"A look at {100 * share:g} % of the customers, with limits scaled to what they would take of each: "
        "not a plan to be sent."
    )


def keep_sample(tables: Tables, customers: int) -> None:
    """Leave the candidates of the first customers alone in the tables, for whatever is asked of them from now on."""
    con = tables.con
    con.execute(f'CREATE TEMP TABLE "@sample" AS SELECT customer FROM "@customers" WHERE ordinal < {customers}')
    con.execute(
        f"CREATE OR REPLACE VIEW {CANDIDATES} AS SELECT c.* FROM ({tables.rows.bound[CANDIDATES].select()}) c "
        f'SEMI JOIN "@sample" s ON s.customer = c.customer'
    )


def by_scaled_limits(audit: AuditReport, scenario: Scenario, problem: Problem) -> AuditReport:
    """Return an audit of a sample's plan against the sample's limits instead of the whole's.

    Policies are what they are; of the pins that keep, only the sample's were asked for.
    """
    limits = {
        (rows.rule, canonical(json.loads(label))): (rows, at)
        for rows in problem.rows
        for at, label in enumerate(rows.labels)
    }
    constraints = {rule.name: rule for rule in scenario.rules() if rule.section == "constraints"}
    lots = {switch.rule for switch in problem.switches}
    lines = []
    for line in audit.lines:
        if line.rule in constraints:
            found = limits.get((line.rule, canonical(line.group)))
            penalty = getattr(constraints[line.rule], "penalty", None)
            if found is not None and line.base is None:
                lines.append(_scaled(line, *found, penalty, audit.contacts, problem))
                continue
            if line.rule in lots:
                lines.append(replace(line, broken=False))
                continue
        if line.rule != "pins":
            lines.append(line)
    paid = sum((line.paid for line in lines), Decimal(0))
    objective = audit.value - paid if scenario.objective.maximize is not None else audit.value + paid
    return replace(audit, lines=tuple(lines), penalties=paid, objective=objective)


def _scaled(line: Line, rows: Rows, at: int, penalty: Any, contacts: int, problem: Problem) -> Line:
    side = rows.lower if line.sense == ">=" else rows.upper
    if line.used is None or abs(int(side[at])) >= UNLIMITED:
        return line
    limit = Decimal(int(side[at])).scaleb(-rows.decimals)
    rounded = rows.measure is not None and not problem.measures[rows.measure].exact
    slack = (contacts * HALF).scaleb(-rows.decimals) if rounded else Decimal(0)
    over = {"<=": line.used - limit, ">=": limit - line.used, "=": abs(line.used - limit)}[line.sense]
    excess = over if over > slack else Decimal(0)
    paid = excess * penalty if penalty is not None and not line.report_only else Decimal(0)
    broken = excess > 0 and penalty is None and not line.report_only
    return replace(line, limit=limit, excess=excess, paid=paid, broken=broken)
