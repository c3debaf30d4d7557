"""Names and types in expressions are mistakes of the file, told with its line before a row is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from optimizer.data import Catalog
from optimizer.data.layout import VISIBLE_IN_HISTORY
from optimizer.errors import DataError, ScenarioError
from optimizer.language.expressions import ColumnName, parse
from tests.data.kit import CANDIDATES, opened, write

CATALOG = Catalog(
    {
        "candidates": {
            "customer": "VARCHAR",
            "offer": "VARCHAR",
            "channel": "VARCHAR",
            "value": "DOUBLE",
            "cost": "DOUBLE",
        },
        "offers": {"offer": "VARCHAR", "family": "VARCHAR", "cost": "DOUBLE"},
        "history": {
            "customer": "VARCHAR",
            "offer": "VARCHAR",
            "channel": "VARCHAR",
            "response": "VARCHAR",
            "@date": "DATE",
        },
    }
)


def test_a_name_in_one_table_is_that_tables() -> None:
    assert CATALOG.resolve(ColumnName(None, "family")) == ColumnName("offers", "family")
    assert CATALOG.column("offers.cost") == ColumnName("offers", "cost")


def test_keys_are_shared_and_belong_to_the_first_table() -> None:
    assert CATALOG.column("offer") == ColumnName("candidates", "offer")
    assert CATALOG.column("offer", tables=VISIBLE_IN_HISTORY) == ColumnName("history", "offer")


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("famly", "unknown column 'famly'\nMaybe you meant 'family'"),
        ("zzz", "unknown column 'zzz'\nMaybe one of the columns customer, offer"),
        ("cost", "'cost' is a column of candidates and of offers\nMaybe write 'candidates.cost' or 'offers.cost'"),
        ("offers.famly", "unknown column 'offers.famly'\nMaybe you meant 'family'"),
        ("customers.x", "the table 'customers' is not named under 'data'\nMaybe add data.customers"),
        ("history.response", "the table 'history' cannot be seen here"),
        ("response", "unknown column 'response'"),
    ],
)
def test_an_unknown_or_ambiguous_name_is_told_with_what_helps(name: str, says: str) -> None:
    with pytest.raises(ValueError, match="Maybe") as caught:
        CATALOG.column(name)
    assert says in str(caught.value)


def test_a_bound_expression_has_qualified_columns() -> None:
    expression = parse("value - offers.cost")
    assert CATALOG.bind(expression).columns == (ColumnName("candidates", "value"), ColumnName("offers", "cost"))
    assert CATALOG.tables_of(expression) == {"candidates", "offers"}


def test_unknown_names_of_all_rules_come_at_once_with_their_lines(tmp_path: Path) -> None:
    write(tmp_path, candidates=CANDIDATES)
    with pytest.raises(ScenarioError) as caught:
        opened(
            tmp_path,
            objective="valeu",
            rules="""\
            eligibility:
              - {name: low, drop: "propensty < 0.1"}
            contact_policies:
              - {name: cap, at_most: {column: weekly_cap}, within: 7 days}
              - {name: home, at_most: 1, per: household}
            constraints:
              - {name: cells, total: contacts, for_each: [offer, chanel], at_most: 9}
            """,
        )
    assert caught.value.exit_code == 2
    found = [(f.where, f.what, f.fix, f.rule) for f in caught.value.findings]
    assert [where for where, *_ in found] == [
        "t.yaml, line 6, column 13",
        "t.yaml, line 8, column 17",
        "t.yaml, line 10, column 17",
        "t.yaml, line 11, column 30",
        "t.yaml, line 13, column 36",
    ]
    assert found[0][1:] == ("unknown column 'valeu'", "you meant 'value'", None)
    assert found[4][1:] == ("unknown column 'chanel'", "you meant 'channel'", "cells")


@pytest.mark.parametrize(
    ("condition", "says"),
    [
        ("offer = 7", "compares different things: candidates.offer is text, 7 is a number"),
        ("value = '10'", "compares different things"),
        ("offer IN (1, 2)", "compares different things"),
        ("propensity BETWEEN 'a' AND 'b'", "compares different things"),
        ("offer + 1 > 2", "text stands where arithmetic needs a number"),
        ("abs(offer) > 2", "text stands where 'abs' needs a number"),
        ("value LIKE 'a%'", "LIKE compares text"),
        ("value", "a condition is true or false, and 'value' is a number"),
        ("value AND TRUE", "stands where true or false is needed"),
        ("coalesce(offer, 0) = 'a'", "text and numbers are mixed"),
        ("year(offer) = 2026", "only a date or a timestamp has date parts"),
        ("day >= 'soon'", "compares different things"),
    ],
)
def test_wrong_types_are_told_before_a_row_is_read(condition: str, says: str, tmp_path: Path) -> None:
    write(tmp_path, candidates="customer,offer,propensity,value,day\nC1,a,0.5,1,2026-11-23\n")
    with pytest.raises(ScenarioError, match=r"t\.yaml, line 7, column 27") as caught:
        opened(tmp_path, objective="value", rules=f'eligibility: [{{name: low, keep: "{condition}"}}]\n')
    assert says in str(caught.value)


def test_an_amount_must_be_a_number(tmp_path: Path) -> None:
    write(tmp_path, candidates=CANDIDATES)
    with pytest.raises(ScenarioError, match="an amount is a number, and 'offer' is text"):
        opened(tmp_path, rules="constraints: [{name: b, total: offer, at_most: 1}]\n")


def test_iso_text_compares_with_a_date(tmp_path: Path) -> None:
    write(tmp_path, candidates="customer,offer,value,day\nC1,a,1,2026-11-23\nC2,a,2,2026-11-24\n")
    rules = "eligibility: [{name: low, keep: \"day >= '2026-11-24'\"}]\n"
    assert opened(tmp_path, objective="value", rules=rules).findings == ()


def test_numbers_stored_as_text_are_the_datas_mistake(tmp_path: Path) -> None:
    import pandas as pd

    frame = pd.DataFrame({"customer": ["a"], "offer": ["x"], "value": ["10"]})
    with pytest.raises(DataError, match=r"candidates \(frame\) · value: numbers are stored as text"):
        opened(tmp_path, {"candidates": frame}, objective="value * 2")


def test_a_range_for_a_column_that_is_not_there_is_told(tmp_path: Path) -> None:
    write(tmp_path, candidates=CANDIDATES)
    with pytest.raises(ScenarioError, match=r"unknown column 'valeu'\.\nMaybe you meant 'value'"):
        opened(tmp_path, expect="{valeu: 0..}")


def test_a_cap_column_must_be_a_number_of_the_customers_table(tmp_path: Path) -> None:
    write(tmp_path, candidates=CANDIDATES, customers="customer,cap\nC1,few\nC2,many\n")
    with pytest.raises(ScenarioError, match="'cap' is text, and a limit is a number"):
        opened(tmp_path, rules="contact_policies: [{name: c, at_most: {column: cap}, within: 7 days}]\n")


def test_what_only_history_has_may_be_named_after_after(tmp_path: Path) -> None:
    write(
        tmp_path,
        candidates=CANDIDATES,
        history="customer,offer,channel,at,response\nC1,card,email,2026-11-01,refused\n",
    )
    rules = """\
    contact_policies:
      - {name: no, never: "offer = 'loan'", after: "response = 'refused'", within: 90 days}
    """
    assert opened(tmp_path, rules=rules).findings == ()
