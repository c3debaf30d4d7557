"""Line 20, of groups too large to be decided as one: the shared cap is a row across units, and says the same.

Here, two customers are too many.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import optimizer
from optimizer import Scenario
from optimizer.compile import customers, wide
from optimizer.compile.build import Compiled
from optimizer.engines import make_engine
from optimizer.errors import InfeasibleError, UnsupportedError
from optimizer.plan.assemble import chosen_rows
from optimizer.plan.audit import audit_contacts
from optimizer.problem.primitives import Counter, Floor
from optimizer.problem.refusals import refusals
from optimizer.problem.solution import Request
from tests import oracle
from tests.conformance import cases
from tests.conformance.product import compiled, solved
from tests.golden.cases import Best, Case
from tests.golden.sharing import CASES

SEEDS = (94, 142, 154, 156, 157, 160, 166, 209, 210, 214, 253, 261, 265, 303, 306, 308, 327, 332, 340, 368)
"""Some in which a group is too large: most have none, or one that needs its unit."""
SUMS = [case for case in CASES if "per: branch" in case.scenario or "spacing" in case.scenario]


@pytest.fixture(autouse=True)
def two_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(customers, "WIDEST", 1)


def across(build: Compiled) -> set[str]:
    """Return the names of the policies that are rows."""
    return {rows.rule for rows in build.problem.rows if rows.policy}


def shared(scenario: dict[str, Any]) -> bool:
    """Say whether somebody shares a cap or a minimum of anything but different keys."""
    return any(
        rule.get("per", "customer") != "customer"
        and "distinct" not in rule.get("total", "")
        and not {"never", "only"} & set(rule)
        for rule in scenario.get("contact_policies") or ()
    )


@pytest.mark.parametrize("case", SUMS, ids=lambda case: case.name)
def test_a_golden_case_has_the_same_best_plan(case: Case, tmp_path: Path) -> None:
    build = compiled(case.write(tmp_path))
    (wanted,) = (expected for expected in case.expect if isinstance(expected, Best))
    assert across(build)
    for engine in ("exact", "decomposition"):
        assert build.value(solved(build, engine).objective) == wanted.value, engine


def test_random_scenarios_have_the_same_optimum_on_every_engine(tmp_path: Path) -> None:
    seen = 0
    for seed in SEEDS:
        scenario, tables = cases.MAKERS[("random", "tiny")[seed % 2]](seed, "all")
        if not shared(scenario):
            continue
        try:
            best, _ = oracle.best(scenario, tables)
            build = compiled(cases.write(tmp_path / str(seed), scenario, tables))
        except (oracle.Refused, UnsupportedError, InfeasibleError):
            continue
        if not across(build):
            continue
        seen += 1
        for engine in ("exact", "decomposition"):
            if make_engine(engine).supports(build.problem) is not None:
                continue
            try:
                solution = make_engine(engine).solve(build.problem, Request(gap=0.0))
            except InfeasibleError:
                assert best is None, (seed, engine)
                continue
            assert best is not None, (seed, engine)
            report = audit_contacts(build.scenario, build.tables, chosen_rows(build, solution))
            assert report.ok, (seed, engine, report.broken)
            assert float(report.objective) <= float(best) + 1e-9, (seed, engine)
            if engine == "exact":
                assert float(report.objective) == pytest.approx(float(best), abs=1e-9), seed
            assert solution.bound is not None
            rounding = 0 if build.exact_value else build.problem.most_contacts
            assert float(build.value(solution.bound + rounding)) >= float(best) - 1e-9, (seed, engine)
    assert seen >= 10


def _no_history(one: Counter | Floor, *_: Any) -> Counter | Floor:
    return replace(one, overrides=None) if isinstance(one, Counter) else one


def _one_more(one: Counter | Floor, *_: Any) -> Counter | Floor:
    return replace(one, limit=one.limit + 1) if isinstance(one, Counter) else one


@pytest.mark.parametrize("wrong", [_no_history, _one_more])
def test_rows_that_err_are_caught(
    wrong: Callable[..., Counter | Floor], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    real = wide._of_groups
    monkeypatch.setattr(wide, "_of_groups", lambda *args: wrong(real(*args)))
    build = compiled(SUMS[2].write(tmp_path))
    assert not audit_contacts(build.scenario, build.tables, chosen_rows(build, solved(build, "exact"))).ok


BRANCHES = """
version: 1
name: branches
as_of: 2026-11-22T18:00:00+00:00
horizon: {start: 2026-11-23, days: 5}
data: {candidates: candidates.csv, customers: customers.csv}
objective: {maximize: value}
contact_policies:
  - {name: two-a-week, at_most: 2, within: 7 days}
  - {name: home, at_most: 3, within: 7 days, per: household}
