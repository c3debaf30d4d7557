"""Mutated scenario files: a clean error with its place and a fix, or an audited plan."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.scenario.yaml import read, write
from tests.fuzz import worlds

VALUES = """
0 -1 1e400 7~days 0~days calendar~month ever 36~hours contacts cost~/~0 customer slot distinct~offer propensity~>~1 NULL
' offers.family~=~'loan' nowhere.csv ../x.csv *.csv 2026-11-24 2026-13-01 required auto ${HOME} {} [] exact on
"""
KEYS = """
at_most at_least exactly within where for_each per total never with after only spacing penalty if_short report_only
enabled lot distinct share of ratio to min_contacts count_history name keep drop quiet consent column nonsense pins
scores
"""
NAMES = st.sampled_from(KEYS.split())
JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 10**20),
    st.decimals(allow_nan=False, allow_infinity=False, places=3),
    st.text(max_size=8),
    st.sampled_from([value.replace("~", " ") for value in VALUES.split()]),
    st.lists(st.integers(0, 3), max_size=2),
    st.dictionaries(NAMES | st.sampled_from(["table", "default", "path", "url"]), st.text(max_size=4), max_size=2),
)


def places(data: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path of everything inside."""
    inside = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [found for key, value in inside for found in ((*path, key), *places(value, (*path, key)))]


@st.composite
def mutants(draw: st.DrawFn) -> str:
    """A scenario in which a few values, keys or rules are others; sometimes its text is spoiled as well."""
    data: Any = read(worlds.SCENARIO, "scenario.yaml").data
    for _ in range(draw(st.integers(1, 3))):
        spots = places(data)
        if not spots:
            break
        *above, last = draw(st.sampled_from(spots))
        holder = data
        for step in above:
            holder = holder[step]
        act = draw(st.sampled_from(["replace", "replace", "delete", "add", "move"]))
        if act == "replace":
            holder[last] = draw(JUNK)
        elif act == "delete":
            del holder[last]
        elif act == "add" and isinstance(holder, dict):
            holder[draw(NAMES)] = draw(JUNK)
        elif act == "move":
            value = holder.pop(last)
            if isinstance(holder, dict):
                holder[draw(NAMES)] = value
            else:
                holder.insert(0, value)
    text = write(data)
    if draw(st.integers(0, 3)) == 0:
        at, size = draw(st.integers(0, len(text))), draw(st.integers(0, 3))
        text = text[:at] + draw(st.text(max_size=3)) + text[at + size :]
    return text


def a_clean_error_or_an_audited_plan(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        worlds.write(Path(folder))
        worlds.outcome(Path(folder), text)


@settings(max_examples=50)
@given(mutants())
def test_a_mutated_file_gives_a_clean_error_or_an_audited_plan(text: str) -> None:
    a_clean_error_or_an_audited_plan(text)


@pytest.mark.slow
@settings(max_examples=3_000)
@given(mutants())
def test_thousands_of_mutated_files_give_a_clean_error_or_an_audited_plan(text: str) -> None:
    a_clean_error_or_an_audited_plan(text)


@settings(max_examples=200)
@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_any_bytes_give_a_clean_error(raw: bytes) -> None:
    worlds.outcome(Path(), raw)


def test_the_file_that_is_mutated_has_a_plan(tmp_path: Path) -> None:
    worlds.write(tmp_path)
    plan = worlds.outcome(tmp_path, worlds.SCENARIO)
    assert not isinstance(plan, Exception)
    assert len(plan.contacts) >= 2
