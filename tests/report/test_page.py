"""The page: complete in itself, safe, and the same for the same plan."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser

import pandas as pd
import pytest

from optimizer.report import render
from tests.report import fakes
from tests.report.fakes import plan

HOSTILE = '<script>alert("x")</script>'
EMPTY_TAGS = {"meta", "link", "br", "img", "input"}


class Outline(HTMLParser):
    """Checks that every tag is closed, and collects tags, attributes and text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.words = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in EMPTY_TAGS:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data


def test_every_tag_is_closed() -> None:
    assert Outline(render(plan())).open == []


def test_the_answer_comes_before_everything_else() -> None:
    words = Outline(render(plan())).words
    places = [
        words.index(text) for text in ("35,412.75", "is proven", "value per cost", "What the rules cost", "Audit")
    ]
    assert places == sorted(places)


def test_page_asks_for_nothing_from_elsewhere() -> None:
    page = render(plan())
    assert not {"link", "img", "iframe", "object", "base"} & set(Outline(page).tags)
    assert not re.search(r"https?:|src=|url\(|@import|fetch\(|XMLHttp|import\(|eval\(", page)
    assert not [name for name, _ in Outline(page).attributes if name.startswith("on") or name == "src"]
    assert all(str(value).startswith("#") for name, value in Outline(page).attributes if name == "href")


def test_only_the_page_s_own_style_and_script_may_act() -> None:
    page = render(plan())
    (policy,) = [value for name, value in Outline(page).attributes if name == "content" and "default-src" in str(value)]
    assert policy is not None
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    for tag in ("style", "script"):
        (text,) = re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert not [name for name, _ in Outline(page).attributes if name == "style"]  # the policy would refuse it


def test_no_word_of_the_solver_is_in_the_headline() -> None:
    page = render(plan(termination=fakes.ended("gap", "HiGHS: 6,083 columns")))
    answer, rest = page.split("What the rules cost")
    assert "HiGHS" not in answer
    assert "HiGHS" in rest


def test_names_cannot_smuggle_markup() -> None:
    constraints = fakes.constraints()
    constraints.loc[0, "name"] = HOSTILE
    constraints.loc[1, "group"] = fakes.group(channel=HOSTILE, slot="2026-11-23")
    contacts = fakes.contacts()
    contacts.loc[0, "channel"] = HOSTILE
    page = render(
        plan(
            constraints=constraints,
            contacts=contacts,
            sentences=(HOSTILE,),
            policies=pd.DataFrame({"name": [HOSTILE], "refused": [1], "value_lost": [1.0]}),
            breakdown=pd.DataFrame({"group": [fakes.group(segment=HOSTILE, offer=HOSTILE)], "contacts": [1]}),
            scores={**fakes.SCORES, "groups": {"offer": [fakes.scored(HOSTILE, 10, 1.0, 1, "as promised")] * 2}},
            inputs=({"table": "offers", "path": f"/x/{HOSTILE}", "size": 1, "sha256": "0"},),
            funnel=pd.DataFrame({"reason": [HOSTILE], "alone": [1], "in_order": [1]}),
            summary={"scenario": HOSTILE, "baselines": {HOSTILE: 1.0}, "engine": HOSTILE},
        )
    )
    assert page.count("<script") == 1  # the page's own
    assert page.count("&lt;script&gt;") >= 14
    assert Outline(page).open == []


def test_same_plan_gives_same_bytes_whatever_the_run_is_called() -> None:
    later = plan(summary={"run_id": "20270101T000000Z-ffff", "timings": {"total": 99.0}, "peak_memory": 1})
    assert render(plan()) == render(later)


def test_limits_that_are_exceeded_and_penalised_are_said() -> None:
    assert "penalty 30" in Outline(render(plan())).words


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"gap": None, "bound": None}, "nothing proven"),
        ({"contacts": fakes.contacts().head(0)}, "Contacts per customer"),
        ({"constraints": fakes.constraints().head(0)}, "no constraints on the whole plan"),
        ({"policies": pd.DataFrame(columns=["name", "refused", "value_lost"])}, "Contacts per customer"),
        ({"funnel": pd.DataFrame(columns=["reason", "alone", "in_order"])}, "all candidates"),
        ({"sentences": ()}, "What the rules cost"),
    ],
)
def test_page_stands_when_a_part_is_missing(changes: dict[str, object], said: str) -> None:
    page = Outline(render(plan(**changes)))
    assert page.open == []
    assert said in page.words
    assert "None" not in page.words
    assert "nan" not in page.words.split()


def test_value_lost_is_left_out_where_nobody_computed_it() -> None:
    page = render(plan(policies=pd.DataFrame({"name": ["rest"], "refused": [3], "value_lost": [float("nan")]})))
    assert "Value lost" not in page


def test_a_thousand_groups_make_a_page_that_mail_can_carry() -> None:
    rows = pd.concat([fakes.constraints().iloc[[1]]] * 2000, ignore_index=True)
    rows["group"] = [fakes.group(branch=f"B{i:04d}") for i in range(2000)]
    assert len(render(plan(constraints=rows))) < 200_000


def test_a_plan_of_thousands_of_groups_offers_and_slots_stays_small() -> None:
    lines = pd.concat([fakes.constraints().iloc[[1]]] * 4000, ignore_index=True)
    lines["group"] = [fakes.group(offer=f"o{i % 100}", slot=f"s{i // 100}") for i in range(4000)]
    contacts = pd.DataFrame(
        {
            "customer": [f"c{i % 7000}" for i in range(20_000)],
            "offer": [f"o{i % 500}" for i in range(20_000)],
            "channel": [f"ch{i % 60}" for i in range(20_000)],
            "slot": [f"2026-{1 + i % 12:02}-{1 + i % 28:02} {i % 24:02}:00" for i in range(20_000)],
            "contribution": 1.0,
        }
    )
    groups = [(fakes.group(segment=f"s{i % 24}", offer=f"o{i // 24}"), i) for i in range(12_000)]
    breakdown = pd.DataFrame(groups, columns=["group", "contacts"])
    page = render(plan(constraints=lines, contacts=contacts, breakdown=breakdown))
    assert len(page.encode()) < 300_000


def test_what_stopped_the_search_is_said() -> None:
    stopped = fakes.ended("interrupted")
    assert "of the best possible, interrupted" in Outline(render(plan(termination=stopped))).words


def test_a_plan_that_minimises_speaks_of_cost() -> None:
    optimal = fakes.ended(None)
    words = Outline(render(plan(prices={"sense": "minimize"}, termination=optimal))).words
    assert "Cost of the plan" in words
    assert "costs less: that is proven" in words
