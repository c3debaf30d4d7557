"""Changing a scenario by paths, in the library and from the command line."""

from decimal import Decimal

import pytest

from optimizer.errors import ScenarioError, UsageError
from optimizer.scenario import Scenario
from tests.scenario.examples import SMALL, SPRING


@pytest.fixture(scope="module")
def spring() -> Scenario:
    return Scenario.parse(SPRING, file="spring.yaml")


def test_values_are_replaced_by_path_and_rules_go_by_name(spring: Scenario) -> None:
    changed = spring.replace({"constraints.budget.at_most": 90_000, "solve.gap": 1e-5, "constraints.roi.penalty": 2})
    assert changed.constraints[0].at_most == 90_000  # type: ignore[attr-defined]
    assert changed.solve.gap == Decimal("1e-5")
    assert changed.constraints[4].penalty == 2  # type: ignore[attr-defined]
    assert spring.constraints[0].at_most == 120_000  # type: ignore[attr-defined]
    assert changed != spring


def test_what_is_not_replaced_keeps_its_line(spring: Scenario) -> None:
    changed = spring.replace({"constraints.budget.at_most": 90_000})
    assert changed.position("constraints.cells.at_most") == spring.position("constraints.cells.at_most")
    assert changed.position("constraints.budget.at_most") is None


def test_what_was_set_for_a_run_is_not_blamed_on_a_line_of_the_file(spring: Scenario) -> None:
    changed = spring.replace({"constraints.budget.at_most": 90_000})
    assert changed.where("constraints.budget.at_most") == "spring.yaml, constraints.budget.at_most as set for this run"
    assert changed.where("constraints.budget.total") == spring.where("constraints.budget.total")
    with pytest.raises(ScenarioError, match=r"spring\.yaml, solve\.gap as set for this run"):
        spring.replace({"solve.gap": "wide"})


def test_a_replaced_scenario_is_written_as_it_is_now(spring: Scenario) -> None:
    changed = spring.replace({"solve.gap": 1e-5, "constraints.budget.enabled": False})
    assert Scenario.parse(changed.to_yaml()) == changed
    assert "gap: 0.00001" in changed.to_yaml()


def test_new_keys_are_added_and_none_takes_a_key_out() -> None:
    scenario = Scenario.parse(SMALL).replace({"solve.time_limit": "5 minutes", "data.expect.offers.cost": "0.."})
    assert scenario.solve.time_limit is not None
    assert list(scenario.data.expect) == ["offers.cost"]
    assert scenario.replace({"solve.time_limit": None}).solve.time_limit is None
    assert scenario.replace({"solve": None}) == scenario.replace({"solve.time_limit": None})


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("constraints.budgt.at_most", 1, "unknown rule 'budgt'.\nMaybe you meant 'budget'"),
        ("constraints.budget.at_mots", 1, "unknown key 'at_mots'.\nMaybe you meant 'at_most'"),
        ("solv.gap", 1, "unknown key 'solv'.\nMaybe you meant 'solve'"),
        ("solve.gapp", 1, "unknown key 'gapp'.\nMaybe you meant 'gap'"),
        ("solve.gap.x", 1, "'gap' is a value: nothing lies below it"),
        ("eligibility.x", 1, "unknown rule 'x'.\nMaybe one of: wants-mail, low-score, consent, night"),
        ("", 1, "an empty path"),
        ("contact_policies.rest", None, "a rule cannot be taken out.\nMaybe set its 'enabled' to false"),
        ("constraints.budget.at_most", "many", "at_most: 'many' is not a number"),
        ("constraints.budget.at_most", object(), "cannot stand in a scenario"),
        ("solve.gap", -1, "spring.yaml, solve.gap as set for this run: gap: -1 is negative"),
        ("version", None, "the key 'version' is missing"),
    ],
)
def test_a_change_that_makes_no_scenario_is_refused(spring: Scenario, path: str, value: object, message: str) -> None:
    with pytest.raises(ScenarioError) as refused:
        spring.replace({path: value})
    assert message in str(refused.value)


def test_all_paths_that_lead_nowhere_are_told_at_once(spring: Scenario) -> None:
    with pytest.raises(ScenarioError) as refused:
        spring.replace({"a": 1, "b.c": 2, "solve.seed": 3})
    assert [f.where for f in refused.value.findings] == ["spring.yaml, a", "spring.yaml, b.c"]


def test_settings_of_a_command_line_are_read_as_yaml(spring: Scenario) -> None:
    changed = spring.with_settings(
        [
            "constraints.budget.at_most=90000",
            "solve.time_limit=null",
            "solve.gap=1e-5",
            "contact_policies.rest.enabled=false",
            "constraints.cells.for_each=[offer]",
            "holdout.salt='7'",
            "objective.maximize=value * (cost = 1)",
        ]
    )
    assert changed.constraints[0].at_most == 90_000  # type: ignore[attr-defined]
    assert changed.solve.time_limit is None
    assert changed.solve.gap == Decimal("1e-5")
    assert "rest" not in {r.name for r in changed.rules()}
    assert changed.constraints[2].for_each == ("offer",)  # type: ignore[attr-defined]
    assert changed.holdout is not None
    assert changed.holdout.salt == "7"
    assert str(changed.objective.maximize) == "value * (cost = 1)"


def test_no_settings_change_nothing(spring: Scenario) -> None:
    assert spring.with_settings([]) is spring


def test_settings_that_are_none_are_told_all_at_once(spring: Scenario) -> None:
    with pytest.raises(UsageError) as refused:
        spring.with_settings(["solve.gap", "=3", "solve.gap=[1", "solve.seed=3"])
    assert [f.where for f in refused.value.findings] == ["--set solve.gap", "--set =3", "--set solve.gap=[1"]
