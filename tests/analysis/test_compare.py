"""Plans side by side: the figures are those of the files, and nothing is called better that is not proven."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

import optimizer as opt
from optimizer.analysis.compare import Comparison
from optimizer.errors import DataError, UsageError
from optimizer.report.compare_blocks import comparison_blocks
from optimizer.report.compare_page import render_comparison
from tests.analysis.kit import crowd, scenario

RULES = """
contact_policies:
  - {name: one-a-week, at_most: 1, within: 7 days}
constraints:
  - {name: budget, total: cost, at_most: 20}
  - {name: per-offer, total: contacts, for_each: offer, at_most: 12}
"""


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> opt.Scenario:
    people = crowd(30, "AB", ("2026-11-23", "2026-11-24"), cost=lambda n: 1 + n % 2, value=lambda n: 3 + n % 5)
    customers = pd.DataFrame({"customer": [f"c{n:03}" for n in range(30)], "segment": ["gold", "new", "old"] * 10})
    return scenario(tmp_path_factory.mktemp("base"), RULES, people, customers=customers)


@pytest.fixture(scope="module")
def runs(base: opt.Scenario, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("runs")
    tight = base.replace({"constraints.budget.at_most": 12, "constraints.per-offer.at_most": 9})
    return opt.solve(base).save(folder / "monday"), opt.solve(tight).save(folder / "tuesday")


@pytest.fixture(scope="module")
def compared(runs: tuple[Path, Path]) -> Comparison:
    return opt.compare(runs)


def test_every_figure_is_the_one_in_the_files(runs: tuple[Path, Path], compared: Comparison) -> None:
    said = comparison_blocks(compared)
    for i, (run, shown) in enumerate(zip(runs, said["runs"], strict=True)):
        summary = json.loads((run / "summary.json").read_text())
        assert {key: shown[key] for key in ("objective", "bound", "gap", "contacts")} == {
            key: summary[key] for key in ("objective", "bound", "gap", "contacts")
        }
        contacts = pd.read_parquet(run / "contacts.parquet")
        people = pd.read_csv(runs[0].parents[1] / compared.plans[0].scenario.base.name / "customers.csv")
        joined = contacts.merge(people, on="customer")
        counted = joined.groupby(["offer", "segment"])["contribution"].agg(["size", "sum"])
        cells = {tuple(cell["values"][:1] + cell["values"][-1:]): cell for cell in said["cells"]}
        assert {key: (row["size"], row["sum"]) for key, row in counted.to_dict("index").items()} == {
            key: (cell["contacts"][i], cell["value"][i]) for key, cell in cells.items() if cell["contacts"][i]
        }
        written = pd.read_csv(run / "constraints.csv").query("name == 'budget'").iloc[0]
        (budget,) = (rule for rule in said["rules"] if rule["name"] == "budget")
        assert budget["cells"][i]["used"] == written["used"]
        assert budget["cells"][i]["price_high"] == pytest.approx(written["price"])


def test_the_migration_adds_up_to_both_plans(compared: Comparison) -> None:
    (moved,) = comparison_blocks(compared)["moves"]
    totals = {row["kind"]: row for row in moved["totals"]}
    before = sum(row["contacts"] for kind, row in totals.items() if kind != "added")
    after = sum(row["contacts"] for kind, row in totals.items() if kind != "dropped")
    assert (before, after) == tuple(len(plan.contacts) for plan in compared.plans)


def test_text_page_and_json_show_the_same_figures(compared: Comparison) -> None:
    from rich.console import Console

    from optimizer.cli.compare_text import show_comparison

    said = comparison_blocks(compared)
    console = Console(record=True, width=120, file=open("/dev/null", "w"))  # noqa: SIM115, PTH123
    show_comparison(said, console)
    text, page = console.export_text(), render_comparison(compared)
    for shown in (text, page):
        for run in said["runs"]:
            assert f"{run['objective']:,.0f}" in shown
        assert said["runs"][1]["verdict"] in shown
        assert "constraints.budget.at_most" in shown
    assert page.count("<script") == 1  # the page's own
    assert page == render_comparison(compared)


def test_the_same_scenario_twice_is_no_difference(runs: tuple[Path, Path]) -> None:
    found = opt.compare([runs[0], runs[0], opt.Plan.load(runs[0])])
    assert [one.proven for one in found.differences if one] == [False, False]
    assert found.words() == ("B against A: the same value.", "C against A: the same value.")
    assert found.changes == ((), ())


def test_attribution_solves_each_change_first_and_last(runs: tuple[Path, Path], base: opt.Scenario) -> None:
    found = opt.compare(runs, attribution=True)
    assert found.effects is not None
    ((budget, per_offer),) = found.effects
    assert (budget.part, per_offer.part) == ("constraints.budget", "constraints.per-offer")
    before, after = (plan.objective for plan in found.plans)
    alone = opt.solve(base.replace({"constraints.budget.at_most": 12})).objective
    assert budget.first.objective == alone - before
    assert per_offer.last.objective == after - alone
    assert budget.first.objective + per_offer.last.objective == after - before


def test_attribution_refuses_tables_that_are_no_longer_the_same(tmp_path: Path) -> None:
    people = crowd(4, cost=lambda n: 1)
    given = scenario(tmp_path, RULES, people)
    first = opt.solve(given)
    second = opt.solve(given.replace({"constraints.budget.at_most": 2, "constraints.per-offer.at_most": 1}))
    crowd(5, cost=lambda n: 1).to_csv(tmp_path / "candidates.csv", index=False)
    with pytest.raises(UsageError, match=r"candidates.csv is no longer the file that it read"):
        opt.compare([first, second], attribution=True)
    later = opt.solve(given)
    assert opt.compare([first, later]).changed_inputs == (("candidates",),)


def test_objectives_that_are_other_sums_are_not_compared(base: opt.Scenario) -> None:
    found = opt.compare([opt.solve(base), opt.solve(base.replace({"objective.maximize": "2 * value"}))])
    assert found.differences == (None,)
    assert "not compared" in found.words()[0]
    assert "maximize 2 * value" in render_comparison(found)


def test_unknown_columns_are_refused_all_at_once(runs: tuple[Path, Path]) -> None:
    with pytest.raises(UsageError) as caught:
        opt.compare(runs, by=["segmnt", "offfer"])
    assert [finding.fix for finding in caught.value.findings] == ["you meant 'segment'", "you meant 'offer'"]


def test_hostile_names_are_escaped(tmp_path: Path) -> None:
    people = crowd(3, cost=lambda n: 1).assign(offer="<script>alert(1)</script>")
    plan = opt.solve(scenario(tmp_path, RULES, people))
    page = render_comparison(opt.compare([plan, plan]))
    assert page.count("<script") == 1  # the page's own
    assert "&lt;script&gt;" in page


def test_one_run_or_no_run_is_told(runs: tuple[Path, Path], tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="two to ten"):
        opt.compare(runs[:1])
    with pytest.raises(DataError, match="is no run folder"):
        opt.compare([runs[0], tmp_path])


def test_it_renders_in_notebooks(compared: Comparison) -> None:
    shown = compared._repr_html_()
    assert "<table" in shown
    assert "monday" in shown
    assert len(repr(compared).splitlines()) == 2
