"""A compiler with anything wrong is caught: its plans break rules, or are worse than the best, somewhere."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest

import optimizer
from optimizer.compile.build import Compiled, compile_scenario
from optimizer.errors import AuditError, InfeasibleError, UnsupportedError
from optimizer.scenario import Scenario
from tests import oracle
from tests.conformance import cases
from tests.conformance.mutants import LAX, MUTANTS, STRICT, WRONG, Mutant
from tests.conformance.product import Key, audited, chosen, compiled, solved
from tests.conformance.worked_out import WORKED_OUT
from tests.golden.cases import Best

CENT = Fraction(1, 10**9)
RANDOM = 60
CAUGHT_AT = json.loads((Path(__file__).parent / "caught_at.json").read_text("utf-8"))
"""Where each mutant was caught before: looked at first, and spares the rest where it still is."""


@dataclass(frozen=True)
class Known:
    """A feasible case, its tables as opened, the best that can be reached, and what the real compiler came to."""

    path: Path
    scenario: dict[str, Any]
    frames: cases.Tables
    best: Fraction
    opened: Compiled
    keys: frozenset[Key]
    objective: int


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("mutants")


@cache
def golden(folder: Path, number: int) -> Known | None:
    case = WORKED_OUT[number]
    wanted = [expected for expected in case.expect if isinstance(expected, Best)]
    place = folder / f"golden-{number}"
    place.mkdir()
    return known(case.write(place), *case.load(), wanted[0].value) if wanted else None


@cache
def random(folder: Path, seed: int) -> Known | None:
    scenario, tables = cases.MAKERS[("random", "tiny")[seed % 2]](seed, "all")
    try:
        best, _ = oracle.best(scenario, tables)
    except oracle.Refused:
        return None
    path = cases.write(folder / f"random-{seed}", scenario, tables)
    return None if best is None else known(path, scenario, tables, best)


def known(path: Path, scenario: dict[str, Any], frames: cases.Tables, best: Fraction) -> Known | None:
    """Open a case and solve it with the real compiler; None where it is not supported yet."""
    try:
        opened = compiled(path)
    except UnsupportedError:
        return None
    solution = solved(opened, "exact")
    return Known(path, scenario, frames, best, opened, chosen(opened, solution), solution.objective)


def known_cases(folder: Path, first: str = "") -> Iterator[Known]:
    """Yield random cases, then the golden ones that tell an optimum; before them the one of which the name is given."""
    makers: dict[str, Callable[[], Known | None]] = {
        f"random-{seed}": partial(random, folder, seed) for seed in range(RANDOM)
    }
    makers |= {f"golden-{number}": partial(golden, folder, number) for number in range(len(WORKED_OUT))}
    for name in sorted(makers, key=lambda name: name != first):
        case = makers[name]()
        if case is not None:
            yield case


def symptom(case: Known) -> str | None:
    """Compile and solve a case again and say what is wrong with the answer."""
    try:
        build = compile_scenario(case.opened.scenario, case.opened.tables)
        solution = solved(build, "exact")
    except InfeasibleError:
        return STRICT
    keys = chosen(build, solution)
    if keys == case.keys and solution.objective == case.objective:
        return None
    audit = audited(build, keys)
    if not audit.ok:
        return LAX
    if abs(Fraction(audit.objective) - Fraction(build.value(solution.objective))) > CENT:
        return WRONG
    if abs(oracle.objective(case.scenario, case.frames, keys) - case.best) > CENT:
        return STRICT
    return None


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda m: m.name)
def test_a_compiler_that_errs_is_caught(mutant: Mutant, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for case in known_cases(folder, CAUGHT_AT.get(mutant.name, "")):
        with monkeypatch.context() as patch:
            mutant.apply(patch)
            if symptom(case) == mutant.symptom:
                return
    pytest.fail(f"{mutant.name}: nothing notices")


def test_the_compiler_itself_is_not_caught(folder: Path) -> None:
    for case in known_cases(folder):
        found = oracle.objective(case.scenario, case.frames, case.keys)
        assert abs(found - case.best) <= CENT, case.path


def test_a_plan_that_breaks_a_rule_is_not_published(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lax = next(m for m in MUTANTS if m.name == "a cap of one more")
    for case in known_cases(folder):
        with monkeypatch.context() as patch:
            lax.apply(patch)
            if symptom(case) == LAX:
                with pytest.raises(AuditError) as told:
                    optimizer.solve(Scenario.load(case.path), engine="exact")
                break
    assert told.value.exit_code == 8
    assert all(finding.rule for finding in told.value.findings)
