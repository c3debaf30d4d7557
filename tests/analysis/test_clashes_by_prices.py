"""The questions that large problems are asked, asked of tiny ones: brute force knows the answers."""

from __future__ import annotations

from pathlib import Path

import pytest

from optimizer.analysis import clash, priced
from optimizer.engines.decomposition import warm_up
from tests.analysis.kit import crowd, refused, scenario
from tests.analysis.test_clashes_are_true import held_against_brute_force
from tests.conformance.cases import MAKERS


@pytest.fixture(scope="module", autouse=True)
def compiled_kernels() -> None:
    warm_up()


@pytest.fixture(autouse=True)
def everything_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (clash, priced):
        monkeypatch.setattr(module, "LEAST", 0)


@pytest.mark.parametrize("maker", MAKERS)
@pytest.mark.parametrize("seeds", [range(first, first + 6) for first in range(0, 18, 6)], ids=lambda s: f"from-{s[0]}")
def test_clashes_by_prices_are_irreducible_and_relaxations_lead_to_a_plan(
    maker: str, seeds: range, tmp_path: Path
) -> None:
    for seed in seeds:
        held_against_brute_force(tmp_path / str(seed), *MAKERS[maker](seed, "first"))


def test_two_minimums_against_one_budget_are_told_with_what_is_left(tmp_path: Path) -> None:
    rules = """
    constraints:
      - {name: budget, total: cost, at_most: 60}
      - {name: letters, total: contacts, where: "offer = 'A'", at_least: 40}
      - {name: calls, total: contacts, where: "offer = 'B'", at_least: 30}
      - {name: volume, total: contacts, at_most: 500}
    """
    people = crowd(50, "AB", cost=lambda n: 1)
    error = refused(scenario(tmp_path, rules, people))
    (told,) = error.diagnosis["clashes"]
    assert told["rules"] == ["budget", "letters", "calls"]
    assert told["irreducible"]
    assert (told["minimum"], told["need"], told["most"]) == ("letters", 40, 30)


def test_what_eligibility_takes_is_told_and_named(tmp_path: Path) -> None:
    rules = """
    eligibility:
      - {name: low, drop: "value < 0"}
      - {name: consent, keep: optin}
    contact_policies:
      - {name: one-a-week, at_most: 1, within: 7 days}
    constraints:
      - {name: volume, total: contacts, at_least: 50}
    """
    people = crowd(60, "AB", optin=lambda n: n >= 15)
    error = refused(scenario(tmp_path, rules, people))
    (told,) = error.diagnosis["clashes"]
    assert told["rules"] == ["one-a-week", "volume", "consent"]
    assert [(s["rule"], s["lost"], s["left"]) for s in told["steps"]] == [
        (None, 0, 120),
        ("consent", 30, 90),
        ("one-a-week", 45, 45),
    ]
    assert error.diagnosis["relaxation"]["changes"] == {"constraints.volume.at_least": 45}
