"""Compile a scenario again of which only limits have changed: the rules it touches, and nothing else.

What a candidate looks like to rules (its kind, value and amounts) depends on the conditions, columns and amounts that
the rules name, not on their limits. So a rule that still looks at the same things can be compiled anew among the same
kinds. Everything else (eligibility, objective, tables, horizon, who shares a policy, penalties, which set the
quantum) changes what candidates look like, and takes a whole compilation.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from optimizer.compile.build import Compiled, Priced, by_kind, compile_rule, in_quanta, most_contacts
from optimizer.compile.wide import across_units
from optimizer.problem.primitives import Primitive
from optimizer.problem.problem import Problem
from optimizer.rules.base import Rule
from optimizer.scenario import Scenario

LIMITED = ("contact_policies", "constraints")
FIXED = ("name", "enabled", "report_only", "per", "penalty")
"""Keys of a rule that, when changed, need a whole compilation."""


def with_limits(compiled: Compiled, scenario: Scenario) -> Compiled | None:
    """Return the problem of a scenario that differs from the compiled one in limits alone.

    Parameters
    ----------
    compiled : Compiled
        Compiled with ``keep_world``; never changed.
    scenario : Scenario

    Returns
    -------
    Compiled or None
        As a whole compilation would give it; None where more than limits differ.

    Raises
    ------
    DataError, ScenarioError
        As :func:`~optimizer.compile.build.compile_scenario`.
    """
    changed = _changed_rules(compiled.scenario, scenario)
    if compiled.world is None or changed is None:
        return None
    world = replace(compiled.world, scenario=scenario, amounts=compiled.world.amounts.again())
    decimals = compiled.problem.value_decimals
    anew = {rule.name: [in_quanta(p, decimals) for p in compile_rule(rule, world)] for rule in changed}
    if any(map(_finer, (primitive for one in anew.values() for primitive in one))):
        return None
    names = [rule.name for rule in scenario.rules()]
    old = _primitives(compiled.problem)
    primitives = across_units((p for name in names for p in anew.get(name, [q for q in old if q.rule == name])), world)
    problem = replace(
        compiled.problem,
        most_contacts=most_contacts(np.diff(compiled.problem.customer_start), primitives),
        measures=tuple(world.amounts.measures),
        partitions=tuple(world.partitions),
        **by_kind(primitives),
    )
    return replace(compiled, scenario=scenario, problem=problem)


def _finer(primitive: Primitive) -> bool:
    """Say whether a penalty is no whole number of value quanta: a whole compilation may find finer ones."""
    return isinstance(primitive, Priced) and primitive.penalty is not None and primitive.penalty.denominator > 1


def _primitives(problem: Problem) -> tuple[Primitive, ...]:
    return (
        *problem.counters,
        *problem.distincts,
        *problem.conflicts,
        *problem.prerequisites,
        *problem.floors,
        *problem.rows,
        *problem.switches,
    )


def _changed_rules(before: Scenario, after: Scenario) -> list[Rule] | None:
    """Return the rules with other limits; None where anything else differs."""
    elsewhere = [name for name in Scenario.model_fields if name not in (*LIMITED, "solve", "name")]
    if any(getattr(before, name) != getattr(after, name) for name in elsewhere):
        return None
    if before.solve.seed != after.solve.seed or before.base != after.base:
        return None
    old = {rule.name: rule for section in LIMITED for rule in getattr(before, section)}
    new = {rule.name: rule for section in LIMITED for rule in getattr(after, section)}
    if old.keys() != new.keys():
        return None
    changed = [rule for name, rule in new.items() if rule != old[name]]
    if all(_looks_alike(old[rule.name], rule) for rule in changed):
        return [rule for rule in changed if rule.enabled and not getattr(rule, "report_only", False)]
    return None


def _looks_alike(before: Rule, after: Rule) -> bool:
    """Say whether two forms of a rule look at the same things."""
    fixed = all(getattr(before, key, None) == getattr(after, key, None) for key in FIXED)
    return fixed and type(before) is type(after) and before.needs() == after.needs()
