"""Kept pins that eligibility refuses: no plan can hold them, whatever the other rules."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from optimizer.analysis.infeasibility import SECONDS, explain
from optimizer.analysis.levers import OFF
from optimizer.analysis.relax import Relaxation, without_pins
from optimizer.analysis.system import Budget, OutOfTimeError, obeyed, system_of
from optimizer.compile.build import compile_scenario
from optimizer.data import open_tables
from optimizer.errors import Finding, InfeasibleError
from optimizer.problem.evaluate import PINS
from optimizer.problem.solution import Request
from optimizer.scenario import Scenario


def explain_pins(
    scenario: Scenario, frames: Mapping[str, Any], error: InfeasibleError, request: Request
) -> InfeasibleError:
    """Return the error that also says what else clashes once the pins are taken out.

    Parameters
    ----------
    scenario : Scenario
    frames : mapping of table to frame
    error : InfeasibleError
        From the compiler: a finding per reason that refuses kept candidates.
    request : Request

    Returns
    -------
    InfeasibleError
        With a ``diagnosis`` as :func:`~optimizer.analysis.infeasibility.explain` gives it.
    """
    changes = without_pins(scenario)
    rest = scenario.replace(changes)
    compiled = compile_scenario(rest, open_tables(rest, frames))
    budget = Budget(min(request.deadline, time.monotonic() + SECONDS), request.stopped, request.memory, request.seed)
    out = Relaxation(changes, True, float(OFF), {path: _keep(scenario) for path in changes}).to_dict()
    diagnosis: dict[str, Any] = {
        "complete": True,
        "clashes": _clashes(error.findings, {rule.name for rule in scenario.eligibility}),
        "relaxation": out,
        "alternatives": [],
    }
    findings = list(error.findings)
    try:
        linear = system_of(compiled.problem, budget)
        if not obeyed(linear, linear.rules, budget):
            more = explain(compiled, InfeasibleError("the other rules clash too"), request)
            findings += more.findings
            diagnosis["clashes"] += more.diagnosis["clashes"]
            diagnosis["complete"] = more.diagnosis["complete"]
            diagnosis["relaxation"] = _both(out, more.diagnosis["relaxation"])
    except OutOfTimeError:
        diagnosis["complete"] = False
    return InfeasibleError(findings, diagnosis=diagnosis)


def _keep(scenario: Scenario) -> Any:
    return None if scenario.pins is None else scenario.pins.keep


def _clashes(findings: Sequence[Finding], names: set[str]) -> list[dict[str, Any]]:
    """Return the pins with each eligibility rule that refuses them; alone, where what is no rule refuses them too."""
    alone = [finding for finding in findings if finding.rule not in names]
    return [_clash(finding, names) for finding in alone or findings]


def _clash(finding: Finding, names: set[str]) -> dict[str, Any]:
    return {
        "rules": [PINS, finding.rule] if finding.rule in names else [PINS],
        "irreducible": True,
        "units": None,
        "minimum": PINS,
        "need": float(finding.count),
        "most": 0.0,
        "group": None,
        "groups": 1,
        "steps": [],
        "words": f"{finding.where} {finding.what}: {finding.count:,}",
    }


def _both(one: dict[str, Any], other: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return both relaxations as one; None if the second is not known."""
    if other is None:
        return None
    return {
        "changes": one["changes"] | other["changes"],
        "steps": one["steps"] + other["steps"],
        "cost": one["cost"] + other["cost"],
        "cheapest": other["cheapest"],
        "words": f"{one['words']} and {other['words']}",
    }
