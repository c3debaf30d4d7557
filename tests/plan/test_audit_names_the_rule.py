"""Plans spoiled in each possible way: the audit names the rule that was broken, and no other."""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa
import pytest

from optimizer.compile.build import Compiled
from optimizer.plan.audit import AuditReport, audit_contacts
from optimizer.problem.evaluate import evaluate
from tests.conformance.product import compiled, names, positions
from tests.golden.cases import KEYS, Key
from tests.plan.spoils import SPOILS, Spoil, legal_plan, spoiled_plan, write
from tests.slow import slowly


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Compiled:
    return compiled(write(tmp_path_factory.mktemp("spoils")))


def audited(build: Compiled, plan: Iterable[Key]) -> AuditReport:
    rows = list(plan)
    table = pa.table({k: pa.array([row[i] for row in rows], pa.string()) for i, k in enumerate(KEYS)})
    return audit_contacts(build.scenario, build.tables, table)


def test_a_plan_that_keeps_every_rule_breaks_none(build: Compiled) -> None:
    report = audited(build, legal_plan())
    assert report.broken == {}
    assert report.ok
    assert report.violations.empty
    assert evaluate(build.problem, positions(names(build), legal_plan())).ok


@pytest.mark.parametrize("spoil", SPOILS, ids=lambda s: s.name)
def test_the_audit_names_the_broken_rule_and_no_other(build: Compiled, spoil: Spoil) -> None:
    report = audited(build, spoiled_plan(spoil))
    assert set(report.broken) == {spoil.breaks}
    assert set(report.violations["rule"]) == {spoil.breaks}


@pytest.mark.parametrize("spoil", SPOILS, ids=lambda s: s.name)
def test_the_compiled_problem_names_the_same_rule_or_has_no_such_candidate(build: Compiled, spoil: Spoil) -> None:
    plan, known = spoiled_plan(spoil), names(build)
    if set(plan) <= set(known):
        found = evaluate(build.problem, positions(known, plan))
        assert {v.rule for v in found.violations} == {spoil.breaks}
    else:
        assert spoil.section in ("", "eligibility")


def test_a_plan_without_any_contact_can_be_audited(build: Compiled) -> None:
    report = audited(build, [])
    assert report.contacts == 0
    assert report.value == 0
    ratio = next(line for line in report.lines if line.rule == "ratio")
    assert ratio.used is None
    assert not ratio.broken


def test_a_key_listed_twice_is_named(build: Compiled) -> None:
    plan = legal_plan()
    assert audited(build, [*plan, plan[3]]).broken == {"listed-twice": 1}


def test_breaches_of_several_rules_are_told_at_once(build: Compiled) -> None:
    cap, quota = (next(s for s in SPOILS if s.name == name) for name in ("cap", "quota"))
    plan = (set(spoiled_plan(cap)) - set(legal_plan())) | set(spoiled_plan(quota))
    assert set(audited(build, plan).broken) == {"cap", "quota"}


@pytest.mark.parametrize("contacts", [40, *slowly([100])])
def test_every_contact_added_alone_breaks_what_the_compiled_problem_says(build: Compiled, contacts: int) -> None:
    """Where the two ways of counting meet: each of some contacts beside the legal plan."""
    known = names(build)
    legal = set(legal_plan())
    rest = [key for key in known if key not in legal]
    for key in rest[:: len(rest) // contacts]:
        plan = legal | {key}
        said = {v.rule for v in evaluate(build.problem, positions(known, plan)).violations}
        assert set(audited(build, plan).broken) == said, key
