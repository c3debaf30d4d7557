"""Random tiny cases against brute force: the named rules clash, each is needed, and the relaxation gives a plan."""

from __future__ import annotations

import copy
from collections.abc import Collection
from pathlib import Path

import pytest

from optimizer.errors import InfeasibleError, UnsupportedError
from optimizer.scenario import Scenario
from optimizer.solve import solve
from tests import oracle
from tests.conformance.cases import MAKERS, Rules, Tables, write
from tests.conformance.cases import Scenario as Written
from tests.slow import slowly

SIXES = [range(first, first + 6) for first in range(0, 30, 6)]


def with_rules(written: Written, names: Collection[str]) -> Written:
    """Return the scenario with these rules alone; kept pins are one of them."""
    part = copy.deepcopy(written)
    for section in ("eligibility", "contact_policies", "constraints"):
        part[section] = [rule for rule in part.get(section) or [] if rule["name"] in names]
    pins = part.pop("pins", None) or {}
    left = {key: value for key, value in pins.items() if key != "keep" or "pins" in names}
    return part | ({"pins": left} if left else {})


def has_a_plan(written: Written, tables: Tables) -> bool:
    return oracle.best(written, tables)[0] is not None


def held_against_brute_force(folder: Path, written: Written, tables: Tables) -> None:
    try:
        if has_a_plan(written, tables):
            return
    except oracle.Refused:
        return
    scenario = Scenario.load(write(folder, written, tables))
    with pytest.raises((InfeasibleError, UnsupportedError)) as caught:
        solve(scenario)
    if isinstance(caught.value, UnsupportedError):
        return
    diagnosis = caught.value.diagnosis
    assert diagnosis["complete"]
    assert diagnosis["clashes"]
    for clash in diagnosis["clashes"]:
        rules = set(clash["rules"])
        assert clash["irreducible"]
        assert not has_a_plan(with_rules(written, rules), tables), rules
        for rule in rules:
            assert has_a_plan(with_rules(written, rules - {rule}), tables), (rule, rules)
    for way in [diagnosis["relaxation"], *diagnosis["alternatives"]]:
        solve(scenario.replace(way["changes"]))


@pytest.mark.parametrize("maker", MAKERS)
@pytest.mark.parametrize("rules", ["first", "all"])
@pytest.mark.parametrize("seeds", [*SIXES[:3], *slowly(SIXES[3:])], ids=lambda s: f"from-{s[0]}")
def test_clashes_are_irreducible_and_relaxations_lead_to_a_plan(
    maker: str, rules: Rules, seeds: range, tmp_path: Path
) -> None:
    for seed in seeds:
        held_against_brute_force(tmp_path / str(seed), *MAKERS[maker](seed, rules))


LOTS_AND_EFFORTS = [(1108, "tiny"), (1269, "tiny"), (1313, "tiny"), (1372, "random"), (1388, "random")]
"""Lots of an amount of which little can be had, and best efforts that ask for more once another rule is gone."""
HARD_BESIDE_SOFT = [(5213, "random")]
"""The least number of contacts beside a soft ratio."""
REFUSED_TWICE = [(5033, "tiny")]
"""A kept pin that a rule refuses, and a forbidding pin."""
FEWER_FOR_ANOTHER = [(7051, "tiny"), (7053, "random"), (7165, "random")]
"""Two rules that clash for one customer, where one of them clashes by itself for another."""


@pytest.mark.parametrize(("seed", "maker"), [*LOTS_AND_EFFORTS, *HARD_BESIDE_SOFT, *REFUSED_TWICE, *FEWER_FOR_ANOTHER])
def test_clashes_that_were_once_told_wrong(seed: int, maker: str, tmp_path: Path) -> None:
    held_against_brute_force(tmp_path, *MAKERS[maker](seed, "all"))


@pytest.mark.slow
@pytest.mark.parametrize("maker", MAKERS)
@pytest.mark.parametrize("rules", ["first", "all"])
@pytest.mark.parametrize("seed", range(1_000, 1_400))
def test_many_more_clashes_are_irreducible(maker: str, rules: Rules, seed: int, tmp_path: Path) -> None:
    held_against_brute_force(tmp_path, *MAKERS[maker](seed, rules))
