"""Compiler and audit against the oracle, on sets of contacts: all three must call the same ones legal."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from optimizer.errors import DataError, InfeasibleError, OptimizerError, UnsupportedError, UsageError
from optimizer.problem.evaluate import evaluate
from tests import oracle
from tests.conformance.product import audited, compiled, names, positions
from tests.golden.cases import Breaks, Case, Dropped, RefusedInput, keys
from tests.golden.catalogue import CASES
from tests.oracle.random_cases import random_case, write
from tests.slow import slowly

SETS = pytest.mark.parametrize("sets", [10, *slowly([30])])
"""Of contacts, for each case."""


def judged(folder: Path, seed: int, rules: str, sets: int) -> None:
    """Hold random sets of contacts of one random case against the oracle."""
    scenario, tables = random_case(seed, rules=rules)  # type: ignore[arg-type]
    path = write(folder, scenario, tables)
    rng = Random(seed)
    try:
        judge = oracle.Judge(scenario, tables)
    except oracle.Refused:
        with pytest.raises((UsageError, DataError)):
            compiled(path)
        return
    try:
        build = compiled(path)
    except InfeasibleError:
        assert judge.best() == (None, None)
        return
    known = names(build)
    assert set(known) == {contact.key for contact in judge.eligible}
    for _ in range(sets):
        plan = [key for key in known if rng.random() < rng.choice([0.15, 0.3, 0.6])]
        broken = {rule for rule, _, _ in judge.violations(plan)}
        found = audited(build, plan)
        chosen = evaluate(build.problem, positions(known, plan))
        problem_says = {v.rule for v in chosen.violations}
        audit_says = set(found.broken)
        assert found.shortfalls is None or found.shortfalls.not_proven == 0
        assert {_pin(r) for r in audit_says} == {_pin(r) for r in broken}, plan
        # A rule that is a best effort may still be broken from above: `exactly` is a cap, too.
        surely = broken - best_effort(scenario)
        assert bool(surely) <= bool(problem_says) <= bool(broken), (plan, problem_says, broken)
        exact = judge.objective(plan)
        assert float(found.objective) == pytest.approx(float(exact), abs=1e-9)


def best_effort(scenario: dict[str, object]) -> set[str]:
    """Names of rules of which the evaluator does not recount the reachable least."""
    policies = scenario.get("contact_policies") or []
    return {rule["name"] for rule in policies if rule.get("if_short") == "best_effort"}  # type: ignore[union-attr]


def _pin(rule: str) -> str:
    return "pins" if "pin" in rule else rule


@SETS
@pytest.mark.parametrize("seed", range(60))
def test_first_cut_rules_mean_what_the_oracle_says(seed: int, sets: int, tmp_path: Path) -> None:
    judged(tmp_path, seed, "first", sets)


@SETS
@pytest.mark.parametrize("seed", range(60))
def test_all_rules_mean_what_the_oracle_says(seed: int, sets: int, tmp_path: Path) -> None:
    try:
        judged(tmp_path, seed, "all", sets)
    except UnsupportedError as error:
        pytest.skip(str(error.findings[0].what))


@pytest.mark.slow
@pytest.mark.parametrize("rules", ["first", "all"])
@pytest.mark.parametrize("seed", range(1_000, 1_400))
def test_many_more_rules_mean_what_the_oracle_says(rules: str, seed: int, tmp_path: Path) -> None:
    try:
        judged(tmp_path, seed, rules, sets=40)
    except UnsupportedError as error:
        pytest.skip(str(error.findings[0].what))


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.line}: {case.name}")
def test_golden_case(case: Case, tmp_path: Path) -> None:
    path = case.write(tmp_path)
    for expected in case.expect:
        match expected:
            case Breaks(plan, rules):
                build = compiled(path)
                chosen = keys(plan)
                known = names(build)
                found = audited(build, chosen)
                assert set(found.broken) == set(rules)
                if chosen <= set(known):
                    rules = tuple(set(rules) - best_effort(case.load()[0]))
                    assert bool(evaluate(build.problem, positions(known, chosen)).violations) == bool(rules)
            case Dropped(reasons):
                build = compiled(path)
                known = {" ".join(key) for key in names(build)}
                assert not known & set(reasons)
                everything = build.candidates
                assert everything - len(known) == len(reasons)
                counted = {step.reason: step.alone for step in build.funnel if step.alone}
                assert counted == {r: list(reasons.values()).count(r) for r in reasons.values()}
            case RefusedInput():
                frames = {name: table for name, table in case.tables.items() if not isinstance(table, str)}
                with pytest.raises(OptimizerError):
                    compiled(path, frames)
            case _:
                continue
