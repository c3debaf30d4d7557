"""Expressions made of what the language has, and of what it has not: parsed, or refused with a fix."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
import sqlglot
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlglot import exp

from optimizer.data.names import spelled
from optimizer.errors import ScenarioError
from optimizer.language.expressions import parse
from tests.fuzz import worlds

WORDS = r"""
cost value propensity offer family customer opt_in segment slot contacts "at" offers.family nowhere.x
1 0 1e400 .5 1e-9 'loan' 'it''s' '' '%' NULL TRUE FALSE ( ) ( ) , + - * / % = <> < >= || AND OR NOT IN BETWEEN LIKE
IS CASE WHEN THEN ELSE END coalesce( least( greatest( abs( round( extract( year( sum( read_csv( getenv( cast( DATE
SELECT FROM WHERE UNION ; -- /* */ :: -> [ ] { } $1 ? @ # PRAGMA ATTACH COPY EXISTS OVER DISTINCT ALL ANY x'41'
e'\n' $$ $$ \ é ＝ ﹪
"""
PIECES = st.sampled_from([*WORDS.split(), "\x00", "\u202e", "\n"])
SOUP = st.lists(PIECES, min_size=1, max_size=12).map(" ".join)
GROWN = st.recursive(
    st.sampled_from(["cost", "value", "propensity", "1", "0", "2.5", "length_of", "cap", "NULL"]),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*", "/", "%", "=", "<", "AND", "OR"]), inner).map(
            lambda t: f"({t[0]} {t[1]} {t[2]})"
        ),
        inner.map(lambda e: f"abs({e})"),
        st.tuples(inner, inner).map(lambda t: f"coalesce({t[0]}, {t[1]})"),
        st.tuples(inner, inner, inner).map(lambda t: f"CASE WHEN {t[0]} > {t[1]} THEN {t[1]} ELSE {t[2]} END"),
        inner.map(lambda e: f"{e} IS NULL"),
        inner.map(lambda e: f"{e} IN (1, 2, NULL)"),
        inner.map(lambda e: f"- {e}"),
    ),
    max_leaves=8,
)


@settings(max_examples=400)
@given(SOUP | st.text(max_size=40))
def test_what_is_no_expression_is_refused_with_a_fix(text: str) -> None:
    try:
        found = parse(text)
    except ValueError as error:
        said = str(error)
    else:
        tree = sqlglot.parse_one(found.sql(spelled), read="duckdb")
        assert tree.find(exp.Query, exp.Command, exp.Anonymous, exp.AggFunc) is None
        return
    assert "\nMaybe " in said, said


def runs(text: str, where: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        worlds.write(Path(folder))
        quoted = "'" + text.replace("'", "''") + "'"
        old = "propensity * value - cost" if not where else "propensity < 0.01"
        worlds.outcome(Path(folder), worlds.SCENARIO.replace(old, quoted, 1))


@settings(max_examples=30)
@given(GROWN | SOUP, st.booleans())
def test_whatever_is_written_for_an_objective_or_a_condition_ends_cleanly(text: str, where: bool) -> None:
    runs(text, where)


@pytest.mark.slow
@settings(max_examples=2_000)
@given(GROWN | SOUP, st.booleans())
def test_thousands_of_objectives_and_conditions_end_cleanly(text: str, where: bool) -> None:
    runs(text, where)


def test_an_unknown_name_in_a_grown_expression_is_told() -> None:
    with tempfile.TemporaryDirectory() as folder:
        worlds.write(Path(folder))
        error = worlds.outcome(Path(folder), worlds.SCENARIO.replace("- cost}", "- length_of}"))
        assert isinstance(error, ScenarioError)
