"""A look at a sample: a plan by limits of its size, which says what it is and cannot be sent."""

from __future__ import annotations

from pathlib import Path

import pytest

import optimizer as opt
from optimizer.cli.run import share_of
from optimizer.errors import UsageError
from optimizer.plan.plan import Plan
from optimizer.synthetic import generate


@pytest.fixture(scope="module")
def scenario(tmp_path_factory: pytest.TempPathFactory) -> opt.Scenario:
    made = generate("floors", customers=1500, out=tmp_path_factory.mktemp("sample") / "floors")
    return opt.Scenario.load(made.scenario)


@pytest.fixture(scope="module")
def look(scenario: opt.Scenario) -> Plan:
    return opt.solve(scenario, sample=0.2, gap=1e-3)


def test_a_fifth_of_the_customers_is_worth_about_a_fifth(scenario: opt.Scenario, look: Plan) -> None:
    whole = opt.solve(scenario, gap=1e-3)
    assert look.summary["sample"] == 0.2
    assert look.summary["customers"] == 300
    assert 0.15 * whole.objective < look.objective < 0.25 * whole.objective
    limits = whole.constraints.merge(look.constraints, on=["name", "group", "sense"], suffixes=("", "_of_look"))
    capped = limits[(limits.sense == "<=") & (limits.limit > 50)]
    assert len(capped) > 10
    assert capped.limit_of_look.sum() == pytest.approx(0.2 * capped.limit.sum(), rel=0.2)


def test_it_is_audited_by_its_own_limits(look: Plan) -> None:
    assert look.audit.ok
    hard = look.constraints[look.constraints.penalty_paid == 0]
    upper, lower = hard[hard.sense == "<="], hard[hard.sense == ">="]
    assert len(lower)
    assert (upper.used <= upper.limit + 1e-9).all()
    assert (lower.used >= lower.limit - 1e-9).all()


def test_the_same_sample_is_drawn_again_and_another_seed_draws_another(scenario: opt.Scenario, look: Plan) -> None:
    again = opt.solve(scenario, sample=0.2, gap=1e-3)
    assert again.table.equals(look.table)
    other = opt.solve(scenario, sample=0.2, gap=1e-3, seed=1)
    assert set(other.contacts.customer) != set(look.contacts.customer)


def test_it_says_what_it_is_and_is_neither_delivered_nor_audited_by_the_wholes_limits(
    look: Plan, tmp_path: Path
) -> None:
    assert "not a plan to be sent" in look.sentences[-1]
    assert "not to be sent" in (look.save(tmp_path / "run") / "report.html").read_text()
    with pytest.raises(UsageError, match="sample of 20 %"):
        opt.audit(tmp_path / "run")
    from optimizer.plan.deliver import deliver

    with pytest.raises(UsageError, match="cannot be delivered"):
        deliver(look, tmp_path / "lists")


@pytest.mark.parametrize(("text", "share"), [("1%", 0.01), ("0.25", 0.25), ("100%", 1.0)])
def test_a_share_is_written_in_per_cent_or_as_a_fraction(text: str, share: float) -> None:
    assert share_of(text) == pytest.approx(share)


@pytest.mark.parametrize("text", ["0", "1.5", "-1%", "some", "nan", "%"])
def test_what_is_no_share_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="no share"):
        share_of(text)
