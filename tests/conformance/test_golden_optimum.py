"""Golden cases: the whole flow finds the best plan that was worked out by hand, or says that there is none."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

import optimizer
from optimizer.errors import InfeasibleError, UnsupportedError
from optimizer.plan.plan import Plan
from optimizer.scenario import Scenario
from tests.conformance.product import keys_of
from tests.conformance.worked_out import WORKED_OUT
from tests.golden.cases import Best, Case, Infeasible, keys

CENT = Fraction(1, 10**9)
SOLVED = [case for case in WORKED_OUT if any(isinstance(expected, Best | Infeasible) for expected in case.expect)]


def solved(path: Path) -> Plan:
    try:
        return optimizer.solve(Scenario.load(path), engine="exact", gap=0.0)
    except UnsupportedError as error:
        pytest.skip(error.findings[0].what)


@pytest.mark.parametrize("case", SOLVED, ids=lambda case: f"{case.line}: {case.name}")
def test_golden_optimum(case: Case, tmp_path: Path) -> None:
    path = case.write(tmp_path)
    for expected in case.expect:
        match expected:
            case Best(plan=wanted):
                found = solved(path)
                assert abs(Fraction(found.audit.objective) - expected.value) <= CENT
                assert wanted is None or keys_of(found.contacts) == keys(wanted)
                assert found.audit.ok
                assert found.gap == 0.0
            case Infeasible():
                with pytest.raises(InfeasibleError):
                    solved(path)
            case _:
                continue
