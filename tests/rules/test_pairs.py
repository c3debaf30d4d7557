"""Pairs in time: by instants where both have one, by dates otherwise."""

from __future__ import annotations

from typing import Any

import duckdb
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.language.durations import Window
from optimizer.rules.pairs import AFTER_SQL, MICROSECONDS, Instances, Times, after, before, near, near_sql

HOUR = 3600 * MICROSECONDS
moments = st.tuples(st.integers(0, 6), st.one_of(st.none(), st.integers(0, 23)))


def times(found: Any) -> Times:
    instants = [np.nan if hour is None else (day * 24 + hour) * HOUR for day, hour in found]
    return Times(np.array([day for day, _ in found], np.int64), np.array(instants, np.float64))


def asked(relation: Any, one: Any, others: Any) -> list[bool]:
    mine = times([one])
    return [bool(x) for x in relation(int(mine.day[0]), float(mine.instant[0]), times(others))]


@given(moments, st.lists(moments, min_size=1, max_size=8))
def test_before_and_after_are_each_others_opposite(one: Any, others: Any) -> None:
    assert asked(before, one, others) == [asked(after, other, [one])[0] for other in others]


@given(moments, st.lists(moments, min_size=1, max_size=8))
def test_nothing_is_before_and_after_at_once(one: Any, others: Any) -> None:
    assert not any(a and b for a, b in zip(asked(before, one, others), asked(after, one, others), strict=True))


def test_two_dates_are_simultaneous_and_a_date_beside_an_instant_goes_by_its_day() -> None:
    assert asked(before, (3, None), [(3, None), (3, 5), (2, 23), (4, 0)]) == [False, False, True, False]
    assert asked(before, (3, 5), [(3, 4), (3, 5), (3, 6), (3, None)]) == [True, False, False, False]


@given(
    moments, st.lists(moments, min_size=1, max_size=8), st.sampled_from(["1 day", "2 days", "1 week"]), st.booleans()
)
def test_near_in_days_is_a_difference_of_dates(one: Any, others: Any, text: str, inclusive: bool) -> None:
    window = Window.parse(text)
    assert window.days is not None
    limit = window.days + inclusive
    assert asked(near(window, inclusive=inclusive), one, others) == [abs(one[0] - day) < limit for day, _ in others]


@pytest.mark.parametrize(("inclusive", "wanted"), [(False, [True, False, False]), (True, [True, True, False])])
def test_near_in_hours_is_half_open(inclusive: bool, wanted: list[bool]) -> None:
    relation = near(Window.parse("24 hours"), inclusive=inclusive)
    assert asked(relation, (1, 5), [(2, 4), (2, 5), (2, 6)]) == wanted


@pytest.mark.parametrize("text", [None, "ever"])
def test_without_a_window_everything_is_near(text: str | None) -> None:
    assert asked(near(None if text is None else Window.parse(text)), (0, None), [(99, 3), (0, None)]) == [True, True]


@given(moments, moments, st.sampled_from(["2 days", "36 hours"]), st.booleans())
def test_the_audits_sql_says_the_same(one: Any, other: Any, text: str, inclusive: bool) -> None:
    window = Window.parse(text)
    if window.seconds is not None and None in (one[1], other[1]):
        return
    both = f"(SELECT {row(one)}) a, (SELECT {row(other)}) b"
    sql = f"SELECT coalesce({AFTER_SQL}, false), coalesce({near_sql(window, inclusive=inclusive)}, false) FROM {both}"
    (found,) = duckdb.sql(sql).fetchall()
    assert found == (asked(after, other, [one])[0], asked(near(window, inclusive=inclusive), one, [other])[0])


def row(moment: Any) -> str:
    day, hour = moment
    instant = "NULL::TIMESTAMP" if hour is None else f"TIMESTAMP '2026-11-0{day + 1} {hour:02}:00:00'"
    return f"DATE '2026-11-0{day + 1}' AS day, {instant} AS instant"


def test_bits_of_one_kind_and_of_one_group_are_united() -> None:
    found = Instances(kinds=3, groups=2)
    first, second = found.new(), found.new()
    found.put(first, np.array([True, True, False]), 1)
    found.put(first, np.array([False, True, False]), 2)
    found.put(second, np.array([False, False, True]), 2)
    found.put_past(second, np.array([1, 1]), 1)
    found.put_past(second, np.array([1]), 2)
    uses, past = found.incidence(), found.past()
    assert (uses.start.tolist(), uses.instance.tolist(), uses.weight.tolist()) == ([0, 1, 2, 3], [0, 0, 1], [1, 3, 2])
    assert past is not None
    assert (past.start.tolist(), past.instance.tolist(), past.number.tolist()) == ([0, 0, 1], [1], [3])


def test_no_past_is_no_override() -> None:
    found = Instances(kinds=1, groups=1)
    found.put_past(found.new(), np.zeros(0, np.int64), 1)
    assert found.past() is None
