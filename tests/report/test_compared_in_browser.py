"""The pages of a comparison and of a sweep in a real browser: quiet, offline, and readable everywhere."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import optimizer as opt
from optimizer.cli.init import starter, write_new
from optimizer.report.compare_page import render_comparison
from optimizer.report.sweep_page import render_sweep
from tests.report.chromium import BROWSER, Chromium
from tests.report.test_browser import CONTRASTS, PHONE

pytestmark = [pytest.mark.browser, pytest.mark.skipif(BROWSER is None, reason="no Chromium here")]

BUDGET, WEEK = "constraints.budget.at_most", "contact_policies.three-a-week.at_most"
CUT = "[...document.querySelectorAll('td.name')].filter((cell) => cell.clientWidth < 60).map((c) => c.textContent)"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    with Chromium(tmp_path_factory.mktemp("profile")) as chromium:
        yield chromium


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A comparison of two plans, a sweep of one value, and a grid of two."""
    folder = tmp_path_factory.mktemp("pages")
    write_new(folder / "coffee", starter())
    scenario = opt.Scenario.load(folder / "coffee" / "scenario.yaml")
    plans = [opt.solve(scenario), opt.solve(scenario.replace({BUDGET: 50}))]
    drawn = {
        "comparison": render_comparison(opt.compare(plans)),
        "curve": render_sweep(opt.sweep(scenario, {BUDGET: [50, 60, 80]})),
        "grid": render_sweep(opt.sweep(scenario, {BUDGET: [50, 60], WEEK: [2, 3]})),
    }
    for name, page in drawn.items():
        (folder / f"{name}.html").write_text(page, "utf-8")
    return {name: folder / f"{name}.html" for name in drawn}


@pytest.mark.parametrize("name", ["comparison", "curve", "grid"])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_it_is_quiet_and_offline_and_every_word_stands_out(
    browser: Chromium, pages: dict[str, Path], name: str, dark: bool
) -> None:
    browser.open(pages[name], dark=dark)
    assert (browser.troubles, browser.asked_for) == ([], [])
    assert browser.value("document.querySelectorAll('section').length") >= 2
    assert browser.value(CONTRASTS) == []
    browser.troubles.clear()  # what measuring the colours says of itself


@pytest.mark.parametrize("name", ["comparison", "curve", "grid"])
def test_a_phone_shows_it_without_scrolling_sideways_and_names_whole(
    browser: Chromium, pages: dict[str, Path], name: str
) -> None:
    browser.open(pages[name], width=PHONE, height=740)
    assert browser.value("document.documentElement.scrollWidth") <= PHONE
    assert browser.value("document.querySelector('section').getBoundingClientRect().right") <= PHONE
    if name == "comparison":
        assert browser.value(CUT) == []


def test_plans_of_one_scenario_are_named_once(browser: Chromium, pages: dict[str, Path]) -> None:
    browser.open(pages["comparison"])
    assert browser.value("document.querySelector('h1').textContent") == "starter"


def test_every_point_of_the_curve_says_its_figures(browser: Chromium, pages: dict[str, Path]) -> None:
    browser.open(pages["curve"])
    assert browser.value("document.querySelectorAll('svg.curve circle').length") == 3
    titles = browser.value("[...document.querySelectorAll('svg.curve circle title')].map((one) => one.textContent)")
    assert all(titles)
    assert browser.call("Page.printToPDF")["data"]


def test_a_grid_has_a_price_of_the_limit_that_has_one_alone(browser: Chromium, pages: dict[str, Path]) -> None:
    browser.open(pages["grid"])
    heads = browser.value("[...document.querySelectorAll('th')].map((one) => one.textContent)")
    assert [head for head in heads if head.startswith("Price")] == ["Price of budget"]
