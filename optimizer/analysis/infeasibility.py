"""Why no plan exists, in the scenario's words: which rules clash, for whom, by how much, and the cheapest way out."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

import numpy as np

from optimizer.analysis.clash import MOST, Clash, unit_clashes
from optimizer.analysis.opened import Opened, open_up
from optimizer.analysis.priced import Priced, suits
from optimizer.analysis.reach import Reach, step_words, with_steps
from optimizer.analysis.relax import Relaxation, relax_greedily, rule_at
from optimizer.analysis.searched import Searched
from optimizer.analysis.system import LARGEST, Budget, OutOfTimeError
from optimizer.compile.build import Compiled
from optimizer.errors import Finding, InfeasibleError, cut
from optimizer.problem.evaluate import PINS
from optimizer.problem.parts import of_units
from optimizer.problem.solution import Request

Asked = Searched | Priced

SECONDS = 60.0
"""Time for a diagnosis; the run's own deadline may leave less."""


@dataclass(frozen=True, slots=True)
class Told:
    """A clash with its figures."""

    clash: Clash
    main: str | None
    reach: Reach | None


@dataclass(slots=True)
class Diagnosis:
    """What is known about an infeasible scenario.

    Parameters
    ----------
    compiled : Compiled
    clashes : list of Told
    relaxation : Relaxation, optional
    alternatives : list of Relaxation
        Other ways out, each by one rule alone; looked for when there is one clash and the problem is not large.
    complete : bool
        False when time (or size) ended the diagnosis before all was known.
    """

    compiled: Compiled
    clashes: list[Told] = field(default_factory=list)
    relaxation: Relaxation | None = None
    alternatives: list[Relaxation] = field(default_factory=list)
    complete: bool = True


def explain(compiled: Compiled, error: InfeasibleError, request: Request) -> InfeasibleError:
    """Return the error that tells planners why no plan exists.

    Parameters
    ----------
    compiled : Compiled
    error : InfeasibleError
        What the engine said; the answer where nothing better is found in time.
    request : Request
        Whose deadline, memory and wish to stop are kept.

    Returns
    -------
    InfeasibleError
        A finding per clash. ``diagnosis`` has ``complete``, ``clashes`` (each with ``rules, irreducible, units, need,
        most, group, steps, words``), ``relaxation`` and ``alternatives`` (each with ``changes`` for
        ``Scenario.replace``, ``steps, cost, cheapest, words``).
    """
    deadline = min(request.deadline, time.monotonic() + SECONDS)
    budget = Budget(deadline, request.stopped, request.memory, request.seed)
    found = Diagnosis(compiled)
    try:
        _diagnose(found, budget)
    except OutOfTimeError:
        found.complete = False
    return InfeasibleError(_findings(found) or error.findings, diagnosis=_as_json(found))


def _diagnose(found: Diagnosis, budget: Budget) -> None:
    compiled, problem = found.compiled, found.compiled.problem
    within = unit_clashes(problem, [PINS, *(r.name for r in compiled.scenario.contact_policies if r.enabled)], budget)
    opened: Opened | None = open_up(compiled, budget) if within else None
    _tell(found, within, None, opened, budget)
    if not suits(problem) and problem.candidates > LARGEST:
        found.relaxation = relax_greedily(compiled, budget)
    asked: Asked = Priced(problem, budget) if suits(problem) else Searched.of(problem, budget)
    members = _in_order(found, asked)
    if not within:
        clash = asked.clash(members, known=True)
        if clash is None:  # it takes whole numbers to see it
            asked = Searched.of(problem, budget)
            clash = asked.clash(members, known=True)
        opened = open_up(compiled, budget)
        _tell(found, [clash] if clash else [], asked, opened, budget)
    found.relaxation = asked.relaxed(compiled)
    while len(found.clashes) < MOST:
        members = [name for name in members if name not in _given_way(found)]
        further = asked.clash(members)
        if further is None:
            break
        _tell(found, [further], asked, opened, budget)
    if len(found.clashes) == 1 and isinstance(asked, Searched):  # large problems are told one way out, but soon
        _look_for_others(found, asked)


def _in_order(found: Diagnosis, asked: Asked) -> list[str]:
    """Return the rules that can bind: pins, policies, constraints, each in the file's order."""
    scenario = found.compiled.scenario
    last = () if scenario.stability is None else (scenario.stability,)
    known = [PINS, *(rule.name for rule in (*scenario.contact_policies, *scenario.constraints, *last))]
    return [name for name in known if name in asked.rules]


def _given_way(found: Diagnosis) -> set[str]:
    """Return a rule or more of each clash, so that no clash is found twice: the relaxed ones, or else the first."""
    changes = found.relaxation.changes if found.relaxation else {}
    relaxed = {rule_at(path) for path in changes}
    gone: set[str] = set()
    for told in found.clashes:
        gone |= relaxed & set(told.clash.rules) or {told.main or told.clash.rules[0]}
    return gone


