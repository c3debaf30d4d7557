"""The oracle agrees with every case that was worked out by hand."""

from pathlib import Path

import pytest
from ruamel.yaml import YAML

from tests import oracle
from tests.golden.cases import Best, Breaks, Case, Dropped, Infeasible, RefusedInput, frame, keys
from tests.golden.catalogue import CASES, LINES, OPERATION


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.line}: {case.name}")
def test_oracle_agrees(case: Case) -> None:
    scenario, tables = case.load()
    for expected in case.expect:
        match expected:
            case Best(_, plan):
                value, chosen = oracle.best(scenario, tables)
                assert value == expected.value
                assert chosen is not None
                if plan is not None:
                    assert chosen == keys(plan)
                assert oracle.violations(scenario, tables, chosen) == []
                assert oracle.objective(scenario, tables, chosen) == value
            case Infeasible():
                assert oracle.best(scenario, tables) == (None, None)
            case Dropped(reasons):
                dropped = oracle.dropped(scenario, tables)
                assert {" ".join(key): why for key, why in dropped.items()} == {k: [r] for k, r in reasons.items()}
            case Breaks(plan, rules):
                assert {rule for rule, _, _ in oracle.violations(scenario, tables, keys(plan))} == set(rules)
            case RefusedInput():
                with pytest.raises(oracle.Refused):
                    oracle.best(scenario, tables)


def test_every_line_has_a_case_or_a_promise() -> None:
    assert {case.line for case in CASES} | OPERATION == set(LINES)


def test_case_names_are_unique() -> None:
    names = [case.name for case in CASES]
    assert len(names) == len(set(names))


def test_expected_plans_name_candidates() -> None:
    for case in CASES:
        table = case.load()[1]["candidates"]
        columns = [c for c in ("customer", "offer", "channel", "slot") if c in table]
        known = set(table[columns].astype(str).itertuples(index=False, name=None))
        for expected in case.expect:
            plan = keys(expected.plan or ()) if isinstance(expected, Best | Breaks) else frozenset()
            assert plan <= known, case.name


@pytest.mark.parametrize("case", CASES[::10], ids=lambda case: case.name)
def test_a_written_case_reads_back(case: Case, tmp_path: Path) -> None:
    scenario, tables = case.load()
    written = YAML(typ="safe", pure=True).load(case.write(tmp_path))
    assert written == scenario
    named = {name: file for name, file in written["data"].items() if str(file).endswith(".csv")}
    for name in tables:
        file = named.get(name, name)
        assert frame((tmp_path / file).read_text(encoding="utf-8")).equals(tables[name])
