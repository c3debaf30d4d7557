"""Every engine on random tiny scenarios: plans pass the audit, none beats the best, and every bound is one."""

from __future__ import annotations

from pathlib import Path

import pytest

from optimizer.compile.build import Compiled
from optimizer.engines import Engine, make_engine
from optimizer.engines.greedy import Greedy
from optimizer.errors import InfeasibleError, NoPlanError, OptimizerError
from optimizer.plan.assemble import chosen_rows
from optimizer.plan.audit import audit_contacts
from optimizer.problem.solution import Reason, Request
from tests import oracle
from tests.conformance.cases import MAKERS, Rules, write
from tests.conformance.product import compiled

CASES: list[tuple[Rules, int]] = [("first", seed) for seed in range(1000, 1040)]
CASES += [("all", seed) for seed in range(1000, 1040)]


def engines(build: Compiled) -> list[Engine]:
    """Return the engines that support the problem; the exact one has its own five hundred cases."""
    found = [make_engine("decomposition"), *(Greedy(o, build.ranks) for o in ("value", "priority", "first_come"))]
    return [engine for engine in found if engine.supports(build.problem) is None]


@pytest.mark.parametrize(("rules", "seed"), CASES)
def test_every_engines_plan_is_legal_and_its_bound_holds(rules: Rules, seed: int, tmp_path: Path) -> None:
    scenario, tables = MAKERS["random"](seed, rules)
    try:
        best = oracle.best(scenario, tables)[0]
        build = compiled(write(tmp_path, scenario, tables))
    except (oracle.Refused, OptimizerError):
        pytest.skip("refused, or infeasible before any engine: other tests say so")
    for engine in engines(build):
        try:
            solution = engine.solve(build.problem, Request(gap=0.0))
        except InfeasibleError:
            assert best is None, engine.name
            continue
        except NoPlanError:
            continue
        assert best is not None, engine.name
        report = audit_contacts(build.scenario, build.tables, chosen_rows(build, solution))
        assert report.ok, (engine.name, report.broken)
        assert float(report.objective) <= float(best) + 1e-9, engine.name
        if solution.bound is not None:
            rounding = 0 if build.exact_value else build.problem.most_contacts
            assert float(build.value(solution.bound + rounding)) >= float(best) - 1e-9, engine.name
        if solution.reason is Reason.OPTIMAL:
            assert float(report.objective) == pytest.approx(float(best), abs=1e-9), engine.name
