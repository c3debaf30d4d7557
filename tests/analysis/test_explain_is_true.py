"""The audit confirms every refusal, of the plan with that contact, and every exchange."""

from __future__ import annotations

from pathlib import Path

import pytest

import optimizer as opt
from optimizer.compile.build import compile_scenario
from optimizer.data import open_tables
from optimizer.errors import DataError, InfeasibleError, ScenarioError, UsageError
from optimizer.plan.audit import AuditReport
from tests.conformance.cases import MAKERS, write
from tests.conformance.product import KEYS, Key, audited, keys_of

AGREED = {"forbidden": "pins"}
"""Names that the audit has for what the funnel calls otherwise."""


def explained(folder: Path, maker: str, seed: int) -> int:
    """Ask about every customer of one random case; return how many refusals and exchanges were confirmed."""
    path = write(folder, *MAKERS[maker](seed, "all"))
    try:
        scenario = opt.Scenario.load(path)
        plan = opt.solve(scenario, engine="exact", gap=0.0)
    except (InfeasibleError, ScenarioError, UsageError, DataError):
        return 0
    run = plan.save(folder / "run")
    build = compile_scenario(scenario, open_tables(scenario, {}))
    listed = build.tables.con.execute("SELECT DISTINCT CAST(customer AS VARCHAR) FROM candidates").fetchall()
    planned = keys_of(plan.contacts)
    worth = audited(build, planned).objective
    confirmed = 0
    for (customer,) in sorted(listed):
        answer = opt.explain(run, customer)
        assert answer.to_dict() == plan.explain(customer).to_dict()
        for one in answer.candidates:
            key = _key(one.key)
            assert (one.fate == "chosen") == (key in planned)
            if one.fate == "chosen":
                continue
            found = audited(build, planned | {key})
            if one.fate == "ineligible":
                assert {AGREED.get(r, r) for r in one.reasons} <= set(found.broken), (key, one.reasons, found.broken)
            else:
                assert {r.rule for r in one.refusals} == set(found.broken), (key, one.refusals, found.broken)
            confirmed += len(one.refusals)
            if one.swap is not None:
                after = audited(build, planned - {_key(one.swap.leaves)} | {key})
                assert after.ok, (key, one.swap, after.broken)
                assert float(after.objective - worth) == pytest.approx(one.swap.change, abs=1e-9)
                confirmed += 1
            else:
                assert one.fate != "refused" or not _some_exchange(build, planned, key, worth)
    return confirmed


def _key(key) -> Key:
    return tuple(str(key[k]) for k in KEYS if k in key)


def _some_exchange(build, planned, key: Key, worth) -> AuditReport | None:
    """Return the audit of an exchange within the customer that keeps every rule, if there is one."""
    for other in sorted(planned):
        if other[0] == key[0] and (found := audited(build, planned - {other} | {key})).ok:
            return found
    return None


@pytest.mark.parametrize("maker", sorted(MAKERS))
def test_refusals_and_exchanges_are_the_audits(maker: str, tmp_path: Path) -> None:
    confirmed = sum(explained(tmp_path / str(seed), maker, seed) for seed in range(2, 7))
    assert confirmed > 5


def test_a_limit_on_groups_that_nobody_is_in_can_be_explained(tmp_path: Path) -> None:
    explained(tmp_path, "tiny", 122)


def test_an_exchange_leaves_best_efforts_at_their_least(tmp_path: Path) -> None:
    assert explained(tmp_path, "random", 164) > 0


@pytest.mark.slow
@pytest.mark.parametrize("maker", sorted(MAKERS))
@pytest.mark.parametrize("first", range(0, 300, 50))
def test_refusals_and_exchanges_are_the_audits_of_many(maker: str, first: int, tmp_path: Path) -> None:
    assert sum(explained(tmp_path / str(seed), maker, seed) for seed in range(first, first + 50)) > 100
