"""Keys: compared before they are joined, and never bent."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa
import pytest

from optimizer.errors import DataError
from tests.data.kit import CANDIDATES, opened, rows, write


def candidates(customer: list[object], kind: pa.DataType | None = None) -> pa.Table:
    """Return Arrow candidates of these customers."""
    count = len(customer)
    return pa.table({"customer": pa.array(customer, kind), "offer": ["card"] * count, "value": [1.0] * count})


def history(customer: list[object], kind: pa.DataType | None = None) -> pa.Table:
    """Return Arrow history of these customers."""
    count = len(customer)
    return pa.table({"customer": pa.array(customer, kind), "offer": ["card"] * count, "at": ["2026-11-01"] * count})


def test_typed_tables_must_agree_and_the_error_shows_an_example_of_both(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        opened(tmp_path, {"candidates": candidates([7, 8]), "history": history(["007"])}, objective="value")
    text = str(caught.value)
    assert "history (frame) · customer" in text
    assert "text here, for example '007'" in text
    assert "whole numbers in candidates (frame), for example 7" in text


def test_integers_of_different_widths_are_the_same_key(tmp_path: Path) -> None:
    frames = {"candidates": candidates([7, 8], pa.int32()), "history": history([7], pa.int64())}
    tables = opened(tmp_path, frames, objective="value")
    assert rows(tables, "history SEMI JOIN candidates USING (customer)", "customer") == [(7,)]


def test_csv_keys_take_the_candidates_type_when_every_value_round_trips(tmp_path: Path) -> None:
    write(tmp_path, history="customer,offer,at\n7,card,2026-11-01\n")
    tables = opened(tmp_path, {"candidates": candidates([7, 8])}, objective="value")
    assert tables.columns["history"]["customer"] == "BIGINT"


def test_a_csv_key_that_does_not_round_trip_is_an_error_with_its_row(tmp_path: Path) -> None:
    write(tmp_path, history="customer,offer,at\n7,card,2026-11-01\n007,card,2026-11-01\n")
    with pytest.raises(
        DataError, match=r"history\.csv · row 2 · customer: '007' is no such value: customer is whole numbers"
    ):
        opened(tmp_path, {"candidates": candidates([7, 8])}, objective="value")


def test_csv_candidates_take_the_type_of_the_typed_tables(tmp_path: Path) -> None:
    write(tmp_path, candidates="customer,offer,value\n7,card,1\n8,card,1\n")
    tables = opened(tmp_path, {"customers": pa.table({"customer": [7, 8]})}, objective="value")
    assert tables.columns["candidates"]["customer"] == "BIGINT"


def test_leading_zeros_blanks_and_unicode_of_csv_keys_are_kept(tmp_path: Path) -> None:
    write(tmp_path, candidates="customer,offer,value\n007,card,1\n 7,é,1\n7,card ,1\n")
    assert rows(opened(tmp_path, objective="value"), "candidates", "customer, offer") == [
        (" 7", "é"),
        ("007", "card"),
        ("7", "card "),
    ]


def test_float_ids_beyond_2_to_the_53_are_refused(tmp_path: Path) -> None:
    frames = {"candidates": candidates([1.0, 2.0**53 + 2])}
    with pytest.raises(DataError, match=r"row 2 · customer: customer is floating-point numbers, which beyond 2\^53"):
        opened(tmp_path, frames, objective="value")


def test_a_missing_channel_is_empty_and_a_missing_slot_is_the_first_day(tmp_path: Path) -> None:
    write(tmp_path, candidates="customer,offer,value\nC1,card,1\n", history="customer,offer,at\nC1,a,2026-11-01\n")
    tables = opened(tmp_path, objective="value")
    assert [(c, s.isoformat()) for c, s in rows(tables, "candidates", "channel, slot")] == [("", "2026-11-23")]
    assert rows(tables, "history", "channel") == [("",)]
    assert tables.original["candidates"] == ["customer", "offer", "value"]


def test_without_history_there_is_an_empty_one_with_the_candidates_keys(tmp_path: Path) -> None:
    tables = opened(tmp_path, {"candidates": candidates([7, 8])}, objective="value")
    assert not tables.has("history")
    assert rows(tables, "history") == []
    assert tables.columns["history"]["customer"] == "BIGINT"
    assert {"@date", "@instant", "channel"} <= set(tables.columns["history"])


def test_absent_tables_stay_absent(tmp_path: Path) -> None:
    write(tmp_path, candidates=CANDIDATES)
    tables = opened(tmp_path)
    assert not tables.has("customers")
    with pytest.raises(duckdb.CatalogException):
        tables.con.execute("SELECT * FROM customers")


def test_history_of_mostly_strangers_is_a_warning(tmp_path: Path) -> None:
    write(
        tmp_path,
        candidates=CANDIDATES,
        history="customer,offer,channel,at\nC1,a,sms,2026-11-01\nX1,a,sms,2026-11-01\nX2,a,sms,2026-11-01\n",
    )
    (warning,) = opened(tmp_path).findings
    assert "1 of 3 history keys match a customer" in warning.what


def test_history_of_customers_without_candidates_is_known_by_the_customers_table(tmp_path: Path) -> None:
    write(
        tmp_path,
        candidates=CANDIDATES,
        customers="customer,household\nC1,H1\nC2,H1\nC3,H1\nC4,H2\n",
        history="customer,offer,channel,at\nC3,a,sms,2026-11-01\nC4,a,sms,2026-11-01\n",
    )
    assert opened(tmp_path).findings == ()


def test_one_new_customer_is_no_error(tmp_path: Path) -> None:
    frames = {"candidates": candidates(["NEW"]), "history": history(["C1", "C2"])}
    (warning,) = opened(tmp_path, frames, objective="value").findings
    assert "0 of 2" in warning.what


def test_an_empty_history_is_no_error(tmp_path: Path) -> None:
    write(tmp_path, candidates=CANDIDATES, history="customer,offer,channel,at\n")
    assert opened(tmp_path).findings == ()


def test_a_categorical_key_reads_as_text(tmp_path: Path) -> None:
    frame = pd.DataFrame({"customer": pd.Categorical(["a", "b"]), "offer": ["x", "y"], "value": [1.0, 2.0]})
    tables = opened(tmp_path, {"candidates": frame}, objective="value")
    assert tables.columns["candidates"]["customer"] == "VARCHAR"
