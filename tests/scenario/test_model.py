"""From the text of a file to a frozen scenario, and back."""

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import ValidationError

from optimizer.errors import MachineError, ScenarioError
from optimizer.language.limits import ColumnLimit, TableLimit
from optimizer.language.ranges import Range
from optimizer.scenario import Scenario
from optimizer.scenario.sections import Files
from tests.scenario.examples import SMALL, SPRING


@pytest.fixture(scope="module")
def spring() -> Scenario:
    return Scenario.parse(SPRING, file="spring.yaml")


def rule(scenario: Scenario, name: str) -> object:
    return next(r for r in scenario.rules() if r.name == name)


def test_the_complete_example_says_what_its_author_meant(spring: Scenario) -> None:
    assert spring.as_of == dt.datetime(2026, 11, 22, 18, tzinfo=dt.UTC)
    assert (spring.horizon.start, spring.horizon.last) == (dt.date(2026, 11, 23), dt.date(2026, 11, 29))
    assert spring.horizon.timezone == "Europe/Lisbon"
    assert spring.data.history == Files(path="history.parquet")
    assert str(spring.objective.maximize) == "propensity * value - cost"
    assert [len(x) for x in (spring.eligibility, spring.contact_policies, spring.constraints)] == [4, 14, 10]
    assert spring.holdout is not None
    assert spring.holdout.share == Decimal("0.05")
    assert spring.pins is not None
    assert spring.pins.keep == "booked.csv"
    assert spring.solve.gap == Decimal("1e-4")
    assert spring.solve.time_limit is not None
    assert spring.solve.time_limit.seconds == 1_800
    assert (spring.solve.memory_limit, spring.solve.threads) == (16 * 10**9, 2)


@pytest.mark.parametrize(
    ("name", "field", "value"),
    [
        ("own-cap", "at_most", ColumnLimit(column="weekly_cap")),
        ("cells", "at_most", TableLimit(table="limits.csv", column="most", default=Decimal(0))),
        ("cells", "for_each", ("offer", "channel")),
        ("offer-once", "for_each", ("offer",)),
        ("spend-ceiling", "at_most", Decimal("12.50")),
        ("vip-hears-us", "if_short", "best_effort"),
        ("gold-hears-us", "penalty", Decimal("1.5")),
        ("lots", "lot", 500),
        ("third-party", "report_only", True),
        ("night", "quiet", "21:00-09:00"),
    ],
)
def test_each_rule_of_the_example_has_its_values(spring: Scenario, name: str, field: str, value: object) -> None:
    assert getattr(rule(spring, name), field) == value


def test_the_example_has_no_doubts_about_itself(spring: Scenario) -> None:
    assert spring.warnings == ()


def test_writing_and_reading_again_changes_nothing(spring: Scenario) -> None:
    text = spring.to_yaml()
    again = Scenario.parse(text)
    assert again == spring
    assert again.to_yaml() == text
    assert again.scenario_hash == spring.scenario_hash


def test_variables_of_the_environment_are_written_unexpanded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRM", "postgresql://me:secret@host/crm")
    scenario = Scenario.parse(SMALL + 'data: {candidates: {url: "${CRM}", table: candidates}}')
    assert scenario.data.sources()["candidates"].address() == "postgresql://me:secret@host/crm"  # type: ignore[union-attr]
    assert "secret" not in scenario.to_yaml() + repr(scenario) + repr(scenario.data)


def test_the_hash_sees_meaning_and_not_layout() -> None:
    text = SMALL + "solve: {gap: 0.001, seed: 7}\n"
    other = "# a comment\n" + SMALL + "solve:\n  seed: 7\n  gap: 1e-3\n"
    assert Scenario.parse(text).scenario_hash == Scenario.parse(other).scenario_hash
    assert Scenario.parse(text).scenario_hash != Scenario.parse(text.replace("7}", "8}")).scenario_hash


def test_a_scenario_is_frozen() -> None:
    scenario = Scenario.parse(SMALL)
    with pytest.raises(ValidationError):
        scenario.name = "other"  # type: ignore[misc]
    with pytest.raises(ValidationError):
        scenario.horizon.days = 8  # type: ignore[misc]


def test_a_scenario_prints_in_three_lines(spring: Scenario) -> None:
    assert str(spring).splitlines() == [
        "Scenario spring-retention: 7 days from 2026-11-23",
        "maximize propensity * value - cost",
        "4 eligibility rules, 14 contact policies, 10 constraints",
    ]


def test_plain_data_makes_the_same_scenario_as_its_text() -> None:
    made = Scenario.from_dict(
        {
            "version": 1,
            "name": "small",
            "as_of": None,
            "horizon": {"start": dt.date(2026, 11, 23), "days": 7},
            "objective": {"maximize": "value"},
            "constraints": ({"name": "budget", "total": "cost", "at_most": 0.1},),
            "data": {"offers": Path("offers.csv")},
        }
    )
    text = SMALL + "data: {offers: offers.csv}\nconstraints:\n  - {name: budget, total: cost, at_most: 0.1}\n"
    assert made == Scenario.parse(text)
    assert Scenario.parse(made.to_yaml()) == made


def test_plain_data_that_no_file_could_say_is_refused() -> None:
    with pytest.raises(ScenarioError, match=r"object .* cannot stand in a scenario"):
        Scenario.from_dict({"version": 1, "name": object()})


