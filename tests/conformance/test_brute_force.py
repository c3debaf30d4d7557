"""Engines against brute force, to the last cent: the best objective, its proof, and nobody better."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from optimizer.errors import DataError, InfeasibleError, NoPlanError, UnsupportedError, UsageError
from optimizer.plan.assemble import certificate
from optimizer.problem.solution import Reason
from tests import oracle
from tests.conformance.cases import MAKERS, Rules, Scenario, Tables, write
from tests.conformance.product import Key, audited, chosen, compiled, solved
from tests.slow import slowly

GREEDY = ("greedy:value", "greedy:value_per_cost")
CENT = Fraction(1, 10**9)
"""Far below a cent: what computed contributions, which are doubles, may differ by."""


def held_against_brute_force(folder: Path, scenario: Scenario, tables: Tables) -> None:
    """Solve one case with every engine that needs no warm-up and hold each answer against the oracle's."""
    path = write(folder, scenario, tables)
    try:
        best, _ = oracle.best(scenario, tables)
    except oracle.Refused:
        with pytest.raises((UsageError, DataError)):
            compiled(path)
        return
    try:
        build = compiled(path)
        solution = solved(build, "exact")
    except InfeasibleError:
        assert best is None
        return
    assert best is not None, "brute force finds no plan"
    better = 1 if build.maximises else -1

    keys = chosen(build, solution)
    worth = {keys: worth_of(scenario, tables, keys)}
    assert abs(worth[keys] - best) <= CENT
    audit = audited(build, keys)
    assert audit.broken == {}
    assert abs(Fraction(audit.objective) - best) <= CENT
    assert solution.reason is Reason.OPTIMAL
    bound, gap = certificate(build, solution, audit.objective)
    assert bound is not None
    assert (Fraction(Decimal(bound)) - best) * better >= -CENT
    assert gap == 0.0

    for engine in GREEDY:
        try:
            usual = solved(build, engine)
        except NoPlanError:
            continue
        keys = chosen(build, usual)
        if keys not in worth:
            worth[keys] = worth_of(scenario, tables, keys)
        assert abs(Fraction(build.value(usual.objective)) - worth[keys]) <= CENT, engine
        assert (best - worth[keys]) * better >= -CENT, engine


def worth_of(scenario: Scenario, tables: Tables, keys: frozenset[Key]) -> Fraction:
    """Return what a plan is worth; it must break nothing."""
    assert oracle.violations(scenario, tables, keys) == []
    return oracle.objective(scenario, tables, keys)


def case(folder: Path, maker: str, rules: Rules, seed: int) -> None:
    scenario, tables = MAKERS[maker](seed, rules)
    try:
        held_against_brute_force(folder, scenario, tables)
    except UnsupportedError as error:
        pytest.skip(error.findings[0].what)


@pytest.mark.parametrize("maker", MAKERS)
@pytest.mark.parametrize("seed", [*range(60), *slowly(range(60, 250))])
def test_first_cut_rules_reach_the_brute_force_optimum(maker: str, seed: int, tmp_path: Path) -> None:
    case(tmp_path, maker, "first", seed)


@pytest.mark.parametrize("maker", MAKERS)
@pytest.mark.parametrize("seed", [*range(60), *slowly(range(60, 100))])
def test_all_rules_reach_the_brute_force_optimum(maker: str, seed: int, tmp_path: Path) -> None:
    case(tmp_path, maker, "all", seed)


def test_history_of_a_member_without_candidates_counts_for_the_household(tmp_path: Path) -> None:
    case(tmp_path, "random", "all", 1058)


@pytest.mark.slow
@pytest.mark.parametrize("maker", MAKERS)
@pytest.mark.parametrize("rules", ["first", "all"])
@pytest.mark.parametrize("seed", range(1_000, 1_500))
def test_two_thousand_more_reach_the_brute_force_optimum(maker: str, rules: Rules, seed: int, tmp_path: Path) -> None:
    case(tmp_path, maker, rules, seed)