"""
CAP = "  - {name: branch-a-week, at_most: 50, within: 7 days, per: branch}\n"


def branches(folder: Path, rules: str, *, size: int = 200) -> Scenario:
    """Return a scenario of three branches and households of three."""
    draw = np.random.default_rng(1)
    who = [f"c{n:03}" for n in range(3 * size)]
    place = {"branch": [f"b{n // size}" for n in range(len(who))], "household": [f"h{n // 3}" for n in range(len(who))]}
    pd.DataFrame({"customer": who, **place}).to_csv(folder / "customers.csv", index=False)
    keys = [(c, o, f"2026-11-{day}") for c in who for o in "AB" for day in (23, 25)]
    table = pd.DataFrame(keys, columns=["customer", "offer", "slot"])
    table.assign(value=draw.lognormal(1, 0.6, len(keys)).round(2)).to_csv(folder / "candidates.csv", index=False)
    return Scenario.parse(BRANCHES + rules, base=folder, file="scenario.yaml")


def test_branches_of_hundreds_are_decided_household_by_household(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.undo()
    plan = optimizer.solve(branches(tmp_path, CAP), engine="decomposition")
    assert plan.gap is not None
    assert plan.gap <= 1e-3
    assert len(plan.contacts) == 150
    policies = plan.policies.set_index("name")
    assert policies.loc["branch-a-week", "refused"] > 0
    assert policies.loc["branch-a-week", "value_lost"] > 0
    assert "branch-a-week" not in set(plan.constraints["name"])
    assert {one["group"] for one in plan.prices["rows"]} <= {
        f'{{"branch":"b{n}","window":"{first}/{last}"}}'
        for n in range(3)
        for first, last in [("2026-11-19", "2026-11-25")]
    }
    chosen = set(plan.contacts["customer"])
    left = next(f"c{n:03}" for n in range(600) if f"c{n:03}" not in chosen)
    told = plan.explain(left)
    assert {r.rule for c in told.candidates for r in c.refusals} >= {"branch-a-week"}
    assert any(c.swap is not None and c.swap.leaves["customer"] != left for c in told.candidates)


def test_what_a_shared_cap_costs_is_what_the_bound_falls_by(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(customers, "WIDEST", 3)
    from optimizer.engines.worth import policy_costs, without
    from optimizer.problem.price_bound import price_bound
    from optimizer.solve import build

    found = build(branches(tmp_path, CAP, size=30))
    prices = {rows.name: np.where(rows.upper < 2**62, 300, 0) for rows in found.problem.rows}
    free = without(found.problem, "branch-a-week")
    (rise, error) = policy_costs(found.problem, prices)["branch-a-week"] or (0, 0)
    fall = price_bound(free, {}, 0).bound - price_bound(found.problem, prices, 0).bound
    assert (rise, error) == (pytest.approx(fall), 0)
    assert fall != 0


def test_candidates_that_a_shared_cap_refuses_are_told_under_its_name(tmp_path: Path) -> None:
    from optimizer.solve import build

    found = build(branches(tmp_path, CAP.replace("50", "1"), size=2))
    chosen = np.array([0])
    mine = found.problem.customer // 2 == found.problem.customer[0] // 2
    assert refusals(found.problem, chosen)["branch-a-week"].sum() >= mine.sum() - 1


@pytest.mark.parametrize("reaction", ["best_effort", "all_or_nothing"])
def test_an_effort_of_a_group_too_large_is_refused_by_name(reaction: str, tmp_path: Path) -> None:
    rule = f"  - {{name: some, at_least: 5, per: branch, if_short: {reaction}}}\n"
    with pytest.raises(UnsupportedError) as told:
        optimizer.solve(branches(tmp_path, rule + CAP, size=20))
    (finding,) = told.value.findings
    assert finding.rule == "some"
    assert "3 groups of the same branch, of up to 20 customers, are too large to be decided as one" in finding.what


def test_a_customers_best_effort_is_refused_where_a_row_would_bind_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(customers, "WIDEST", 3)
    rule = "  - {name: some, at_least: 1, if_short: best_effort}\n"
    assert optimizer.solve(branches(tmp_path, rule, size=6)).audit.ok
    with pytest.raises(UnsupportedError, match="'some' is best_effort for 18 customers who share 'branch-a-week'"):
        optimizer.solve(branches(tmp_path, rule + CAP, size=6))