def test_disabled_rules_are_no_rules() -> None:
    text = SMALL + "contact_policies:\n  - {name: a, spacing: 2 days, enabled: false}\n  - {name: b, spacing: 1 day}\n"
    scenario = Scenario.parse(text)
    assert [scenario.rule_path(r) for r in scenario.rules()] == ["contact_policies.b"]


def test_a_line_and_column_can_be_asked_of_any_path(spring: Scenario) -> None:
    assert spring.position("solve.gap") == (57, 23)
    assert spring.position("constraints.budget.at_most") == (44, 38)
    assert spring.position("solve.colour") is None
    assert spring.where("horizon.days") == "spring.yaml, line 6, column 3"
    assert spring.where("constraints.budget") == "spring.yaml, line 44, column 5"
    assert spring.where("constraints.budget.penalty") == "spring.yaml, line 44, column 5 (constraints.budget.penalty)"
    assert spring.where("stability.keep") == "spring.yaml, stability.keep"


def test_now_is_as_of_or_the_clock_and_today_is_local() -> None:
    late = Scenario.parse(
        SMALL.replace("days: 7", "days: 7, timezone: Asia/Tokyo") + "as_of: 2026-11-22T18:00:00Z\n",
    )
    assert late.now == dt.datetime(2026, 11, 22, 18, tzinfo=dt.UTC)
    assert late.today == dt.date(2026, 11, 23)
    unsaid = Scenario.parse(SMALL)
    assert abs(unsaid.now - dt.datetime.now(dt.UTC)) < dt.timedelta(minutes=5)
    assert unsaid.replace({"solve.seed": 1}).now == unsaid.now
    assert unsaid.resolved().as_of == unsaid.now
    assert late.resolved() is late


def test_the_usual_ranges_hold_unless_the_file_says_otherwise() -> None:
    data = Scenario.parse(SMALL + "data: {expect: {cost: any, score: 0..100}}").data
    assert data.expected("propensity") == Range(Decimal(0), Decimal(1))
    assert data.expected("cost") == Range()
    assert data.expected("score") == Range(Decimal(0), Decimal(100))
    assert data.expected("anything") == Range()


def test_sources_are_paths_globs_lists_and_databases() -> None:
    text = "data: {candidates: [a.parquet, b.parquet], offers: 'offers/*.csv', slots: {url: x, query: SELECT 1}}"
    sources = Scenario.parse(SMALL + text).data.sources()
    assert sources["candidates"] == Files(path=["a.parquet", "b.parquet"])
    assert sources["offers"] == Files(path="offers/*.csv")
    assert list(sources) == ["candidates", "offers", "slots"]


def test_a_source_says_what_its_columns_are_called_there() -> None:
    sources = Scenario.parse(
        SMALL + "data: {candidates: {path: a.csv, columns: {customer: CustomerID}}}"
    ).data.sources()
    assert sources["candidates"] == Files(path="a.csv", columns={"customer": "CustomerID"})
    with pytest.raises(ScenarioError, match="'columns' takes 'id' for two columns"):
        Scenario.parse(SMALL + "data: {candidates: {path: a.csv, columns: {customer: Id, offer: id}}}")


class TestLoad:
    def test_paths_are_relative_to_the_file(self, tmp_path: Path) -> None:
        (tmp_path / "small.yaml").write_text(SMALL)
        assert Scenario.load(tmp_path / "small.yaml").base == tmp_path.resolve()

    def test_a_missing_file_is_told_with_the_nearest_one(self, tmp_path: Path) -> None:
        (tmp_path / "scenario.yaml").write_text(SMALL)
        with pytest.raises(ScenarioError, match=r"no such file.\nMaybe you meant '.*scenario.yaml'") as refused:
            Scenario.load(tmp_path / "scenaro.yaml")
        assert refused.value.exit_code == 2

    def test_a_folder_is_no_file(self, tmp_path: Path) -> None:
        with pytest.raises(ScenarioError, match="this is a folder"):
            Scenario.load(tmp_path)

    def test_a_file_that_cannot_be_read_is_the_machines_fault(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(_: Path) -> bytes:
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(Path, "read_bytes", refuse)
        with pytest.raises(MachineError, match="cannot be read: Permission denied"):
            Scenario.load(tmp_path / "scenario.yaml")


def test_a_horizon_without_a_start_begins_the_day_after_now_wherever_that_is() -> None:
    text = SPRING.replace("  start: 2026-11-23                  # first local day\n", "").replace(
        "  start: 2026-11-23\n", ""
    )
    scenario = Scenario.parse(text)
    assert "start" not in scenario.to_yaml().partition("data:")[0]
    assert scenario.horizon.start == dt.date(2026, 11, 23)
    later = scenario.with_settings(["as_of=2026-11-30T23:30:00-02:00"])  # 01:30 on the first, in Lisbon
    assert later.horizon.start == dt.date(2026, 12, 2)
    assert later.resolved().replace({"solve.seed": 3}).horizon.start == dt.date(2026, 12, 2)
    assert Scenario.parse(later.resolved().to_yaml()).horizon.start == dt.date(2026, 12, 2)
    clock = scenario.replace({"as_of": None})
    assert clock.horizon.start == clock.today + dt.timedelta(days=1)
