"""The page in a real browser: quiet, offline, sorted and filtered by hand and by keyboard, readable everywhere."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from optimizer.report import render
from tests.report import fakes
from tests.report.chromium import BROWSER, Chromium

pytestmark = [pytest.mark.browser, pytest.mark.skipif(BROWSER is None, reason="no Chromium here")]

PHONE = 360
HOSTILE = "<script>window.pwned = 1</script>'\"><img src=x onerror=window.pwned=1>\u202eאבג 🦊"
NAMES = "[...document.querySelectorAll('.rules:not(.policies) > tbody > tr:not([hidden]) > .name > bdi')]"
HEADS = "document.querySelectorAll('.rules:not(.policies) > thead th')"

CONTRASTS = """(() => {
  const canvas = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d");
  const over = (...colours) => {
    canvas.clearRect(0, 0, 1, 1);
    for (const colour of colours) { canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1); }
    return canvas.getImageData(0, 0, 1, 1).data;
  };
  const light = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((c) => (c / 255 <= 0.03928 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const found = [];
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    if (!own || !element.getClientRects().length || element.closest("script, .bubble")) continue;
    const style = getComputedStyle(element);
    const grounds = [];
    for (let at = element; at; at = at.parentElement) grounds.unshift(getComputedStyle(at).backgroundColor);
    const ink = element instanceof SVGElement ? style.fill : style.color;
    const [a, b] = [light(over("white", ...grounds)), light(over("white", ...grounds, ink))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) found.push(`${ratio.toFixed(2)} ${element.className} ${element.textContent.trim().slice(0, 30)}`);
  }
  return found;
})()"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    with Chromium(tmp_path_factory.mktemp("profile")) as chromium:
        yield chromium


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(render(fakes.plan()), "utf-8")
    return path


@pytest.fixture
def page(browser: Chromium, report: Path) -> Chromium:
    browser.open(report)
    return browser


def names(page: Chromium) -> list[str]:
    return list(page.value(f"{NAMES}.map((name) => name.textContent)"))


def test_nothing_is_complained_about_and_nothing_asked_for(page: Chromium) -> None:
    assert page.troubles == []
    assert page.asked_for == []


def test_a_blocked_script_would_be_noticed(browser: Chromium, tmp_path: Path) -> None:
    bad = tmp_path / "bad.html"
    bad.write_text(render(fakes.plan()).replace("<footer>", "<script>window.pwned = 1</script><footer>"), "utf-8")
    browser.open(bad)
    assert browser.value("window.pwned") is None
    assert any("Content Security Policy" in trouble for trouble in browser.troubles)
    browser.troubles.clear()


def test_hostile_names_are_text(browser: Chromium, tmp_path: Path) -> None:
    constraints = fakes.constraints()
    constraints.loc[0, "name"] = HOSTILE
    constraints.loc[1, "group"] = fakes.group(channel=HOSTILE, slot="2026-11-23")
    contacts = fakes.contacts()
    contacts.loc[0, "channel"] = HOSTILE
    breakdown = pd.DataFrame({"group": [fakes.group(segment=s, offer=HOSTILE) for s in (HOSTILE, "b")], "contacts": 1})
    plan = fakes.plan(constraints=constraints, contacts=contacts, breakdown=breakdown, sentences=("", HOSTILE))
    hostile = tmp_path / "hostile.html"
    hostile.write_text(render(plan), "utf-8")
    browser.open(hostile)
    assert browser.value("window.pwned") is None
    assert browser.value("document.images.length") == 0
    assert browser.value("document.scripts.length") == 1
    assert names(browser)[0] == HOSTILE
    assert (browser.troubles, browser.asked_for) == ([], [])


