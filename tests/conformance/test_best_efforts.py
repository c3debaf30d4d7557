"""Best efforts: the audit finds, by a search of its own, which shortfalls brute force calls avoidable."""

from __future__ import annotations

import copy
from pathlib import Path
from random import Random

import pytest

from optimizer.errors import DataError, InfeasibleError, UnsupportedError, UsageError
from tests import oracle
from tests.conformance.cases import MAKERS, Scenario, write
from tests.conformance.product import audited, compiled, names

SETS = 3


def with_an_effort(scenario: Scenario, rng: Random) -> Scenario:
    """Return a case with one best effort more, of the sort that its other policies are."""
    found = copy.deepcopy(scenario)
    policies = found.setdefault("contact_policies", [])
    shared = {key: rule[key] for rule in policies for key in ("where", "per", "for_each") if key in rule}
    kept = {key: value for key, value in shared.items() if rng.random() < 0.5}
    policies.append({"name": "effort", "at_least": rng.choice([1, 2, 3]), "if_short": "best_effort", **kept})
    return found


def held_against_brute_force(folder: Path, maker: str, seed: int) -> int:
    """Hold the audit of random sets of contacts against the oracle; return how many shortfalls were looked at."""
    rng = Random(seed)
    scenario, tables = MAKERS[maker](seed, "all")
    scenario = with_an_effort(scenario, rng)
    try:
        judge = oracle.Judge(scenario, tables)
        build = compiled(write(folder, scenario, tables))
    except (oracle.Refused, DataError, InfeasibleError, UnsupportedError, UsageError):
        return 0
    known, seen = names(build), 0
    for _ in range(SETS):
        plan = [key for key in known if rng.random() < rng.choice([0.15, 0.3, 0.6])]
        found = audited(build, plan)
        broken = {rule for rule, _, _ in judge.violations(plan)}
        assert {_pin(rule) for rule in found.broken} == {_pin(rule) for rule in broken}, (seed, plan)
        if found.shortfalls is not None:
            assert found.shortfalls.not_proven == 0
            seen += found.shortfalls.short
    return seen


def _pin(rule: str) -> str:
    return "pins" if "pin" in rule else rule


@pytest.mark.parametrize("maker", MAKERS)
@pytest.mark.parametrize("first", [0, 6])
def test_the_audit_calls_those_shortfalls_avoidable_that_brute_force_does(
    maker: str, first: int, tmp_path: Path
) -> None:
    assert sum(held_against_brute_force(tmp_path / str(seed), maker, seed) for seed in range(first, first + 5)) > 3


@pytest.mark.slow
@pytest.mark.parametrize("maker", MAKERS)
@pytest.mark.parametrize("seed", range(1_000, 1_200))
def test_many_more_shortfalls_are_judged_as_brute_force_does(maker: str, seed: int, tmp_path: Path) -> None:
    held_against_brute_force(tmp_path, maker, seed)