def _tell(found: Diagnosis, clashes: list[Clash], asked: Asked | None, opened: Opened | None, budget: Budget) -> None:
    """Add clashes with their figures; a clash is kept even when time for its figures runs out."""
    problem = found.compiled.problem
    for clash in clashes:
        found.clashes.append(Told(clash, None, None))
        here = asked
        if clash.units is not None:
            one = np.zeros(problem.units, bool)
            one[clash.units[0]] = True
            here = Searched.of(of_units(replace(problem, rows=(), switches=()), one)[0], budget)
        assert here is not None
        main, reach = here.missed(clash.rules)
        if reach is not None and clash.units is None:
            reach = with_steps(reach, problem, clash.rules, opened, here.most)
        whole = clash if opened is None else here.with_eligibility(clash, opened)
        found.clashes[-1] = Told(whole, main, reach)


def _look_for_others(found: Diagnosis, asked: Asked) -> None:
    """Find what each rule of the only clash would have to give way by itself."""
    best = found.relaxation
    for rule in found.clashes[0].clash.rules:
        if rule in asked.rules:
            other = asked.relaxed(found.compiled, [rule])
            if other is not None and (best is None or other.changes != best.changes):
                found.alternatives.append(other)
    found.alternatives.sort(key=lambda other: other.cost)


def _findings(found: Diagnosis) -> list[Finding]:
    scenario = found.compiled.scenario
    findings = []
    for number, told in enumerate(found.clashes):
        rules = {rule.name: rule for rule in scenario.rules()}
        main = told.main or told.clash.rules[0]
        where = scenario.where("pins.keep" if main == PINS else scenario.rule_path(rules[main]))
        what = _words(found, told)
        findings.append(Finding("solve", where, what, _fix(found) if number == 0 else "", rule=main))
    if findings and not found.complete:
        what = "time ended the diagnosis: there may be smaller sets of rules that clash, and cheaper changes"
        findings.append(Finding("solve", scenario.file, what, "change what is named, and run it again"))
    return findings


def _fix(found: Diagnosis) -> str:
    ways = [found.relaxation] if found.relaxation is not None else []
    return ", or ".join(way.words() for way in (*ways, *found.alternatives))


def _words(found: Diagnosis, told: Told) -> str:
    """Say one clash in one sentence."""
    clash, reach = told.clash, told.reach
    names = [f"'{name}'" for name in clash.rules]
    if clash.units is not None:
        problem = found.compiled.problem
        who = "customers" if problem.units == problem.customers else "customers (or households)"
        concerns = f" for {len(clash.units):,} of {problem.units:,} {who}"
    else:
        concerns = ""
    listed = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    clashes = "cannot be met" if len(names) == 1 else "clash"
    if not clash.irreducible:
        clashes = f"{clashes} (time ran out before it was known whether all of them are needed for it)"
    text = f"{listed} {clashes}{concerns}"
    if reach is None:
        return text
    group = _group(reach.group)
    if reach.steps:
        text += f": {step_words(reach.steps)} for the {reach.need:,f} that '{reach.rule}' asks for{group}"
        beside = _beside_all(found, told)
        text += "" if beside is None else f", {beside:,f} beside all other rules"
    else:
        text += f": '{reach.rule}' asks for {reach.need:,f}{group}, and at most {reach.most:,f} can be had"
    return f"{text} ({reach.groups:,} such groups)" if reach.groups > 1 and clash.units is None else text


def _beside_all(found: Diagnosis, told: Told) -> Decimal | None:
    """Return what the rules outside a clash leave of what those in it leave, where the way out tells."""
    if found.relaxation is None or told.reach is None or len(found.relaxation.changes) > 1:
        return None
    left = found.relaxation.changes.get(f"constraints.{told.main}.at_least")
    return None if left is None or left >= told.reach.steps[-1].left else Decimal(left)


def _group(label: str) -> str:
    values: Mapping[str, Any] = json.loads(label) if label else {}
    told = ", ".join(f"{key} {cut(value)}" for key, value in values.items())
    return f" ({told})" if told else ""


def _as_json(found: Diagnosis) -> dict[str, Any]:
    return {
        "complete": found.complete,
        "clashes": [_clash_json(found, told) for told in found.clashes],
        "relaxation": None if found.relaxation is None else found.relaxation.to_dict(),
        "alternatives": [other.to_dict() for other in found.alternatives],
    }


def _clash_json(found: Diagnosis, told: Told) -> dict[str, Any]:
    clash, reach = told.clash, told.reach
    return {
        "rules": list(clash.rules),
        "irreducible": clash.irreducible,
        "units": None if clash.units is None else len(clash.units),
        "minimum": told.main,
        "need": None if reach is None else float(reach.need),
        "most": None if reach is None else float(reach.most),
        "group": json.loads(reach.group) if reach is not None and reach.group else None,
        "groups": None if reach is None else reach.groups,
        "steps": [] if reach is None else [{"rule": s.rule, "lost": s.lost, "left": s.left} for s in reach.steps],
        "words": _words(found, told),
    }