def test_the_rules_sort_by_price_up_down_and_back(page: Chromium) -> None:
    before = names(page)
    price = f"{HEADS}[4]"
    page.value(f"{price}.querySelector('button').click()")
    assert names(page)[:3] == ["branch-visits", "loan-floor", "budget"]  # 3.25, 2.5, 1.73
    assert names(page)[-1] == "third-party"  # it has no price
    assert page.value(f"{price}.getAttribute('aria-sort')") == "descending"
    page.value(f"{price}.querySelector('button').click()")
    assert names(page)[:2] == ["capacity", "budget"]
    assert names(page)[-1] == "third-party"
    page.value(f"{price}.querySelector('button').click()")
    assert names(page) == before
    assert page.value(f"{price}.getAttribute('aria-sort')") is None


def test_the_rules_sort_by_name_from_the_keyboard(page: Chromium) -> None:
    page.value(f"{HEADS}[0].querySelector('button').focus()")
    page.press("Enter")
    assert names(page) == sorted(names(page))
    page.press(" ")
    assert names(page) == sorted(names(page), reverse=True)


def test_typing_leaves_the_rules_that_match_and_says_how_many(page: Chromium) -> None:
    page.value("document.querySelector('.filter input').focus()")
    page.write("MINIMUM at")
    assert names(page) == []
    page.value("document.querySelector('.filter input').select()")
    page.write("sms")
    assert names(page) == ["capacity"]  # by the name of a group
    assert page.value("document.querySelector('.filter output').textContent") == "1 of 5 rules"


def test_only_the_rules_at_their_limit_are_left_on_demand(page: Chromium) -> None:
    page.value("document.querySelector('.filter [type=checkbox]').focus()")
    page.press(" ")
    assert names(page) == ["budget", "capacity", "branch-visits", "loan-floor"]
    page.press(" ")
    assert len(names(page)) == 5


def test_one_view_of_the_contacts_at_a_time_and_all_of_them_on_paper(page: Chromium) -> None:
    shown = "[...document.querySelectorAll('.view')].filter((v) => v.offsetHeight).map((v) => v.dataset.view)"
    assert page.value(shown) == ["day and channel"]
    page.value("document.querySelectorAll('.choice input')[1].click()")
    assert page.value(shown) == ["segment"]
    page.call("Emulation.setEmulatedMedia", media="print")
    assert page.value(shown) == ["day and channel", "segment", "channel"]
    assert page.value("document.querySelector('.filter').offsetHeight") == 0
    page.call("Emulation.setEmulatedMedia", media="")
    assert page.print().startswith(b"%PDF")


def test_arrow_keys_read_a_chart_aloud(page: Chromium) -> None:
    page.value("document.querySelector('svg.columns').focus()")
    page.press("ArrowRight")
    assert page.value("document.querySelector('.bubble').textContent") == "slot 2026-11-23: 40 of 40"
    page.press("ArrowRight")
    assert page.value("document.querySelector('.bubble').textContent") == "slot 2026-11-24: 40 of 40"
    assert page.value("document.querySelector('.bubble').getAttribute('role')") == "status"


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("limit", [None, "time"], ids=["proven", "stopped"])
def test_every_word_stands_out_from_its_ground(
    browser: Chromium, tmp_path: Path, dark: bool, limit: str | None
) -> None:
    path = tmp_path / "report.html"
    path.write_text(render(fakes.plan(termination=fakes.ended(limit))), "utf-8")
    browser.open(path, dark=dark)
    ground = browser.value("getComputedStyle(document.body).backgroundColor")
    assert (ground == "rgb(246, 245, 241)") is not dark
    assert browser.value(CONTRASTS) == []


def test_everything_that_can_be_pressed_has_a_name(page: Chromium) -> None:
    nodes = page.call("Accessibility.getFullAXTree")["nodes"]
    roles = {"button", "checkbox", "radio", "searchbox", "image", "img", "region", "DisclosureTriangle"}
    found = [node for node in nodes if node.get("role", {}).get("value") in roles]
    assert len(found) > 20
    assert [node["role"]["value"] for node in found if not node.get("name", {}).get("value")] == []


def test_the_page_does_not_scroll_sideways_on_a_phone(browser: Chromium, report: Path) -> None:
    browser.open(report, width=PHONE, height=740)
    assert browser.value("document.documentElement.scrollWidth") <= PHONE
