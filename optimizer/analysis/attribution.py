"""Which changed rule makes how much of a difference: the changes made one after the other, each solved again."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from optimizer.analysis.certainty import Certificate, Difference, difference
from optimizer.analysis.changes import RULES, changes, document
from optimizer.data.files import digest
from optimizer.data.layout import CANDIDATES
from optimizer.errors import Finding, UsageError
from optimizer.plan.plan import Plan
from optimizer.plan.progress import Observer
from optimizer.scenario import Scenario
from optimizer.solve import solve


@dataclass(frozen=True, slots=True)
class Effect:
    """What one changed part of the scenario does to the objective.

    Parameters
    ----------
    part : str
        ``constraints.budget``, ``objective``, ``data``, …
    first, last : Difference
        When it is changed before all other parts, and after all of them. Where they differ, parts work together: no
        single number is the part's own.
    """

    part: str
    first: Difference
    last: Difference


def attribute(before: Plan, after: Plan, observer: Observer | None = None) -> tuple[Effect, ...]:
    """Say what each changed part of the scenario does to the objective.

    Each part is changed alone in the first scenario, and put back alone in the second; both are solved again, from the
    prices of the plan that is known. So ``2 · parts`` solves, and none where a single part has changed.

    Raises
    ------
    UsageError
        The tables are not those that the runs read.
    OptimizerError
        A scenario in between cannot be solved; its message says which part was changed.
    """
    parts = tuple(dict.fromkeys(change.part for change in changes(before.scenario, after.scenario)))
    ends = [certificate(plan) for plan in (before, after)]
    if len(parts) == 1:
        whole = difference(*ends)
        return (Effect(parts[0], whole, whole),)
    _refuse_changed_inputs((before, after))
    return tuple(_effects(before, after, parts, observer))


def certificate(plan: Plan) -> Certificate:
    """Return what a plan proves."""
    return Certificate(plan.objective, plan.bound)


def _effects(before: Plan, after: Plan, parts: Sequence[str], observer: Observer | None) -> Iterator[Effect]:
    for part in parts:
        alone = _solved(before, with_part(before.scenario, after.scenario, part), f"{part} changed alone", observer)
        without = _solved(after, with_part(after.scenario, before.scenario, part), f"all but {part} changed", observer)
        yield Effect(
            part,
            first=difference(certificate(before), certificate(alone)),
            last=difference(certificate(without), certificate(after)),
        )


def _solved(start: Plan, scenario: Scenario, what: str, observer: Observer | None) -> Plan:
    if observer is not None:
        observer.stage(what)
    return solve(scenario, warm_start=start)


def with_part(scenario: Scenario, other: Scenario, part: str) -> Scenario:
    """Return a scenario in which one part is as another scenario has it."""
    data, theirs = document(scenario), document(other)
    section, _, name = part.partition(".")
    if section in RULES and name:
        here = [rule for rule in data.get(section, ()) if rule["name"] != name]
        data[section] = here + [rule for rule in theirs.get(section, ()) if rule["name"] == name]
    else:
        data.pop(section, None)
        data |= {section: copy.deepcopy(theirs[section])} if section in theirs else {}
    return Scenario.from_dict(data, base=scenario.base)


def _refuse_changed_inputs(plans: Sequence[Plan]) -> None:
    """Refuse tables that are no longer what the runs read: the effects would be those of other tables."""
    findings = []
    for plan in plans:
        run = f"run {plan.summary['run_id']}"
        if not any(one["table"] == CANDIDATES for one in plan.inputs):
            findings.append(Finding("usage", run, "its candidates were handed over as a frame, and are not here"))
        for one in plan.inputs:
            path = Path(one["path"])
            if not path.is_file() or digest(path) != one["sha256"]:
                findings.append(
                    Finding("usage", run, f"{path.name} is no longer the file that it read", "run both scenarios again")
                )
    if findings:
        raise UsageError(findings)
